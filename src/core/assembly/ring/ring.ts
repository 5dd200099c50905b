// The ring of a channel: TS payload in slots of up to seven packets, with what the outputs need to know about each.
import {
  RINGS, RING_BYTES, RING_HEADS, RING_SLOTS, SLOT_FLAG_SCTE35, SLOT_FLAGS, SLOT_LENGTH, SLOT_PAYLOAD, SLOT_PAYLOAD_MAX,
  SLOT_PCR, SLOT_PCR_INDEX, SLOT_PCR_PID, SLOT_RTP_SEQUENCE, SLOT_RTP_TIMESTAMP, SLOT_RX_I64, SLOT_RX_US, SLOT_STRIDE,
} from "../memory/layout";
import { CHANNEL_CLOCK, channelAddress, sourceLeg } from "../memory/channel";
import { watchSlot } from "./watch";

/** Slots appended by the calls since the host last looked. */
export let appended: i32 = 0;

export function takeAppended(): i32 {
  const count = appended;
  appended = 0;
  return count;
}

// @ts-ignore: decorator
@inline
export function headAddress(channel: i32): usize {
  return <usize>(RING_HEADS + channel * 64);
}

/**
 * Copies one slot of payload with what was found in it, then moves the head on. Times in a ring never run backwards.
 */
export function putSlot(
  channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32, flags: u32, pcr: f64,
  pcrIndex: u32, pcrPid: u32,
): void {
  assert(length <= <u32>SLOT_PAYLOAD_MAX);
  const clock = channelAddress(channel) + CHANNEL_CLOCK;
  const time = max(rxUs, load<f64>(clock));
  store<f64>(clock, time);
  const head = load<u32>(headAddress(channel));
  if (flags & SLOT_FLAG_SCTE35) watchSlot(channel, sourceLeg(channel), payload, length, head);
  const slot = <usize>(RINGS + channel * RING_BYTES) + (head & (RING_SLOTS - 1)) * SLOT_STRIDE;
  store<i64>(slot, <i64>time, SLOT_RX_I64);
  store<f64>(slot, time, SLOT_RX_US);
  store<u32>(slot, length, SLOT_LENGTH);
  store<u32>(slot, flags, SLOT_FLAGS);
  store<f64>(slot, pcr, SLOT_PCR);
  store<u32>(slot, pcrIndex, SLOT_PCR_INDEX);
  store<u32>(slot, pcrPid, SLOT_PCR_PID);
  store<u32>(slot, timestamp, SLOT_RTP_TIMESTAMP);
  store<u32>(slot, sequence, SLOT_RTP_SEQUENCE);
  memory.copy(slot + SLOT_PAYLOAD, payload, length);
  store<u32>(headAddress(channel), head + 1);
  appended++;
}
