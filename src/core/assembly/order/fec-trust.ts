// XOR has no checksum: FEC of another stream, or about other numbers, gives datagrams that look sound. So an FEC packet
// whose datagrams are all there is held against them, and nothing is rebuilt before one has been found right.
import { LEG_FEC_BAD, STORE_BITS, STORE_LENGTH, STORE_PAYLOAD, STORE_TIMESTAMP } from "../memory/layout";
import { count } from "../memory/leg";
import {
  SLOT_FEC_PAYLOAD, SLOT_LENGTH_RECOVERY, SLOT_TS_RECOVERY, TRUST, groupBase, groupCount, groupOffset,
} from "./fec-state";
import { storeSlot } from "./store";

/** After a wrong FEC packet this many in a row must be right. */
const PROBATION = 16;

// @ts-ignore: decorator
@inline
export function isTrusted(leg: usize): bool {
  return load<i32>(leg + TRUST) > 0;
}

/**
 * Compares length, timestamp and the first 8 bytes of payload of an FEC packet in a slot with those of the datagrams it
 * protects, which are all stored; a wrong one is counted. True when FEC may be used from now on and could not before.
 */
export function checkGroup(index: i32, leg: usize, group: u32, fec: usize): bool {
  return check(index, leg, group, load<u32>(fec, SLOT_TS_RECOVERY), load<u16>(fec, SLOT_LENGTH_RECOVERY),
    load<u64>(fec, SLOT_FEC_PAYLOAD));
}

/** Checks an FEC packet as it arrived, before it is in a slot, as `checkGroup` does one in a slot. */
export function checkDatagram(index: i32, leg: usize, group: u32, data: usize): bool {
  return check(index, leg, group, bswap(load<u32>(data, 20)), bswap(load<u16>(data, 14)), load<u64>(data, 28));
}

function check(index: i32, leg: usize, group: u32, timestamp: u32, length: u32, bytes: u64): bool {
  let sequence = groupBase(group);
  for (let left = groupCount(group); left > 0; left--) {
    const media = storeSlot(index, sequence);
    // One with options that waits is stored too, without what the FEC packet covers of it.
    if (load<u8>(media, STORE_BITS) & 0x3f) return false;
    timestamp ^= load<u32>(media, STORE_TIMESTAMP);
    length ^= load<u32>(media, STORE_LENGTH);
    bytes ^= load<u64>(media, STORE_PAYLOAD);
    sequence = (sequence + groupOffset(group)) & 0xffff;
  }
  if ((<u64>(timestamp | length) | bytes) != 0) {
    count(leg, LEG_FEC_BAD);
    store<i32>(leg + TRUST, 1 - PROBATION);
    return false;
  }
  if (isTrusted(leg)) return false;
  store<i32>(leg + TRUST, load<i32>(leg + TRUST) + 1);
  return isTrusted(leg);
}
