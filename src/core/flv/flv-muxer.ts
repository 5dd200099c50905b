/** From access units and audio packets to RTMP messages: one muxer a channel, its messages go to every RTMP output. */
import type { AudioPes, AudioStream, DemuxerHandler, Loss, SelectedStreams, VideoUnit } from "../es/units.ts"
import { difference33 } from "../es/unwrap.ts"
import { AudioTrack } from "./audio-track.ts"
import { LeftOut } from "./left-out.ts"
import { type FlvMessage, type FlvMessageKind, TYPE_AUDIO, TYPE_DATA, TYPE_VIDEO } from "./message.ts"
import { metadataBody, type VideoFacts } from "./metadata.ts"
import { COMPOSITION_TIME_MAX, videoFrameBody, videoHeaderBody } from "./tag-body.ts"
import { Timeline, toMilliseconds } from "./timeline.ts"
import { carriedNals, VideoConfig } from "./video-config.ts"

export interface FlvMuxerOptions {
  /** "silence": silent AAC while the source has no audio that is carried. */
  readonly audio?: "source" | "silence"
  /** What the destination takes by Enhanced RTMP; H.264 and AAC always. */
  readonly allow?: { readonly hevc?: boolean; readonly ac3?: boolean; readonly eac3?: boolean; readonly opus?: boolean }
  /** Name of this program in onMetaData. */
  readonly encoder?: string
}

export interface FlvMuxerHandler {
  /** In the order in which they are to be sent; nobody touches their bodies again. */
  readonly message: (message: FlvMessage) => void
  /** Something of the source is left out: a sentence for the operator, each once. */
  readonly problem: (sentence: string) => void
  /** Something was left out now that is carried otherwise: a sentence for the operator, each time. */
  readonly fault?: (sentence: string) => void
}

const ENCODER = "stream-distributor"
/** Step between pictures until two are known: 25 a second. */
const DEFAULT_STEP = 3600
const LONGEST_STEP = 90_000
/** An H.264 stream that shows its second recovery point without any IDR picture has none: it starts there. */
const RECOVERY_POINTS = 2
/** So long the first messages wait for the audio's configuration, which belongs in the metadata: ticks. */
const HOLD = 90_000
/** PES packets of audio kept while the first picture is on its way. */
const EARLY_MAX = 64
/** The first messages go out with as many held, whatever their times say. */
const HELD_MAX = 1000
/** The length field of a message has 24 bits (Adobe RTMP Specification 1.0, 5.3.1.2.1). */
export const MESSAGE_MAX = 0xffffff

const equal = (a: Uint8Array | null, b: Uint8Array): boolean =>
  a !== null && a.length === b.length && b.every((byte, i) => byte === a[i])

/** Handles what a demuxer gives. */
export class FlvMuxer implements DemuxerHandler {
  readonly #allow: NonNullable<FlvMuxerOptions["allow"]>
  readonly #encoder: string
  readonly #handler: FlvMuxerHandler
  readonly #timeline = new Timeline()
  readonly #track: AudioTrack
  readonly #leftOut: LeftOut
  #selected: SelectedStreams | null = null
  #config: VideoConfig | null = null
  #record: Uint8Array | null = null
  #facts: VideoFacts | null = null
  #metadata: Uint8Array | null = null
  /** Pictures are dropped until one that can be started from. */
  #waiting = true
  #recoveryPoints = 0
  /** PTS of a start that is no IDR picture: what is shown before it cannot be decoded. */
  #leadingUntil: number | null = null
  #lastVideoMs = 0
  #lastMs = 0
  #lastDts: number | null = null
  #step = DEFAULT_STEP
  /** Audio that came before the first picture was whole, some of which belongs behind it. */
  #early: AudioPes[] = []
  /** The first messages, while the audio's configuration is not known. */
  #held: FlvMessage[] | null = null

