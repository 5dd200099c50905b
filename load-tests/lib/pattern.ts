/**
 * Datagrams that prove themselves: 7 TS packets whose every byte is a function of channel, counter and PCR step, except
 * the send time.
 *
 * Words after the pattern packet's TS header, little endian: magic, channel, counter low and high, send time low and
 * high (CLOCK_MONOTONIC nanoseconds), PCR step in 27 MHz ticks, reserved 0; the rest of it, and most of the video, is
 * the pattern.
 */
import { buildTemplate, DATAGRAM_BYTES, DATAGRAM_WORDS, PATTERN_PID, PERIOD } from "./pattern-template.ts"

export { DATAGRAM_BYTES, DATAGRAM_WORDS, PATTERN_PID }

const MAGIC = 0x70617474
const TWO_32 = 4294967296
/** TS header of the pattern packet without its continuity counter, as a little-endian word. */
const PATTERN_TS_HEADER = 0x47 | ((PATTERN_PID >> 8) << 8) | ((PATTERN_PID & 255) << 16)
/** 27 MHz ticks that decoding lags behind the PCR: 0.2 s. */
const PTS_DELAY_27M = 5_400_000

const template = buildTemplate()

/** PCR ticks (27 MHz) of one datagram at a TS bit rate in bit/s. */
export const pcrStep = (bitrate: number): number => Math.round((DATAGRAM_BYTES * 8 * 27e6) / bitrate)

const setByte = (words: Uint32Array, byteOffset: number, value: number) => {
  const shift = (byteOffset & 3) * 8
  const index = byteOffset >> 2
  words[index] = ((words[index] ?? 0) & ~(255 << shift)) | (value << shift)
}

/** program_clock_reference, 2.4.3.5: 33-bit base, 6 reserved bits, 9-bit extension. */
const writePcr = (words: Uint32Array, at: number, ticks: number) => {
  const base = Math.floor(ticks / 300) % 8589934592
  const extension = ticks % 300
  const high = Math.floor(base / 2)
  setByte(words, at, Math.floor(high / 16777216))
  setByte(words, at + 1, (high >> 16) & 255)
  setByte(words, at + 2, (high >> 8) & 255)
  setByte(words, at + 3, high & 255)
  setByte(words, at + 4, ((base % 2) << 7) | 0x7e | (extension >> 8))
  setByte(words, at + 5, extension & 255)
}

/** PTS alone, 2.4.3.6. */
const writePts = (words: Uint32Array, at: number, ticks: number) => {
  const pts = Math.floor(ticks / 300) % 8589934592
  const top = Math.floor(pts / 1073741824)
  const low = pts % 1073741824
  setByte(words, at, 0x21 | (top << 1))
  setByte(words, at + 1, (low >> 22) & 255)
  setByte(words, at + 2, ((low >> 14) & 254) | 1)
  setByte(words, at + 3, (low >> 7) & 255)
  setByte(words, at + 4, ((low << 1) & 254) | 1)
}

/**
 * Writes a datagram at a word index. `channel` 0..65535, `counter` 0..2^52, `sentNs` CLOCK_MONOTONIC nanoseconds,
 * `step` from `pcrStep`.
 */
export const writeDatagram = (
  words: Uint32Array,
  at: number,
  channel: number,
  counter: number,
  sentNs: number,
  step: number,
): void => {
  const place = counter % PERIOD
  words.set(template.words.subarray(place * DATAGRAM_WORDS, (place + 1) * DATAGRAM_WORDS), at)
  const high = Math.floor(counter / TWO_32)
  words[at + 1] = MAGIC
  words[at + 2] = channel
  words[at + 3] = counter >>> 0
  words[at + 4] = high
  words[at + 5] = sentNs >>> 0
  words[at + 6] = Math.floor(sentNs / TWO_32)
  words[at + 7] = step
  words[at + 8] = 0
  const ranges = template.fills[place]
  if (ranges === undefined) return
  let x = Math.imul(channel + 1, 0x9e3779b1) ^ Math.imul(counter | 0, 0x85ebca6b) ^ high
  for (let i = 0; i < ranges.length; i += 2) {
    const end = at + (ranges[i + 1] ?? 0)
    for (let w = at + (ranges[i] ?? 0); w < end; w++) {
      x = (Math.imul(x, 1664525) + 1013904223) | 0
      // No byte is 0: the pattern never looks like a start code.
      words[w] = x | 0x01010101
    }
  }
  const pcrAt = template.pcrAt[place] ?? -1
  if (pcrAt >= 0) writePcr(words, at * 4 + pcrAt, counter * step + Math.round((pcrAt / DATAGRAM_BYTES) * step))
  const ptsAt = template.ptsAt[place] ?? -1
  if (ptsAt >= 0) writePts(words, at * 4 + ptsAt, counter * step + PTS_DELAY_27M)
}

/** True when a pattern packet, hence a datagram, starts at a word index. */
export const startsDatagram = (words: Uint32Array, at: number): boolean =>
  ((words[at] ?? 0) & 0xffffff) === PATTERN_TS_HEADER && words[at + 1] === MAGIC

export const channelAt = (words: Uint32Array, at: number): number => words[at + 2] ?? 0
export const counterAt = (words: Uint32Array, at: number): number =>
  (words[at + 3] ?? 0) + (words[at + 4] ?? 0) * TWO_32
/** CLOCK_MONOTONIC nanoseconds at which the datagram was sent. */
export const sentNsAt = (words: Uint32Array, at: number): number => (words[at + 5] ?? 0) + (words[at + 6] ?? 0) * TWO_32

const expected = new Uint32Array(DATAGRAM_WORDS)

/**
 * True when every byte of the datagram at a word index is what its own channel, counter and step say; the send time may
 * be anything.
 */
export const isIntact = (words: Uint32Array, at: number): boolean => {
  if (!startsDatagram(words, at)) return false
  writeDatagram(expected, 0, channelAt(words, at), counterAt(words, at), sentNsAt(words, at), words[at + 7] ?? 0)
  for (let i = 0; i < DATAGRAM_WORDS; i++) if (words[at + i] !== expected[i]) return false
  return true
}
