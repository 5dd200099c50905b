// RTP sequence numbers in the spirit of RFC 3550 A.1: loss, duplicates, late ones, and sources that start over.
//
// `expected` is the number after the highest one received; `span` says how far back this run of numbers reaches, since
// what came before it was never counted as lost. Of the last SEQUENCE_WINDOW numbers a bitmap tells which came, and a
// mark what came under them. So the copies that a second path brings (SMPTE 2022-7, both paths to one port) are known
// for what they are however many there are in a row, and a source that starts over just behind its last numbers is
// known too: it brings something else under them.
//
// A datagram that fits neither is held (held.ts) until its successor shows that the numbers start over.
import {
  EVENT_SEQUENCE_RESET, LEG_RTP_DUPLICATES, LEG_RTP_LATE, LEG_RTP_LOST, LEG_RTP_REORDERED, LEG_RTP_RESETS,
  SEQUENCE_MARKS, SEQUENCE_SEEN, SEQUENCE_SEEN_BYTES, SEQUENCE_WINDOW,
} from "../memory/layout";
import {
  STATE_SEQ_BEFORE, STATE_SEQ_BEFORE_US, STATE_SEQ_EXPECTED, STATE_SEQ_HELD, STATE_SEQ_MOVED_US, STATE_SEQ_SPAN,
  STATE_SEQ_STARTED, STATE_SEQ_TIMESTAMP, count,
} from "../memory/leg";
import { dropHeld, expireHeld, findHeld } from "./held";
import { postEvent } from "../memory/events";
import { sequenceDistance } from "../receive/rtp";

// What `acceptSequence` says of a datagram.
/** It was taken already, or is of other numbers than those in use, and is counted: to be dropped. */
export const SEQUENCE_REFUSED = 0;
/** It belongs to a second source with this SSRC: to be dropped, and left to the caller to count. */
export const SEQUENCE_FOREIGN = 5;
/** It belongs to the numbers in use, in order or not. */
export const SEQUENCE_CURRENT = 1;
/** It belongs to the numbers in use, but is more than MAX_MISORDER numbers late. */
export const SEQUENCE_LATE = 2;
/** The numbers start over, from `restartedAt` on, which is held as are those between it and this one. */
export const SEQUENCE_RESTARTED = 3;
/** It is far from the numbers in use: a stray, or the first of new ones. To be held. */
export const SEQUENCE_STRAY = 4;

/** The first of the new numbers after SEQUENCE_RESTARTED. */
export let restartedAt: u32 = 0;

const MAX_DROPOUT = 3000;
const MAX_MISORDER = 128;
/** A number from the past after this long without a new one is a source that started over, not a late packet (us). */
const RESTART_SILENCE_US: f64 = 200000;
/** What looks like a copy may be this late (us): the paths of SMPTE 2022-7 class C are up to 450 ms apart. */
const COPY_SILENCE_US: f64 = 500000;
/** A late datagram is no older than 10 s of 90 kHz. */
const LATE_MAX_90K = 900000;
/** Datagrams of the numbers before a restart are on their way for this long (us). */
const BEFORE_MAX_US: f64 = 1000000;

// @ts-ignore: decorator
@inline
function seenAddress(index: i32, sequence: u32): usize {
  return <usize>(SEQUENCE_SEEN + index * SEQUENCE_SEEN_BYTES) + ((sequence & (SEQUENCE_WINDOW - 1)) >> 3);
}

// @ts-ignore: decorator
@inline
function markAddress(index: i32, sequence: u32): usize {
  return <usize>(SEQUENCE_MARKS + ((index * SEQUENCE_WINDOW + <i32>(sequence & (SEQUENCE_WINDOW - 1))) << 2));
}

