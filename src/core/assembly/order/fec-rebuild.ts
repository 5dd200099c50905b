// Rebuilding one datagram: XOR of an FEC packet with all but one of those it protects (SMPTE 2022-1, RFC 2733 7).
import {
  LEG_FEC_LATENCY_US, STORE_BITS, STORE_LENGTH, STORE_PAYLOAD, STORE_RX_US, STORE_TIMESTAMP, TS_PACKET,
} from "../memory/layout";
import { gauge, setGauge } from "../memory/leg";
import {
  NEWEST, SLOT_FEC_LENGTH, SLOT_FEC_PAYLOAD, SLOT_FIRST_RECOVERY, SLOT_LENGTH_RECOVERY, SLOT_SECOND_RECOVERY,
  SLOT_TS_RECOVERY, SPAN, fecSlot, groupAt, groupBase, groupCount, groupLast, groupOffset,
} from "./fec-state";
import { isStored, storeSlot, takeSlot } from "./store";
import { sequenceDistance } from "../receive/rtp";

const SYNC_BYTE = 0x47;
/** A rebuilt RTP timestamp further than 5 s of 90 kHz from both neighbours is none: the FEC is of another stream. */
const TIMESTAMP_STEP_MAX = 450000;

/** The one missing sequence number that `countMissing` found. */
export let missing: u32 = 0;

/**
 * How many datagrams of a group are not in the store: 0, 1, or 2 for more. The newest, which come last, are looked at
 * first. What the store holds from before a jump, or from the last time round, is another datagram.
 */
export function countMissing(index: i32, leg: usize, group: u32): u32 {
  const offset = groupOffset(group);
  const newest = load<u32>(leg + NEWEST);
  const span = load<u32>(leg + SPAN);
  let sequence = groupLast(group);
  let found: u32 = 0;
  for (let left = groupCount(group); left > 0; left--) {
    if (((newest - sequence) & 0xffff) >= span || !isStored(index, sequence)) {
      if (found) return 2;
      found = 1;
      missing = sequence;
    }
    sequence = (sequence - offset) & 0xffff;
  }
  return found;
}

function xorInto(target: usize, source: usize, length: u32): void {
  const end = source + length;
  for (const words = source + (length & ~7); source < words; source += 8, target += 8) {
    store<u64>(target, load<u64>(target) ^ load<u64>(source));
  }
  for (; source < end; source++, target++) store<u8>(target, load<u8>(target) ^ load<u8>(source));
}

/** Only whole TS packets are ever rebuilt, and the XOR of what is shorter than the FEC payload leaves zeros behind. */
function isTransportStream(payload: usize, length: u32, end: u32): bool {
  if (length == 0 || length > end || length % TS_PACKET != 0) return false;
  for (let at: u32 = 0; at < length; at += TS_PACKET) {
    if (load<u8>(payload + at) != SYNC_BYTE) return false;
  }
  for (let at = length; at < end; at++) {
    if (load<u8>(payload + at) != 0) return false;
  }
  return true;
}

/** The stored datagram nearest to `sequence` in the direction of `step`, as its slot; 0 when there is none. */
function neighbour(index: i32, leg: usize, sequence: u32, step: i32): usize {
  const newest = load<u32>(leg + NEWEST);
  const reach = step > 0 ? sequenceDistance(newest,
    sequence) : <i32>load<u32>(leg + SPAN) - 1 - sequenceDistance(newest, sequence);
  for (let left = reach; left > 0; left--) {
    sequence = (sequence + step) & 0xffff;
    if (isStored(index, sequence)) return storeSlot(index, sequence);
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function isNear(slot: usize, timestamp: u32): bool {
  return slot != 0 && abs(<i64>(<i32>(timestamp - load<u32>(slot, STORE_TIMESTAMP)))) <= TIMESTAMP_STEP_MAX;
}

/**
 * Rebuilds `missing`, which `countMissing` has just found in the group of an FEC slot, into its place in the store, and
 * uses up the FEC packet. False, and nothing written, when the result is no datagram of this stream.
 */
export function rebuild(index: i32, leg: usize, slot: u32, rxUs: f64): bool {
  const group = groupAt(leg, slot);
  const fec = fecSlot(index, slot);
  const payload = fec + SLOT_FEC_PAYLOAD;
  const end = load<u32>(fec, SLOT_FEC_LENGTH);
  let length = <u32>load<u16>(fec, SLOT_LENGTH_RECOVERY);
  let timestamp = load<u32>(fec, SLOT_TS_RECOVERY);
  let first = <u32>load<u8>(fec, SLOT_FIRST_RECOVERY);
  let second = <u32>load<u8>(fec, SLOT_SECOND_RECOVERY);
  let sequence = groupBase(group);
  for (let left = groupCount(group); left > 0; left--) {
    if (sequence != missing) {
      const media = storeSlot(index, sequence);
      const part = load<u32>(media, STORE_LENGTH);
      if (part > end) return false;
      xorInto(payload, media + STORE_PAYLOAD, part);
      length ^= part;
      timestamp ^= load<u32>(media, STORE_TIMESTAMP);
      first ^= <u32>load<u8>(media, STORE_BITS) & 0x3f;
      second ^= <u32>load<u8>(media, STORE_BITS + 1);
    }
    sequence = (sequence + groupOffset(group)) & 0xffff;
  }
  if (first != 0 || !isTransportStream(payload, length, end)) return false;
  const later = neighbour(index, leg, missing, 1);
  if (!isNear(later, timestamp) && !isNear(neighbour(index, leg, missing, -1), timestamp)) return false;
  const target = takeSlot(index, leg, missing);
  // As if it had come with the one after it: what FEC takes is no jitter of the stream.
  store<f64>(target, later != 0 ? load<f64>(later, STORE_RX_US) : rxUs, STORE_RX_US);
  store<u32>(target, timestamp, STORE_TIMESTAMP);
  store<u32>(target, length, STORE_LENGTH);
  store<u8>(target, 0x80, STORE_BITS);
  store<u8>(target, second, STORE_BITS + 1);
  memory.copy(target + STORE_PAYLOAD, payload, length);
  if (later != 0) {
    setGauge(leg, LEG_FEC_LATENCY_US, max(gauge(leg, LEG_FEC_LATENCY_US), rxUs - load<f64>(later, STORE_RX_US)));
  }
  return true;
}
