// The FEC packet of SMPTE 2022-1 (8.4; Pro-MPEG CoP #3): RTP header of 12 bytes whose P, X, CC and M bits are recovery
// fields, FEC header of 16 bytes, XOR of the payloads.
//
// FEC header: SNBase low u16@12, length recovery u16@14, E and PT recovery u8@16, mask u24@17, TS recovery u32@20,
// N, D, type and index u8@24, offset u8@25, NA u8@26, SNBase ext u8@27.
import { STORE_PAYLOAD_MAX, TS_PACKET } from "../memory/layout";
import {
  SLOT_FEC_LENGTH, SLOT_FEC_PAYLOAD, SLOT_FIRST_RECOVERY, SLOT_LENGTH_RECOVERY, SLOT_SECOND_RECOVERY, SLOT_TS_RECOVERY,
} from "./fec-state";

const FEC_PAYLOAD: u32 = 28;
/** Twice and more what encoders offer (20 x 20): beyond it no store would reach. */
const SIDE_MAX: u32 = 50;
const AREA_MAX: u32 = 400;

/** What the packet that `readFec` accepted protects, and whether that is a row of the matrix. */
export let fecGroup: u32 = 0;
export let fecIsRow: bool = false;

/**
 * Reads a datagram of an FEC port; false when it is no FEC packet of this standard or its matrix is absurd.
 *
 * What counts is what the packet protects. The D bit says whether that is a row; only numbers that follow each other
 * can be one. Such numbers on the row port are a row whatever the D bit says, since a matrix of one column has no rows.
 */
export function readFec(data: usize, length: u32, isRowPort: bool): bool {
  if (length < FEC_PAYLOAD + TS_PACKET || length > FEC_PAYLOAD + <u32>STORE_PAYLOAD_MAX) return false;
  if (load<u8>(data) >> 6 != 2) return false;
  const second = load<u8>(data, 1);
  // RTCP (RFC 5761 4).
  if (second >= 192 && second <= 223) return false;
  // E is 1 and the mask 0; a set N bit, a type other than XOR or an index is of no standard there is.
  if ((load<u32>(data, 16) & 0xffffff80) != 0x80) return false;
  const flags = load<u8>(data, 24);
  if (flags & 0xbf) return false;
  const offset = <u32>load<u8>(data, 25);
  const members = <u32>load<u8>(data, 26);
  if (offset == 0 || offset > SIDE_MAX || members == 0 || members > SIDE_MAX || offset * members > AREA_MAX) {
    return false;
  }
  const hasRowBit = (flags & 0x40) != 0;
  if (hasRowBit && offset != 1) return false;
  fecIsRow = offset == 1 && (hasRowBit || isRowPort);
  fecGroup = (bswap(<u32>load<u16>(data, 12)) >>> 16) | (offset << 16) | (members << 24);
  return true;
}

/** Puts a packet that `readFec` accepted into an FEC slot. */
export function keepFec(slot: usize, data: usize, length: u32): void {
  store<u32>(slot, bswap(load<u32>(data, 20)), SLOT_TS_RECOVERY);
  store<u32>(slot, length - FEC_PAYLOAD, SLOT_FEC_LENGTH);
  store<u16>(slot, bswap(load<u16>(data, 14)), SLOT_LENGTH_RECOVERY);
  store<u8>(slot, load<u8>(data) & 0x3f, SLOT_FIRST_RECOVERY);
  store<u8>(slot, (load<u8>(data, 1) & 0x80) | (load<u8>(data, 16) & 0x7f), SLOT_SECOND_RECOVERY);
  memory.copy(slot + SLOT_FEC_PAYLOAD, data + FEC_PAYLOAD, length - FEC_PAYLOAD);
}
