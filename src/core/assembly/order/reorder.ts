// RTP datagrams of a leg in the order of their sequence numbers. One that is in order goes straight on; only behind a gap do
// datagrams wait in the leg's store, until the gap is filled by a late datagram or by FEC, or has lasted too long.
import {
  LEG_FEC_ENABLED, LEG_HELD, LEG_REORDER_FULL, LEG_REORDER_MAX, LEG_REORDER_US, LEG_RTP_LATE, LEG_RTP_UNRECOVERED, MAX_LEGS, STORES, STORE_BITS, STORE_BYTES,
  STORE_INDEX, STORE_LENGTH, STORE_PAYLOAD, STORE_PAYLOAD_MAX, STORE_PRESENT, STORE_RX_US, STORE_SLOTS, STORE_STRIDE,
  STORE_TIMESTAMP, STORE_WAITING,
} from "../memory/layout";
import { STATE_REORDER, count, gauge, setGauge } from "../memory/leg";
import { CHANNEL_RELEASED, channelAddress, mayRelease } from "../memory/channel";
import { deliver } from "./deliver";
import { fecSpan, mediaStored, resetFec } from "./fec";
import { FEC_WAIT_MAX_US } from "./fec-matrix";
import { mergeRecovered } from "../merge/merge";
import { appended } from "../ring/ring";
import { sequenceDistance } from "../receive/rtp";

/** u32: 1 once a datagram was taken; the sequence number that goes on next; datagrams waiting. */
const STARTED = STATE_REORDER;
const NEXT = STATE_REORDER + 4;
const WAITING = STATE_REORDER + 8;
/** u32: highest sequence number that waits. */
const HIGHEST = STATE_REORDER + 12;
/** f64 us: when the first datagram behind the gap came. */
const GAP_SINCE = STATE_REORDER + 16;

/** Version 2, nothing optional: P, X and CC clear. Others cannot be rebuilt from what is stored. */
const PLAIN_MASK: u32 = 0x3f;

// @ts-ignore: decorator
@inline
function entryAddress(index: i32, sequence: u32): usize {
  return <usize>(STORE_INDEX + ((index * STORE_SLOTS + <i32>(sequence & (STORE_SLOTS - 1))) << 2));
}

// @ts-ignore: decorator
@inline
function storeSlot(index: i32, sequence: u32): usize {
  return <usize>(STORES + index * STORE_BYTES) + (sequence & (STORE_SLOTS - 1)) * STORE_STRIDE;
}

// @ts-ignore: decorator
@inline
function isPresent(index: i32, sequence: u32): bool {
  return (load<u32>(entryAddress(index, sequence)) & ~STORE_WAITING) == (sequence | STORE_PRESENT);
}

// @ts-ignore: decorator
@inline
function isWaiting(index: i32, sequence: u32): bool {
  return load<u32>(entryAddress(index, sequence)) == (sequence | STORE_PRESENT | STORE_WAITING);
}

/** Forgets everything stored and the place in the sequence. */
export function resetReorder(index: i32, leg: usize): void {
  memory.fill(<usize>(STORE_INDEX + index * STORE_SLOTS * 4), 0, STORE_SLOTS * 4);
  store<u32>(leg + STARTED, 0);
  store<u32>(leg + WAITING, 0);
  setGauge(leg, LEG_HELD, 0);
  resetFec(index, leg);
}

/** Puts a datagram into the store. */
function keep(index: i32, data: usize, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32, flags: u32): void {
  const slot = storeSlot(index, sequence);
  store<f64>(slot, rxUs, STORE_RX_US);
  store<u32>(slot, timestamp, STORE_TIMESTAMP);
  store<u32>(slot, length, STORE_LENGTH);
  store<u16>(slot, load<u16>(data), STORE_BITS);
  memory.copy(slot + STORE_PAYLOAD, payload, length);
  store<u32>(entryAddress(index, sequence), sequence | STORE_PRESENT | flags);
}

// @ts-ignore: decorator
@inline
function setWaiting(leg: usize, waiting: u32): void {
  store<u32>(leg + WAITING, waiting);
  setGauge(leg, LEG_HELD, waiting);
}

