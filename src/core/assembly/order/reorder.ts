// RTP datagrams of a leg in the order of their sequence numbers. One that is in order goes straight on; only behind a
// gap do datagrams wait in the leg's store, until the gap is filled by a late datagram or by FEC, or has lasted too
// long.
import {
  LEG_FEC_ENABLED, LEG_HELD, LEG_REORDER_FULL, LEG_REORDER_MAX, LEG_REORDER_US, LEG_RTP_LATE, LEG_RTP_UNRECOVERED,
  MAX_LEGS, STORE_PAYLOAD_MAX, STORE_SLOTS, STORE_WAITING,
} from "../memory/layout";
import { channelAddress, mayRelease } from "../memory/channel";
import { count, gauge, setGauge } from "../memory/leg";
import { GAP_SINCE, HIGHEST, NEXT, STARTED, WAITING } from "../memory/order-state";
import { sequenceDistance } from "../receive/rtp";
import { deliver } from "./deliver";
import { mayComeBack, mediaStored, noteFecTaken, resetFec } from "./fec";
import { FEC_WAIT_MAX_US } from "./fec-matrix";
import { drain, flush, keep, noteWaiting, skipGap } from "./queue";
import { forgetStore, isPresent, isWaiting } from "./store";

/** Version 2, nothing optional: P, X and CC clear. Others cannot be rebuilt from what is stored. */
const PLAIN_MASK: u32 = 0x3f;

/** Forgets everything stored and the place in the sequence. */
export function resetReorder(index: i32, leg: usize): void {
  forgetStore(index, leg);
  store<u32>(leg + STARTED, 0);
  store<u32>(leg + WAITING, 0);
  setGauge(leg, LEG_HELD, 0);
  resetFec(index, leg);
}

/** True when the gap has lasted long enough, or too many datagrams wait behind it, and FEC cannot fill it any more. */
function isOver(leg: usize, nowUs: f64): bool {
  const age = nowUs - load<f64>(leg + GAP_SINCE);
  const behind = <u32>sequenceDistance(load<u32>(leg + HIGHEST), load<u32>(leg + NEXT));
  const isEarly = age < gauge(leg, LEG_REORDER_US);
  if (isEarly && behind <= <u32>gauge(leg, LEG_REORDER_MAX)) return false;
  if (age < FEC_WAIT_MAX_US && mayComeBack(leg, load<u32>(leg + NEXT))) return false;
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

/** All that had come to the FEC ports of a leg was taken. */
export function fecTaken(leg: usize): void {
  const waits = load<u32>(leg + WAITING) > 0;
  noteFecTaken(leg, waits ? load<u32>(leg + HIGHEST) : (load<u32>(leg + NEXT) - 1) & 0xffff);
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

/** Takes a datagram: it goes on if it is next, waits behind a gap, or has come too late. */
export function order(
  index: i32, leg: usize, data: usize, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32,
): void {
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
    if (isRebuildable) keep(index, leg, data, payload, length, rxUs, timestamp, sequence, 0);
    if (load<u32>(leg + WAITING) > 0) drain(index, leg);
    if (isRebuildable) mediaStored(index, leg, sequence, rxUs);
    return;
  }
  if (ahead < 0) {
    if (isPresent(index, sequence)) return;
    count(leg, LEG_RTP_LATE);
    // Further back its slot may hold a datagram that waits.
    if (isRebuildable && ahead > -STORE_SLOTS / 2) {
      keep(index, leg, data, payload, length, rxUs, timestamp, sequence, 0);
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
    keep(index, leg, data, payload, length, rxUs, timestamp, sequence, 0);
    mediaStored(index, leg, sequence, rxUs);
    return;
  }
  if (isWaiting(index, sequence)) return;
  keep(index, leg, data, payload, length, rxUs, timestamp, sequence, STORE_WAITING);
  noteWaiting(leg, sequence, rxUs);
  if (isRebuildable) mediaStored(index, leg, sequence, rxUs);
  releaseOverdue(index, leg, rxUs);
}
