// RTP datagrams of a leg whose numbers are far from those in use. They wait here until their successors show that the
// numbers start over, and then go out first; or the numbers in use go on, and they are dropped.
import {
  HELD_IS_MERGED, HELD_MARK, HELD_PAYLOAD_MAX, HELD_SEQUENCE, HELD_SLOTS, HELD_STORES, HELD_STRIDE, LEG_RTP_LATE,
  STORE_BITS, STORE_LENGTH, STORE_PAYLOAD, STORE_RX_US, STORE_TIMESTAMP,
} from "../memory/layout";
import { STATE_SEQ_HELD, STATE_SEQ_HELD_EVER, count } from "../memory/leg";

/** Longer than this nothing waits for its successor (us). */
const HELD_MAX_US: f64 = 2000000;

/** Address of the `n`th datagram ever held; those that are held now are the last STATE_SEQ_HELD of them. */
// @ts-ignore: decorator
@inline
export function heldSlot(index: i32, n: u32): usize {
  return <usize>(HELD_STORES + index * HELD_SLOTS * HELD_STRIDE) + <usize>(n & (HELD_SLOTS - 1)) * HELD_STRIDE;
}

/** The one with this number among those ever held from `from` on, before `to`; 0 when there is none. */
export function findAmong(index: i32, from: u32, to: u32, sequence: u32): usize {
  for (let n = from; n != to; n++) {
    const slot = heldSlot(index, n);
    if (load<u32>(slot, HELD_SEQUENCE) == sequence) return slot;
  }
  return 0;
}

/** The held datagram of this number; 0 when there is none. */
export function findHeld(index: i32, leg: usize, sequence: u32): usize {
  const to = load<u32>(leg + STATE_SEQ_HELD_EVER);
  return findAmong(index, to - load<u32>(leg + STATE_SEQ_HELD), to, sequence);
}

function dropOldest(leg: usize): void {
  count(leg, LEG_RTP_LATE);
  store<u32>(leg + STATE_SEQ_HELD, load<u32>(leg + STATE_SEQ_HELD) - 1);
}

/** Drops what has waited too long for its successor. */
export function expireHeld(index: i32, leg: usize, rxUs: f64): void {
  const ever = load<u32>(leg + STATE_SEQ_HELD_EVER);
  for (let held = load<u32>(leg + STATE_SEQ_HELD); held > 0; held--) {
    if (rxUs - load<f64>(heldSlot(index, ever - held), STORE_RX_US) <= HELD_MAX_US) return;
    dropOldest(leg);
  }
}

/** None of them began new numbers. */
export function dropHeld(leg: usize): void {
  count(leg, LEG_RTP_LATE, load<u32>(leg + STATE_SEQ_HELD));
  store<u32>(leg + STATE_SEQ_HELD, 0);
}

/**
 * Holds a datagram; the oldest of HELD_SLOTS makes room. `data` is its RTP header. Of one that is larger than a jumbo
 * frame only the number is held: its payload is lost.
 */
export function hold(
  index: i32, leg: usize, data: usize, payload: usize, length: u32, rxUs: f64, timestamp: u32, mark: u32,
  sequence: u32, isMerged: bool,
): void {
  if (load<u32>(leg + STATE_SEQ_HELD) == <u32>HELD_SLOTS) dropOldest(leg);
  const held = load<u32>(leg + STATE_SEQ_HELD);
  const ever = load<u32>(leg + STATE_SEQ_HELD_EVER);
  const slot = heldSlot(index, ever);
  store<f64>(slot, rxUs, STORE_RX_US);
  store<u32>(slot, timestamp, STORE_TIMESTAMP);
  store<u32>(slot, length <= <u32>HELD_PAYLOAD_MAX ? length : 0, STORE_LENGTH);
  store<u16>(slot, load<u16>(data), STORE_BITS);
  store<u32>(slot, sequence, HELD_SEQUENCE);
  store<u32>(slot, mark, HELD_MARK);
  store<u32>(slot, isMerged ? 1 : 0, HELD_IS_MERGED);
  if (length <= <u32>HELD_PAYLOAD_MAX) memory.copy(slot + STORE_PAYLOAD, payload, length);
  store<u32>(leg + STATE_SEQ_HELD, held + 1);
  store<u32>(leg + STATE_SEQ_HELD_EVER, ever + 1);
}
