// Sections of the operator's in what goes out: in place of null packets of the stream, or as packets of their own when
// none comes in time. From then on the continuity counters of their PID are counted on by as many packets; nothing else
// of the stream changes.
import {
  INSERTIONS, INSERTION_AFTER, INSERTION_COUNT, INSERTION_NEXT, INSERTION_PACKETS, INSERTION_PACKETS_MAX, INSERTION_PID,
  INSERTION_SCRATCH, INSERTION_SIZE, INSERTION_UNTIL, MAX_LEGS, SLOT_PAYLOAD_MAX, TS_PACKET,
} from "../memory/layout";
import { CHANNEL_INSERTION, channelAddress, sourceLeg } from "../memory/channel";
import { COUNTER, KNOWN, pidStateAddress } from "../memory/continuity";
import {
  ADAPTATION_PRESENT, NULL_PID, PAYLOAD_PRESENT, SYNC_BYTE, adaptationControl, adaptationFlags, adaptationLength,
  continuityCounter, FLAG_DISCONTINUITY, hasTransportError, pidOf, readHeader, syncByte,
} from "../memory/packet";
import { putSlot } from "./ring";
import { findFacts, foundFlags, foundPcr, foundPcrIndex, foundPcrPid } from "./scan";
import { ACTIVE, findSlot, isScte35 } from "../analysis/section-slots";

/** A section of the stream's own that has been under way for so long (us) will not be completed. */
const SECTION_DEAD_US: f64 = 400000;

// The PIDs that were inserted into: records of 8 bytes behind the header. PID u16, what is added to the counter u8,
// counter of the last packet with payload as it came u8, flags u8.
const SHIFTS = 32;
const SHIFT_SIZE = 8;
const SHIFTS_MAX = 4;
const SHIFT_ADDED = 2;
const SHIFT_RAW = 3;
const SHIFT_STATE = 4;
/** In use. */
const USED: u8 = 1;
/** Packets of ours follow the last one of the stream's. */
const OURS_LAST: u8 = 2;
/** The next packet of the stream's is the first to be seen: it is given the counter after ours. */
const OPEN: u8 = 4;

let filled: u32 = 0;
let slotTime: f64 = 0;
let slotTimestamp: u32 = 0;
let slotSequence: u32 = 0;

// @ts-ignore: decorator
@inline
function areaOf(channel: i32): usize {
  return <usize>(INSERTIONS + channel * INSERTION_SIZE);
}

/** Nothing waits, and no counter is changed any more: the ring starts again. */
export function forgetInsertion(channel: i32): void {
  if (load<u32>(channelAddress(channel) + CHANNEL_INSERTION)) memory.fill(areaOf(channel), 0, INSERTION_PACKETS);
}

function shiftOf(area: usize, pid: u32): usize {
  for (let number = 0; number < SHIFTS_MAX; number++) {
    const shift = area + SHIFTS + number * SHIFT_SIZE;
    if (load<u8>(shift, SHIFT_STATE) & USED && <u32>load<u16>(shift) == pid) return shift;
  }
  return 0;
}

/** The record of a PID, a new one if need be; 0 when all are taken. */
function takeShift(channel: i32, pid: u32): usize {
  const area = areaOf(channel);
  const known = shiftOf(area, pid);
  if (known) return known;
  for (let number = 0; number < SHIFTS_MAX; number++) {
    const shift = area + SHIFTS + number * SHIFT_SIZE;
    if (load<u8>(shift, SHIFT_STATE) & USED) continue;
    store<u64>(shift, 0);
    store<u16>(shift, pid);
    store<u8>(shift, USED, SHIFT_STATE);
    return shift;
  }
  return 0;
}

/**
 * Lets the `count` packets that the host has written to INSERTION_PACKETS go out on an SCTE-35 PID: for null packets
 * until `afterUs`, as packets of their own from then on, not at all from `untilUs` on. False when the PID cannot be had
 * or others wait.
 */
