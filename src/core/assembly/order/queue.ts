// What a leg keeps of its RTP datagrams: those that wait behind a gap among them, and the release of what waits.
import {
  LEG_FEC_ENABLED, LEG_HELD, LEG_RTP_UNRECOVERED, STORE_BITS, STORE_LENGTH, STORE_PAYLOAD, STORE_RX_US, STORE_SLOTS,
  STORE_TIMESTAMP, STORE_WAITING,
} from "../memory/layout";
import { CHANNEL_RELEASED, channelAddress, mayRelease } from "../memory/channel";
import { count, gauge, setGauge } from "../memory/leg";
import { GAP_SINCE, HIGHEST, NEXT, WAITING } from "../memory/order-state";
import { sequenceDistance } from "../receive/rtp";
import { appended } from "../ring/ring";
import { deliver } from "./deliver";
import { entryOf, giveBack, isWaiting, setPresent, storeSlot, takeSlot } from "./store";

/** Puts a datagram into the store. */
export function keep(
  index: i32, leg: usize, data: usize, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32,
  flags: u32,
): void {
  const slot = takeSlot(index, leg, sequence);
  store<f64>(slot, rxUs, STORE_RX_US);
  store<u32>(slot, timestamp, STORE_TIMESTAMP);
  store<u32>(slot, length, STORE_LENGTH);
  store<u16>(slot, load<u16>(data), STORE_BITS);
  memory.copy(slot + STORE_PAYLOAD, payload, length);
  setPresent(index, sequence, flags);
}

// @ts-ignore: decorator
@inline
export function setWaiting(leg: usize, waiting: u32): void {
  store<u32>(leg + WAITING, waiting);
  setGauge(leg, LEG_HELD, waiting);
}

/** Counts a datagram that waits, `sequence` received at `rxUs` (microseconds); the first one begins a gap. */
export function noteWaiting(leg: usize, sequence: u32, rxUs: f64): void {
  const waiting = load<u32>(leg + WAITING);
  setWaiting(leg, waiting + 1);
  if (waiting == 0) store<f64>(leg + GAP_SINCE, rxUs);
  if (waiting == 0 || sequenceDistance(sequence, load<u32>(leg + HIGHEST)) > 0) store<u32>(leg + HIGHEST, sequence);
}

/** Delivers what is next and waits; stops at a gap, or when the channel's ring has had enough for now. */
export function drain(index: i32, leg: usize): void {
  const channel = channelAddress(index >> 1);
  const hasFec = gauge(leg, LEG_FEC_ENABLED) != 0;
  let next = load<u32>(leg + NEXT);
  let waiting = load<u32>(leg + WAITING);
  while (waiting > 0 && isWaiting(index, next) && mayRelease(channel)) {
    const slot = storeSlot(index, next);
    const before = appended;
    setPresent(index, next, 0);
    deliver(index, leg, slot + STORE_PAYLOAD, load<u32>(slot, STORE_LENGTH), load<f64>(slot, STORE_RX_US),
      load<u32>(slot, STORE_TIMESTAMP), next);
    if (!hasFec) giveBack(index, leg, next);
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
export function skipGap(index: i32, leg: usize): void {
  const next = load<u32>(leg + NEXT);
  const first = firstWaiting(index, next);
  count(leg, LEG_RTP_UNRECOVERED, sequenceDistance(first, next));
  store<u32>(leg + NEXT, first);
  drain(index, leg);
}

/** Everything that waits goes on, gaps and all; what the ring cannot take now is given up. */
export function flush(index: i32, leg: usize): void {
  const hasFec = gauge(leg, LEG_FEC_ENABLED) != 0;
  let waiting = load<u32>(leg + WAITING);
  while (waiting > 0) {
    skipGap(index, leg);
    const left = load<u32>(leg + WAITING);
    if (left == waiting) {
      count(leg, LEG_RTP_UNRECOVERED, left);
      for (let sequence: u32 = 0; sequence < <u32>STORE_SLOTS; sequence++) {
        const entry = entryOf(index, sequence);
        if (!(entry & STORE_WAITING)) continue;
        setPresent(index, entry & 0xffff, 0);
        if (!hasFec) giveBack(index, leg, sequence);
      }
      setWaiting(leg, 0);
      return;
    }
    waiting = left;
  }
}
