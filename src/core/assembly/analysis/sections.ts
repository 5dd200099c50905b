// Section assembly from the packets of a PID (ISO/IEC 13818-1 2.4.4.1, 2.4.4.2).
import { EVENT_SCTE35, MAX_LEGS, SECTION_CUT, SECTION_SLOTS } from "../memory/layout";
import { postEvent } from "../memory/events";
import {
  ACTIVE, BUFFER, HAVE, KIND_SCTE35, NEED, PRIVATE_SECTION_MAX, PSI_SECTION_MAX, findSlot, kindOf, slotAt, slotPid,
} from "./section-slots";
import { completeSection } from "./psi";
import { restartChecks } from "./tr101290";

/** table_id that means the rest of the packet is stuffing. */
const STUFFING = 0xff;
const HEADER: u32 = 3;

// @ts-ignore: decorator
@inline
function drop(slot: usize): void {
  store<u32>(slot, 0, ACTIVE);
}

/** Gives up the section in a slot. A cue of what goes out that is lost so is told. */
function giveUp(index: i32, slot: usize): void {
  const have = load<u32>(slot, HAVE);
  if (load<u32>(slot, ACTIVE) && have > 0 && index >= MAX_LEGS && kindOf(slot) == KIND_SCTE35) {
    postEvent(EVENT_SCTE35, index, slotPid(slot), load<u8>(slot + BUFFER), SECTION_CUT, slot + BUFFER, have);
  }
  drop(slot);
}

/** Gives up the section a PID has begun. */
export function abandonSection(index: i32, pid: u32): void {
  const slot = findSlot(index, pid);
  if (slot) giveUp(index, slot);
}

/** Another sender: gives up all sections begun, and all checks that reach over several packets. */
export function abandonSections(index: i32): void {
  restartChecks(index);
  for (let number = 0; number < SECTION_SLOTS; number++) drop(slotAt(index, number));
}

/** Adds bytes to the section in hand until it is complete or they run out; returns how many it took. */
function append(index: i32, leg: usize, slot: usize, bytes: usize, length: u32): u32 {
  const buffer = slot + BUFFER;
  let taken: u32 = 0;
  let have = load<u32>(slot, HAVE);
  while (have < HEADER && taken < length) {
    store<u8>(buffer + have, load<u8>(bytes + taken));
    have++;
    taken++;
    if (have < HEADER) continue;
    const need = HEADER + (((<u32>load<u8>(buffer, 1) & 15) << 8) | <u32>load<u8>(buffer, 2));
    store<u32>(slot, need, NEED);
    if (need > (kindOf(slot) == KIND_SCTE35 ? PRIVATE_SECTION_MAX : PSI_SECTION_MAX)) {
      store<u32>(slot, have, HAVE);
      giveUp(index, slot);
      return length;
    }
  }
  if (have >= HEADER) {
    const part = min(load<u32>(slot, NEED) - have, length - taken);
    assert(have + part <= PRIVATE_SECTION_MAX);
    memory.copy(buffer + have, bytes + taken, part);
    have += part;
    taken += part;
  }
  store<u32>(slot, have, HAVE);
  if (have >= HEADER && have == load<u32>(slot, NEED)) {
    drop(slot);
    completeSection(index, leg, slot, have);
  }
  return taken;
}

/** Takes the payload of one packet of a watched PID. */
export function feedSections(index: i32, leg: usize, pid: u32, bytes: usize, length: u32, hasPointer: bool): void {
  const slot = findSlot(index, pid);
  if (!slot) return;
  if (!hasPointer) {
    // A section begins only where a pointer_field says so; what follows the end of one here is stuffing.
    if (load<u32>(slot, ACTIVE)) append(index, leg, slot, bytes, length);
    return;
  }
  const pointer: u32 = length > 0 ? load<u8>(bytes) : 0;
  if (length < 1 || 1 + pointer > length) {
    giveUp(index, slot);
    return;
  }
  if (load<u32>(slot, ACTIVE)) append(index, leg, slot, bytes + 1, pointer);
  giveUp(index, slot);
  let offset: u32 = 1 + pointer;
  while (offset < length && load<u8>(bytes + offset) != STUFFING) {
    store<u32>(slot, 1, ACTIVE);
    store<u32>(slot, 0, HAVE);
    store<u32>(slot, 0, NEED);
    offset += append(index, leg, slot, bytes + offset, length - offset);
    if (load<u32>(slot, ACTIVE)) return;
  }
}
