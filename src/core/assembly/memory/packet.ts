// TS packet header and adaptation field (ISO/IEC 13818-1 2.4.3.2, 2.4.3.4), read in place. `header` is the first four
// bytes as WebAssembly loads them, least significant first: turning them round would cost more than all the rest.

export const SYNC_BYTE = 0x47;
export const NULL_PID = 0x1fff;
export const PAYLOAD_PRESENT = 1;
export const ADAPTATION_PRESENT = 2;
/** adaptation_field_length can be no longer than the packet. */
export const ADAPTATION_MAX: u32 = 183;
export const FLAG_DISCONTINUITY = 0x80;
export const FLAG_RANDOM_ACCESS = 0x40;
export const FLAG_PCR = 0x10;
/** Flags byte and six bytes of PCR. */
export const ADAPTATION_WITH_PCR: u32 = 7;

// @ts-ignore: decorator
@inline
export function readHeader(packet: usize): u32 {
  return load<u32>(packet);
}

// @ts-ignore: decorator
@inline
export function syncByte(header: u32): u32 {
  return header & 0xff;
}

// @ts-ignore: decorator
@inline
export function hasTransportError(header: u32): bool {
  return (header & 0x8000) != 0;
}

// @ts-ignore: decorator
@inline
export function hasUnitStart(header: u32): bool {
  return (header & 0x4000) != 0;
}

// @ts-ignore: decorator
@inline
export function pidOf(header: u32): u32 {
  return (header & 0x1f00) | ((header >>> 16) & 0xff);
}

// @ts-ignore: decorator
@inline
export function isScrambled(header: u32): bool {
  return (header & 0xc0000000) != 0;
}

// @ts-ignore: decorator
@inline
export function adaptationControl(header: u32): u32 {
  return (header >>> 28) & 3;
}

/** Payload only, in which nothing starts, neither scrambled nor marked as damaged. */
// @ts-ignore: decorator
@inline
export function isPlain(header: u32): bool {
  return (header & 0xf000c000) == 0x10000000;
}

// @ts-ignore: decorator
@inline
export function continuityCounter(header: u32): u32 {
  return (header >>> 24) & 15;
}

// @ts-ignore: decorator
@inline
export function adaptationLength(packet: usize): u32 {
  return <u32>load<u8>(packet, 4);
}

// @ts-ignore: decorator
@inline
export function adaptationFlags(packet: usize): u32 {
  return <u32>load<u8>(packet, 5);
}

/** program_clock_reference: 33 bits of base, 6 reserved, 9 of extension; in 27 MHz ticks (2.4.3.5). */
// @ts-ignore: decorator
@inline
export function readPcr(packet: usize): f64 {
  const word = bswap(load<u32>(packet, 6));
  const rest = <u32>load<u8>(packet, 10);
  const base = <f64>word * 2 + <f64>(rest >>> 7);
  return base * 300 + <f64>(((rest & 1) << 8) | <u32>load<u8>(packet, 11));
}
