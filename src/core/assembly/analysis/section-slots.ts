// The section PIDs of a leg: slot 0 is the PAT's, the others go to PMT and SCTE-35 PIDs as PAT and PMTs name them.
//
// A slot is a header of 64 bytes and 4096 bytes. An SCTE-35 section may fill them; PAT and PMT sections end at 1024
// (2.4.4.3, 2.4.4.8), so behind theirs lie the owners of a PMT slot and the history of the sections last seen.
import { PSI_COPIES, PSI_COPY_SIZE, SECTIONS, SECTION_SLOTS, SECTION_SLOT_SIZE } from "../memory/layout";
import { WATCHED, pidStateAddress } from "../memory/continuity";
import { clearStreams } from "./streams";

export const KIND_FREE = 0;
export const KIND_PAT = 1;
export const KIND_PMT = 2;
export const KIND_SCTE35 = 3;

// Header (u32).
const KIND = 0;
const PID = 4;
/** 1 while a section is being collected. */
export const ACTIVE = 8;
export const HAVE = 12;
/** Length of the whole section, 0 until its header is there. */
export const NEED = 16;
const OWNERS = 20;
const HISTORY = 24;
const HISTORY_NEXT = 28;
const SCTE35_OWNERS = 32;
const SCTE35_OWNERS_MAX: u32 = 8;
// A PMT slot uses the bytes of SCTE35_OWNERS for three times (f64, microseconds): since when a PMT is missing and when
// the last fault was reported, both on the clock of the checks, and the arrival of the last good PMT.
export const PMT_SINCE = 32;
export const PMT_FAULT_TIME = 40;
export const PMT_ARRIVAL = 48;

export const BUFFER = 64;
export const PSI_SECTION_MAX: u32 = 1024;
export const PRIVATE_SECTION_MAX: u32 = 4096;
const PMT_OWNERS = BUFFER + 1024;
const PMT_OWNERS_MAX: u32 = 256;
const HISTORY_ENTRIES = PMT_OWNERS + 256 * 4;
/** Key, CRC-32 and length (u32). */
const HISTORY_ENTRY = 12;
const HISTORY_MAX: u32 = 170;

/** PMTs take at most this many of the 15 slots, so that a large multiplex cannot crowd out its SCTE-35. */
const PMT_SLOTS_MAX = 10;

const LOWEST_PID: u32 = 0x10;
const HIGHEST_PID: u32 = 0x1ffe;

// @ts-ignore: decorator
@inline
export function slotAt(index: i32, number: i32): usize {
  assert(<u32>HISTORY_ENTRIES + HISTORY_MAX * HISTORY_ENTRY <= <u32>SECTION_SLOT_SIZE);
  assert(<u32>number < <u32>SECTION_SLOTS);
  return <usize>(SECTIONS + (index * SECTION_SLOTS + number) * SECTION_SLOT_SIZE);
}

/** Where the last good section of a slot is kept: length u32, section at 64. */
export function psiCopy(index: i32, slot: usize): usize {
  const number = <i32>((<u32>(slot - slotAt(index, 0))) / SECTION_SLOT_SIZE);
  return <usize>(PSI_COPIES + (index * SECTION_SLOTS + number) * PSI_COPY_SIZE);
}

// @ts-ignore: decorator
@inline
export function kindOf(slot: usize): u32 {
  return load<u32>(slot, KIND);
}

// @ts-ignore: decorator
@inline
export function slotPid(slot: usize): u32 {
  return load<u32>(slot, PID);
}

/** PIDs a table may name: not those of fixed meaning, not null packets (Table 2-3). */
// @ts-ignore: decorator
@inline
export function isAssignable(pid: u32): bool {
  return pid >= LOWEST_PID && pid <= HIGHEST_PID;
}

/** The slot of a PID, 0 when it has none. */
export function findSlot(index: i32, pid: u32): usize {
  const first = slotAt(index, 0);
  if (pid == 0) {
    store<u32>(first, KIND_PAT, KIND);
    return first;
  }
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) != KIND_FREE && slotPid(slot) == pid) return slot;
  }
  return 0;
}

/** Takes a free slot for a PID and watches it; 0 when none is left. */
export function openSlot(index: i32, pid: u32, kind: u32): usize {
  let free: usize = 0;
  let pmts = 0;
  for (let number = 1; number < SECTION_SLOTS; number++) {
    const slot = slotAt(index, number);
    if (kindOf(slot) == KIND_FREE) {
      if (!free) free = slot;
    } else if (kindOf(slot) == KIND_PMT) pmts++;
  }
  if (!free || (kind == KIND_PMT && pmts >= PMT_SLOTS_MAX)) return 0;
  memory.fill(free, 0, BUFFER);
  store<u32>(psiCopy(index, free), 0);
  store<u32>(free, kind, KIND);
  store<u32>(free, pid, PID);
  const state = pidStateAddress(index, pid);
  store<u8>(state, load<u8>(state) | WATCHED);
  return free;
}

