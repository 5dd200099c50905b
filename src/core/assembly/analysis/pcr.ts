// PCR (ISO/IEC 13818-1 2.4.3.5, 2.7.2): TR 101 290 2.3.a and 2.3.b, deviation from arrival, and the TS bit rate between
// PCRs.
import {
  EVENT_PCR_JUMP, LEG_CC_ERRORS, LEG_PCR_BITRATE, LEG_PCR_BITRATE_MAX, LEG_PCR_BITRATE_MIN,
  LEG_PCR_DISCONTINUITY_ERRORS, LEG_PCR_REPETITION_ERRORS, LEG_RTP_LOST, LEG_RTP_RESETS, LEG_RTP_UNRECOVERED, LEG_TEI,
} from "../memory/layout";
import { STATE_TR101290, count, gauge, setGauge } from "../memory/leg";
import { arrivalUs, checkTime, firstPacket, periodsOver, silences } from "../memory/check-clock";
import { measureJitter, restartJitter } from "./pcr-jitter";
import { postEvent } from "../memory/events";
import { MAIN_CHANGES, MAIN_PCR_PID } from "./main-stream";
import {
  EXCUSED, HAS_PCR, PCR, PCR_ANYWHERE, PCR_ARRIVAL_MS, PCR_FAULTS, PCR_LATE, PCR_PACKET, PCR_PID, PCR_SILENCES,
  PCR_TIME, flagsOf, saidOf, setFlags, streamPid,
} from "./stream-record";

/** f64 us of arrival: the last EVENT_PCR_JUMP; 0 before the first. */
const JUMP_TOLD = STATE_TR101290 + 160;
/** f64 bit/s of the last interval, 0 without one; u32: faults of the leg when it began, MAIN_CHANGES. */
const BITRATE = STATE_TR101290 + 168;
const BITRATE_FAULTS = STATE_TR101290 + 176;
const BITRATE_CHANGES = STATE_TR101290 + 180;

/** 33 bits of base at 300 ticks each. */
const MODULUS: f64 = 2576980377600;
const TICKS_PER_US: f64 = 27;
const TICKS_PER_MS: f64 = 27000;
const PACKET_BITS: f64 = 1504;

/** TR 101 290 2.3.a and 2.3.b. */
const LIMIT_US: f64 = 100000;
/** Without any PCR a fault is reported again and again. */
const AGAIN_US: f64 = 1000000;
/** A step that agrees with the time passed this well is no jump of the clock: packets were lost, or PCRs are rare. */
const AGREES_US: f64 = 100000;
/** How well a step has to agree after a silence (us), when delays may have changed. */
const AGREES_AFTER_SILENCE_US: f64 = 1000000;
/** Longer intervals say little of the bit rate. */
const BITRATE_INTERVAL_US: f64 = 1000000;
/** A step ahead of the time passed by more is no delay that has ended, nor what was lost in it. */
const AHEAD_US: f64 = 1000000;
const JUMP_EVENT_EVERY_US: f64 = 1000000;

/** Rises, or falls, when packets between two PCRs are missing. */
// @ts-ignore: decorator
@inline
function faultsOf(leg: usize): u32 {
  const lost = gauge(leg, LEG_CC_ERRORS) + gauge(leg, LEG_RTP_LOST) + gauge(leg, LEG_RTP_UNRECOVERED) + gauge(leg,
    LEG_RTP_RESETS);
  return <u32>(<i64>(lost + gauge(leg, LEG_TEI)));
}

/** Steps of more than half the range are steps back. */
// @ts-ignore: decorator
@inline
function signed(ticks: f64): f64 {
  const wrapped = ticks - Math.floor(ticks / MODULUS) * MODULUS;
  return wrapped > MODULUS / 2 ? wrapped - MODULUS : wrapped;
}

/**
 * Reports PCRs that are missing, each second; the first report of an interval is left to the PCR that ends it, if that
 * comes sooner.
 */
export function checkPcrRepetition(leg: usize, stream: usize): void {
  const flags = flagsOf(stream);
  if (!(flags & HAS_PCR)) return;
  const since = load<f64>(stream, PCR_TIME);
  const over = periodsOver(since, checkTime(leg), AGAIN_US);
  if (over == 0) return;
  count(leg, LEG_PCR_REPETITION_ERRORS, over);
  store<f64>(stream, since + <f64>over * AGAIN_US, PCR_TIME);
  setFlags(stream, flags | PCR_LATE);
}

/**
 * 2.3.a by the shorter of the two distances, that of arrival and that of the values: neither what the network holds
 * back nor a jump of the clock is a PCR that came too late.
 */
function checkRepetition(leg: usize, stream: usize, stepUs: f64, isStepTrue: bool): void {
  checkPcrRepetition(leg, stream);
  if (flagsOf(stream) & PCR_LATE) return;
  const distance = checkTime(leg) - load<f64>(stream, PCR_TIME);
  if (distance > LIMIT_US && !(isStepTrue && stepUs >= 0 && stepUs <= LIMIT_US)) count(leg, LEG_PCR_REPETITION_ERRORS);
}

