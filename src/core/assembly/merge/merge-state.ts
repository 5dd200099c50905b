// What the merge of two legs keeps: per channel the place in the joint stream, per leg its own count of TS packets and
// how it maps to that place. Positions count TS packets modulo 2^32: no two that are compared may be half of that
// apart, so marks that stay where they were set are moved along (`ageMarks`).
import { CHANNEL_MERGE_STATE } from "../memory/channel";

/** u32: position of the next packet to go out; packets waiting behind a gap. f64 us: when the first of them came. */
export const NEXT = CHANNEL_MERGE_STATE;
export const WAITING = CHANNEL_MERGE_STATE + 4;
export const GAP_SINCE = CHANNEL_MERGE_STATE + 8;
/**
 * u32: compared packets that differed, in a row; position from which both legs bring what the joint stream has, so that
 * cell times are of both and what is missing before it only the slower leg can bring; samples of the path difference.
 */
export const MISMATCHES = CHANNEL_MERGE_STATE + 16;
export const BOTH_FROM = CHANNEL_MERGE_STATE + 20;
export const SAMPLES = CHANNEL_MERGE_STATE + 24;
// Private to merge-cells.ts.
export const MERGE_CELLS_STATE = CHANNEL_MERGE_STATE + 128;
/** Per leg (primary, backup), 48 bytes each. */
const LEG_MERGE = CHANNEL_MERGE_STATE + 32;
const LEG_MERGE_SIZE = 48;
// u32 fields of a leg:
/** 1 once a position is known. */
export const STARTED: usize = 0;
/** RTP: highest sequence number, extended. */
export const EXTENDED: usize = 4;
/**
 * TS packets a sequence number stands for; what its largest datagram held. 0 for raw UDP, which counts what arrives.
 */
export const STRIDE: usize = 8;
/** Position after the last packet received, in the leg's own count. */
export const HIGH: usize = 12;
/** To be added to the leg's count to get the position in the joint stream; valid while it takes part. */
export const OFFSET: usize = 16;
/** 1 while the leg takes part in the merge. */
export const TAKES_PART: usize = 20;
/**
 * 1 while a leg that takes part is silent: nothing is expected of it, but it may come back to where the joint stream
 * is.
 */
export const ABSENT: usize = 28;
/** Position from which the hashes of the leg are valid. */
export const HASHED_FROM: usize = 24;

/** State of leg 0 or 1 of a channel. */
// @ts-ignore: decorator
@inline
export function legMerge(channel: usize, leg: i32): usize {
  return channel + LEG_MERGE + (leg & 1) * LEG_MERGE_SIZE;
}

// @ts-ignore: decorator
@inline
export function ahead(position: u32, from: u32): i32 {
  return <i32>(position - from);
}

// @ts-ignore: decorator
@inline
export function takesPart(channel: usize, leg: i32): bool {
  return load<u32>(legMerge(channel, leg) + TAKES_PART) != 0;
}

/** True where the faster leg brought its packets before it took part: nobody but the slower one has them to give. */
// @ts-ignore: decorator
@inline
export function isCarriedByOne(channel: usize, position: u32): bool {
  return ahead(load<u32>(channel + BOTH_FROM), position) > 0;
}

/** True when the leg takes part and is there. */
// @ts-ignore: decorator
@inline
export function isPresent(channel: usize, leg: i32): bool {
  return takesPart(channel, leg) && !load<u32>(legMerge(channel, leg) + ABSENT);
}
