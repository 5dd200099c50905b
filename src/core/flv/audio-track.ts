/** The audio of an FLV stream: frames with their times, the decoder configuration, and silence where there is none. */
import {
  AAC_FRAME_SAMPLES,
  AAC_SAMPLE_RATES,
  type AacConfig,
  aacChannels,
  buildAudioSpecificConfig,
  silentAacBlock,
} from "../es/aac.ts"
import { type AudioFrame, AudioFrames } from "../es/audio-frames.ts"
import { buildOpusHead, OPUS_RATE, opusHeadChannels } from "../es/opus.ts"
import type { AudioPes, AudioStream } from "../es/units.ts"
import { wrap33 } from "../es/unwrap.ts"
import type { AudioFacts } from "./metadata.ts"
import { type AudioFourCc, aacFrameBody, aacHeaderBody, exAudioFrameBody, exAudioHeaderBody } from "./tag-body.ts"
import { type Timeline, toMilliseconds } from "./timeline.ts"

export interface AudioOutput {
  /** The configuration is another: it goes out before the next frame. */
  readonly configured: (timestampMs: number, dts90k: number) => void
  readonly frame: (timestampMs: number, body: Uint8Array, dts90k: number) => void
  readonly problem: (sentence: string) => void
}

const FOUR_CC: Readonly<Record<"ac3" | "eac3" | "opus", AudioFourCc>> = { ac3: "ac-3", eac3: "ec-3", opus: "Opus" }
/** Audio of the source that is this late is missing, 90 kHz. */
const MISSING = 2 * 90_000
/** Silence does not make up for a longer gap. */
const FILL_MAX = 10 * 90_000
/** Samples of silence that are counted from one origin: products stay below 2^53. */
const RECKON_MAX = 2 ** 32
/** A frame this much before the latest one was sent already, by the source or as silence: ms. */
const OVERLAP_MS = 50
/** AAC-LC, 48 kHz, stereo. */
const SILENCE: AacConfig = { object_type: 2, sampling_frequency_index: 3, channel_configuration: 2 }

interface Configuration {
  /** What tells it from another. */
  readonly key: string
  /** Message body; null for codecs that have none. */
  readonly header: Uint8Array | null
  readonly facts: AudioFacts
  readonly aac: AacConfig | null
}

const aacConfiguration = (config: AacConfig): Configuration => {
  const asc = buildAudioSpecificConfig(config)
  const sample_rate = AAC_SAMPLE_RATES[config.sampling_frequency_index] ?? 0
  return {
    key: `aac ${asc.join(" ")}`,
    header: aacHeaderBody(asc),
    facts: { codec: "aac", sample_rate, channels: aacChannels(config.channel_configuration) },
    aac: config,
  }
}

export class AudioTrack {
  readonly #timeline: Timeline
  readonly #output: AudioOutput
  readonly #silence: boolean
  /** Undefined before the first selection. */
  #stream: AudioStream | null | undefined
  #frames: AudioFrames | null = null
  #current: Configuration | null = null
  /** Key of the configuration that went out last. */
  #announced: string | null = null
  /** Output time from which the frames of a PTS count, ticks. */
  #origin = 0
  #lastMs = 0
  /** Output time at which the latest frame ends, ticks; null before the first. */
  #end: number | null = null
  #filling: { readonly origin: number; samples: number } | null = null

  /** `silence`: silent AAC where the source has no audio that is carried. */
  constructor(timeline: Timeline, silence: boolean, output: AudioOutput) {
    this.#timeline = timeline
    this.#silence = silence
    this.#output = output
  }

  /** Facts of the audio that is, or will be, sent; null while they are not known. */
  get facts(): AudioFacts | null {
    return this.#current?.facts ?? null
  }

  /** Body of the sequence header; null while it is not known, and for AC-3 and E-AC-3. */
  get header(): Uint8Array | null {
    return this.#current?.header ?? null
  }

  /** The configuration has gone out, with its header. */
  announce(): void {
    this.#announced = this.#current?.key ?? null
  }

  /** The source's audio is carried, but what it is has not been seen yet. */
  get unknown(): boolean {
    return this.#stream != null && this.#current === null
  }

