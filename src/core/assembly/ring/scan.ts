// What an output needs to know of a slot that is not analysed as it goes out: the merge and the switch put slots
// together anew.
import { SLOT_FLAG_DISCONTINUITY, SLOT_FLAG_PCR, SLOT_FLAG_RAI, SLOT_FLAG_SCTE35, TS_PACKET } from "../memory/layout";
import {
  ADAPTATION_MAX, ADAPTATION_PRESENT, ADAPTATION_WITH_PCR, FLAG_DISCONTINUITY, FLAG_PCR, FLAG_RANDOM_ACCESS, NULL_PID,
  SYNC_BYTE, adaptationControl, adaptationFlags, adaptationLength, hasTransportError, pidOf, readHeader, readPcr,
  syncByte,
} from "../memory/packet";
import { WATCHED, pidStateAddress } from "../memory/continuity";
import { isScte35 } from "../analysis/section-slots";

// What `findFacts` found.
export let foundFlags: u32 = 0;
export let foundPcr: f64 = 0;
export let foundPcrIndex: u32 = 0;
export let foundPcrPid: u32 = 0;

/** Finds the flags and the first PCR of up to seven packets; `source` is the leg whose tables say what is SCTE-35. */
export function findFacts(source: i32, payload: usize, length: u32): void {
  foundFlags = 0;
  foundPcr = 0;
  foundPcrIndex = 0;
  foundPcrPid = 0;
  const packets = length / TS_PACKET;
  for (let position: u32 = 0; position < packets; position++) {
    const packet = payload + position * TS_PACKET;
    const header = readHeader(packet);
    if (<u32>load<u8>(pidStateAddress(source, pidOf(header))) & WATCHED && isScte35(source, pidOf(header))) {
      foundFlags |= SLOT_FLAG_SCTE35;
    }
    if (!(adaptationControl(header) & ADAPTATION_PRESENT) || syncByte(header) != SYNC_BYTE ||
      hasTransportError(header)) {
      continue;
    }
    const size = adaptationLength(packet);
    if (size == 0 || size > ADAPTATION_MAX || pidOf(header) == NULL_PID) continue;
    const flags = adaptationFlags(packet);
    if (flags & FLAG_DISCONTINUITY) foundFlags |= SLOT_FLAG_DISCONTINUITY;
    if (flags & FLAG_RANDOM_ACCESS) foundFlags |= SLOT_FLAG_RAI;
    if (!(flags & FLAG_PCR) || size < ADAPTATION_WITH_PCR || foundFlags & SLOT_FLAG_PCR) continue;
    foundFlags |= SLOT_FLAG_PCR;
    foundPcr = readPcr(packet);
    foundPcrIndex = position;
    foundPcrPid = pidOf(header);
  }
}
