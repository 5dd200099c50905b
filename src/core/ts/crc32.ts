/**
 * CRC-32/MPEG-2, ISO/IEC 13818-1 Annex A: polynomial 0x04C11DB7, initial value all ones, not reflected, not inverted.
 */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1
  return value >>> 0
})

/** Remainder over `bytes`, unsigned; 0 over a whole section whose CRC_32 is good. */
export const crc32 = (bytes: Uint8Array): number => {
  let value = 0xffffffff
  for (const byte of bytes) value = (value << 8) ^ (table[((value >>> 24) ^ byte) & 0xff] ?? 0)
  return value >>> 0
}
