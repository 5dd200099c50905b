// CRC-32/MPEG-2 (ISO/IEC 13818-1 Annex A): polynomial 0x04C11DB7, initial value all ones, not reflected, not inverted.

const TABLE = memory.data(1024, 4);

for (let byte: u32 = 0; byte < 256; byte++) {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ ((<i32>value >> 31) & 0x04c11db7);
  store<u32>(TABLE + (byte << 2), value);
}

/** Remainder over `length` bytes; 0 over a whole section whose CRC_32 is good. */
export function crc32(address: usize, length: u32): u32 {
  let value: u32 = 0xffffffff;
  for (const end = address + length; address < end; address++) {
    value = (value << 8) ^ load<u32>(TABLE + (((value >>> 24) ^ load<u8>(address)) << 2));
  }
  return value;
}
