/**
 * The transport stream of the test pattern, except for what depends on channel, counter and time (ISO/IEC 13818-1
 * 2.4.3).
 *
 * Every datagram is 7 TS packets: one of the pattern PID, then PSI, audio or video. The layout repeats every `CYCLE`
 * datagrams (two pictures, one PAT and PMT) and the continuity counters every `PERIOD`, which is also one group of
 * pictures.
 */
import { AUD, idrSlice, PPS, SILENT_AAC, SPS, seiHeader, skipSlice } from "./h264.ts"

export const TS_PACKET = 188
export const DATAGRAM_PACKETS = 7
export const DATAGRAM_BYTES = TS_PACKET * DATAGRAM_PACKETS
export const DATAGRAM_WORDS = DATAGRAM_BYTES / 4
const PACKET_WORDS = TS_PACKET / 4

export const PMT_PID = 0x1000
export const VIDEO_PID = 0x100
export const AUDIO_PID = 0x101
/** Private data (stream_type 0x06) that carries channel, counter and send time. */
export const PATTERN_PID = 0x1e0

/** Datagrams between two PATs. */
export const CYCLE = 32
/** Datagrams of a picture. */
export const PICTURE = 16
/** Datagrams between two PCRs. */
export const PCR_EVERY = 8
/** Datagrams of a group of pictures; all continuity counters come round. */
export const PERIOD = 512

/** First word after the pattern packet's TS header that is not part of the pattern header. */
export const PATTERN_HEADER_WORDS = 8

export interface Template {
  /** PERIOD x DATAGRAM_WORDS words. */
  readonly words: Uint32Array
  /** Per datagram: pairs of word indices [from, to) that hold pattern bytes. */
  readonly fills: ReadonlyArray<Uint16Array>
  /** Per datagram: byte offset of the 6-byte PCR, or -1. */
  readonly pcrAt: Int16Array
  /** Per datagram: byte offset of a 5-byte PTS, or -1. */
  readonly ptsAt: Int16Array
}

/** CRC-32/MPEG-2 (ISO/IEC 13818-1 annex A). */
const crc32 = (bytes: ReadonlyArray<number>): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 || crc >= 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  }
  return crc >>> 0
}

const section = (tableId: number, extension: number, body: ReadonlyArray<number>): Array<number> => {
  const length = body.length + 9
  const bytes = [tableId, 0xb0 | (length >> 8), length & 255, extension >> 8, extension & 255, 0xc1, 0, 0, ...body]
  const crc = crc32(bytes)
  return [...bytes, crc >>> 24, (crc >> 16) & 255, (crc >> 8) & 255, crc & 255]
}

const pid = (value: number) => [0xe0 | (value >> 8), value & 255]
const PAT = section(0, 1, [0, 1, ...pid(PMT_PID)])
const PMT = section(2, 1, [
  ...[...pid(VIDEO_PID), 0xf0, 0],
  ...[0x1b, ...pid(VIDEO_PID), 0xf0, 0],
  ...[0x0f, ...pid(AUDIO_PID), 0xf0, 0],
  ...[0x06, ...pid(PATTERN_PID), 0xf0, 0],
])

/** PES header with a PTS (2.4.3.6); length 0 means unbounded, video only. */
const pesHeader = (streamId: number, length: number) => [
  0,
  0,
  1,
  streamId,
  length >> 8,
  length & 255,
  0x84,
  0x80,
  5,
  0x21,
  0,
  1,
  0,
  1,
]

/** A picture's elementary stream for `capacity` bytes, PES header included, and where the pattern bytes are. */
const picture = (index: number, capacity: number): { bytes: Uint8Array; from: number; to: number } => {
  const idr = index === 0
  const head = [...pesHeader(0xe0, 0), ...AUD, ...(idr ? [...SPS, ...PPS] : [])]
  const tail = [0x80, ...(idr ? idrSlice() : skipSlice(index))]
  let payload = capacity - head.length - tail.length
  // The SEI header grows with the payload it announces; a length it cannot express is made up with zero bytes before
  // the slice.
  while (payload + seiHeader(payload).length - 16 > capacity - head.length - tail.length) payload -= 1
  const sei = seiHeader(payload)
  const from = head.length + sei.length
  const to = from + payload - 16
  const bytes = new Uint8Array(capacity)
  bytes.set([...head, ...sei])
  bytes.fill(0xa5, from, to)
  bytes.set(tail.slice(0, 1), to)
  bytes.set(tail.slice(1), capacity - tail.length + 1)
  return { bytes, from, to }
}