/** One more waits; the first begins a gap. */
function noteWaiting(leg: usize, sequence: u32, rxUs: f64): void {
  const waiting = load<u32>(leg + WAITING);
  setWaiting(leg, waiting + 1);
  if (waiting == 0) store<f64>(leg + GAP_SINCE, rxUs);
  if (waiting == 0 || sequenceDistance(sequence, load<u32>(leg + HIGHEST)) > 0) store<u32>(leg + HIGHEST, sequence);
}

/** Delivers what is next and waits; stops at a gap, or when the channel's ring has had enough for now. */
function drain(index: i32, leg: usize): void {
  const channel = channelAddress(index >> 1);
  let next = load<u32>(leg + NEXT);
  let waiting = load<u32>(leg + WAITING);
  while (waiting > 0 && isWaiting(index, next) && mayRelease(channel)) {
    const slot = storeSlot(index, next);
    const before = appended;
    store<u32>(entryAddress(index, next), next | STORE_PRESENT);
    deliver(index, leg, slot + STORE_PAYLOAD, load<u32>(slot, STORE_LENGTH), load<f64>(slot, STORE_RX_US), load<u32>(slot, STORE_TIMESTAMP), next);
    store<u32>(channel + CHANNEL_RELEASED, load<u32>(channel + CHANNEL_RELEASED) + <u32>(appended - before));
    next = (next + 1) & 0xffff;
    waiting--;
  }
  store<u32>(leg + NEXT, next);
  setWaiting(leg, waiting);
  if (waiting == 0 || isWaiting(index, next)) return;
  // The next gap is as old as the first datagram behind it.
  store<f64>(leg + GAP_SINCE, load<f64>(storeSlot(index, firstWaiting(index, next)), STORE_RX_US));
}

/** The first sequence number after `next` that waits. There is one. */
function firstWaiting(index: i32, next: u32): u32 {
  let sequence = next;
  for (let i = 0; i < STORE_SLOTS; i++) {
    if (isWaiting(index, sequence)) return sequence;
    sequence = (sequence + 1) & 0xffff;
  }
  return next;
}

/** Gives up the datagrams missing before the first one that waits. */
function skipGap(index: i32, leg: usize): void {
  const next = load<u32>(leg + NEXT);
  const first = firstWaiting(index, next);
  count(leg, LEG_RTP_UNRECOVERED, sequenceDistance(first, next));
  store<u32>(leg + NEXT, first);
  drain(index, leg);
}

/** Everything that waits goes on, gaps and all; what the ring cannot take now is given up. */
function flush(index: i32, leg: usize): void {
  let waiting = load<u32>(leg + WAITING);
  while (waiting > 0) {
    skipGap(index, leg);
    const left = load<u32>(leg + WAITING);
    if (left == waiting) {
      count(leg, LEG_RTP_UNRECOVERED, left);
      for (let sequence: u32 = 0; sequence < <u32>STORE_SLOTS; sequence++) {
        const entry = <usize>(STORE_INDEX + ((index * STORE_SLOTS + <i32>sequence) << 2));
        store<u32>(entry, load<u32>(entry) & ~STORE_WAITING);
      }
      setWaiting(leg, 0);
      return;
    }
    waiting = left;
  }
}

/** True when the gap has lasted long enough, or too many datagrams wait behind it, and FEC cannot fill it any more. */
function isOver(leg: usize, nowUs: f64): bool {
  const age = nowUs - load<f64>(leg + GAP_SINCE);
  const behind = <u32>sequenceDistance(load<u32>(leg + HIGHEST), load<u32>(leg + NEXT));
  const isEarly = age < gauge(leg, LEG_REORDER_US);
  if (isEarly && behind <= <u32>gauge(leg, LEG_REORDER_MAX)) return false;
  if (behind <= fecSpan(leg) && age < FEC_WAIT_MAX_US) return false;
  if (isEarly) count(leg, LEG_REORDER_FULL);
  return true;
}

