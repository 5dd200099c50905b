/**
 * The stored form of a channel's sums: a version byte, then for each leg or output its number plus 1, a bit for each sum
 * that is not 0, and those sums, all of them as LEB128; and a 0 at the end. Forms may stand one after the other. A
 * connected output takes about 25 bytes.
 */
import { addSums, type ChannelSums, noSums, SUMS, type Sums } from "./figure-sums.ts"

const VERSION = 1
const MAX_VARINT = 8

const varintLength = (value: number): number => {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

const bitsOf = (sums: Sums): number => {
  let bits = 0
  for (let place = 0; place < SUMS; place++) if ((sums[place] ?? 0) > 0) bits |= 1 << place
  return bits
}

/** Writes sums; those of a subject that are all 0 are left out. */
export const encodeSums = (channel: ChannelSums): Uint8Array => {
  const parts: number[] = []
  for (const [subject, sums] of channel) {
    const bits = bitsOf(sums)
    if (bits === 0) continue
    parts.push(subject + 1, bits)
    for (let place = 0; place < SUMS; place++) if (((bits >> place) & 1) === 1) parts.push(sums[place] ?? 0)
  }
  parts.push(0)
  let length = 1
  for (const value of parts) length += varintLength(value)
  const bytes = new Uint8Array(length)
  bytes[0] = VERSION
  let at = 1
  for (const value of parts) {
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 128
    bytes[at++] = rest
  }
  return bytes
}

/**
 * Adds the sums of stored forms to `to`, where `wanted` is undefined or names the subject. A form of another version,
 * and what follows a damaged place, is left out.
 */
export const addEncoded = (to: ChannelSums, bytes: Uint8Array, wanted?: (subject: number) => boolean): void => {
  const one = noSums()
  let at = 0
  /** The next number; -1 at the end and where none can be read. */
  const next = (): number => {
    let value = 0
    for (let factor = 1, end = at + MAX_VARINT; at < bytes.length && at < end; factor *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte % 128) * factor
      if (byte < 128) return value
    }
    return -1
  }
  let isInside = false
  while (at < bytes.length) {
    if (!isInside && bytes[at++] !== VERSION) return
    const numbered = next()
    isInside = numbered !== 0
    if (!isInside) continue
    const subject = numbered - 1
    const bits = next()
    if (subject < 0 || bits <= 0 || bits >= 1 << SUMS) return
    one.fill(0)
    for (let place = 0; place < SUMS; place++) {
      if (((bits >> place) & 1) === 0) continue
      const value = next()
      if (value < 0) return
      one[place] = value
    }
    if (wanted !== undefined && !wanted(subject)) continue
    const before = to.get(subject)
    if (before === undefined) to.set(subject, one.slice())
    else addSums(before, one)
  }
}

/** Reads a stored form; see `addEncoded`. */
export const decodeSums = (bytes: Uint8Array): ChannelSums => {
  const sums: ChannelSums = new Map()
  addEncoded(sums, bytes)
  return sums
}
