// What FEC keeps of a leg: the reach of its media, the matrix, and the FEC packets that still wait for media.
import { FEC_SLOTS, FEC_STORES, FEC_STORE_BYTES, FEC_STRIDE } from "../memory/layout";
import { STATE_FEC } from "../memory/leg";

/** u64: one bit an FEC slot in use, FEC_SLOTS of them. */
export const USED = STATE_FEC;
/**
 * u32: highest media sequence number stored, and how many numbers up to it have been seen go by, at most STORE_SLOTS; 0
 * before any.
 */
export const NEWEST = STATE_FEC + 16;
export const SPAN = STATE_FEC + 20;
/** u32: highest sequence number that a packet in the slots protects. Valid while a slot is in use. */
export const LAST_MEMBER = STATE_FEC + 24;
/** u32: sequence number that can be rebuilt as soon as one after it has come, and whether there is one. */
export const READY = STATE_FEC + 28;
export const IS_READY = STATE_FEC + 32;
/** u32: media datagrams that FEC may still give back a lost one behind: two matrices; 0 while no matrix is known. */
export const WAIT_SPAN = STATE_FEC + 36;
// u32: geometry in force and the one seen once (offset | NA << 8), columns and rows; 0 when there is none.
export const COLUMN_MATRIX = STATE_FEC + 40;
export const COLUMN_CANDIDATE = STATE_FEC + 44;
export const ROW_MATRIX = STATE_FEC + 48;
export const ROW_CANDIDATE = STATE_FEC + 52;
/** f64 us: last packet of the geometry in force; earliest time at which something may be out of date, 0 for never. */
export const COLUMN_US = STATE_FEC + 56;
export const ROW_US = STATE_FEC + 64;
export const EXPIRY_US = STATE_FEC + 72;
/** i32: 1 when the FEC has been found to be that of the media; see fec-trust.ts. */
export const TRUST = STATE_FEC + 80;
/** u32: NEWEST when the last packet of the geometry in force came. */
export const COLUMN_AT = STATE_FEC + 84;
export const ROW_AT = STATE_FEC + 88;
/** u32: the media sequence number that the leg had got to when its FEC ports were last found empty. */
export const MEDIA_THEN = STATE_FEC + 92;
/** u32 an FEC slot: SNBase, offset << 16, NA << 24. */
export const GROUPS = STATE_FEC + 96;
export const STATE_SIZE = 96 + FEC_SLOTS * 4;

// FEC slot: recovery fields, then the payload.
/** u32: TS recovery, host order. */
export const SLOT_TS_RECOVERY = 0;
/** u32: bytes of payload. */
export const SLOT_FEC_LENGTH = 4;
/** u16, host order. */
export const SLOT_LENGTH_RECOVERY = 8;
/** u8: P, X and CC recovery; M and PT recovery. */
export const SLOT_FIRST_RECOVERY = 10;
export const SLOT_SECOND_RECOVERY = 11;
export const SLOT_FEC_PAYLOAD = 64;

// @ts-ignore: decorator
@inline
export function fecSlot(index: i32, slot: u32): usize {
  return <usize>(FEC_STORES + index * FEC_STORE_BYTES) + slot * FEC_STRIDE;
}

// A group: the sequence numbers one FEC packet protects.
// @ts-ignore: decorator
@inline
export function groupBase(group: u32): u32 {
  return group & 0xffff;
}

// @ts-ignore: decorator
@inline
export function groupOffset(group: u32): u32 {
  return (group >>> 16) & 0xff;
}

// @ts-ignore: decorator
@inline
export function groupCount(group: u32): u32 {
  return group >>> 24;
}

// @ts-ignore: decorator
@inline
export function groupLast(group: u32): u32 {
  return (group + (groupCount(group) - 1) * groupOffset(group)) & 0xffff;
}

// @ts-ignore: decorator
@inline
export function groupAt(leg: usize, slot: u32): u32 {
  return load<u32>(leg + GROUPS + (<usize>slot << 2));
}

// @ts-ignore: decorator
@inline
export function covers(group: u32, sequence: u32): bool {
  const steps = (sequence - group) & 0xffff;
  const offset = groupOffset(group);
  return steps < groupCount(group) * offset && steps % offset == 0;
}

// @ts-ignore: decorator
@inline
export function isEmpty(leg: usize): bool {
  return (load<u64>(leg + USED) | load<u64>(leg + USED, 8)) == 0;
}

/** The first slot in use from `slot` on; FEC_SLOTS when there is none. */
export function nextUsed(leg: usize, slot: u32): u32 {
  while (slot < <u32>FEC_SLOTS) {
    const bits = load<u64>(leg + USED + ((slot >> 6) << 3)) >> (slot & 63);
    if (bits) return slot + <u32>ctz(bits);
    slot = (slot | 63) + 1;
  }
  return FEC_SLOTS;
}

/** The first free slot; FEC_SLOTS when there is none. */
export function firstFree(leg: usize): u32 {
  const low = ~load<u64>(leg + USED);
  if (low) return <u32>ctz(low);
  const high = ~load<u64>(leg + USED, 8);
  return high ? 64 + <u32>ctz(high) : FEC_SLOTS;
}

export function release(leg: usize, slot: u32): void {
  const word = leg + USED + ((slot >> 6) << 3);
  store<u64>(word, load<u64>(word) & ~((<u64>1) << (slot & 63)));
}

export function occupy(leg: usize, slot: u32, group: u32): void {
  const word = leg + USED + ((slot >> 6) << 3);
  store<u64>(word, load<u64>(word) | ((<u64>1) << (slot & 63)));
  store<u32>(leg + GROUPS + (<usize>slot << 2), group);
}