function tellJump(index: i32, leg: usize, stream: usize, pcr: f64): void {
  const told = load<f64>(leg + JUMP_TOLD);
  if (told > 0 && arrivalUs - told < JUMP_EVENT_EVERY_US) return;
  store<f64>(leg + JUMP_TOLD, arrivalUs);
  const before = <u32>(load<f64>(stream, PCR) / TICKS_PER_MS);
  postEvent(EVENT_PCR_JUMP, index, streamPid(stream), before, <u32>(pcr / TICKS_PER_MS), 0, 0);
}

/**
 * 2.3.b; false when the step does not fit the time passed. Of those only a step back, or one far ahead of that time, is
 * told as a jump: a sender or a network that stalled goes on with its clock a little ahead of where it was, however
 * long it was away.
 */
function checkStep(index: i32, leg: usize, stream: usize, pcr: f64, stepUs: f64, isAfterSilence: bool): bool {
  if (stepUs >= 0 && stepUs <= LIMIT_US) return true;
  const passedMs = <u32>(<i64>(arrivalUs / 1000)) - load<u32>(stream, PCR_ARRIVAL_MS);
  const aheadUs = signed((stepUs - <f64>passedMs * 1000) * TICKS_PER_US) / TICKS_PER_US;
  if (isAfterSilence && abs(aheadUs) <= AGREES_AFTER_SILENCE_US) return true;
  count(leg, LEG_PCR_DISCONTINUITY_ERRORS);
  if (abs(aheadUs) <= AGREES_US) return true;
  if (stepUs < 0 || aheadUs > AHEAD_US) tellJump(index, leg, stream, pcr);
  return false;
}

/**
 * Publishes the bit rate of the interval before. That has waited for this PCR because a loss shows only with the next
 * packet of its PID: no fault may have come up since the interval began.
 */
function publishBitrate(leg: usize, faults: u32): void {
  const bitrate = load<f64>(leg + BITRATE);
  store<f64>(leg + BITRATE, 0);
  if (bitrate == 0 || load<u32>(leg + BITRATE_FAULTS) != faults ||
    load<u32>(leg + BITRATE_CHANGES) != load<u32>(leg + MAIN_CHANGES)) {
    return;
  }
  setGauge(leg, LEG_PCR_BITRATE, bitrate);
  const least = gauge(leg, LEG_PCR_BITRATE_MIN);
  if (least == 0 || bitrate < least) setGauge(leg, LEG_PCR_BITRATE_MIN, bitrate);
  if (bitrate > gauge(leg, LEG_PCR_BITRATE_MAX)) setGauge(leg, LEG_PCR_BITRATE_MAX, bitrate);
}

function measureBitrate(leg: usize, stream: usize, packet: u32, stepUs: f64): void {
  store<f64>(leg + BITRATE, (<f64>(packet - load<u32>(stream, PCR_PACKET)) * PACKET_BITS * 1000000) / stepUs);
  store<u32>(leg + BITRATE_FAULTS, load<u32>(stream, PCR_FAULTS));
  store<u32>(leg + BITRATE_CHANGES, load<u32>(leg + MAIN_CHANGES));
}

/** A PCR of a followed PID, in packet `position` of those being analysed. */
export function takePcr(index: i32, leg: usize, stream: usize, pcr: f64, position: u32): void {
  let flags = flagsOf(stream);
  const said = saidOf(flags);
  if (!(said & (PCR_PID | PCR_ANYWHERE))) return;
  if (!(said & PCR_PID) && load<u32>(leg + MAIN_PCR_PID) == 0) store<u32>(leg + MAIN_PCR_PID, streamPid(stream));
  const isMain = load<u32>(leg + MAIN_PCR_PID) == streamPid(stream);
  const packet = firstPacket + position;
  const faults = faultsOf(leg);
  const isAfterSilence = load<u32>(stream, PCR_SILENCES) != silences(leg);
  let isContinued = false;
  let stepUs: f64 = 0;
  if (flags & HAS_PCR) {
    stepUs = signed(pcr - load<f64>(stream, PCR)) / TICKS_PER_US;
    const isExcused = (flags & EXCUSED) != 0;
    isContinued = !isExcused && checkStep(index, leg, stream, pcr, stepUs, isAfterSilence);
    checkRepetition(leg, stream, stepUs, isContinued);
    isContinued = isContinued && stepUs > 0 && !isAfterSilence;
  }
  if (isMain) {
    publishBitrate(leg, faults);
    if (isContinued && stepUs <= BITRATE_INTERVAL_US) measureBitrate(leg, stream, packet, stepUs);
    if (!isContinued && stepUs != 0) restartJitter(leg);
    measureJitter(leg, position, stepUs);
  }
  flags = flagsOf(stream);
  setFlags(stream, (flags | HAS_PCR) & ~(EXCUSED | PCR_LATE));
  store<f64>(stream, pcr, PCR);
  store<f64>(stream, checkTime(leg), PCR_TIME);
  store<u32>(stream, packet, PCR_PACKET);
  store<u32>(stream, faults, PCR_FAULTS);
  store<u32>(stream, silences(leg), PCR_SILENCES);
  store<u32>(stream, <u32>(<i64>(arrivalUs / 1000)), PCR_ARRIVAL_MS);
}
