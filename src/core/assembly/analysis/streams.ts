// The elementary streams of a leg that TR 101 290 and the search for access points follow: video, audio and PCR PIDs of
// all PMTs.
//
// One record for each stream of each programme. A PID that several programmes name has several; the first of them, the
// primary, has what is known of the PID. Records beyond STREAM_SLOTS are left out.
import {
  LEG_PCR_BITRATE, LEG_VIDEO_PID, PIDS, PID_PACKETS, STREAMS, STREAM_SIZE, STREAM_SLOTS,
} from "../memory/layout";
import { STATE_TR101290, gauge, legAddress, setGauge } from "../memory/leg";
import { checkTime } from "../memory/check-clock";

// Record.
const PID = 0; // u16
/** u16: place in the PMT. */
const ORDER = 2;
/** u32: PMT PID and programme number. */
const OWNER = 4;
/**
 * u32: what the record's PMT says; from bit 8 on what all PMTs say of the PID (primary only); from bit 16 on state of
 * the PID.
 */
const FLAGS = 8;
/** u32: packets of the PID when it was last looked at. */
export const PACKETS = 12;
/** f64: last PCR (27 MHz ticks), and when on the clock of the checks (us). */
export const PCR = 16;
export const PCR_TIME = 24;
/** f64 us: when the PID was last seen, or last reported missing. */
export const SEEN_TIME = 32;
/** f64 us: the same of its PTS. */
export const PTS_TIME = 40;
/** u32 of the last PCR: number of its packet, faults and silences of the leg then, arrival in ms. */
export const PCR_PACKET = 48;
export const PCR_FAULTS = 52;
export const PCR_SILENCES = 56;
export const PCR_ARRIVAL_MS = 60;

// What a PMT says.
export const CODEC_MASK: u32 = 7;
export const CODEC_MPEG2: u32 = 1;
export const CODEC_AVC: u32 = 2;
export const CODEC_HEVC: u32 = 3;
/** Video whose access points only random_access_indicator shows. */
export const CODEC_OTHER: u32 = 4;
export const AUDIO: u32 = 8;
export const PCR_PID: u32 = 16;
/** The programme names no PCR PID: PCRs are taken where they are. */
export const PCR_ANYWHERE: u32 = 32;
/** TR 101 290 1.6 applies. */
export const CONSTANT: u32 = 64;
const SAID: u32 = 255;

// State of a PID.
export const HAS_PCR: u32 = 1 << 16;
/** discontinuity_indicator since the last PCR. */
export const EXCUSED: u32 = 1 << 17;
/** The missing PCR, or PTS, was reported. */
export const PCR_LATE: u32 = 1 << 18;
export const PTS_LATE: u32 = 1 << 19;
export const HAS_PTS: u32 = 1 << 20;
/** An access point was announced by a packet without payload; one was found in the PES packet in hand. */
export const POINT_AHEAD: u32 = 1 << 21;
export const POINT_FOUND: u32 = 1 << 22;
const STATE_BITS: u32 = 0xff << 16;
const STALE: u32 = 1 << 31;

// Leg (u32).
const COUNT = STATE_TR101290 + 128;
/** PID whose access points count; what it is (CODEC_*, AUDIO). */
export const ACCESS_PID = STATE_TR101290 + 132;
export const ACCESS_KIND = STATE_TR101290 + 136;
/** PID whose PCRs are measured, 0 while unknown. */
export const MAIN_PCR_PID = STATE_TR101290 + 140;
/** The programme both are of. */
const MAIN_OWNER = STATE_TR101290 + 144;
/** Counts up whenever ACCESS_PID or MAIN_PCR_PID becomes another. */
export const MAIN_CHANGES = STATE_TR101290 + 148;
/** 256 bits: PIDs, by their lowest eight bits, that may be in the table. */
const FILTER = STATE_TR101290 + 384;
const FILTER_SIZE = 32;

const NO_VIDEO: u32 = 0x1fff;

// @ts-ignore: decorator
@inline
export function streamAt(index: i32, number: u32): usize {
  assert(number < <u32>STREAM_SLOTS);
  return <usize>(STREAMS + (index * STREAM_SLOTS + <i32>number) * STREAM_SIZE);
}

// @ts-ignore: decorator
@inline
export function streamCount(leg: usize): u32 {
  return load<u32>(leg + COUNT);
}

// @ts-ignore: decorator
@inline
export function streamPid(stream: usize): u32 {
  return <u32>load<u16>(stream, PID);
}

// @ts-ignore: decorator
@inline
export function flagsOf(stream: usize): u32 {
  return load<u32>(stream, FLAGS);
}

