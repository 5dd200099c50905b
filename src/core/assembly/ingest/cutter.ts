// A cutter makes TS packets of a sender's bytes, wherever its datagrams begin and end.
//
// Packets have a place once five sync bytes in a row lie 188 bytes apart, or 204 with Reed-Solomon bytes: a payload has
// 0x47 too, but not at one place of five packets. From then on a packet that lies in one datagram is taken as it is.
// One that was begun in an earlier datagram is taken only when sync bytes follow where they should, up to four of those
// that are there: else a datagram between its two parts was lost. What cannot be seen is a loss after which the bytes
// fit again, by a whole number of packets.
//
// A datagram that begins with something else and ends with a packet is no evidence: SRT, RIST and others put a header
// before seven of them. In a stream of bytes the next datagram then begins with a packet.
//
// The bytes left over of a datagram are put right before the next one in the receive batch, so that no datagram is
// copied.
import { CUTTERS, CUTTER_CARRY, CUTTER_SIZE, TS_PACKET } from "../memory/layout";
import { SYNC_BYTE, TS_PACKET_204, isEven } from "../receive/rtp";

// u32: whose bytes they are; length of their packets, 0 while that has to be found; bytes carried over; packets in the
// group; 1 once packets were found.
export const IDENTITY: usize = 0;
export const SIZE: usize = 4;
export const CARRIED: usize = 8;
export const GROUPED: usize = 12;
const WAS_FOUND: usize = 16;
/** f64 us: arrival of the last datagram; of the one that completed the last packet of the group. */
export const LAST_RX: usize = 24;
export const GROUP_RX: usize = 32;
const HEADER = 64;

/** Sync bytes beside the first that show where packets are. */
const FURTHER: u32 = 4;
const NONE: u32 = 0xffffffff;
/** The most a search leaves over: any of these bytes may yet begin a packet. */
const TAIL_MAX: u32 = FURTHER * 204;

// The bytes under way: those carried over and the datagram behind them; how many were carried; where the next packet
// begins.
let bytes: usize = 0;
let total: u32 = 0;
let carried: u32 = 0;
let next: u32 = 0;
/** Length of the packets that the last search found. */
let foundSize: u32 = 0;
/** Bytes passed over by the last call. */
export let skipped: u32 = 0;

/** The cutter of a leg's sender in use, or of one that would like to be. */
// @ts-ignore: decorator
@inline
export function cutterOf(index: i32, isOwn: bool): usize {
  return <usize>(CUTTERS + (index * 2 + (isOwn ? 0 : 1)) * CUTTER_SIZE);
}

export function clearCutter(cutter: usize): void {
  memory.fill(cutter, 0, HEADER);
}

// @ts-ignore: decorator
@inline
export function hasPlace(cutter: usize): bool {
  return load<u32>(cutter + SIZE) != 0;
}

/** True for a sender whose bytes have shown packets before. */
// @ts-ignore: decorator
@inline
export function wasFound(cutter: usize): bool {
  return load<u32>(cutter + WAS_FOUND) != 0;
}

function isRun(at: usize, size: u32): bool {
  for (let i: u32 = 1; i <= FURTHER; i++) if (load<u8>(at + i * size) != SYNC_BYTE) return false;
  return true;
}

/** Offset, from `from` on, of the first of five sync bytes at the same distance, or NONE. */
function findRun(address: usize, length: u32, from: u32): u32 {
  for (let at = from; at + FURTHER * TS_PACKET < length; at++) {
    if (load<u8>(address + at) != SYNC_BYTE) continue;
    foundSize = isRun(address + at, TS_PACKET) ? TS_PACKET : TS_PACKET_204;
    if (foundSize == TS_PACKET || (at + FURTHER * TS_PACKET_204 < length && isRun(address + at, TS_PACKET_204))) {
      return at;
    }
  }
  return NONE;
}

/** True when packets are found in these bytes elsewhere than `offset` and each 188 bytes from there on. */
export function hasRunBeside(address: usize, length: u32, offset: u32): bool {
  const at = findRun(address, length, 0);
  return at != NONE && (foundSize != TS_PACKET || at % TS_PACKET != offset % TS_PACKET);
}

/** Puts what was carried over right before the datagram. */
function join(cutter: usize, data: usize, length: u32): void {
  carried = load<u32>(cutter + CARRIED);
  bytes = data - carried;
  total = carried + length;
  memory.copy(bytes, cutter + CUTTER_CARRY, carried);
}