  constructor(handler: FlvMuxerHandler, options: FlvMuxerOptions = {}) {
    this.#handler = handler
    this.#leftOut = new LeftOut(handler)
    this.#allow = options.allow ?? {}
    this.#encoder = options.encoder ?? ENCODER
    this.#track = new AudioTrack(this.#timeline, options.audio === "silence", {
      configured: (timestampMs, dts90k) => this.#audioConfigured(timestampMs, dts90k),
      frame: (timestampMs, body, dts90k) => this.#send(TYPE_AUDIO, "audio", timestampMs, body, dts90k),
      problem: (sentence) => this.#leftOut.say(sentence),
    })
  }

  /**
   * The source has no video that is carried, so that nothing waits for a key frame. False while the source is not
   * known.
   */
  get audioOnly(): boolean {
    return this.#selected !== null && this.#config === null
  }

  /** How often the source's times jumped, and the timeline was fitted to them. */
  get rebases(): number {
    return this.#timeline.rebases
  }

  /** Time of the latest message, ms. */
  get latestMs(): number {
    return this.#lastMs
  }

  /**
   * Time on the output's timeline, ms, of a PTS of the source (33 bits), past or future; null before the first key
   * frame.
   */
  mediaTimeMs(pts90k: number): number | null {
    const ticks = this.#timeline.started ? this.#timeline.locate(pts90k) : null
    return ticks === null ? null : toMilliseconds(ticks)
  }

  /** The end of the stream: messages that wait for something go out. */
  flush(): void {
    this.#release()
  }

  readonly streams = (streams: SelectedStreams): void => {
    const before = this.#selected?.video
    const { video } = streams
    const carried = video !== null && (video.codec === "h264" || this.#allow.hevc === true)
    if (this.#selected === null || before?.pid !== video?.pid || before?.codec !== video?.codec) {
      this.#config = carried ? new VideoConfig(video.codec) : null
      this.#record = null
      this.#facts = null
      this.#waiting = true
      this.#recoveryPoints = 0
      this.#leadingUntil = null
    }
    this.#selected = streams
    this.#early = []
    this.#track.select(this.#carried(streams.audio))
    if (video !== null && this.#config === null) this.#leftOut.hevc(video.pid)
    if (streams.audio !== null && this.#carried(streams.audio) === null) this.#leftOut.audio(streams.audio)
    this.#leftOut.unsupported(streams.unsupported)
  }

  readonly video = (unit: VideoUnit): void => {
    const config = this.#config
    if (config === null) return
    config.see(unit)
    const changed = unit.randomAccess && this.#configure(config)
    if (this.#waiting && !this.#canStart(unit)) return
    if (this.#isLeading(unit)) return
    const first = !this.#timeline.started
    if (first) this.#timeline.start(unit.dts90k)
    const out = this.#timeline.place("video", unit.dts90k)
    this.#learnStep(unit.dts90k)
    this.#timeline.expect("video", out + this.#step)
    const timestampMs = Math.max(this.#lastVideoMs, toMilliseconds(out))
    if (first) this.#held = []
    else if (changed || this.#waiting) this.#sendHeaders(timestampMs, unit.dts90k)
    this.#waiting = false
    const nals = carriedNals(unit)
    if (nals.length > 0) {
      const shownMs = toMilliseconds(out + difference33(unit.pts90k, unit.dts90k))
      const compositionMs = Math.min(COMPOSITION_TIME_MAX, Math.max(0, shownMs - timestampMs))
      const body = videoFrameBody(unit.codec, unit.randomAccess, compositionMs, unit.bytes, nals)
      this.#send(TYPE_VIDEO, unit.randomAccess ? "key" : "inter", timestampMs, body, unit.dts90k)
      this.#lastVideoMs = timestampMs
    }
    if (first) this.#sendEarly()
    if (out >= HOLD || !this.#track.unknown) this.#release()
    this.#track.fill(out, unit.dts90k)
  }

  readonly audio = (pes: AudioPes): void => {
    if (!this.#timeline.started) {
      if (!this.audioOnly) {
        this.#early.push({ ...pes, bytes: pes.bytes.slice() })
        if (this.#early.length > EARLY_MAX) this.#early.shift()
        return
      }
      if (pes.pts90k !== null) this.#timeline.start(pes.pts90k)
    }
    this.#track.push(pes)
    if (!this.#track.unknown) this.#release()
  }

  readonly lost = ({ kind, reason }: Loss): void => {
    this.#timeline.suspect()
    if (kind === "video") {
      this.#leftOut.lostVideo(this.#selected?.video?.pid ?? 0, reason)
      return
    }
    this.#early = []
    this.#track.lost()
  }

  readonly discontinuity = (): void => this.#timeline.suspect()

  #sendEarly(): void {
    const early = this.#early
    this.#early = []
    for (const pes of early) this.#track.push(pes)
  }

  /** The audio stream if it is one that the output takes. */
  #carried(audio: AudioStream | null): AudioStream | null {
    return audio !== null && (audio.codec === "aac" || this.#allow[audio.codec] === true) ? audio : null
  }

  /** Takes over the parameter sets; true when the decoder needs another configuration. */
  #configure(config: VideoConfig): boolean {
    const record = config.record()
    if (record === null || equal(this.#record, record)) return false
    this.#record = record
    this.#facts = config.facts()
    return true
  }

  #canStart(unit: VideoUnit): boolean {
    if (!unit.randomAccess) return false
    if (this.#record === null) {
      this.#leftOut.say(
        "The video has a key frame without parameter sets (SPS, PPS): set the encoder to repeat them before each IDR picture.",
      )
      return false
    }
    if (unit.idr) return true
    if (unit.codec === "h264" && ++this.#recoveryPoints < RECOVERY_POINTS) return false
    this.#leadingUntil = unit.pts90k
    return true
  }

  #isLeading(unit: VideoUnit): boolean {
    if (this.#leadingUntil === null) return false
    const ahead = difference33(unit.pts90k, this.#leadingUntil)
    if (ahead > 0) this.#leadingUntil = null
    return ahead < 0
  }

  #learnStep(dts: number): void {
    const step = this.#lastDts === null ? 0 : difference33(dts, this.#lastDts)
    if (step > 0 && step < LONGEST_STEP) this.#step = step
    this.#lastDts = dts
  }

  /** Lets the first messages go, behind the headers. */
  #release(): void {
    const held = this.#held
    const [first] = held ?? []
    if (held === null || first === undefined) return
    this.#held = null
    this.#sendHeaders(first.timestampMs, first.dts90k)
    const { header } = this.#track
    if (header !== null) this.#send(TYPE_AUDIO, "audio_header", first.timestampMs, header, first.dts90k)
    this.#track.announce()
    for (const message of held) this.#handler.message(message)
  }

  #sendHeaders(timestampMs: number, dts90k: number): void {
    this.#sendMetadata(timestampMs, dts90k)
    const codec = this.#selected?.video?.codec
    if (this.#record !== null && codec !== undefined) {
      this.#send(TYPE_VIDEO, "video_header", timestampMs, videoHeaderBody(codec, this.#record), dts90k)
    }
  }

  #audioConfigured(timestampMs: number, dts90k: number): void {
    if (this.#held !== null) {
      this.#release()
      return
    }
    this.#sendMetadata(timestampMs, dts90k)
    const { header } = this.#track
    if (header !== null) this.#send(TYPE_AUDIO, "audio_header", timestampMs, header, dts90k)
    this.#track.announce()
  }

  /** Only what is new: some readers take metadata in the middle of a stream for a stream of its own. */
  #sendMetadata(timestampMs: number, dts90k: number): void {
    const body = metadataBody({ video: this.#facts, audio: this.#track.facts, encoder: this.#encoder })
    if (equal(this.#metadata, body)) return
    this.#metadata = body
    this.#send(TYPE_DATA, "metadata", timestampMs, body, dts90k)
  }

  #send(type: FlvMessage["type"], kind: FlvMessageKind, timestampMs: number, body: Uint8Array, dts90k: number): void {
    if (body.length > MESSAGE_MAX) {
      this.#handler.fault?.(
        `A message of ${body.length} bytes is left out: RTMP carries at most ${MESSAGE_MAX} in one.`,
      )
      return
    }
    const message: FlvMessage = { type, kind, timestampMs, body, dts90k }
    this.#lastMs = Math.max(this.#lastMs, timestampMs)
    if (this.#held === null) this.#handler.message(message)
    else if (this.#held.push(message) >= HELD_MAX) this.#release()
  }
}