export function beginInsertion(channel: i32, pid: u32, count: u32, afterUs: f64, untilUs: f64, nowUs: f64): bool {
  const area = areaOf(channel);
  const waits = load<u32>(area, INSERTION_COUNT) > 0 &&
    (load<u32>(area, INSERTION_NEXT) > 0 || nowUs < load<f64>(area, INSERTION_UNTIL));
  if (waits || count == 0 || count > <u32>INSERTION_PACKETS_MAX) return false;
  if (!isScte35(sourceLeg(channel), pid) || !takeShift(channel, pid)) return false;
  store<u32>(area, pid, INSERTION_PID);
  store<u32>(area, count, INSERTION_COUNT);
  store<u32>(area, 0, INSERTION_NEXT);
  store<f64>(area, afterUs, INSERTION_AFTER);
  store<f64>(area, untilUs, INSERTION_UNTIL);
  store<u32>(channelAddress(channel) + CHANNEL_INSERTION, 1);
  return true;
}

/** Appends a slot to the ring of a channel, with what is to be inserted. */
export function appendSlot(
  channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32, flags: u32, pcr: f64,
  pcrIndex: u32, pcrPid: u32,
): void {
  if (load<u32>(channelAddress(channel) + CHANNEL_INSERTION)) rewrite(channel, payload, length, rxUs, timestamp,
    sequence);
  else putSlot(channel, payload, length, rxUs, timestamp, sequence, flags, pcr, pcrIndex, pcrPid);
}

/** Appends a slot whose packets have not been searched for flags and PCR yet, with what is to be inserted. */
export function appendFound(channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32): void {
  if (load<u32>(channelAddress(channel) + CHANNEL_INSERTION)) rewrite(channel, payload, length, rxUs, timestamp,
    sequence);
  else putFound(channel, payload, length, rxUs, timestamp, sequence);
}

function putFound(channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32): void {
  findFacts(sourceLeg(channel), payload, length);
  putSlot(channel, payload, length, rxUs, timestamp, sequence, foundFlags, foundPcr, foundPcrIndex, foundPcrPid);
}

function flush(channel: i32): void {
  if (filled > 0) putFound(channel, INSERTION_SCRATCH, filled, slotTime, slotTimestamp, slotSequence);
  filled = 0;
}

function room(channel: i32): usize {
  if (filled == <u32>SLOT_PAYLOAD_MAX) flush(channel);
  const packet = <usize>(INSERTION_SCRATCH + filled);
  filled += TS_PACKET;
  return packet;
}

// @ts-ignore: decorator
@inline
function setCounter(packet: usize, counter: u32): void {
  store<u8>(packet, (load<u8>(packet, 3) & 0xf0) | (<u8>counter & 15), 3);
}

// @ts-ignore: decorator
@inline
function makeNull(packet: usize): void {
  memory.fill(packet, 0xff, TS_PACKET);
  store<u32>(packet, 0x10ff1f47);
}

/** True between two sections of the PID as it goes out, or when the one under way will not be completed. */
function isBetweenSections(channel: i32, area: usize, pid: u32): bool {
  const slot = findSlot(MAX_LEGS + channel, pid);
  return !slot || !load<u32>(slot, ACTIVE) || slotTime >= load<f64>(area, INSERTION_AFTER) + SECTION_DEAD_US;
}

/** What is added to counters when the packet before ours is the last that went out on this PID. */
function begin(channel: i32, shift: usize): void {
  const state = <u32>load<u8>(pidStateAddress(MAX_LEGS + channel, load<u16>(shift)));
  const flags = load<u8>(shift, SHIFT_STATE);
  // Others of ours went out before: it is known where they ended, and the stream's counter is as unknown as it was.
  if (flags & OURS_LAST) return;
  if (state & KNOWN) store<u8>(shift, (state & COUNTER) - load<u8>(shift, SHIFT_ADDED), SHIFT_RAW);
  store<u8>(shift, flags | OURS_LAST | (state & KNOWN ? 0 : OPEN), SHIFT_STATE);
}