// @ts-ignore: decorator
@inline
function isSeen(index: i32, sequence: u32): bool {
  return ((<u32>load<u8>(seenAddress(index, sequence)) >> (sequence & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
function markSeen(index: i32, sequence: u32, mark: u32): void {
  const address = seenAddress(index, sequence);
  store<u8>(address, <u32>load<u8>(address) | (1 << (sequence & 7)));
  store<u32>(markAddress(index, sequence), mark);
}

// @ts-ignore: decorator
@inline
function markMissing(index: i32, sequence: u32): void {
  const address = seenAddress(index, sequence);
  store<u8>(address, <u32>load<u8>(address) & ~(1 << (sequence & 7)));
}

/** The numbers begin with the one before which `sequence` comes next. */
function startBefore(index: i32, leg: usize, sequence: u32): void {
  memory.fill(<usize>(SEQUENCE_SEEN + index * SEQUENCE_SEEN_BYTES), 0, SEQUENCE_SEEN_BYTES);
  store<u32>(leg + STATE_SEQ_STARTED, 1);
  store<u32>(leg + STATE_SEQ_EXPECTED, sequence);
  store<u32>(leg + STATE_SEQ_SPAN, 0);
}

/** Moves the window on to `sequence`, `delta` numbers after the expected one, which are lost until they arrive. */
// @ts-ignore: decorator
@inline
function advance(index: i32, leg: usize, sequence: u32, delta: i32, timestamp: u32, mark: u32, rxUs: f64): void {
  if (delta > 0) {
    count(leg, LEG_RTP_LOST, delta);
    for (let i = 1; i <= delta; i++) markMissing(index, sequence - i);
  }
  markSeen(index, sequence, mark);
  store<u32>(leg + STATE_SEQ_EXPECTED, (sequence + 1) & 0xffff);
  store<u32>(leg + STATE_SEQ_SPAN, min<u32>(load<u32>(leg + STATE_SEQ_SPAN) + delta + 1, SEQUENCE_WINDOW));
  store<u32>(leg + STATE_SEQ_TIMESTAMP, timestamp);
  store<f64>(leg + STATE_SEQ_MOVED_US, rxUs);
  // The numbers in use go on: what looked like a restart was none.
  if (load<u32>(leg + STATE_SEQ_HELD)) dropHeld(leg);
}

/**
 * How long no new number must have come before a datagram from the past is one of a source that started over;
 * microseconds.
 */
function silenceBefore(index: i32, leg: usize, sequence: u32, lag: u32, timestamp: u32, mark: u32): f64 {
  if (isSeen(index, sequence)) return load<u32>(markAddress(index, sequence)) == mark ? COPY_SILENCE_US : 0;
  const age = <i32>(load<u32>(leg + STATE_SEQ_TIMESTAMP) - timestamp);
  if (age >= 0 && age <= LATE_MAX_90K) return COPY_SILENCE_US;
  return lag <= <u32>MAX_MISORDER && !findHeld(index, leg, (sequence - 1) & 0xffff) ? RESTART_SILENCE_US : 0;
}

/** Late by `lag` numbers. */
function acceptLate(index: i32, leg: usize, sequence: u32, lag: u32, mark: u32): i32 {
  if (isSeen(index, sequence)) {
    count(leg, LEG_RTP_DUPLICATES);
    return SEQUENCE_REFUSED;
  }
  markSeen(index, sequence, mark);
  count(leg, LEG_RTP_REORDERED);
  if (lag <= load<u32>(leg + STATE_SEQ_SPAN)) count(leg, LEG_RTP_LOST, -1);
  return lag <= <u32>MAX_MISORDER ? SEQUENCE_CURRENT : SEQUENCE_LATE;
}

/**
 * After a restart: SEQUENCE_REFUSED or SEQUENCE_FOREIGN for a datagram of the numbers before, while the new ones go on.
 * It is one that was on its way, or there are two sources with one SSRC, of which the one that came last is taken until
 * it is silent. Else SEQUENCE_STRAY.
 */
function ofNumbersBefore(leg: usize, sequence: u32, rxUs: f64): i32 {
  const us = load<f64>(leg + STATE_SEQ_BEFORE_US);
  if (us == 0 || rxUs - us > BEFORE_MAX_US || rxUs - load<f64>(leg + STATE_SEQ_MOVED_US) >= RESTART_SILENCE_US) {
    return SEQUENCE_STRAY;
  }
  const ahead = sequenceDistance(sequence, load<u32>(leg + STATE_SEQ_BEFORE));
  if (ahead < -SEQUENCE_WINDOW || ahead >= MAX_DROPOUT) return SEQUENCE_STRAY;
  store<f64>(leg + STATE_SEQ_BEFORE_US, rxUs);
  if (ahead < 0) {
    count(leg, LEG_RTP_LATE);
    return SEQUENCE_REFUSED;
  }
  store<u32>(leg + STATE_SEQ_BEFORE, (sequence + 1) & 0xffff);
  return SEQUENCE_FOREIGN;
}

/** Far from the numbers in use. The numbers start over when the datagram before it is held. */
function acceptStray(index: i32, leg: usize, sequence: u32, rxUs: f64): i32 {
  const before = ofNumbersBefore(leg, sequence, rxUs);
  if (before != SEQUENCE_STRAY) return before;
  expireHeld(index, leg, rxUs);
  if (findHeld(index, leg, sequence)) {
    count(leg, LEG_RTP_DUPLICATES);
    return SEQUENCE_REFUSED;
  }
  let first = sequence;
  while (findHeld(index, leg, (first - 1) & 0xffff)) first = (first - 1) & 0xffff;
  if (first == sequence) return SEQUENCE_STRAY;
  const expected = load<u32>(leg + STATE_SEQ_EXPECTED);
  count(leg, LEG_RTP_RESETS);
  postEvent(EVENT_SEQUENCE_RESET, index, 0, first, expected, 0, 0);
  store<u32>(leg + STATE_SEQ_BEFORE, expected);
  store<f64>(leg + STATE_SEQ_BEFORE_US, rxUs);
  startBefore(index, leg, first);
  restartedAt = first;
  return SEQUENCE_RESTARTED;
}

/** Forgets the numbers of a sender: those of the next one may be any. */
export function forgetSequence(leg: usize): void {
  store<u32>(leg + STATE_SEQ_STARTED, 0);
  store<f64>(leg + STATE_SEQ_BEFORE_US, 0);
  dropHeld(leg);
}

/**
 * Counts one sequence number; returns SEQUENCE_*. `mark` tells the datagram from others that could come under its
 * number, see `payloadMark`.
 */
export function acceptSequence(index: i32, leg: usize, sequence: u32, timestamp: u32, mark: u32, rxUs: f64): i32 {
  if (!load<u32>(leg + STATE_SEQ_STARTED)) startBefore(index, leg, sequence);
  const delta = sequenceDistance(sequence, load<u32>(leg + STATE_SEQ_EXPECTED));
  if (delta >= 0 && delta < MAX_DROPOUT) {
    advance(index, leg, sequence, delta, timestamp, mark, rxUs);
    return SEQUENCE_CURRENT;
  }
  const lag = <u32>-delta;
  if (delta < 0 && lag <= min<u32>(SEQUENCE_WINDOW, load<u32>(leg + STATE_SEQ_SPAN) + MAX_MISORDER)) {
    const silentUs = rxUs - load<f64>(leg + STATE_SEQ_MOVED_US);
    if (silentUs < silenceBefore(index, leg, sequence, lag, timestamp, mark)) {
      return acceptLate(index, leg, sequence, lag, mark);
    }
  }
  return acceptStray(index, leg, sequence, rxUs);
}
