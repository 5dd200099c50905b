/** Frames out of the payloads of audio PES packets. */
import { AAC_FRAME_SAMPLES, parseAdtsHeader } from "./aac.ts"
import { AC3_HEADER, parseAc3Header } from "./ac3.ts"
import { OPUS_RATE, opusPacketSamples, parseOpusControl } from "./opus.ts"
import type { AudioCodec, AudioPes } from "./units.ts"

export interface AudioFrame {
  readonly codec: AudioCodec
  /** Without ADTS or Opus control header; AC-3 with its header. A view that holds until the handler returns. */
  readonly bytes: Uint8Array
  /** As it stood in the stream, headers included; same rule. */
  readonly whole: Uint8Array
  /** PTS that the frame's time counts from, 90 kHz, 33 bits. */
  readonly pts90k: number
  /** Samples between that PTS and the frame. */
  readonly offset: number
  readonly samples: number
  /** Hz. */
  readonly sample_rate: number
  /** 0: not known. */
  readonly channels: number
  /** AAC only: audio object type and channel_configuration as in ADTS. */
  readonly object_type: number
  readonly sampling_frequency_index: number
  readonly channel_configuration: number
  /** AAC only: raw_data_blocks in the frame; more than one cannot be carried in FLV. */
  readonly blocks: number
}

type Shape = Omit<AudioFrame, "codec" | "bytes" | "whole" | "pts90k" | "offset"> & {
  readonly size: number
  readonly header_size: number
}
/** "more": bytes are missing to tell; null: nothing begins here. */
type Shaped = Shape | "more" | null

const ADTS_HEADER = 7
const OPUS_CONTROL_MAX = 16
/** A part of a frame that is kept for the next PES packet; E-AC-3 with dependent substreams stays below. */
const CARRY_MAX = 64 * 1024
const NOT_AAC = { object_type: 0, sampling_frequency_index: 0, channel_configuration: 0, blocks: 1 }

const aacShape = (bytes: Uint8Array, at: number): Shaped => {
  if (bytes.length - at < ADTS_HEADER) return couldBegin(bytes, at, 0xff, 0xf6, 0xf0) ? "more" : null
  const header = parseAdtsHeader(bytes, at)
  if (header === null) return null
  const {
    frame_size: size,
    header_size,
    sample_rate,
    channel_configuration,
    blocks,
    object_type,
    sampling_frequency_index,
  } = header
  const channels = channel_configuration === 7 ? 8 : channel_configuration
  const samples = blocks * AAC_FRAME_SAMPLES
  return {
    size,
    header_size,
    samples,
    sample_rate,
    channels,
    object_type,
    sampling_frequency_index,
    channel_configuration,
    blocks,
  }
}

/** An independent frame with all that belongs to it. */
const ac3Shape = (bytes: Uint8Array, at: number): Shaped => {
  if (bytes.length - at < AC3_HEADER) return couldBegin(bytes, at, 0x0b, 0xff, 0x77) ? "more" : null
  const header = parseAc3Header(bytes, at)
  if (header === null || !header.begins) return null
  let size = header.frame_size
  if (header.codec === "eac3") {
    for (;;) {
      // Whether a dependent substream follows is known when the next frame begins, or the PES packet ends.
      if (at + size > bytes.length) return "more"
      const next = parseAc3Header(bytes, at + size)
      if (next === null || next.begins) {
        if (bytes.length - at - size < AC3_HEADER && bytes.length > at + size) return "more"
        break
      }
      size += next.frame_size
    }
  }
  const { samples, sample_rate, channels } = header
  return { ...NOT_AAC, size, header_size: 0, samples, sample_rate, channels }
}

