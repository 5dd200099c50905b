// RTP datagrams of a leg on their way into its order: taken, held until it is known whether the numbers start over, or
// dropped.
import {
  HELD_IS_MERGED, HELD_MARK, HELD_SEQUENCE, LEG_FOREIGN, LEG_PAYLOAD_TYPE, LEG_RTP_DATAGRAMS, LEG_RTP_LATE, STORE_BITS,
  STORE_LENGTH, STORE_PAYLOAD, STORE_RX_US, STORE_TIMESTAMP,
} from "../memory/layout";
import { STATE_SEQ_HELD, STATE_SEQ_HELD_EVER, count, setGauge } from "../memory/leg";
import { payloadAddress, payloadLength, payloadMark, rtpSequence, rtpTimestamp } from "../receive/rtp";
import { findAmong, heldSlot, hold } from "./held";
import {
  SEQUENCE_CURRENT, SEQUENCE_FOREIGN, SEQUENCE_LATE, SEQUENCE_REFUSED, SEQUENCE_RESTARTED, SEQUENCE_STRAY,
  acceptSequence, restartedAt,
} from "./sequence";
import { updateJitter } from "./jitter";
import { mergeArrived } from "../merge/merge";
import { mergeFindsPlace, mergeLegRestarted } from "../merge/merge-members";
import { order, restartReorder } from "../order/reorder";

/** Puts a datagram of the numbers in use into the leg's order, and into the merge unless that has it already. */
function takeRtp(
  index: i32, leg: usize, data: usize, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32,
  isForMerge: bool,
): void {
  updateJitter(leg, rxUs, timestamp);
  order(index, leg, data, payload, length, rxUs, timestamp, sequence);
  if (isForMerge) mergeArrived(index, true, sequence, payload, length, rxUs);
}

/** Takes a datagram that was held, unless its number is refused after all. */
function takeHeld(index: i32, leg: usize, slot: usize): void {
  const sequence = load<u32>(slot, HELD_SEQUENCE);
  const timestamp = load<u32>(slot, STORE_TIMESTAMP);
  const rxUs = load<f64>(slot, STORE_RX_US);
  const length = load<u32>(slot, STORE_LENGTH);
  const kind = acceptSequence(index, leg, sequence, timestamp, load<u32>(slot, HELD_MARK), rxUs);
  if (kind == SEQUENCE_REFUSED) return;
  if (kind == SEQUENCE_STRAY || kind == SEQUENCE_FOREIGN || length == 0) {
    count(leg, LEG_RTP_LATE);
    return;
  }
  const isForMerge = !load<u32>(slot, HELD_IS_MERGED) && (kind == SEQUENCE_CURRENT || mergeFindsPlace(index, sequence));
  takeRtp(index, leg, slot + STORE_BITS, slot + STORE_PAYLOAD, length, rxUs, timestamp, sequence, isForMerge);
}

/**
 * The numbers start over: what was held of the new ones goes first, then this datagram, then what else was held and
 * fits.
 */
function restartRtp(
  index: i32, leg: usize, data: usize, payload: usize, length: u32, rxUs: f64, timestamp: u32, mark: u32, sequence: u32,
): void {
  const first = restartedAt;
  const to = load<u32>(leg + STATE_SEQ_HELD_EVER);
  const from = to - load<u32>(leg + STATE_SEQ_HELD);
  store<u32>(leg + STATE_SEQ_HELD, 0);
  if (!mergeFindsPlace(index, first)) {
    mergeLegRestarted(index);
    // The merge gives what it was given before a place of its own.
    for (let n = from; n != to; n++) store<u32>(heldSlot(index, n), 0, HELD_IS_MERGED);
  }
  restartReorder(index, leg);
  for (let next = first; next != sequence; next = (next + 1) & 0xffff) {
    takeHeld(index, leg, findAmong(index, from, to, next));
  }
  acceptSequence(index, leg, sequence, timestamp, mark, rxUs);
  takeRtp(index, leg, data, payload, length, rxUs, timestamp, sequence, true);
  for (let n = from; n != to; n++) {
    const slot = heldSlot(index, n);
    if (((load<u32>(slot, HELD_SEQUENCE) - first) & 0xffff) > ((sequence - first) & 0xffff)) takeHeld(index, leg, slot);
  }
}

/** Takes an RTP datagram that `classify` has found sound: in order, held, or counted as late, repeated or foreign. */
export function ingestRtp(index: i32, leg: usize, data: usize, rxUs: f64): void {
  const payload = payloadAddress;
  const length = payloadLength;
  setGauge(leg, LEG_PAYLOAD_TYPE, <f64>(load<u8>(data, 1) & 0x7f));
  const sequence = rtpSequence(data);
  const timestamp = rtpTimestamp(data);
  const mark = payloadMark(payload, length);
  const kind = acceptSequence(index, leg, sequence, timestamp, mark, rxUs);
  count(leg, kind == SEQUENCE_FOREIGN ? LEG_FOREIGN : LEG_RTP_DATAGRAMS);
  if (kind == SEQUENCE_CURRENT) {
    takeRtp(index, leg, data, payload, length, rxUs, timestamp, sequence, true);
  } else if (kind == SEQUENCE_LATE) {
    takeRtp(index, leg, data, payload, length, rxUs, timestamp, sequence, mergeFindsPlace(index, sequence));
  } else if (kind == SEQUENCE_RESTARTED) {
    restartRtp(index, leg, data, payload, length, rxUs, timestamp, mark, sequence);
  } else if (kind == SEQUENCE_STRAY) {
    const isMerged = mergeFindsPlace(index, sequence);
    if (isMerged) mergeArrived(index, true, sequence, payload, length, rxUs);
    hold(index, leg, data, payload, length, rxUs, timestamp, mark, sequence, isMerged);
  }
}