// @ts-ignore: decorator
@inline
export function setFlags(stream: usize, flags: u32): void {
  store<u32>(stream, flags, FLAGS);
}

/** What all PMTs say of the PID; 0 for a record that is not the primary. */
// @ts-ignore: decorator
@inline
export function saidOf(flags: u32): u32 {
  return (flags >>> 8) & SAID;
}

/** False for most PIDs that are not in the table. */
// @ts-ignore: decorator
@inline
export function mayBeStream(leg: usize, pid: u32): bool {
  return ((<u32>load<u8>(leg + FILTER + ((pid & 255) >>> 3)) >>> (pid & 7)) & 1) != 0;
}

function addToFilter(leg: usize, pid: u32): void {
  const address = leg + FILTER + ((pid & 255) >>> 3);
  store<u8>(address, <u32>load<u8>(address) | (1 << (pid & 7)));
}

/** The primary of a PID, 0 when it has none. */
export function findStream(index: i32, leg: usize, pid: u32): usize {
  const end = streamAt(index, 0) + streamCount(leg) * STREAM_SIZE;
  for (let stream = streamAt(index, 0); stream < end; stream += STREAM_SIZE) {
    if (streamPid(stream) == pid) return stream;
  }
  return 0;
}

/** Forgets all streams of a leg. */
export function clearStreams(index: i32): void {
  const leg = legAddress(index);
  memory.fill(leg + FILTER, 0, FILTER_SIZE);
  store<u32>(leg + COUNT, 0);
  store<u32>(leg + ACCESS_PID, 0);
  store<u32>(leg + MAIN_PCR_PID, 0);
}

/** Forgets what packets of the sender before have shown; the tables stay in force until the next one sends its own. */
export function restartStreams(index: i32, leg: usize): void {
  for (let number: u32 = 0; number < streamCount(leg); number++) {
    const stream = streamAt(index, number);
    setFlags(stream, flagsOf(stream) & ~STATE_BITS);
    store<f64>(stream, checkTime(leg), SEEN_TIME);
  }
}

// --- A PMT: `beginStreams`, `addStream` for each stream, `endStreams`.

/** The streams of a programme, or with `programme` negative of all of a PMT PID, go unless they are added again. */
export function beginStreams(index: i32, pmtPid: u32, programme: i32): void {
  const leg = legAddress(index);
  for (let number: u32 = 0; number < streamCount(leg); number++) {
    const stream = streamAt(index, number);
    const owner = load<u32>(stream, OWNER);
    if (owner >>> 16 != pmtPid || (programme >= 0 && (owner & 0xffff) != <u32>programme)) continue;
    setFlags(stream, (flagsOf(stream) & ~SAID) | STALE);
  }
}

/**
 * `owner`: PMT PID in the upper half, programme number in the lower. A PID named twice in one PMT counts as named
 * first.
 */
export function addStream(index: i32, pid: u32, owner: u32, order: u32, said: u32): void {
  const leg = legAddress(index);
  const records = streamCount(leg);
  for (let number: u32 = 0; number < records; number++) {
    const stream = streamAt(index, number);
    if (streamPid(stream) != pid || load<u32>(stream, OWNER) != owner) continue;
    const flags = flagsOf(stream);
    if (flags & STALE) store<u16>(stream, order, ORDER);
    // Only the PCR may be added to what was named before.
    setFlags(stream, (flags & ~STALE) | (flags & STALE ? said : said & PCR_PID));
    return;
  }
  if (records >= <u32>STREAM_SLOTS) return;
  const stream = streamAt(index, records);
  memory.fill(stream, 0, STREAM_SIZE);
  store<u16>(stream, pid, PID);
  store<u16>(stream, order, ORDER);
  store<u32>(stream, owner, OWNER);
  setFlags(stream, said);
  store<u32>(stream, load<u32>(PID_PACKETS + (((index * PIDS) << 2) + (pid << 2))), PACKETS);
  store<f64>(stream, checkTime(leg), SEEN_TIME);
  store<u32>(leg + COUNT, records + 1);
}

/** Drops what was not added again. A record that becomes the primary takes over what is known of the PID. */
function dropStale(index: i32, leg: usize): void {
  let number: u32 = 0;
  while (number < streamCount(leg)) {
    const stream = streamAt(index, number);
    if (!(flagsOf(stream) & STALE)) {
      number++;
      continue;
    }
    const pid = streamPid(stream);
    const state = flagsOf(stream) & STATE_BITS;
    const isPrimary = findStream(index, leg, pid) == stream;
    const records = streamCount(leg) - 1;
    store<u32>(leg + COUNT, records);
    if (isPrimary) {
      const heir = nextWithPid(index, number + 1, records + 1, pid);
      if (heir) {
        memory.copy(heir + PACKETS, stream + PACKETS, STREAM_SIZE - PACKETS);
        setFlags(heir, (flagsOf(heir) & ~STATE_BITS) | state);
      }
    }
    memory.copy(stream, stream + STREAM_SIZE, (records - number) * STREAM_SIZE);
  }
}

