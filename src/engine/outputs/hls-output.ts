/**
 * HLS output: cuts the channel's stream into segments and puts them, with a live playlist, into a directory or by HTTP.
 *
 * It is connecting until the first playlist was written or accepted. No EXT-X-ENDLIST is ever written: the engine
 * cannot tell a stop from a restart, and players would not come back; the session that follows goes on behind an
 * EXT-X-DISCONTINUITY.
 */
import { SLOT_LENGTH, SLOT_PAYLOAD, SLOT_RX_US } from "../../core/assembly/memory/layout.ts"
import { type PackagedSegment, Packager, targetDurationOf } from "../../core/hls/packager.ts"
import type { PlaylistWindow } from "../../core/hls/playlist-window.ts"
import type { HlsTarget } from "../../core/output/output-url.ts"
import { OUTPUT_SETTINGS } from "../../core/output/setting-table.ts"
import type { OutputSpec, OutputStats, Reason, SessionState } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import { SLOTS_A_LOOK, type WorkShare } from "../remux/work-share.ts"
import { RingReader, type SlotFate } from "../ring/ring-reader.ts"
import { windowFor } from "./hls-window.ts"
import { type OutgoingCue, type OutputSession, type SessionContext, statsOf } from "./output-session.ts"
import { type PublisherLimits, SegmentsPublisher } from "./segments-publisher.ts"
import { SessionLife } from "./session-life.ts"
import { openSink } from "./uploads/open-sink.ts"
import type { SegmentSink } from "./uploads/segment-sink.ts"

export const SEGMENT_S = OUTPUT_SETTINGS.segment_s.defaultIn.hls
export const PLAYLIST_SEGMENTS = OUTPUT_SETTINGS.playlist_segments.default

export interface HlsLimits extends PublisherLimits {
  /** For one request, in ms. */
  readonly requestTimeoutMs: number
}

const LIMITS: HlsLimits = { waiting: 3, retryDelaysMs: [500, 1000, 2000], requestTimeoutMs: 15_000, now: Date.now }
const CUES_MAX = 1000
/** Runs of slots whose segments were given up that are remembered. */
const DROPPED_MAX = 32
/** With no access point for so long, the operator is told. */
const WAITING_WARNING_US = 10e6

export class HlsOutput implements OutputSession {
  readonly spec: OutputSpec
  readonly channel: number
  /** A tag stands in the playlist with the segment of its splice, which may be announced minutes ahead. */
  readonly cueWithinUs = 600e6
  readonly carriesCues: boolean
  /** Segments are cut before the first playlist is written, and listed in it. */
  readonly takesCuesEarly = true
  readonly immediate = false
  readonly maxBurstUs = Number.POSITIVE_INFINITY
  readonly waiting = false
  /** Resolves when nothing is written any more, after `close` or a failure. */
  readonly settled: Promise<void>
  readonly #opening: Promise<void>
  readonly #context: SessionContext
  readonly #target: HlsTarget
  readonly #limits: HlsLimits
  readonly #life = new SessionLife((reason) => this.#letGo(reason))
  readonly #figures = this.#life.figures
  readonly #share: WorkShare
  readonly #reader: RingReader
  readonly #packager: Packager
  readonly #early: PackagedSegment[] = []
  #sink: SegmentSink | null = null
  #window: PlaylistWindow | null = null
  #publisher: SegmentsPublisher | null = null
  /** The slot in which the last published segment ended, since the reader began; 0 before. */
  #publishedTo = 0
  /** Runs of slots that were given up, since the reader began. */
  #dropped: Array<readonly [from: number, to: number]> = []
  readonly #cues = new Map<number, SlotFate>()
  #startedUs = -1
  #nowUs = 0
  #resolveSettled: () => void = () => {}

