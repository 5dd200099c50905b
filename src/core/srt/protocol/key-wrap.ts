/** AES key wrap, RFC 3394, by which SRT carries its stream keys: libraries in reach of Bun do not all have it. */

/** One block of 16 bytes through AES with a key of 16, 24 or 32 bytes. */
export type BlockCipher = (key: Uint8Array, block: Uint8Array) => Uint8Array

/** Initial value, RFC 3394 2.2.3.1. */
const CHECK_BYTE = 0xa6
const CHECK_BYTES = 8

const mixIn = (block: Uint8Array, step: number): void => {
  // Steps stay below 256: at most six rounds over eight groups.
  block[7] = (block[7] ?? 0) ^ step
}

/** `keys`, a multiple of 8 bytes, wrapped with the key-encrypting key `kek`: eight bytes more. RFC 3394 2.2.1. */
export const wrapKeys = (encrypt: BlockCipher, kek: Uint8Array, keys: Uint8Array): Uint8Array => {
  const groups = keys.length / 8
  const out = new Uint8Array(CHECK_BYTES + keys.length)
  out.fill(CHECK_BYTE, 0, CHECK_BYTES)
  out.set(keys, CHECK_BYTES)
  const block = new Uint8Array(16)
  for (let round = 0; round < 6; round++)
    for (let i = 1; i <= groups; i++) {
      block.set(out.subarray(0, 8))
      block.set(out.subarray(i * 8, i * 8 + 8), 8)
      const mixed = encrypt(kek, block)
      mixIn(mixed, groups * round + i)
      out.set(mixed.subarray(0, 8))
      out.set(mixed.subarray(8, 16), i * 8)
    }
  return out
}

/** What `wrapped` holds; null when it was wrapped with another key or altered. RFC 3394 2.2.2. */
export const unwrapKeys = (decrypt: BlockCipher, kek: Uint8Array, wrapped: Uint8Array): Uint8Array | null => {
  const groups = wrapped.length / 8 - 1
  if (groups < 2 || !Number.isInteger(groups)) return null
  // A copy for certain: slice() of a Node.js Buffer shares its memory.
  const out = new Uint8Array(wrapped)
  const block = new Uint8Array(16)
  for (let round = 5; round >= 0; round--)
    for (let i = groups; i >= 1; i--) {
      block.set(out.subarray(0, 8))
      mixIn(block, groups * round + i)
      block.set(out.subarray(i * 8, i * 8 + 8), 8)
      const plain = decrypt(kek, block)
      out.set(plain.subarray(0, 8))
      out.set(plain.subarray(8, 16), i * 8)
    }
  // All eight are compared whatever they are, so that the time it takes tells nothing.
  const wrong = out.subarray(0, CHECK_BYTES).reduce((sum, byte) => sum | (byte ^ CHECK_BYTE), 0)
  return wrong === 0 ? out.subarray(CHECK_BYTES) : null
}
