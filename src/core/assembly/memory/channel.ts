// A channel: float64 fields for the host, then private state that only the core touches.
import { CHANNELS, CHANNEL_FIELDS, CHANNEL_SIZE, CHANNEL_SOURCE, RELEASE_MAX } from "./layout";

const STATE = CHANNEL_FIELDS * 8;
/** u32: slots appended since the last tick by packets that had waited. */
export const CHANNEL_RELEASED = STATE;
/** u32: the pending leg takes over with its next packet, not at an access point. */
export const CHANNEL_AT_ONCE = STATE + 4;
/** f64 us: receive time of the last slot, so that times in a ring never run backwards. */
export const CHANNEL_CLOCK = STATE + 8;
/** u32: PIDs that still owe a discontinuity_indicator after a switch: see flagging.ts. */
export const CHANNEL_DUE = STATE + 16;
/** u32: counters of a PID are counted on, or packets wait to be inserted: see insertion.ts. */
export const CHANNEL_INSERTION = STATE + 20;
/** u32: where the legs' counts of TS packets begin, near enough; 0 but in tests: see start-counters.ts. */
export const CHANNEL_COUNT_FROM = STATE + 24;
// Ranges of their own: merge.ts and align.ts.
export const CHANNEL_MERGE_STATE = STATE + 64;
export const CHANNEL_ALIGN_STATE = STATE + 256;

// @ts-ignore: decorator
@inline
export function channelAddress(channel: i32): usize {
  return <usize>(CHANNELS + channel * CHANNEL_SIZE);
}

// @ts-ignore: decorator
@inline
export function channelField(channel: usize, field: i32): f64 {
  return load<f64>(channel + (<usize>field << 3));
}

// @ts-ignore: decorator
@inline
export function setChannelField(channel: usize, field: i32, value: f64): void {
  store<f64>(channel + (<usize>field << 3), value);
}

/** 1 primary, 2 backup, 0 none: CHANNEL_SOURCE and CHANNEL_PENDING as integers. */
// @ts-ignore: decorator
@inline
export function sourceOf(channel: usize): i32 {
  return <i32>channelField(channel, CHANNEL_SOURCE);
}

/** Index of the leg whose tables say what the ring carries: the source's, or while there is none the primary's. */
// @ts-ignore: decorator
@inline
export function sourceLeg(channel: i32): i32 {
  return channel * 2 + max(sourceOf(channelAddress(channel)) - 1, 0);
}

/** Number of a leg within its channel: 1 primary, 2 backup. */
// @ts-ignore: decorator
@inline
export function numberOf(leg: i32): i32 {
  return (leg & 1) + 1;
}

/**
 * True while packets which waited may fill a slot more. The outputs get their turn after each tick; with the datagrams
 * that the host reads in that time (engine/turn-lag.ts) it must stay within an output's queue.
 */
// @ts-ignore: decorator
@inline
export function mayRelease(channel: usize): bool {
  return load<u32>(channel + CHANNEL_RELEASED) < <u32>RELEASE_MAX;
}
