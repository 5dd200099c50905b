// A leg: float64 counters and gauges the host reads, then private state that only the core touches.
import { LEGS, LEG_FIELDS, LEG_SIZE } from "./layout";

// Private state, byte offsets from the leg's address.
const STATE = LEG_FIELDS * 8;
/** f64 us: receive time of the last datagram of any kind, so that times never run backwards. */
export const STATE_CLOCK = STATE;
// Longest gap of the current sender, over the running second and the one before (f64 us).
export const STATE_BUCKET_START = STATE + 8;
export const STATE_BUCKET_MAX = STATE + 16;
export const STATE_BUCKET_LAST = STATE + 24;
// Interarrival jitter: receive time (f64 us) and RTP timestamp (u32) of the datagram before, and whether there is one.
export const STATE_TRANSIT_RX = STATE + 32;
export const STATE_TRANSIT_TIMESTAMP = STATE + 40;
export const STATE_TRANSIT_VALID = STATE + 44;
// The sender in use, and the one that would like to be (u32).
export const STATE_IDENTITY = STATE + 48;
export const STATE_FRAMING = STATE + 52;
export const STATE_RIVAL_IDENTITY = STATE + 56;
export const STATE_RIVAL_FRAMING = STATE + 60;
export const STATE_RIVAL_RUN = STATE + 64;
// RTP sequence (u32): see sequence.ts; datagrams held, and how many there have been: see held.ts.
export const STATE_SEQ_STARTED = STATE + 68;
export const STATE_SEQ_EXPECTED = STATE + 72;
export const STATE_SEQ_SPAN = STATE + 76;
export const STATE_SEQ_HELD = STATE + 80;
export const STATE_SEQ_HELD_EVER = STATE + 84;
// TS sync (u32): see packets.ts.
export const STATE_SYNC = STATE + 88;
export const STATE_SYNC_GOOD = STATE + 92;
/** f64 us: when the numbers last moved on. u32: RTP timestamp then. */
export const STATE_SEQ_MOVED_US = STATE + 96;
export const STATE_SEQ_TIMESTAMP = STATE + 104;
/** u32: the number that the numbers in use before would go on with. f64 us: when one of them last came; 0 never. */
export const STATE_SEQ_BEFORE = STATE + 108;
export const STATE_SEQ_BEFORE_US = STATE + 112;
/** u64: the IPv4 socket address that the source's gauges show; 0 when they show another. */
export const STATE_SOURCE = STATE + 120;
// Ranges of their own: reorder.ts, fec.ts, tr101290.ts with stream-record.ts, main-stream.ts and access-point.ts.
export const STATE_REORDER = STATE + 128;
export const STATE_FEC = STATE + 256;
export const STATE_TR101290 = STATE + 1024;
/** u32: 1 while the raw UDP sender in use is taken as a stream of bytes: see byte-stream.ts. */
export const STATE_CUTS = STATE + 1984;

// @ts-ignore: decorator
@inline
export function legAddress(leg: i32): usize {
  return <usize>(LEGS + leg * LEG_SIZE);
}

// @ts-ignore: decorator
@inline
export function count(leg: usize, field: i32, by: i32 = 1): void {
  const address = leg + (<usize>field << 3);
  store<f64>(address, load<f64>(address) + <f64>by);
}

// @ts-ignore: decorator
@inline
export function gauge(leg: usize, field: i32): f64 {
  return load<f64>(leg + (<usize>field << 3));
}

// @ts-ignore: decorator
@inline
export function setGauge(leg: usize, field: i32, value: f64): void {
  store<f64>(leg + (<usize>field << 3), value);
}
