// TR 101 290 (ETSI TR 101 290 V1.4.1 5.2.1 and 5.2.2): tables and PIDs that do not come in time, 1.3.a, 1.5.a, 1.6 and
// 2.6, and the call that looks at all timers. 1.1, 1.2 and 2.1 are in packets.ts, 1.4 in continuity.ts, 2.2 in psi.ts,
// 2.3 in pcr.ts, 2.5 in pes.ts.
//
// What is due is worked out from times alone, whenever somebody asks: how often the timers are looked at changes no
// count.
import {
  LEG_CAT_ERRORS, LEG_PAT_ERRORS, LEG_PAT_US, LEG_PID_ERRORS, LEG_PMT_ERRORS, LEG_PMT_US, PIDS, PID_PACKETS,
  SECTION_SLOTS,
} from "../memory/layout";
import { STATE_TR101290, count, legAddress, setGauge } from "../memory/leg";
import { crc32 } from "../memory/crc32";
import { arrivalUs, checkTime, isClockRunning, isTimeToLook, periodsOver, stopClock } from "../memory/check-clock";
import { checkPcrRepetition } from "./pcr";
import { checkPtsRepetition } from "./pes";
import { KIND_PAT, KIND_PMT, PMT_ARRIVAL, PMT_FAULT_TIME, PMT_SINCE, findSlot, kindOf, slotAt } from "./section-slots";
import { CONSTANT, PACKETS, SEEN_TIME, flagsOf, saidOf, streamAt, streamCount, streamPid } from "./stream-record";
import { restartStreams } from "./streams";

// f64 us on the clock of the checks. Since when a PAT is missing, and the last fault of PID 0 reported.
const PAT_SINCE = STATE_TR101290 + 32;
const PAT_FAULT_TIME = STATE_TR101290 + 40;
/** The last CAT, the last fault of 2.6 reported, and the first packet of the sender. */
const CAT_TIME = STATE_TR101290 + 48;
const CAT_FAULT_TIME = STATE_TR101290 + 56;
const START_TIME = STATE_TR101290 + 64;

/** Long before any time. */
const NEVER: f64 = -1e15;
/** 1.3.a and 1.5.a. A lasting fault of PAT, PMT or CAT is counted once in this time. */
const TABLE_US: f64 = 500000;
/** 1.6: the most a user may set for video and audio. */
const PID_US: f64 = 5000000;
/** No document says how often a CAT comes; 10 s is the slowest repetition of any table in 5.2.3. */
const CAT_US: f64 = 10000000;

const TABLE_CAT = 0x01;
const CAT_MIN: u32 = 12;
const STUFFING = 0xff;

/** Another sender: what the one before left open is void. */
export function restartChecks(index: i32): void {
  const leg = legAddress(index);
  settleChecks(index, leg);
  stopClock(leg);
}

/** The first packets of a sender: everything is due from here on. */
export function startChecks(index: i32, leg: usize): void {
  const now = checkTime(leg);
  store<f64>(leg + START_TIME, now);
  store<f64>(leg + PAT_SINCE, now);
  store<f64>(leg + PAT_FAULT_TIME, NEVER);
  store<f64>(leg + CAT_TIME, NEVER);
  store<f64>(leg + CAT_FAULT_TIME, NEVER);
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) == KIND_PMT) expectPmt(leg, slot);
  }
  restartStreams(index, leg);
}

// --- 1.3.a, 1.5.a

/** The time of a fault, when none was reported within TABLE_US before; counts it then. */
function report(leg: usize, field: i32, faultTime: usize): bool {
  const now = checkTime(leg);
  if (now - load<f64>(faultTime) < TABLE_US) return false;
  store<f64>(faultTime, now);
  count(leg, field);
  return true;
}

function checkMissing(leg: usize, field: i32, since: usize, faultTime: usize): void {
  const over = periodsOver(load<f64>(since), checkTime(leg), TABLE_US);
  if (over == 0) return;
  const reported = load<f64>(since) + <f64>over * TABLE_US;
  store<f64>(since, reported);
  store<f64>(faultTime, reported);
  count(leg, field, over);
}

/** A PMT PID that a PAT has just named. */
export function expectPmt(leg: usize, slot: usize): void {
  store<f64>(slot, checkTime(leg), PMT_SINCE);
  store<f64>(slot, NEVER, PMT_FAULT_TIME);
}

/** A good PAT in force. */
export function noteTablePat(leg: usize): void {
  checkMissing(leg, LEG_PAT_ERRORS, leg + PAT_SINCE, leg + PAT_FAULT_TIME);
  store<f64>(leg + PAT_SINCE, checkTime(leg));
  setGauge(leg, LEG_PAT_US, arrivalUs);
}