/** True when the bytes carried over and these together hold packets elsewhere than where they are expected. */
export function joinsRunBeside(cutter: usize, data: usize, length: u32): bool {
  join(cutter, data, length);
  return hasRunBeside(bytes, total, carried);
}

/**
 * True when sync bytes are where a packet that begins `offset` bytes into the datagram, or before it, says they are.
 */
function follow(data: usize, length: u32, offset: u32, size: u32): bool {
  for (let i: u32 = 0; i < FURTHER && offset < length; i++) {
    if (load<u8>(data + offset) != SYNC_BYTE) return false;
    offset += size;
  }
  return true;
}

/** True when the datagram goes on where the bytes before it ended, as far as can be seen. */
export function continues(cutter: usize, data: usize, length: u32): bool {
  const size = load<u32>(cutter + SIZE);
  const rest = load<u32>(cutter + CARRIED);
  if (size == 0) return false;
  return rest == 0 ? load<u8>(data) == SYNC_BYTE : follow(data, length, size - rest, size);
}

/** Carries over the bytes from `from` on. */
function carry(cutter: usize, from: u32): void {
  store<u32>(cutter + CARRIED, total - from);
  memory.copy(cutter + CUTTER_CARRY, bytes + from, total - from);
}

/** Looks for packets from `from` on; false, and what may begin one carried over, when there are none yet. */
function search(cutter: usize, from: u32): bool {
  const found = findRun(bytes, total, from);
  if (found != NONE && !(found > carried && (total - found) % foundSize == 0)) {
    skipped += found - next;
    next = found;
    store<u32>(cutter + SIZE, foundSize);
    store<u32>(cutter + WAS_FOUND, 1);
    return true;
  }
  const kept = max(from, total > TAIL_MAX ? total - TAIL_MAX : 0);
  skipped += kept - next;
  next = total;
  store<u32>(cutter + SIZE, 0);
  carry(cutter, kept);
  return false;
}

/**
 * Takes a datagram's bytes up; false when they do not show where packets are. Then `nextPacket` and `leaveOver` are
 * due.
 */
export function takeUp(cutter: usize, data: usize, length: u32): bool {
  skipped = 0;
  next = 0;
  const goesOn = continues(cutter, data, length);
  join(cutter, data, length);
  if (goesOn) return true;
  if (wasFound(cutter) && isEven(data, length, TS_PACKET)) {
    skipped = carried;
    next = carried;
    store<u32>(cutter + SIZE, TS_PACKET);
    return true;
  }
  // Where packets have a place, the bytes carried over are the beginning of one: no other begins among them.
  return search(cutter, hasPlace(cutter) ? carried : 0);
}

/**
 * What `nextPacket` says beside an address: the datagram holds no further packet; the place was lost and has to be
 * found again.
 */
export const NO_PACKET: usize = 0;
export const PLACE_LOST: usize = 1;

/** Address of the next whole packet of the bytes taken up, NO_PACKET, or PLACE_LOST, after which `findAgain` is due. */
export function nextPacket(cutter: usize): usize {
  const size = load<u32>(cutter + SIZE);
  if (next < total && load<u8>(bytes + next) != SYNC_BYTE) return PLACE_LOST;
  if (next + size > total) return NO_PACKET;
  if (next < carried) {
    // It ends with the datagram: whether its parts belong together shows with the next one.
    if (next + size == total) return NO_PACKET;
    if (!follow(bytes, total, next + size, size)) return PLACE_LOST;
  }
  next += size;
  return bytes + next - size;
}

/** After PLACE_LOST; false when the rest of the datagram does not show where packets are: then nothing more is due. */
export function findAgain(cutter: usize): bool {
  skipped = 0;
  return search(cutter, load<u8>(bytes + next) == SYNC_BYTE ? behindBeginning(cutter) : next);
}

/** Where the search goes on when a packet that was begun in an earlier datagram is not continued: behind its bytes. */
function behindBeginning(cutter: usize): u32 {
  return next < carried && carried - next <= load<u32>(cutter + SIZE) ? carried : next + 1;
}

/** Carries over what is left of a datagram. */
export function leaveOver(cutter: usize): void {
  carry(cutter, next);
}

/** A packet that is whole but not confirmed; 0 when there is none. */
export function heldPacket(cutter: usize): usize {
  const size = load<u32>(cutter + SIZE);
  return size > 0 && load<u32>(cutter + CARRIED) == size ? cutter + CUTTER_CARRY : 0;
}