const opusShape = (bytes: Uint8Array, at: number): Shaped => {
  const control = parseOpusControl(bytes, at)
  if (control === null)
    return bytes.length - at < OPUS_CONTROL_MAX && couldBegin(bytes, at, 0x7f, 0xe0, 0xe0) ? "more" : null
  const { header_size, payload_size } = control
  const packet = bytes.subarray(at + header_size, at + header_size + payload_size)
  if (packet.length < payload_size) return "more"
  return {
    ...NOT_AAC,
    size: header_size + payload_size,
    header_size,
    samples: opusPacketSamples(packet),
    sample_rate: OPUS_RATE,
    channels: 0,
  }
}

const couldBegin = (bytes: Uint8Array, at: number, first: number, mask: number, second: number): boolean =>
  bytes[at] === first && (at + 1 >= bytes.length || ((bytes[at + 1] ?? 0) & mask) === second)

/**
 * Splits payloads into frames; a frame may go on in the next payload. A frame's time counts from the PTS of the packet
 * in which it begins, or from an earlier one where that has none; frames before the first PTS are dropped.
 */
export class AudioFrames {
  readonly #codec: AudioCodec
  readonly #onFrame: (frame: AudioFrame) => void
  readonly #onSkipped: (bytes: number) => void
  #carry = new Uint8Array(0)
  #pts: number | null = null
  #offset = 0
  /** Frames come one behind the other; if not, a header counts only if another follows. */
  #locked = false

  /** `onSkipped`: that many bytes were no frame. */
  constructor(codec: AudioCodec, onFrame: (frame: AudioFrame) => void, onSkipped: (bytes: number) => void) {
    this.#codec = codec
    this.#onFrame = onFrame
    this.#onSkipped = onSkipped
  }

  push(pes: AudioPes): void {
    const before = this.#carry.length
    const bytes = before === 0 ? pes.bytes : joined(this.#carry, pes.bytes)
    let stamp = pes.pts90k
    let at = 0
    let skipped = 0
    while (at < bytes.length) {
      const shape = this.#shape(bytes, at)
      if (shape === "more" || (shape !== null && at + shape.size > bytes.length)) break
      if (shape === null || !(this.#locked || this.#confirmed(bytes, at + shape.size))) {
        this.#locked = false
        at++
        skipped++
        continue
      }
      this.#locked = true
      if (stamp !== null && at >= before) {
        this.#pts = stamp
        this.#offset = 0
        stamp = null
      }
      this.#emit(bytes, at, shape)
      at += shape.size
    }
    if (skipped > 0) this.#onSkipped(skipped)
    this.#keep(bytes, at, stamp, before)
  }

  /** Something was lost: a frame that waits for its rest is gone. */
  lost(): void {
    this.#carry = new Uint8Array(0)
    this.#locked = false
  }

  #shape(bytes: Uint8Array, at: number): Shaped {
    if (this.#codec === "aac") return aacShape(bytes, at)
    return this.#codec === "opus" ? opusShape(bytes, at) : ac3Shape(bytes, at)
  }

  /** After bytes that were no frame: the one that seems to begin ends where another begins, or where the bytes end. */
  #confirmed(bytes: Uint8Array, next: number): boolean {
    return next >= bytes.length || this.#shape(bytes, next) !== null
  }

  #emit(bytes: Uint8Array, at: number, { size, header_size, ...shape }: Shape): void {
    const offset = this.#offset
    this.#offset += shape.samples
    if (this.#pts === null) return
    this.#onFrame({
      codec: this.#codec,
      ...shape,
      bytes: bytes.subarray(at + header_size, at + size),
      whole: bytes.subarray(at, at + size),
      pts90k: this.#pts,
      offset,
    })
  }

  /** What begins in this PES packet and ends in the next takes its time from this one. */
  #keep(bytes: Uint8Array, at: number, stamp: number | null, before: number): void {
    if (stamp !== null && at >= before && at < bytes.length) {
      this.#pts = stamp
      this.#offset = 0
    }
    const rest = bytes.length - at
    if (rest > CARRY_MAX) {
      this.#onSkipped(rest)
      this.lost()
    } else this.#carry = rest === 0 ? EMPTY : bytes.slice(at)
  }
}

const EMPTY = new Uint8Array(0)

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
