/** What may come to the ports of FEC and is none. */
import { randomOf } from "../impairments.ts"

/**
 * Makes an FEC packet for `count` datagrams that are `offset` apart, from `base` on, with an RTP header, an FEC header
 * and a payload of noise.
 */
const fecPacket = (base: number, offset: number, count: number, isRow: boolean, payload = 1316): Buffer => {
  const random = randomOf(base * 65_536 + offset * 256 + count)
  const bytes = Buffer.from(Array.from({ length: 28 + payload }, () => Math.floor(random() * 256)))
  bytes.set([0x80, 96], 0)
  bytes.writeUInt16BE(base & 0xffff, 12)
  bytes.set([0x80, 0, 0, 0], 16)
  bytes.set([isRow ? 0x40 : 0, offset, count, 0], 24)
  return bytes
}

const noise = (length: number, seed: number): Buffer => {
  const random = randomOf(seed)
  const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
  // Spoils the RTP version, which must be 2.
  if (length > 0) bytes[0] = (bytes[0] ?? 0) & 0x3f
  return bytes
}

export const garbage: ReadonlyArray<readonly [string, Buffer]> = [
  ["one byte", noise(1, 1)],
  ["noise", noise(1344, 2)],
  ["short noise", noise(20, 3)],
  ["an RTP header and nothing more", fecPacket(5, 8, 8, false).subarray(0, 12)],
  ["half an FEC header", fecPacket(5, 8, 8, false).subarray(0, 20)],
  ["offset 0", fecPacket(500, 0, 8, false)],
  ["no packets", fecPacket(500, 8, 0, false)],
  ["a matrix of 255 x 255", fecPacket(500, 255, 255, false)],
  ["a row of 200", fecPacket(500, 1, 200, true)],
  ["TS", Buffer.concat(Array.from({ length: 7 }, () => Buffer.concat([Buffer.from([0x47]), noise(187, 4)])))],
]
