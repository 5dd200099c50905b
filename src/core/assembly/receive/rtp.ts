// RTP fixed header (RFC 3550 5.1) and the decision what a datagram is.
import { LEG_BAD_LENGTH, LEG_BAD_NOT_TS, LEG_BAD_RTP, LEG_BAD_SYNC, TS_PACKET } from "../memory/layout";

export const FRAMING_RTP = 1;
export const FRAMING_UDP = 2;
/** RTP with TS packets of 204 bytes; only `classify` returns it. */
export const RTP_204 = -1;
export const SYNC_BYTE = 0x47;
/** TS packet with 16 bytes of Reed-Solomon parity (ETSI EN 300 429). */
export const TS_PACKET_204: u32 = 204;

/** Where the TS packets of the datagram that `classify` accepted begin, and their length in bytes. */
export let payloadAddress: usize = 0;
export let payloadLength: u32 = 0;

// @ts-ignore: decorator
@inline
export function rtpSequence(address: usize): u32 {
  return bswap(<u32>load<u16>(address, 2)) >>> 16;
}

/** Signed distance of two sequence numbers, -32768 to 32767: they count modulo 2^16. */
// @ts-ignore: decorator
@inline
export function sequenceDistance(sequence: u32, from: u32): i32 {
  return (<i32>((sequence - from) << 16)) >> 16;
}

// @ts-ignore: decorator
@inline
export function rtpTimestamp(address: usize): u32 {
  return bswap(load<u32>(address, 4));
}

// @ts-ignore: decorator
@inline
export function rtpSsrc(address: usize): u32 {
  return bswap(load<u32>(address, 8));
}

/**
 * Tells the payload of a datagram, of one TS packet at least, from another one: 24 bytes of it, from the begin, the
 * middle and the end. Packets of the same content, as null packets, look the same.
 */
// @ts-ignore: decorator
@inline
export function payloadMark(payload: usize, length: u32): u32 {
  const words = load<u64>(payload) ^ rotl<u64>(load<u64>(payload + (length >> 1)),
    23) ^ rotl<u64>(load<u64>(payload + length - 8), 41);
  return <u32>((words * 0x9e3779b97f4a7c15) >> 32);
}

/** Finds the payload behind CSRC list, extension and padding; false when any of them runs past the datagram. */
export function findRtpPayload(address: usize, length: u32): bool {
  if (length < 12) return false;
  const first = <u32>load<u8>(address);
  let offset: u32 = 12 + ((first & 15) << 2);
  if (first & 0x10) {
    if (offset + 4 > length) return false;
    offset += 4 + ((bswap(<u32>load<u16>(address + offset, 2)) >>> 16) << 2);
  }
  let end = length;
  if (first & 0x20) {
    const padding = <u32>load<u8>(address + length - 1);
    if (padding == 0 || padding > length) return false;
    end -= padding;
  }
  if (offset > end) return false;
  payloadAddress = address + offset;
  payloadLength = end - offset;
  return true;
}

function hasSyncByte(address: usize, length: u32): bool {
  for (const end = address + length; address < end; address += TS_PACKET) {
    if (load<u8>(address) == SYNC_BYTE) return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function isWhole(length: u32): bool {
  return length > 0 && length % TS_PACKET == 0;
}

/** True when the length is a whole number of packets of `size` bytes and each begins with a sync byte. */
export function isEven(address: usize, length: u32, size: u32): bool {
  if (length == 0 || length % size != 0) return false;
  for (const end = address + length; address < end; address += size) {
    if (load<u8>(address) != SYNC_BYTE) return false;
  }
  return true;
}

/**
 * FRAMING_RTP or FRAMING_UDP with `payloadAddress` and `payloadLength` set, RTP_204, or the LEG_BAD_* counter to raise.
 *
 * 0x47 has RTP version 1, so a sound TS packet is never taken for RTP. A TS whose first byte is damaged may look like
 * version 2; it is taken for RTP only if what would be its payload is TS. Raw UDP that is no whole number of packets,
 * or begins within one, is a matter of the bytes before it: byte-stream.ts has the last word on it.
 */
export function classify(address: usize, length: u32): i32 {
  if (length == 0) return LEG_BAD_NOT_TS;
  const first = <u32>load<u8>(address);
  const isRtp = first >> 6 == 2;
  let isRtpSound = false;
  if (isRtp) {
    isRtpSound = findRtpPayload(address, length);
    if (isRtpSound && isWhole(payloadLength) && hasSyncByte(payloadAddress, payloadLength)) return FRAMING_RTP;
    if (isRtpSound && isEven(payloadAddress, payloadLength, TS_PACKET_204)) return RTP_204;
  }
  if (isWhole(length) && hasSyncByte(address, length)) {
    payloadAddress = address;
    payloadLength = length;
    return FRAMING_UDP;
  }
  if (!isRtp) {
    if (isWhole(length)) return LEG_BAD_SYNC;
    return first == SYNC_BYTE ? LEG_BAD_LENGTH : LEG_BAD_NOT_TS;
  }
  // RTCP shares the version bits; its packet types are 192-223 (RFC 5761 4).
  if (length >= 2 && load<u8>(address, 1) >= 192 && load<u8>(address, 1) <= 223) return LEG_BAD_NOT_TS;
  if (!isRtpSound) return LEG_BAD_RTP;
  if (payloadLength == 0) return LEG_BAD_NOT_TS;
  return isWhole(payloadLength) ? LEG_BAD_SYNC : LEG_BAD_LENGTH;
}

/** Takes the Reed-Solomon bytes out of the payload of RTP_204 where it lies; returns how many packets it held. */
export function strip204(): u32 {
  const packets = payloadLength / TS_PACKET_204;
  for (let i: u32 = 1; i < packets; i++) {
    memory.copy(payloadAddress + i * TS_PACKET, payloadAddress + i * TS_PACKET_204, TS_PACKET);
  }
  payloadLength = packets * TS_PACKET;
  return packets;
}
