// The SCTE-35 sections of what goes out of a channel, wherever it came from: legs, merge or FEC. They are assembled
// once more, from the ring's slots, since neither leg alone has to have all of them; an index of its own behind the
// legs keeps their state.
import { MAX_LEGS, TS_PACKET } from "../memory/layout";
import { legAddress } from "../memory/leg";
import { AFTER_GAP, REPEATED, checkContinuity, excuseNext, pidStateAddress } from "../memory/continuity";
import { setRingPosition } from "../memory/events";
import {
  ADAPTATION_MAX, ADAPTATION_PRESENT, FLAG_DISCONTINUITY, PAYLOAD_PRESENT, SYNC_BYTE, adaptationControl,
  adaptationFlags, adaptationLength, continuityCounter, hasTransportError, hasUnitStart, isScrambled, pidOf, readHeader,
  syncByte,
} from "../memory/packet";
import { KIND_SCTE35, clearSlots, findSlot, isScte35, openSlot } from "../analysis/section-slots";
import { abandonSection, feedSections } from "../analysis/sections";

function watchPacket(index: i32, packet: usize, header: u32, pid: u32): void {
  const control = adaptationControl(header);
  let payload: u32 = 4;
  let isDiscontinuous = false;
  if (control & ADAPTATION_PRESENT) {
    const length = adaptationLength(packet);
    payload = min<u32>(5 + length, TS_PACKET);
    isDiscontinuous = length > 0 && length <= ADAPTATION_MAX && (adaptationFlags(packet) & FLAG_DISCONTINUITY) != 0;
  }
  const state = pidStateAddress(index, pid);
  if (!(control & PAYLOAD_PRESENT)) {
    if (!isDiscontinuous) return;
    excuseNext(state);
    abandonSection(index, pid);
    return;
  }
  const leg = legAddress(index);
  const order = checkContinuity(leg, state, continuityCounter(header), isDiscontinuous);
  if (order == REPEATED) return;
  if (order == AFTER_GAP || isScrambled(header)) abandonSection(index, pid);
  if (!isScrambled(header)) feedSections(index, leg, pid, packet + payload, TS_PACKET - payload, hasUnitStart(header));
}

/**
 * Takes a slot that is about to stand at `position` of the channel's ring; `source` is the leg whose tables say what is
 * SCTE-35.
 */
export function watchSlot(channel: i32, source: i32, payload: usize, length: u32, position: u32): void {
  const index = MAX_LEGS + channel;
  setRingPosition(position);
  for (let offset: u32 = 0; offset < length; offset += TS_PACKET) {
    const packet = payload + offset;
    const header = readHeader(packet);
    if (syncByte(header) != SYNC_BYTE || hasTransportError(header) || !isScte35(source, pidOf(header))) continue;
    if (!findSlot(index, pidOf(header)) && !openSlot(index, pidOf(header), KIND_SCTE35)) {
      // PIDs of tables long gone are in the way.
      clearSlots(index);
      openSlot(index, pidOf(header), KIND_SCTE35);
    }
    watchPacket(index, packet, header, pidOf(header));
  }
}
