// Analysis of the TS packets of one ring slot: TR 101 290 counters, PCR, random access, sections.
import {
  LEG_DISCONTINUITIES, LEG_IN_SYNC, LEG_NULL_PACKETS, LEG_PCRS, LEG_PCR_27M, LEG_PCR_PID, LEG_RAI, LEG_SCRAMBLED,
  LEG_SYNC_BYTE_ERRORS, LEG_SYNC_LOSSES, LEG_TEI, PIDS, PID_PACKETS, SLOT_FLAG_DISCONTINUITY, SLOT_FLAG_PCR,
  SLOT_FLAG_RAI, SLOT_FLAG_SCTE35, TS_PACKET,
} from "../memory/layout";
import { STATE_SYNC, STATE_SYNC_GOOD, count, setGauge } from "../memory/leg";
import {
  AFTER_GAP, REPEATED, WATCHED, checkContinuity, continuesPlainly, excuseNext, pidStateAddress,
} from "../memory/continuity";
import { isScte35 } from "./section-slots";
import { abandonSection, feedSections } from "./sections";
import { announcePoint, findPoint } from "./access-point";
import { advanceClock } from "../memory/check-clock";
import { takePcr } from "./pcr";
import { suspendPts, takePts } from "./pes";
import { AUDIO, CODEC_MASK, EXCUSED, findStream, flagsOf, mayBeStream, saidOf, setFlags } from "./stream-record";
import { noteCatPacket, noteScrambled, noteScrambledTable, startChecks } from "./tr101290";
import {
  ADAPTATION_MAX, ADAPTATION_PRESENT, ADAPTATION_WITH_PCR, FLAG_DISCONTINUITY, FLAG_PCR, FLAG_RANDOM_ACCESS, NULL_PID,
  PAYLOAD_PRESENT, SYNC_BYTE, adaptationControl, adaptationFlags, adaptationLength, continuityCounter,
  hasTransportError, hasUnitStart, isPlain, isScrambled, pidOf, readHeader, readPcr, syncByte,
} from "../memory/packet";

// Sync of a leg. It starts as NOT_HELD: the host clears the leg to zero.
const NOT_HELD = 0;
const HELD = 1;
/** The last packet was bad; a second one in a row loses sync. */
const WAVERING = 2;
/** Good packets in a row that regain sync (TR 101 290 1.1). */
const REGAIN: u32 = 5;
/** Conditional access table (ISO/IEC 13818-1 Table 2-3). */
const CAT_PID = 1;

/** PIDs up to here are of tables (ISO/IEC 13818-1 Table 2-3, ETSI EN 300 468 Table 1). */
const LAST_TABLE_PID: u32 = 0x1f;

// What the last `analysePackets` found, for the ring slot.
export let slotFlags: u32 = 0;
export let slotPcr: f64 = 0;
export let slotPcrIndex: u32 = 0;
export let slotPcrPid: u32 = 0;
/** Index of the first packet where a decoder can start, -1 without one. */
export let slotAccessPoint: i32 = -1;
/** A packet other than null packets and tables was there. */
export let slotHasProgramme: bool = false;

function syncByteError(leg: usize): void {
  count(leg, LEG_SYNC_BYTE_ERRORS);
  store<u32>(leg + STATE_SYNC_GOOD, 0);
  const sync = load<u32>(leg + STATE_SYNC);
  if (sync == HELD) store<u32>(leg + STATE_SYNC, WAVERING);
  else if (sync == WAVERING) {
    store<u32>(leg + STATE_SYNC, NOT_HELD);
    count(leg, LEG_SYNC_LOSSES);
    setGauge(leg, LEG_IN_SYNC, 0);
  }
}

function regainSync(leg: usize): bool {
  const good = load<u32>(leg + STATE_SYNC_GOOD) + 1;
  store<u32>(leg + STATE_SYNC_GOOD, good);
  if (load<u32>(leg + STATE_SYNC) == NOT_HELD && good < REGAIN) return false;
  store<u32>(leg + STATE_SYNC, HELD);
  setGauge(leg, LEG_IN_SYNC, 1);
  return true;
}

function notePcr(index: i32, leg: usize, stream: usize, packet: usize, pid: u32, position: u32): void {
  const pcr = readPcr(packet);
  if (stream) takePcr(index, leg, stream, pcr, position);
  count(leg, LEG_PCRS);
  setGauge(leg, LEG_PCR_27M, pcr);
  setGauge(leg, LEG_PCR_PID, <f64>pid);
  if (slotFlags & SLOT_FLAG_PCR) return;
  slotFlags |= SLOT_FLAG_PCR;
  slotPcr = pcr;
  slotPcrIndex = position;
  slotPcrPid = pid;
}

function noteAccessPoint(position: u32): void {
  if (slotAccessPoint < 0) slotAccessPoint = position;
}

