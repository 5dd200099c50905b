/** MD5 (RFC 1321), for the challenges of RTMP servers that want it; for nothing that must withstand an attacker. */

/** 3.4: how far each step rotates, by round. */
const ROTATIONS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const

/** 3.4: the integer part of 2^32 |sin(i)|, i from 1 in radians. */
const SINES = Uint32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 0x1_0000_0000))

/** 3.1 and 3.2: a one bit, zeros, and the length in bits as 64 bits, low word first. */
const pad = (bytes: Uint8Array): DataView => {
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, (bytes.length * 8) >>> 0, true)
  view.setUint32(padded.length - 4, Math.floor(bytes.length / 0x2000_0000), true)
  return view
}

/** 3.4: the auxiliary function of a round, and which word of the block a step takes. */
const mix = (round: number, step: number, b: number, c: number, d: number): readonly [value: number, word: number] => {
  if (round === 0) return [(b & c) | (~b & d), step]
  if (round === 1) return [(b & d) | (c & ~d), (5 * step + 1) & 15]
  if (round === 2) return [b ^ c ^ d, (3 * step + 5) & 15]
  return [c ^ (b | ~d), (7 * step) & 15]
}

/** The digest of 16 bytes. */
export const md5 = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const view = pad(bytes)
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  for (let block = 0; block < view.byteLength; block += 64) {
    let [a = 0, b = 0, c = 0, d = 0] = state
    for (let step = 0; step < 64; step++) {
      const round = step >> 4
      const [value, word] = mix(round, step, b, c, d)
      const sum = (a + value + (SINES[step] ?? 0) + view.getUint32(block + word * 4, true)) | 0
      const by = ROTATIONS[round]?.[step & 3] ?? 0
      a = d
      d = c
      c = b
      b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0
    }
    for (const [index, value] of [a, b, c, d].entries()) state[index] = (state[index] ?? 0) + value
  }
  const digest = new DataView(new ArrayBuffer(16))
  for (const [index, value] of state.entries()) digest.setUint32(index * 4, value, true)
  return new Uint8Array(digest.buffer)
}
