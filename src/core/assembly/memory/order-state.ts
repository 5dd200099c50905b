// How far the RTP datagrams of a leg have got in the order of their sequence numbers: private state in the leg's range
// of order/.
import { STATE_REORDER } from "./leg";

/** u32: 1 once a datagram was taken. */
export const STARTED = STATE_REORDER;
/** u32: the sequence number that goes on next. */
export const NEXT = STATE_REORDER + 4;
/** u32: datagrams that wait behind a gap. */
export const WAITING = STATE_REORDER + 8;
/** u32: highest sequence number that waits. */
export const HIGHEST = STATE_REORDER + 12;
/** f64, microseconds: when the first datagram behind the gap came. */
export const GAP_SINCE = STATE_REORDER + 16;

/** State of the places in the leg's store, see places.ts. */
export const STORE_PLACES = STATE_REORDER + 24;

/** True while datagrams wait behind a gap. */
export function isHolding(leg: usize): bool {
  return load<u32>(leg + WAITING) > 0;
}