/** Takes an adaptation field that has flags, and returns them. */
function readAdaptation(
  index: i32, leg: usize, stream: usize, packet: usize, pid: u32, length: u32, position: u32,
): u32 {
  const flags = adaptationFlags(packet);
  if (flags & FLAG_RANDOM_ACCESS) {
    count(leg, LEG_RAI);
    slotFlags |= SLOT_FLAG_RAI;
  }
  if (flags & FLAG_DISCONTINUITY) {
    count(leg, LEG_DISCONTINUITIES);
    slotFlags |= SLOT_FLAG_DISCONTINUITY;
    if (stream) setFlags(stream, flagsOf(stream) | EXCUSED);
  }
  if (flags & FLAG_PCR && length >= ADAPTATION_WITH_PCR) notePcr(index, leg, stream, packet, pid, position);
  return flags;
}

/** The payload of a followed PID, once: PTS and access points. */
function readUnit(
  leg: usize, stream: usize, payload: usize, length: u32, header: u32, flags: u32, position: u32,
): void {
  const hasStart = hasUnitStart(header);
  const readable = isScrambled(header) ? 0 : length;
  if (hasStart && saidOf(flagsOf(stream)) & (CODEC_MASK | AUDIO)) {
    if (isScrambled(header)) suspendPts(leg, stream);
    else takePts(leg, stream, payload, length);
  }
  if (findPoint(leg, stream, payload, readable, hasStart, (flags & FLAG_RANDOM_ACCESS) != 0)) noteAccessPoint(position);
}

function analysePacket(index: i32, leg: usize, packet: usize, header: u32, position: u32): void {
  const pid = pidOf(header);
  // Nothing in a packet marked as damaged can be relied on, not even its PID (TR 101 290 2.1).
  if (hasTransportError(header)) {
    slotHasProgramme = true;
    count(leg, LEG_TEI);
    return;
  }
  const state = pidStateAddress(index, pid);
  const isWatched = (load<u8>(state) & WATCHED) != 0;
  // An encoder without input may go on with its tables: they are no programme.
  if (!isWatched && pid > LAST_TABLE_PID) slotHasProgramme = true;
  if (isWatched && isScte35(index, pid)) slotFlags |= SLOT_FLAG_SCTE35;
  const stream = mayBeStream(leg, pid) ? findStream(index, leg, pid) : 0;
  const scrambled = isScrambled(header);
  if (scrambled) {
    count(leg, LEG_SCRAMBLED);
    noteScrambled(leg);
    if (isWatched) noteScrambledTable(index, leg, pid);
  }

  const control = adaptationControl(header);
  let payload: u32 = 4;
  let flags: u32 = 0;
  if (control & ADAPTATION_PRESENT) {
    const length = adaptationLength(packet);
    payload = min<u32>(5 + length, TS_PACKET);
    if (length > 0 && length <= ADAPTATION_MAX) {
      flags = readAdaptation(index, leg, stream, packet, pid, length, position);
    }
  }

  if (!(control & PAYLOAD_PRESENT)) {
    if (stream && announcePoint(leg, stream, (flags & FLAG_RANDOM_ACCESS) != 0)) noteAccessPoint(position);
    if (!(flags & FLAG_DISCONTINUITY)) return;
    excuseNext(state);
    if (isWatched) abandonSection(index, pid);
    return;
  }
  const order = checkContinuity(leg, state, continuityCounter(header), (flags & FLAG_DISCONTINUITY) != 0);
  if (order == REPEATED) return;
  if (stream) readUnit(leg, stream, packet + payload, TS_PACKET - payload, header, flags, position);
  if (pid == CAT_PID && hasUnitStart(header) && !scrambled) noteCatPacket(leg, packet + payload, TS_PACKET - payload);
  if (!isWatched) return;
  if (order == AFTER_GAP || scrambled) abandonSection(index, pid);
  if (!scrambled) feedSections(index, leg, pid, packet + payload, TS_PACKET - payload, hasUnitStart(header));
}

/**
 * Analyses `packets` TS packets from `address` on, received at `rxUs`, and leaves what the ring slot needs in the slot*
 * variables.
 */
export function analysePackets(index: i32, leg: usize, address: usize, packets: u32, rxUs: f64): void {
  slotFlags = 0;
  slotPcr = 0;
  slotPcrIndex = 0;
  slotPcrPid = 0;
  slotAccessPoint = -1;
  slotHasProgramme = false;
  if (advanceClock(leg, packets, rxUs)) startChecks(index, leg);
  const states = pidStateAddress(index, 0);
  const counts = <usize>(PID_PACKETS + ((index * PIDS) << 2));
  let isSyncHeld = load<u32>(leg, STATE_SYNC) == HELD;
  let hasPlain = false;
  let nullPackets = 0;
  for (let position: u32 = 0; position < packets; position++, address += TS_PACKET) {
    const header = readHeader(address);
    if (syncByte(header) != SYNC_BYTE) {
      syncByteError(leg);
      isSyncHeld = false;
      continue;
    }
    if (!isSyncHeld) isSyncHeld = regainSync(leg);
    const pid = pidOf(header);
    store<u32>(counts + (pid << 2), load<u32>(counts + (pid << 2)) + 1);
    if (isPlain(header) && continuesPlainly(states + pid, continuityCounter(header))) {
      if (pid > LAST_TABLE_PID) hasPlain = true;
    } else if (pid == NULL_PID) nullPackets++;
    else analysePacket(index, leg, address, header, position);
  }
  if (hasPlain) slotHasProgramme = true;
  if (nullPackets > 0) count(leg, LEG_NULL_PACKETS, nullPackets);
}
