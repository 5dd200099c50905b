// What an output needs to know of a slot that is not analysed as it goes out: the merge and the switch put slots together anew.
import { SLOT_FLAG_DISCONTINUITY, SLOT_FLAG_PCR, SLOT_FLAG_RAI, SLOT_FLAG_SCTE35, TS_PACKET } from "./layout";
import {
  ADAPTATION_MAX, ADAPTATION_PRESENT, ADAPTATION_WITH_PCR, FLAG_DISCONTINUITY, FLAG_PCR, FLAG_RANDOM_ACCESS, NULL_PID, SYNC_BYTE,
  adaptationControl, adaptationFlags, adaptationLength, hasTransportError, pidOf, readHeader, readPcr, syncByte,
} from "./packet";
import { CHANNEL_DUE, channelAddress, sourceOf } from "./channel";
import { WATCHED, pidStateAddress } from "./continuity";
import { appendFlagged } from "./flagging";
import { appendSlot } from "./ring";
import { isScte35 } from "./watch";

/** Appends up to seven packets to the ring of a channel; after a switch each PID that owes it is flagged first. */
export function appendScanned(channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32): void {
  if (load<u32>(channelAddress(channel) + CHANNEL_DUE)) appendFlagged(channel, payload, length, rxUs, timestamp, sequence);
  else appendFound(channel, payload, length, rxUs, timestamp, sequence);
}

/** Appends up to seven packets to the ring of a channel, finding their flags and first PCR. */
export function appendFound(channel: i32, payload: usize, length: u32, rxUs: f64, timestamp: u32, sequence: u32): void {
  let found: u32 = 0;
  let pcr: f64 = 0;
  let pcrIndex: u32 = 0;
  let pcrPid: u32 = 0;
  const packets = length / TS_PACKET;
  const source = channel * 2 + max(sourceOf(channelAddress(channel)) - 1, 0);
  for (let position: u32 = 0; position < packets; position++) {
    const packet = payload + position * TS_PACKET;
    const header = readHeader(packet);
    if (<u32>load<u8>(pidStateAddress(source, pidOf(header))) & WATCHED && isScte35(source, pidOf(header))) found |= SLOT_FLAG_SCTE35;
    if (!(adaptationControl(header) & ADAPTATION_PRESENT) || syncByte(header) != SYNC_BYTE || hasTransportError(header)) continue;
    const size = adaptationLength(packet);
    if (size == 0 || size > ADAPTATION_MAX || pidOf(header) == NULL_PID) continue;
    const flags = adaptationFlags(packet);
    if (flags & FLAG_DISCONTINUITY) found |= SLOT_FLAG_DISCONTINUITY;
    if (flags & FLAG_RANDOM_ACCESS) found |= SLOT_FLAG_RAI;
    if (!(flags & FLAG_PCR) || size < ADAPTATION_WITH_PCR || found & SLOT_FLAG_PCR) continue;
    found |= SLOT_FLAG_PCR;
    pcr = readPcr(packet);
    pcrIndex = position;
    pcrPid = pidOf(header);
  }
  appendSlot(channel, payload, length, rxUs, timestamp, sequence, found, pcr, pcrIndex, pcrPid);
}
