/** Keeps what the demuxer gives. */
import { type AudioFrame, AudioFrames } from "../audio-frames.ts"
import { TsDemuxer, type TsDemuxerOptions } from "../ts-demuxer.ts"
import type { AudioPes, Loss, SelectedStreams, VideoUnit } from "../units.ts"

export interface Collected {
  readonly units: VideoUnit[]
  readonly audio: AudioPes[]
  readonly frames: AudioFrame[]
  readonly streams: SelectedStreams[]
  readonly losses: Loss[]
  /** Bytes of audio that belonged to no frame. */
  skipped: number
  discontinuities: number
}

/**
 * Feeds whole TS packets in steps of up to 7. They come from a buffer that is overwritten after each step, as the ring
 * is.
 */
export const collect = (ts: Uint8Array, options: TsDemuxerOptions = {}, flush = true): Collected => {
  const all: Collected = { units: [], audio: [], frames: [], streams: [], losses: [], skipped: 0, discontinuities: 0 }
  let frames: AudioFrames | null = null
  const demuxer = new TsDemuxer(
    {
      video: (unit) => all.units.push({ ...unit, bytes: unit.bytes.slice(), nals: [...unit.nals] }),
      audio: (pes) => {
        all.audio.push({ ...pes, bytes: pes.bytes.slice() })
        frames?.push(pes)
      },
      streams: (streams) => {
        all.streams.push(streams)
        const keep = (frame: AudioFrame) =>
          all.frames.push({ ...frame, bytes: frame.bytes.slice(), whole: frame.whole.slice() })
        const skip = (bytes: number) => {
          all.skipped += bytes
        }
        frames = streams.audio === null ? null : new AudioFrames(streams.audio.codec, keep, skip)
      },
      lost: (loss) => {
        all.losses.push(loss)
        if (loss.kind === "audio") frames?.lost()
      },
      discontinuity: () => {
        all.discontinuities++
      },
    },
    options,
  )
  const slot = new Uint8Array(3 + 7 * 188 + 5)
  for (let at = 0; at < ts.length; at += 7 * 188) {
    const part = ts.subarray(at, at + 7 * 188)
    slot.fill(0xee)
    slot.set(part, 3)
    demuxer.push(slot, 3, part.length)
  }
  if (flush) demuxer.flush()
  return all
}