function nextWithPid(index: i32, from: u32, end: u32, pid: u32): usize {
  for (let number = from; number < end; number++) {
    if (streamPid(streamAt(index, number)) == pid) return streamAt(index, number);
  }
  return 0;
}

/** Takes the new streams into use; `isPmt` when a PMT has named them, not when programmes have only gone. */
export function endStreams(index: i32, isPmt: bool): void {
  const leg = legAddress(index);
  dropStale(index, leg);
  const records = streamCount(leg);
  memory.fill(leg + FILTER, 0, FILTER_SIZE);
  for (let number: u32 = 0; number < records; number++) {
    const stream = streamAt(index, number);
    setFlags(stream, flagsOf(stream) & ~(SAID << 8));
    const primary = findStream(index, leg, streamPid(stream));
    setFlags(primary, flagsOf(primary) | ((flagsOf(stream) & SAID) << 8));
    addToFilter(leg, streamPid(stream));
  }
  for (let number: u32 = 0; number < records; number++) dropUnused(streamAt(index, number));
  chooseMain(index, leg, isPmt);
}

/** A PID that is no longer video or audio, or no longer has the PCR, owes none. */
function dropUnused(stream: usize): void {
  const flags = flagsOf(stream);
  const said = saidOf(flags);
  let ended: u32 = 0;
  if (!(said & (CODEC_MASK | AUDIO))) ended |= HAS_PTS | PTS_LATE;
  if (!(said & (PCR_PID | PCR_ANYWHERE))) ended |= HAS_PCR | PCR_LATE;
  setFlags(stream, flags & ~ended);
}

/**
 * Lowest for the record whose access points count: video before audio before PCR alone, of the programme with the
 * lowest number (of two with one number that on the lowest PMT PID), first in its PMT.
 */
function rank(stream: usize): f64 {
  const said = flagsOf(stream) & SAID;
  const kind: f64 = said & CODEC_MASK ? 0 : said & AUDIO ? 1 : 2;
  const owner = load<u32>(stream, OWNER);
  const programme = <f64>(owner & 0xffff) * 65536 + <f64>(owner >>> 16);
  return (kind * 4294967296 + programme) * 65536 + <f64>load<u16>(stream, ORDER);
}

function chooseMain(index: i32, leg: usize, isPmt: bool): void {
  let best: usize = 0;
  const records = streamCount(leg);
  for (let number: u32 = 0; number < records; number++) {
    const stream = streamAt(index, number);
    if (!best || rank(stream) < rank(best)) best = stream;
  }
  const said = best ? flagsOf(best) & SAID : 0;
  const kind = said & (CODEC_MASK | AUDIO);
  const owner = best ? load<u32>(best, OWNER) : 0;
  const pid = kind ? streamPid(best) : 0;
  if (isPmt || gauge(leg, LEG_VIDEO_PID) > 0) setGauge(leg, LEG_VIDEO_PID, <f64>(kind & CODEC_MASK ? pid : NO_VIDEO));
  store<u32>(leg + ACCESS_KIND, kind);
  const isSame = load<u32>(leg + ACCESS_PID) == pid && load<u32>(leg + MAIN_OWNER) == owner;
  const pcrPid = pcrPidOf(index, leg, owner, isSame);
  if (isSame && load<u32>(leg + MAIN_PCR_PID) == pcrPid) return;
  store<u32>(leg + ACCESS_PID, pid);
  store<u32>(leg + MAIN_OWNER, owner);
  store<u32>(leg + MAIN_PCR_PID, pcrPid);
  store<u32>(leg + MAIN_CHANGES, load<u32>(leg + MAIN_CHANGES) + 1);
  setGauge(leg, LEG_PCR_BITRATE, 0);
}

/** PCR PID that a programme names, or the one found for it where it names none; 0 while unknown. */
function pcrPidOf(index: i32, leg: usize, owner: u32, isSame: bool): u32 {
  for (let number: u32 = 0; number < streamCount(leg); number++) {
    const stream = streamAt(index, number);
    if (load<u32>(stream, OWNER) == owner && flagsOf(stream) & PCR_PID) return streamPid(stream);
  }
  const found = load<u32>(leg + MAIN_PCR_PID);
  const stream = isSame ? findStream(index, leg, found) : 0;
  return stream && saidOf(flagsOf(stream)) & PCR_ANYWHERE ? found : 0;
}
