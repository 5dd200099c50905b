// The datagram store of a leg: an index by sequence number, and slots that are taken when a datagram is put there and
// given back when it has gone on. A leg without FEC touches no more memory than as many datagrams as ever waited at a
// time; with FEC the past stays, until other datagrams take its entries.
import {
  STORES, STORE_BYTES, STORE_ENTRY, STORE_INDEX, STORE_PLACED, STORE_PLACE_SHIFT, STORE_PRESENT, STORE_SLOTS,
  STORE_STRIDE, STORE_WAITING,
} from "../memory/layout";
import { STORE_PLACES } from "../memory/order-state";
import { forgetPlaces, givePlaceTo, takePlaceOf } from "../memory/places";

// @ts-ignore: decorator
@inline
function entryAddress(index: i32, sequence: u32): usize {
  return <usize>(STORE_INDEX + ((index * STORE_SLOTS + <i32>(sequence & (STORE_SLOTS - 1))) << 2));
}

// @ts-ignore: decorator
@inline
function slotsOf(index: i32): usize {
  return <usize>(STORES + index * STORE_BYTES);
}

// @ts-ignore: decorator
@inline
function slotAt(index: i32, place: u32): usize {
  return slotsOf(index) + place * STORE_STRIDE;
}

/** Sequence number and flags of the entry that a sequence number has; it may be another one's. */
// @ts-ignore: decorator
@inline
export function entryOf(index: i32, sequence: u32): u32 {
  return load<u32>(entryAddress(index, sequence)) & STORE_ENTRY;
}

/** Whether the datagram has come, gone on or not. */
// @ts-ignore: decorator
@inline
export function isPresent(index: i32, sequence: u32): bool {
  return (entryOf(index, sequence) & ~STORE_WAITING) == (sequence | STORE_PRESENT);
}

// @ts-ignore: decorator
@inline
export function isWaiting(index: i32, sequence: u32): bool {
  return entryOf(index, sequence) == (sequence | STORE_PRESENT | STORE_WAITING);
}

/** Whether the datagram itself is there. */
// @ts-ignore: decorator
@inline
export function isStored(index: i32, sequence: u32): bool {
  const entry = load<u32>(entryAddress(index, sequence)) & (STORE_ENTRY | STORE_PLACED);
  return (entry & ~STORE_WAITING) == (sequence | STORE_PRESENT | STORE_PLACED);
}

/** The slot of a datagram that is stored. */
// @ts-ignore: decorator
@inline
export function storeSlot(index: i32, sequence: u32): usize {
  return slotAt(index, load<u32>(entryAddress(index, sequence)) >>> STORE_PLACE_SHIFT);
}

/** Notes that a datagram is there, in the slot that `takeSlot` gave it; `flags` is STORE_WAITING or 0. */
// @ts-ignore: decorator
@inline
export function setPresent(index: i32, sequence: u32, flags: u32): void {
  const entry = entryAddress(index, sequence);
  store<u32>(entry, (load<u32>(entry) & ~STORE_ENTRY) | sequence | STORE_PRESENT | flags);
}

/** The slot for a datagram: that of its entry, or one that is free. Entries are as many as slots, and none has two. */
export function takeSlot(index: i32, leg: usize, sequence: u32): usize {
  const entry = entryAddress(index, sequence);
  const before = load<u32>(entry);
  if (before & STORE_PLACED) return slotAt(index, before >>> STORE_PLACE_SHIFT);
  const place = takePlaceOf(leg + STORE_PLACES, slotsOf(index), STORE_STRIDE, STORE_SLOTS);
  store<u32>(entry, before | STORE_PLACED | (place << STORE_PLACE_SHIFT));
  return slotAt(index, place);
}

/** The datagram is not needed any more; that it came is remembered. */
export function giveBack(index: i32, leg: usize, sequence: u32): void {
  const entry = entryAddress(index, sequence);
  const before = load<u32>(entry);
  if (!(before & STORE_PLACED)) return;
  givePlaceTo(leg + STORE_PLACES, slotsOf(index), STORE_STRIDE, before >>> STORE_PLACE_SHIFT);
  store<u32>(entry, before & STORE_ENTRY);
}

/** Nothing is there, and nothing has come. */
export function forgetStore(index: i32, leg: usize): void {
  memory.fill(<usize>(STORE_INDEX + index * STORE_SLOTS * 4), 0, STORE_SLOTS * 4);
  forgetPlaces(leg + STORE_PLACES);
}