/** A good PMT in force. LEG_PMT_US is that of the programme that has waited longest. */
export function noteTablePmt(index: i32, leg: usize, slot: usize): void {
  checkMissing(leg, LEG_PMT_ERRORS, slot + PMT_SINCE, slot + PMT_FAULT_TIME);
  store<f64>(slot, checkTime(leg), PMT_SINCE);
  store<f64>(slot, arrivalUs, PMT_ARRIVAL);
  updatePmtArrival(index, leg);
}

/** The oldest arrival of the PMTs in use; stays as it was while there is none. */
export function updatePmtArrival(index: i32, leg: usize): void {
  let oldest: f64 = 0;
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) != KIND_PMT) continue;
    const arrival = load<f64>(slot, PMT_ARRIVAL);
    if (arrival > 0 && (oldest == 0 || arrival < oldest)) oldest = arrival;
  }
  if (oldest > 0) setGauge(leg, LEG_PMT_US, oldest);
}

/** Another table on PID 0. */
export function noteForeignTable(leg: usize): void {
  checkMissing(leg, LEG_PAT_ERRORS, leg + PAT_SINCE, leg + PAT_FAULT_TIME);
  if (report(leg, LEG_PAT_ERRORS, leg + PAT_FAULT_TIME)) store<f64>(leg + PAT_SINCE, checkTime(leg));
}

/** A scrambled packet of a PID with sections. */
export function noteScrambledTable(index: i32, leg: usize, pid: u32): void {
  const slot = findSlot(index, pid);
  if (!slot) return;
  if (kindOf(slot) == KIND_PAT) noteForeignTable(leg);
  if (kindOf(slot) != KIND_PMT) return;
  checkMissing(leg, LEG_PMT_ERRORS, slot + PMT_SINCE, slot + PMT_FAULT_TIME);
  if (report(leg, LEG_PMT_ERRORS, slot + PMT_FAULT_TIME)) store<f64>(slot, checkTime(leg), PMT_SINCE);
}

// --- 2.6

/** Any scrambled packet. The CAT has TABLE_US from the first packet on to come. */
export function noteScrambled(leg: usize): void {
  const now = checkTime(leg);
  if (now - load<f64>(leg + CAT_TIME) <= CAT_US || now - load<f64>(leg + START_TIME) <= TABLE_US) return;
  report(leg, LEG_CAT_ERRORS, leg + CAT_FAULT_TIME);
}

/** A packet of PID 1 in which a section starts. Its CRC is checked where the packet has it all. */
export function noteCatPacket(leg: usize, payload: usize, length: u32): void {
  if (length < 1) return;
  const start: u32 = 1 + <u32>load<u8>(payload);
  if (start + 3 > length || load<u8>(payload + start) == STUFFING) return;
  const section = payload + start;
  if (load<u8>(section) != TABLE_CAT) {
    report(leg, LEG_CAT_ERRORS, leg + CAT_FAULT_TIME);
    return;
  }
  const size: u32 = 3 + (((<u32>load<u8>(section, 1) & 15) << 8) | <u32>load<u8>(section, 2));
  if (size < CAT_MIN || (start + size <= length && crc32(section, size) != 0)) return;
  store<f64>(leg + CAT_TIME, checkTime(leg));
}

// --- 1.6

function checkPid(index: i32, leg: usize, stream: usize): void {
  const packets = load<u32>(<usize>(PID_PACKETS + ((index * PIDS) << 2)) + (streamPid(stream) << 2));
  const now = checkTime(leg);
  if (packets != load<u32>(stream, PACKETS)) {
    store<u32>(stream, packets, PACKETS);
    store<f64>(stream, now, SEEN_TIME);
    return;
  }
  const over = periodsOver(load<f64>(stream, SEEN_TIME), now, PID_US);
  if (over == 0) return;
  count(leg, LEG_PID_ERRORS, over);
  store<f64>(stream, load<f64>(stream, SEEN_TIME) + <f64>over * PID_US, SEEN_TIME);
}

/** Counts all that has become due, before times are set anew or what they belong to goes. */
export function settleChecks(index: i32, leg: usize): void {
  if (!isClockRunning(leg)) return;
  checkMissing(leg, LEG_PAT_ERRORS, leg + PAT_SINCE, leg + PAT_FAULT_TIME);
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) == KIND_PMT) checkMissing(leg, LEG_PMT_ERRORS, slot + PMT_SINCE, slot + PMT_FAULT_TIME);
  }
  const streams = streamCount(leg);
  for (let number: u32 = 0; number < streams; number++) {
    const stream = streamAt(index, number);
    const said = saidOf(flagsOf(stream));
    if (said & CONSTANT) checkPid(index, leg, stream);
    checkPcrRepetition(leg, stream);
    checkPtsRepetition(leg, stream);
  }
}

/** Called every 10 ms or so for a leg that receives: what should have come and has not. */
export function checkTimers(index: i32, leg: usize, nowUs: f64): void {
  if (isTimeToLook(leg, nowUs)) settleChecks(index, leg);
}