function releaseOverdue(index: i32, leg: usize, nowUs: f64): void {
  const channel = channelAddress(index >> 1);
  while (load<u32>(leg + WAITING) > 0 && mayRelease(channel)) {
    if (isWaiting(index, load<u32>(leg + NEXT))) drain(index, leg);
    else if (isOver(leg, nowUs)) skipGap(index, leg);
    else return;
  }
}

/** Called every 10 ms or so. */
export function tickReorder(index: i32, leg: usize, nowUs: f64): void {
  if (load<u32>(leg + WAITING) > 0) releaseOverdue(index, leg, nowUs);
}

/** The numbers start over: what waits goes on, then the next datagram is the first. */
export function restartReorder(index: i32, leg: usize): void {
  flush(index, leg);
  resetReorder(index, leg);
}

/** True while datagrams wait behind a gap. */
export function isHolding(leg: usize): bool {
  return load<u32>(leg + WAITING) > 0;
}

/** Takes a datagram: it goes on if it is next, waits behind a gap, or has come too late. */
export function order(index: i32, leg: usize, data: usize, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32): void {
  assert(index < MAX_LEGS);
  const hasFec = gauge(leg, LEG_FEC_ENABLED) != 0;
  if (!load<u32>(leg + STARTED)) {
    store<u32>(leg + STARTED, 1);
    store<u32>(leg + NEXT, sequence);
  }
  const next = load<u32>(leg + NEXT);
  const ahead = sequenceDistance(sequence, next);
  const fits = length <= <u32>STORE_PAYLOAD_MAX;
  const isRebuildable = hasFec && fits && (load<u8>(data) & PLAIN_MASK) == 0;
  if (ahead == 0) {
    store<u32>(leg + NEXT, (sequence + 1) & 0xffff);
    deliver(index, leg, payload, length, rxUs, timestamp, sequence);
    if (isRebuildable) keep(index, data, payload, length, rxUs, timestamp, sequence, 0);
    if (load<u32>(leg + WAITING) > 0) drain(index, leg);
    if (isRebuildable) mediaStored(index, leg, sequence, rxUs);
    return;
  }
  if (ahead < 0) {
    if (isPresent(index, sequence)) return;
    count(leg, LEG_RTP_LATE);
    // Further back its slot may hold a datagram that waits.
    if (isRebuildable && ahead > -STORE_SLOTS / 2) {
      keep(index, data, payload, length, rxUs, timestamp, sequence, 0);
      mediaStored(index, leg, sequence, rxUs);
    }
    return;
  }
  const waits = hasFec || gauge(leg, LEG_REORDER_US) != 0;
  if (!waits || !fits || ahead >= STORE_SLOTS) {
    flush(index, leg);
    count(leg, LEG_RTP_UNRECOVERED, max(0, sequenceDistance(sequence, load<u32>(leg + NEXT))));
    store<u32>(leg + NEXT, (sequence + 1) & 0xffff);
    deliver(index, leg, payload, length, rxUs, timestamp, sequence);
    if (!isRebuildable) return;
    keep(index, data, payload, length, rxUs, timestamp, sequence, 0);
    mediaStored(index, leg, sequence, rxUs);
    return;
  }
  if (isWaiting(index, sequence)) return;
  keep(index, data, payload, length, rxUs, timestamp, sequence, STORE_WAITING);
  noteWaiting(leg, sequence, rxUs);
  if (isRebuildable) mediaStored(index, leg, sequence, rxUs);
  releaseOverdue(index, leg, rxUs);
}

/** FEC has rebuilt a datagram in the store: it takes its place in the order, unless that has been given up. */
export function recovered(index: i32, leg: usize, sequence: u32, rxUs: f64): void {
  const slot = storeSlot(index, sequence);
  const ahead = sequenceDistance(sequence, load<u32>(leg + NEXT));
  store<u32>(entryAddress(index, sequence), sequence | STORE_PRESENT | (ahead >= 0 ? STORE_WAITING : 0));
  mergeRecovered(index, sequence, slot + STORE_PAYLOAD, load<u32>(slot, STORE_LENGTH), rxUs);
  if (ahead < 0) return;
  noteWaiting(leg, sequence, rxUs);
  if (ahead == 0) drain(index, leg);
}