  constructor(
    context: SessionContext,
    spec: OutputSpec,
    channel: number,
    target: HlsTarget,
    limits: Partial<HlsLimits> = {},
  ) {
    const { cue_tags: cueStyle = OUTPUT_SETTINGS.cue_tags.default, segment_s: segmentS = SEGMENT_S } =
      spec.settings ?? {}
    this.#context = context
    this.spec = spec
    this.channel = channel
    this.#target = target
    this.#limits = { ...LIMITS, ...limits }
    this.carriesCues = cueStyle !== "none"
    this.#share = context.remuxes.share(channel)
    this.#reader = new RingReader(context.core.ringHead(channel))
    this.#packager = new Packager({
      runMs: nextRun(),
      segmentS,
      cueStyle,
      onSegment: (segment) => this.#segment(segment),
    })
    this.settled = new Promise((resolve) => {
      this.#resolveSettled = resolve
    })
    this.#opening = this.#open(segmentS)
  }

  get state(): SessionState {
    return this.#life.state
  }

  get reason(): Reason | null {
    return this.#life.reason
  }

  async #open(segmentS: number): Promise<void> {
    try {
      const sink = openSink(this.#target, this.spec, this.#limits.requestTimeoutMs)
      this.#sink = sink
      this.#figures.address = sink.address
      const earlier = await sink.open()
      if (this.#life.ended) return
      this.#window = windowFor(
        earlier,
        this.#limits.now(),
        segmentS,
        this.spec.settings?.playlist_segments ?? PLAYLIST_SEGMENTS,
        sink.mostSegments,
      )
      const resumes = earlier === null || earlier.playlist !== null
      this.#publisher = new SegmentsPublisher(sink, this.#window, resumes, this.#limits, {
        mayPut: () => this.#context.fences.isOpen(this.channel),
        tagsFor: (segment) => this.#packager.tagsFor(segment),
        published: (segment, cues) => this.#published(segment, cues),
        dropped: (segment) => this.#gaveUp(segment),
        retrying: (reason) => this.#life.noteError(reason),
        failed: (reason) => this.#life.end(reason),
      })
      for (const segment of this.#early.splice(0)) this.#publisher.add(segment)
    } catch (cause) {
      this.#life.end(reasonOf(cause))
    }
  }

  poll(nowUs: number): void {
    this.#nowUs = nowUs
  }

  flush(nowUs: number): void {
    if (this.#life.ended) return
    this.#nowUs = nowUs
    const { core } = this.#context
    const reader = this.#reader
    const before = reader.dropped
    const waiting = reader.backlog(core.ringHead(this.channel))
    if (reader.dropped !== before) this.#packager.segmenter.lose(reader.cursor)
    if (waiting > 0 && this.#startedUs < 0) this.#startedUs = nowUs
    const unixOffsetMs = this.#limits.now() - nowUs / 1000
    if (waiting === 0 || !this.#share.begin(nowUs)) return
    for (let taken = 0; taken < waiting; ) {
      const slot = core.slotAddress(this.channel, reader.cursor)
      const length = core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0
      const rxUs = core.f64[(slot + SLOT_RX_US) >> 3] ?? nowUs
      this.#packager.push(
        core.u8.subarray(slot + SLOT_PAYLOAD, slot + SLOT_PAYLOAD + length),
        rxUs,
        reader.cursor,
        unixOffsetMs,
      )
      reader.next()
      taken += 1
      if (taken % SLOTS_A_LOOK === 0 && !this.#share.goesOn) break
    }
    this.#share.end()
  }

  onCue({ position, section }: OutgoingCue): void {
    if (!this.carriesCues || this.state === "ended" || !this.#packager.takeCue(position, section)) return
    this.#cues.set(position, "waiting")
    const [oldest] = this.#cues.keys()
    if (this.#cues.size > CUES_MAX && oldest !== undefined) this.#cues.delete(oldest)
  }

  #segment(segment: PackagedSegment): void {
    if (this.#publisher !== null) this.#publisher.add(segment)
    else {
      this.#early.push(segment)
      const oldest = this.#early.length > this.#limits.waiting ? this.#early.shift() : undefined
      if (oldest !== undefined) this.#gaveUp(oldest)
    }
  }

  #published(segment: PackagedSegment, cues: ReadonlyArray<number>): void {
    const f = this.#figures
    f.bytesSent += segment.bytes
    f.packetsSent += 1
    this.#publishedTo = this.#reader.sinceStart(segment.endMark)
    for (const position of cues) this.#cues.set(position, "sent")
    if (this.state === "connecting") this.#life.connect()
  }

  #gaveUp(segment: PackagedSegment): void {
    this.#figures.packetsDropped += 1
    this.#dropped.push([this.#reader.sinceStart(segment.startMark), this.#reader.sinceStart(segment.endMark)])
    if (this.#dropped.length > DROPPED_MAX) this.#dropped.shift()
  }

  /** A cue that tags tell of is sent with them; any other with the segment that carries its packets. */
  fateOf(position: number): SlotFate {
    const told = this.#cues.get(position)
    if (told !== undefined) return told
    if (this.#reader.fateOf(position) === "dropped") return "dropped"
    const slot = this.#reader.sinceStart(position)
    for (const [from, to] of this.#dropped) if (slot >= from && slot < to) return "dropped"
    return slot < this.#publishedTo ? "sent" : "waiting"
  }

  stats(): OutputStats {
    const dropped = this.#figures.packetsDropped + this.#reader.dropped
    return statsOf(this, { ...this.#figures, packetsDropped: dropped }, { warnings: this.#warnings() })
  }

  #warnings(): string[] {
    const { segmenter } = this.#packager
    const { programs, reference } = segmenter.tables
    const warnings = [...(this.#sink?.warnings ?? [])]
    const waited = this.#startedUs >= 0 && this.#nowUs - this.#startedUs > WAITING_WARNING_US
    if (programs > 1)
      warnings.push(
        `the stream holds ${programs} programmes: HLS is made for one, and segments are cut by the first with video`,
      )
    if (waited && reference === null)
      warnings.push("no PMT with video or audio was found: there is nothing to cut segments by")
    else if (waited && segmenter.accessPoints === 0)
      warnings.push("no IDR picture was found: a segment cannot begin without one")
    if (segmenter.overlong > 0)
      warnings.push(
        `${segmenter.overlong} segments were ended without an IDR picture behind them: set a shorter GOP in the encoder`,
      )
    const target = targetDurationOf(this.spec.settings?.segment_s ?? SEGMENT_S)
    if (this.#window !== null && this.#window.targetDurationS > target)
      warnings.push(
        `EXT-X-TARGETDURATION had to be raised to ${this.#window.targetDurationS} s: IDR pictures are too far apart for segments of this length`,
      )
    return warnings
  }

  close(): void {
    this.#life.close()
  }

  cut(reason: Reason): void {
    this.#life.end(reason)
  }

  fault(reason: Reason): void {
    this.#life.fault(reason)
  }

  #letGo(reason: Reason | null): void {
    if (reason === null) this.#finish()
    else this.#abandon(reason)
  }

  #abandon(reason: Reason): void {
    this.#life.noteError(reason)
    this.#publisher?.abandon()
    void this.#settle()
  }

  #finish(): void {
    try {
      this.#packager.segmenter.end(this.#reader.cursor)
    } finally {
      this.#sink?.leaving()
      void (this.#publisher?.finish() ?? Promise.resolve()).finally(() => this.#settle())
    }
  }

  async #settle(): Promise<void> {
    // What is being opened still writes, and has the place to itself until it is done.
    await this.#opening
    await this.#sink?.close()
    this.#resolveSettled()
  }
}

let lastRun = 0
/** Names of segments begin with it: no two runs share one. */
const nextRun = (): number => {
  lastRun = Math.max(Date.now(), lastRun + 1)
  return lastRun
}