export function closeSlot(index: i32, slot: usize): void {
  const state = pidStateAddress(index, slotPid(slot));
  store<u8>(state, load<u8>(state) & ~WATCHED);
  memory.fill(slot, 0, BUFFER);
}

/**
 * Frees all slots of a leg without touching the pages no section was ever written to, and forgets the streams they
 * named.
 */
export function clearSlots(index: i32): void {
  clearStreams(index);
  for (let number = 0; number < SECTION_SLOTS; number++) memory.fill(slotAt(index, number), 0, BUFFER);
  store<u32>(psiCopy(index, slotAt(index, 0)), 0);
}

// --- Owners: what named this PID. A PMT slot is owned by (PAT section, programme), an SCTE-35 slot by (PMT PID,
// programme).

// @ts-ignore: decorator
@inline
function ownersAddress(slot: usize): usize {
  return slot + (kindOf(slot) == KIND_PMT ? PMT_OWNERS : SCTE35_OWNERS);
}

// @ts-ignore: decorator
@inline
export function ownerCount(slot: usize): u32 {
  return load<u32>(slot, OWNERS);
}

// @ts-ignore: decorator
@inline
export function ownerAt(slot: usize, position: u32): u32 {
  return load<u32>(ownersAddress(slot) + (position << 2));
}

export function addOwner(slot: usize, owner: u32): void {
  const owners = ownerCount(slot);
  for (let position: u32 = 0; position < owners; position++) {
    if (ownerAt(slot, position) == owner) return;
  }
  if (owners >= (kindOf(slot) == KIND_PMT ? PMT_OWNERS_MAX : SCTE35_OWNERS_MAX)) return;
  store<u32>(ownersAddress(slot) + (owners << 2), owner);
  store<u32>(slot, owners + 1, OWNERS);
}

export function removeOwnerAt(slot: usize, position: u32): void {
  const last = ownerCount(slot) - 1;
  store<u32>(ownersAddress(slot) + (position << 2), ownerAt(slot, last));
  store<u32>(slot, last, OWNERS);
}

// --- History: the last section of each table id extension and section number, so that only changes are told.

function historyEntry(slot: usize, key: u32): usize {
  const entries = load<u32>(slot, HISTORY);
  for (let position: u32 = 0; position < entries; position++) {
    const entry = slot + HISTORY_ENTRIES + position * HISTORY_ENTRY;
    if (load<u32>(entry) == key) return entry;
  }
  return 0;
}

export function isKnownSection(slot: usize, key: u32, crc: u32, length: u32): bool {
  const entry = historyEntry(slot, key);
  return entry != 0 && load<u32>(entry, 4) == crc && load<u32>(entry, 8) == length;
}

/** Forgets what a table id extension last said, so that it is told again when it returns. */
export function forgetSections(slot: usize, extension: u32): void {
  for (let position = load<u32>(slot, HISTORY); position > 0; position--) {
    const entry = slot + HISTORY_ENTRIES + (position - 1) * HISTORY_ENTRY;
    if (load<u32>(entry) >>> 16 != extension) continue;
    const last = load<u32>(slot, HISTORY) - 1;
    memory.copy(entry, slot + HISTORY_ENTRIES + last * HISTORY_ENTRY, HISTORY_ENTRY);
    store<u32>(slot, last, HISTORY);
    store<u32>(slot, 0, HISTORY_NEXT);
  }
}

export function rememberSection(slot: usize, key: u32, crc: u32, length: u32): void {
  let entry = historyEntry(slot, key);
  if (!entry) {
    const entries = load<u32>(slot, HISTORY);
    let position = entries;
    if (entries < HISTORY_MAX) store<u32>(slot, entries + 1, HISTORY);
    else {
      position = load<u32>(slot, HISTORY_NEXT);
      store<u32>(slot, (position + 1) % HISTORY_MAX, HISTORY_NEXT);
    }
    entry = slot + HISTORY_ENTRIES + position * HISTORY_ENTRY;
    store<u32>(entry, key);
  }
  store<u32>(entry, crc, 4);
  store<u32>(entry, length, 8);
}

/** True for a PID that the tables of this leg name as SCTE-35. */
export function isScte35(index: i32, pid: u32): bool {
  const slot = findSlot(index, pid);
  return slot != 0 && kindOf(slot) == KIND_SCTE35;
}