/** Writes the next packet of ours; `counter` is that of the last packet that went out on the PID. */
function insertNext(channel: i32, area: usize, shift: usize): void {
  const next = load<u32>(area, INSERTION_NEXT);
  const packet = room(channel);
  memory.copy(packet, area + INSERTION_PACKETS + next * TS_PACKET, TS_PACKET);
  if (next == 0) begin(channel, shift);
  // With counters still open SHIFT_RAW is 0 and ours are counted from 1 on.
  const added = load<u8>(shift, SHIFT_ADDED) + 1;
  setCounter(packet, load<u8>(shift, SHIFT_RAW) + added);
  store<u8>(shift, added & 15, SHIFT_ADDED);
  const isLast = next + 1 == load<u32>(area, INSERTION_COUNT);
  store<u32>(area, isLast ? 0 : next + 1, INSERTION_NEXT);
  if (isLast) store<u32>(area, 0, INSERTION_COUNT);
  // The watch has to see where a section of the stream's or of ours ends before the next one is begun.
  if (isLast) flush(channel);
}

/** Counts a packet of the stream on, on a PID that was inserted into. */
function countOn(packet: usize, header: u32, shift: usize): void {
  const raw = <u8>continuityCounter(header);
  const hasPayload = (adaptationControl(header) & PAYLOAD_PRESENT) != 0;
  const flags = load<u8>(shift, SHIFT_STATE);
  if (flags & OPEN) {
    const last = load<u8>(shift, SHIFT_RAW) + load<u8>(shift, SHIFT_ADDED);
    if (!hasPayload) {
      setCounter(packet, last);
      return;
    }
    store<u8>(shift, (last + 1 - raw) & 15, SHIFT_ADDED);
  } else if (flags & OURS_LAST && hasPayload && raw == (load<u8>(shift, SHIFT_RAW) & 15) &&
    !isDiscontinuous(packet, header)) {
    // The repetition of a packet that ours stand behind now: it would be taken for a repetition of ours.
    makeNull(packet);
    return;
  }
  setCounter(packet, raw + load<u8>(shift, SHIFT_ADDED));
  if (!hasPayload) return;
  store<u8>(shift, raw, SHIFT_RAW);
  store<u8>(shift, USED, SHIFT_STATE);
}

function isDiscontinuous(packet: usize, header: u32): bool {
  return (
    (adaptationControl(header) & ADAPTATION_PRESENT) != 0 &&
    adaptationLength(packet) > 0 &&
    (adaptationFlags(packet) & FLAG_DISCONTINUITY) != 0
  );
}

/** Copies a slot, with packets of ours where they may stand and counters counted on. */
function rewrite(channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32): void {
  const area = areaOf(channel);
  const pid = load<u32>(area, INSERTION_PID);
  const ours = takeShift(channel, pid);
  filled = 0;
  slotTime = rxUs;
  slotTimestamp = timestamp;
  slotSequence = sequence;
  if (load<u32>(area, INSERTION_NEXT) == 0 && rxUs >= load<f64>(area, INSERTION_UNTIL)) {
    store<u32>(area, 0, INSERTION_COUNT);
  }
  for (let offset: u32 = 0; offset < length; offset += TS_PACKET) {
    const packet = payload + offset;
    const header = readHeader(packet);
    const isSound = syncByte(header) == SYNC_BYTE && !hasTransportError(header);
    if (isSound && load<u32>(area, INSERTION_COUNT) > 0) {
      const begun = load<u32>(area, INSERTION_NEXT) > 0;
      const mayInsert = begun || (isScte35(sourceLeg(channel), pid) && isBetweenSections(channel, area, pid));
      if (mayInsert && pidOf(header) == NULL_PID) {
        insertNext(channel, area, ours);
        continue;
      }
      const isDue = (begun && pidOf(header) == pid) || rxUs >= load<f64>(area, INSERTION_AFTER);
      if (mayInsert && isDue) while (load<u32>(area, INSERTION_COUNT) > 0) insertNext(channel, area, ours);
    }
    const copy = room(channel);
    memory.copy(copy, packet, TS_PACKET);
    if (!isSound) continue;
    const shift = shiftOf(area, pidOf(header));
    if (shift) countOn(copy, header, shift);
    if (pidOf(header) == pid && load<u32>(area, INSERTION_COUNT) > 0) flush(channel);
  }
  flush(channel);
}