  /** The source's audio stream from here on, if it is one that is carried. */
  select(stream: AudioStream | null): void {
    if (JSON.stringify(stream) === JSON.stringify(this.#stream)) return
    this.#stream = stream
    if (stream !== null || !this.#silence) this.#current = null
    const skipped = () => undefined
    this.#frames = stream === null ? null : new AudioFrames(stream.codec, (frame) => this.#frame(frame), skipped)
    if (stream === null && this.#silence) this.#current = aacConfiguration(this.#silentConfig())
  }

  push(pes: AudioPes): void {
    this.#frames?.push(pes)
  }

  lost(): void {
    this.#frames?.lost()
  }

  /** Silence up to this output time, ticks, where it is wanted and the source has no audio. */
  fill(until: number, dts90k: number): void {
    const missing = this.#stream === null || this.#filling !== null || until - (this.#end ?? 0) > MISSING
    if (!this.#silence || !missing) return
    if (this.#filling === null) {
      const from = Math.max(0, this.#end ?? 0)
      this.#filling = { origin: until - from > FILL_MAX ? until : from, samples: 0 }
      this.#configure(aacConfiguration(this.#silentConfig()), toMilliseconds(this.#filling.origin), dts90k)
    }
    const aac = this.#current?.aac ?? SILENCE
    const rate = AAC_SAMPLE_RATES[aac.sampling_frequency_index] ?? OPUS_RATE
    const block = aacFrameBody(silentAacBlock(aac.channel_configuration === 1 ? 1 : 2))
    const filling = this.#filling
    const at = () => filling.origin + (filling.samples * 90_000) / rate
    for (; at() <= until; filling.samples += AAC_FRAME_SAMPLES) {
      this.#send(
        toMilliseconds(filling.origin, filling.samples, rate),
        block,
        wrap33(dts90k - Math.round(until - at())),
      )
    }
    this.#finishAt(at())
    if (filling.samples > RECKON_MAX) this.#filling = { origin: at(), samples: 0 }
  }

  /** As the source had it, where silence can be of that kind; then its decoder goes on as it is. */
  #silentConfig(): AacConfig {
    const aac = this.#current?.aac ?? null
    const possible =
      aac !== null && aac.object_type === 2 && (aac.channel_configuration === 1 || aac.channel_configuration === 2)
    return possible ? aac : SILENCE
  }

  #frame(frame: AudioFrame): void {
    const configuration = this.#configurationOf(frame)
    if (configuration === null) return
    if (frame.offset === 0) this.#origin = this.#timeline.place("audio", frame.pts90k)
    const timestampMs = toMilliseconds(this.#origin, frame.offset, frame.sample_rate)
    const end = this.#origin + ((frame.offset + frame.samples) * 90_000) / frame.sample_rate
    const begins = this.#origin + (frame.offset * 90_000) / frame.sample_rate
    this.#timeline.expect("audio", end)
    if (begins < 0 || timestampMs < this.#lastMs - OVERLAP_MS) {
      if (this.#end === null) this.#current = configuration
      return
    }
    this.#filling = null
    const dts90k = wrap33(frame.pts90k + Math.round((frame.offset * 90_000) / frame.sample_rate))
    this.#configure(configuration, timestampMs, dts90k)
    this.#send(timestampMs, this.#body(frame), dts90k)
    this.#finishAt(end)
  }

  #body({ codec, bytes }: AudioFrame): Uint8Array {
    return codec === "aac" ? aacFrameBody(bytes) : exAudioFrameBody(FOUR_CC[codec], bytes)
  }

  #send(timestampMs: number, body: Uint8Array, dts90k: number): void {
    this.#lastMs = Math.max(this.#lastMs, timestampMs)
    this.#output.frame(this.#lastMs, body, dts90k)
  }

  #finishAt(end: number): void {
    this.#end = end
    this.#timeline.expect("audio", end)
  }

  #configure(configuration: Configuration, timestampMs: number, dts90k: number): void {
    this.#current = configuration
    if (configuration.key !== this.#announced) this.#output.configured(Math.max(this.#lastMs, timestampMs), dts90k)
  }

  /** Null, and a problem said, for a frame that FLV cannot carry. */
  #configurationOf(frame: AudioFrame): Configuration | null {
    const { codec, sample_rate, channels } = frame
    if (codec === "aac") return this.#aac(frame)
    const fourCc = FOUR_CC[codec]
    if (codec !== "opus")
      return {
        key: `${fourCc} ${sample_rate} ${channels}`,
        header: null,
        facts: { codec: fourCc, sample_rate, channels },
        aac: null,
      }
    const head = buildOpusHead(this.#stream?.opusChannelConfig ?? 2)
    if (head === null) {
      this.#output.problem(
        `The Opus audio has channel_config_code ${this.#stream?.opusChannelConfig}, which RTMP cannot describe: send mono, stereo or up to 7.1.`,
      )
      return null
    }
    const header = exAudioHeaderBody(fourCc, head)
    return {
      key: `${fourCc} ${head.join(" ")}`,
      header,
      facts: { codec: fourCc, sample_rate: OPUS_RATE, channels: opusHeadChannels(head) },
      aac: null,
    }
  }

  #aac({ object_type, sampling_frequency_index, channel_configuration, blocks }: AudioFrame): Configuration | null {
    if (blocks > 1) {
      this.#output.problem(
        `The AAC audio has ${blocks} raw data blocks in one ADTS frame, which FLV cannot carry: set the encoder to one.`,
      )
      return null
    }
    if (channel_configuration === 0) {
      this.#output.problem(
        "The AAC audio describes its channels in the frames (channel_configuration 0), which is not supported: choose a standard channel layout.",
      )
      return null
    }
    const known = this.#current?.aac
    const same =
      known != null &&
      known.object_type === object_type &&
      known.sampling_frequency_index === sampling_frequency_index &&
      known.channel_configuration === channel_configuration
    return same && this.#current !== null
      ? this.#current
      : aacConfiguration({ object_type, sampling_frequency_index, channel_configuration })
  }
}
