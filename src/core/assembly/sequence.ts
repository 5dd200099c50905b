// RTP sequence numbers in the spirit of RFC 3550 A.1: loss, duplicates, late ones, and sources that start over.
//
// `expected` is the number after the highest one received. A bitmap of 256 numbers behind it tells a late packet from a
// repeated one; `span` says how far back this run of numbers reaches, since what came before it was never counted as lost.
import { EVENT_SEQUENCE_RESET, LEG_RTP_DUPLICATES, LEG_RTP_LOST, LEG_RTP_REORDERED, LEG_RTP_RESETS } from "./layout";
import { STATE_SEQ_CANDIDATE, STATE_SEQ_EXPECTED, STATE_SEQ_JUMPED, STATE_SEQ_SEEN, STATE_SEQ_SPAN, STATE_SEQ_STARTED, count } from "./leg";
import { postEvent } from "./events";
import { sequenceDistance } from "./rtp";

// What `acceptSequence` says of a datagram.
/** It repeats one that was taken already. */
export const SEQUENCE_REPEATED = 0;
/** It belongs to the numbers in use, in order or not. */
export const SEQUENCE_CURRENT = 1;
/** The numbers start over with it, or did with the one before. */
export const SEQUENCE_RESTARTED = 2;
/** It is far from the numbers in use: a stray, or the first of new ones. */
export const SEQUENCE_STRAY = 3;

const MAX_DROPOUT = 3000;
const MAX_MISORDER = 128;
const WINDOW = 256;
/** A number from the past after this long a silence is a source that started over, not a late packet. */
const RESTART_SILENCE_US: f64 = 200000;

// @ts-ignore: decorator
@inline
function seenAddress(leg: usize, sequence: u32): usize {
  return leg + STATE_SEQ_SEEN + ((sequence & (WINDOW - 1)) >> 3);
}

// @ts-ignore: decorator
@inline
function isSeen(leg: usize, sequence: u32): bool {
  return ((<u32>load<u8>(seenAddress(leg, sequence)) >> (sequence & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
function markSeen(leg: usize, sequence: u32): void {
  const address = seenAddress(leg, sequence);
  store<u8>(address, <u32>load<u8>(address) | (1 << (sequence & 7)));
}

// @ts-ignore: decorator
@inline
function markMissing(leg: usize, sequence: u32): void {
  const address = seenAddress(leg, sequence);
  store<u8>(address, <u32>load<u8>(address) & ~(1 << (sequence & 7)));
}

function startAt(leg: usize, sequence: u32): void {
  memory.fill(leg + STATE_SEQ_SEEN, 0, WINDOW / 8);
  markSeen(leg, sequence);
  store<u32>(leg + STATE_SEQ_STARTED, 1);
  store<u32>(leg + STATE_SEQ_EXPECTED, (sequence + 1) & 0xffff);
  store<u32>(leg + STATE_SEQ_SPAN, 1);
  store<u32>(leg + STATE_SEQ_JUMPED, 0);
}

/** Moves the window on to `sequence`, `delta` numbers after the expected one, which are lost until they arrive. */
// @ts-ignore: decorator
@inline
function advance(leg: usize, sequence: u32, delta: i32): void {
  if (delta > 0) {
    count(leg, LEG_RTP_LOST, delta);
    const missing = min(delta, WINDOW);
    for (let i = 1; i <= missing; i++) markMissing(leg, sequence - i);
  }
  markSeen(leg, sequence);
  store<u32>(leg + STATE_SEQ_EXPECTED, (sequence + 1) & 0xffff);
  store<u32>(leg + STATE_SEQ_SPAN, min<u32>(load<u32>(leg + STATE_SEQ_SPAN) + delta + 1, WINDOW));
}

/** Late by `lag` numbers, 1 to MAX_MISORDER. */
function acceptLate(leg: usize, sequence: u32, lag: u32): i32 {
  if (isSeen(leg, sequence)) {
    count(leg, LEG_RTP_DUPLICATES);
    return SEQUENCE_REPEATED;
  }
  markSeen(leg, sequence);
  count(leg, LEG_RTP_REORDERED);
  if (lag <= load<u32>(leg + STATE_SEQ_SPAN)) count(leg, LEG_RTP_LOST, -1);
  return SEQUENCE_CURRENT;
}

/** Counts one sequence number; returns SEQUENCE_*. `silentUs` is the time since the sender's datagram before. */
export function acceptSequence(index: i32, leg: usize, sequence: u32, silentUs: f64): i32 {
  if (!load<u32>(leg + STATE_SEQ_STARTED)) {
    startAt(leg, sequence);
    return SEQUENCE_CURRENT;
  }
  const expected = load<u32>(leg + STATE_SEQ_EXPECTED);
  const delta = sequenceDistance(sequence, expected);
  if (delta < 0 && silentUs >= RESTART_SILENCE_US) {
    count(leg, LEG_RTP_RESETS);
    postEvent(EVENT_SEQUENCE_RESET, index, 0, sequence, expected, 0, 0);
    startAt(leg, sequence);
    return SEQUENCE_RESTARTED;
  }
  if (load<u32>(leg + STATE_SEQ_JUMPED)) {
    const candidate = load<u32>(leg + STATE_SEQ_CANDIDATE);
    if (sequence == ((candidate + 1) & 0xffff)) {
      count(leg, LEG_RTP_RESETS);
      postEvent(EVENT_SEQUENCE_RESET, index, 0, candidate, expected, 0, 0);
      startAt(leg, candidate);
      advance(leg, sequence, 0);
      return SEQUENCE_RESTARTED;
    }
    if (sequence == candidate) {
      count(leg, LEG_RTP_DUPLICATES);
      return SEQUENCE_REPEATED;
    }
    if (delta >= -MAX_MISORDER && delta < MAX_DROPOUT) {
      // The old numbers go on: what looked like a restart was one stray packet.
      count(leg, LEG_RTP_REORDERED);
      store<u32>(leg + STATE_SEQ_JUMPED, 0);
    }
  }
  if (delta >= 0 && delta < MAX_DROPOUT) {
    advance(leg, sequence, delta);
    return SEQUENCE_CURRENT;
  }
  if (delta < 0 && delta >= -MAX_MISORDER) return acceptLate(leg, sequence, -delta);
  store<u32>(leg + STATE_SEQ_JUMPED, 1);
  store<u32>(leg + STATE_SEQ_CANDIDATE, sequence);
  return SEQUENCE_STRAY;
}