/** What the packet at a place of the cycle carries. */
const kindOf = (phase: number, packet: number): "pattern" | "pat" | "pmt" | "audio" | "video" => {
  if (packet === 0) return "pattern"
  if (phase === 0 && packet <= 2) return packet === 1 ? "pat" : "pmt"
  return phase % PICTURE === PCR_EVERY && packet === 1 ? "audio" : "video"
}

const VIDEO_PER_PICTURE = [0, PICTURE].map((first) => {
  let count = 0
  for (let d = first; d < first + PICTURE; d++)
    for (let p = 0; p < DATAGRAM_PACKETS; p++) if (kindOf(d, p) === "video") count += 1
  return count
})

/** Builds the template once. */
export const buildTemplate = (): Template => {
  const bytes = new Uint8Array(PERIOD * DATAGRAM_BYTES).fill(0xff)
  const fills: Array<Uint16Array> = []
  const pcrAt = new Int16Array(PERIOD).fill(-1)
  const ptsAt = new Int16Array(PERIOD).fill(-1)
  const counters = new Map<number, number>()
  const header = (at: number, packetPid: number, start: boolean, adaptation: boolean) => {
    const cc = counters.get(packetPid) ?? 0
    counters.set(packetPid, (cc + 1) & 15)
    bytes.set([0x47, (start ? 0x40 : 0) | (packetPid >> 8), packetPid & 255, (adaptation ? 0x30 : 0x10) | cc], at)
  }
  let current = picture(0, 4096)
  let position = 0
  for (let datagram = 0; datagram < PERIOD; datagram++) {
    const phase = datagram % CYCLE
    const ranges: Array<number> = []
    let firstVideo = true
    for (let packet = 0; packet < DATAGRAM_PACKETS; packet++) {
      const at = datagram * DATAGRAM_BYTES + packet * TS_PACKET
      const firstWord = packet * PACKET_WORDS
      const kind = kindOf(phase, packet)
      if (kind === "pattern") {
        header(at, PATTERN_PID, false, false)
        ranges.push(1 + PATTERN_HEADER_WORDS, PACKET_WORDS)
      } else if (kind === "pat" || kind === "pmt") {
        header(at, kind === "pat" ? 0 : PMT_PID, true, false)
        bytes.set([0, ...(kind === "pat" ? PAT : PMT)], at + 4)
      } else if (kind === "audio") {
        header(at, AUDIO_PID, true, true)
        const pes = [...pesHeader(0xc0, SILENT_AAC.length + 8), ...SILENT_AAC]
        bytes.set([TS_PACKET - 5 - pes.length, 0], at + 4)
        bytes.set(pes, at + TS_PACKET - pes.length)
        ptsAt[datagram] = packet * TS_PACKET + TS_PACKET - pes.length + 9
      } else {
        const pcr = firstVideo && datagram % PCR_EVERY === 0
        const start = firstVideo && datagram % PICTURE === 0
        firstVideo = false
        header(at, VIDEO_PID, start, pcr)
        if (start) {
          const index = datagram / PICTURE
          // Two packets of a picture have an adaptation field of 8 bytes.
          current = picture(index, (VIDEO_PER_PICTURE[index % 2] ?? 0) * (TS_PACKET - 4) - 16)
          position = 0
          ptsAt[datagram] = packet * TS_PACKET + 12 + 9
        }
        if (pcr) {
          // random_access_indicator on the IDR, PCR_flag
          bytes.set([7, start && datagram === 0 ? 0x50 : 0x10], at + 4)
          pcrAt[datagram] = packet * TS_PACKET + 6
        }
        const skip = pcr ? 12 : 4
        const room = TS_PACKET - skip
        bytes.set(current.bytes.subarray(position, position + room), at + skip)
        const from = Math.max(current.from, position) - position + skip
        const to = Math.min(current.to, position + room) - position + skip
        const fromWord = firstWord + Math.ceil(from / 4)
        const toWord = firstWord + Math.floor(to / 4)
        if (toWord > fromWord) ranges.push(fromWord, toWord)
        position += room
      }
    }
    fills.push(Uint16Array.from(ranges))
  }
  return { words: new Uint32Array(bytes.buffer), fills, pcrAt, ptsAt }
}
