/** Puts the PES packets of one PID together (ISO/IEC 13818-1 2.4.3.6), in a part of an arena that its streams share. */
import type { LossReason } from "./units.ts"

/** Bytes of TS packets on their way in, in front of all PES packets. */
export const INTAKE = 7 * 188
export const AUDIO_PES_MAX = 256 * 1024
export const VIDEO_PES_MAX = 8 * 1024 * 1024

const VIDEO_START = INTAKE + AUDIO_PES_MAX
const VIDEO_INITIAL = 512 * 1024

/**
 * One piece of memory, so that a TS packet's payload moves within it (copyWithin): taking a view of the source for each
 * packet costs an object a packet. Video comes last, for it grows.
 */
export class PesArena {
  bytes = new Uint8Array(VIDEO_START + VIDEO_INITIAL)

  /** Makes room up to `end`. */
  reserve(end: number): void {
    if (end <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(end, VIDEO_START + 2 * (this.bytes.length - VIDEO_START)))
    grown.set(this.bytes)
    this.bytes = grown
  }
}

/** A PES packet's optional header. */
export interface PesHeader {
  /** 90 kHz, 33 bits; null when there is none. */
  readonly pts: number | null
  readonly dts: number | null
  /** First byte of the payload. */
  readonly payload: number
  /** PES_packet_length is not 0. */
  readonly bounded: boolean
}

export interface PesHandler {
  /**
   * A whole PES packet: its payload from `header.payload` to `end`, in the arena until the call returns. Where it ended
   * with the beginning of the next, the first part of that lies from `next` on, up to `nextEnd`; both are 0 otherwise.
   */
  readonly packet: (bytes: Uint8Array, header: PesHeader, end: number, next: number, nextEnd: number) => void
  readonly lost: (reason: LossReason, bytes: number) => void
}

const IDLE = -1
/** The end is not known: the header is not there yet, or the next beginning is the end. */
const UNKNOWN = 0
/** stream_id values whose packets have no optional header (Table 2-22). */
const PLAIN_IDS = new Set([0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff])

const timeAt = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) >> 1) & 7) * 2 ** 30 +
  ((bytes[at + 1] ?? 0) << 22) +
  (((bytes[at + 2] ?? 0) >> 1) << 15) +
  ((bytes[at + 3] ?? 0) << 7) +
  ((bytes[at + 4] ?? 0) >> 1)

/**
 * Reads the header of the PES packet at `start`; "malformed", "scrambled", or "other" for a packet that holds no media.
 */
export const parsePesHeader = (
  bytes: Uint8Array,
  start: number,
  end: number,
): PesHeader | "malformed" | "scrambled" | "other" => {
  if (end - start < 6 || bytes[start] !== 0 || bytes[start + 1] !== 0 || bytes[start + 2] !== 1) return "malformed"
  if (PLAIN_IDS.has(bytes[start + 3] ?? 0)) return "other"
  const flags = bytes[start + 6] ?? 0
  const payload = start + 9 + (bytes[start + 8] ?? 0)
  if (end - start < 9 || (flags & 0xc0) !== 0x80 || payload > end) return "malformed"
  if ((flags & 0x30) !== 0) return "scrambled"
  const times = (bytes[start + 7] ?? 0) >> 6
  const hasPts = (times & 2) !== 0 && payload >= start + 14
  const hasDts = times === 3 && payload >= start + 19
  return {
    pts: hasPts ? timeAt(bytes, start + 9) : null,
    dts: hasDts ? timeAt(bytes, start + 14) : null,
    payload,
    bounded: ((bytes[start + 4] ?? 0) | (bytes[start + 5] ?? 0)) !== 0,
  }
}

export class PesAssembler {
  readonly #arena: PesArena
  readonly #handler: PesHandler
  readonly #start: number
  readonly #limit: number
  readonly #isVideo: boolean
  /** Where the next payload goes; IDLE without a PES packet. */
  #at = IDLE
  #end = UNKNOWN
  #continuity = -1
  #repeated = false

  constructor(arena: PesArena, kind: "video" | "audio", handler: PesHandler) {
    this.#arena = arena
    this.#handler = handler
    this.#start = kind === "video" ? VIDEO_START : INTAKE
    this.#isVideo = kind === "video"
    this.#limit = kind === "video" ? VIDEO_PES_MAX : AUDIO_PES_MAX
  }

  /** One TS packet's payload, which lies in the arena. False for a repeated packet, which is left out (2.4.3.3). */
  packet(from: number, to: number, unitStart: boolean, continuity: number, discontinuity: boolean): void {
    const expected = (this.#continuity + 1) & 15
    if (this.#continuity >= 0 && continuity !== expected) {
      if (continuity === this.#continuity && !this.#repeated && !discontinuity) {
        this.#repeated = true
        return
      }
      this.drop(discontinuity ? "discontinuity" : "continuity")
    } else if (discontinuity && !unitStart) {
      this.drop("discontinuity")
    }
    this.#continuity = continuity
    this.#repeated = false
    if (unitStart) this.#begin(from, to)
    if (this.#at === IDLE) return
    this.#append(from, to)
    if (this.#end !== UNKNOWN && this.#at >= this.#end) this.#finish(0, 0)
  }

  /** Drops the PES packet at hand, if any, and says so. */
  drop(reason: LossReason): void {
    const size = this.#at === IDLE ? 0 : this.#at - this.#start
    this.#at = IDLE
    this.#handler.lost(reason, size)
  }

  /** As drop, and whatever counter comes next is right. */
  restart(reason: LossReason): void {
    this.#continuity = -1
    if (this.#at !== IDLE) this.drop(reason)
  }

  /** The end of the stream: a PES packet that ends with the beginning of the next is whole now. */
  flush(): void {
    if (this.#at !== IDLE && this.#end === UNKNOWN) this.#finish(0, 0)
    this.#at = IDLE
  }

  #begin(from: number, to: number): void {
    if (this.#at !== IDLE) this.#finish(from, to)
    this.#at = this.#start
    this.#end = UNKNOWN
  }

  #append(from: number, to: number): void {
    const next = this.#at + (to - from)
    if (next - this.#start > this.#limit) {
      this.drop("too_large")
      return
    }
    if (next > this.#arena.bytes.length) this.#arena.reserve(next)
    const { bytes } = this.#arena
    bytes.copyWithin(this.#at, from, to)
    const headerCame = this.#at < this.#start + 6
    this.#at = next
    if (headerCame && next >= this.#start + 6) {
      const length = ((bytes[this.#start + 4] ?? 0) << 8) | (bytes[this.#start + 5] ?? 0)
      // Video ends where the next packet begins: PES_packet_length may be 0, and of pictures over 65 kB it is the low
      // 16 bits with some.
      this.#end = length === 0 || this.#isVideo ? UNKNOWN : this.#start + 6 + length
    }
  }

  /** Hands over what there is: all of it, where continuity was kept, even if the stated length is another. */
  #finish(next: number, nextEnd: number): void {
    const end = this.#end === UNKNOWN ? this.#at : Math.min(this.#at, this.#end)
    this.#at = IDLE
    const header = parsePesHeader(this.#arena.bytes, this.#start, end)
    if (typeof header === "string") {
      if (header !== "other") this.#handler.lost(header, end - this.#start)
    } else if (header.payload < end) this.#handler.packet(this.#arena.bytes, header, end, next, nextEnd)
  }
}
