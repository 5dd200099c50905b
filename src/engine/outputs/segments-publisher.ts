/**
 * Puts segments and their playlist, one after the other, in the background; what does not get away in time is given up,
 * oldest first.
 */
import type { PackagedSegment } from "../../core/hls/packager.ts"
import type { PlaylistWindow } from "../../core/hls/playlist-window.ts"
import type { Reason } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import type { SegmentSink } from "./uploads/segment-sink.ts"

export interface PublisherLimits {
  /** Segments that wait while one is being put. */
  readonly waiting: number
  /** Waits before further attempts, in ms; after the last one the session ends. */
  readonly retryDelaysMs: ReadonlyArray<number>
  /** The wall clock, Unix time in ms. */
  readonly now: () => number
}

export interface PublisherHooks {
  /** False when nothing may be put any more: the session is about to be ended. */
  readonly mayPut: () => boolean
  /** Lines of cues before a segment; asked for once, in order, when it is listed. */
  readonly tagsFor: (segment: PackagedSegment) => {
    readonly tags: ReadonlyArray<string>
    readonly cues: ReadonlyArray<number>
  }
  /** The playlist with the segment is written. */
  readonly published: (segment: PackagedSegment, cues: ReadonlyArray<number>) => void
  readonly dropped: (segment: PackagedSegment) => void
  /** An attempt failed, and another follows. */
  readonly retrying: (reason: Reason) => void
  readonly failed: (reason: Reason) => void
}

export class SegmentsPublisher {
  readonly #sink: SegmentSink
  readonly #window: PlaylistWindow
  readonly #limits: PublisherLimits
  readonly #hooks: PublisherHooks
  #queue: PackagedSegment[] = []
  #running: Promise<void> | null = null
  #isOver = false
  #isLast = false
  /** Segments before the next one were given up, or are those of another run. */
  #hasGap: boolean
  #wake: (() => void) | null = null

  /** `resumes`: the first segment does not go on from what is, or was, listed. */
  constructor(
    sink: SegmentSink,
    window: PlaylistWindow,
    resumes: boolean,
    limits: PublisherLimits,
    hooks: PublisherHooks,
  ) {
    this.#hasGap = resumes
    this.#sink = sink
    this.#window = window
    this.#limits = limits
    this.#hooks = hooks
  }

  add(segment: PackagedSegment): void {
    if (this.#isOver) return
    this.#queue.push(segment)
    while (this.#queue.length > this.#limits.waiting) {
      const oldest = this.#queue.shift()
      if (oldest !== undefined) this.#hooks.dropped(oldest)
      this.#hasGap = true
    }
    this.#running ??= this.#run()
  }

  /** Nothing more is begun. */
  abandon(): void {
    this.#isOver = true
    this.#queue = []
    this.#wake?.()
  }

  /** Resolves when what was added is put, at the first attempt, or given up. */
  async finish(): Promise<void> {
    this.#isLast = true
    this.#wake?.()
    await this.#running
    this.#isOver = true
  }

  async #run(): Promise<void> {
    try {
      for (let segment = this.#queue.shift(); segment !== undefined && !this.#isOver; segment = this.#queue.shift())
        await this.#publish(segment)
    } catch (cause) {
      this.abandon()
      this.#hooks.failed(reasonOf(cause))
    }
    this.#running = null
  }

  async #publish(segment: PackagedSegment): Promise<void> {
    const discontinuity = segment.discontinuity || this.#hasGap
    this.#hasGap = false
    await this.#attempt(() => this.#sink.putSegment(segment.name, segment.parts))
    if (this.#isOver) return
    const { cues, tags } = this.#hooks.tagsFor(segment)
    const { durationS, name, programDateTimeMs } = segment
    this.#window.add(
      { name, durationS, programDateTimeMs, discontinuity, tags },
      segment.independent,
      this.#limits.now(),
    )
    await this.#attempt(() => this.#sink.putPlaylist(this.#window.text()))
    if (this.#isOver) return
    this.#hooks.published(segment, cues)
    const expired = this.#window.takeExpired(this.#limits.now())
    if (expired.length > 0) await this.#sink.remove(expired)
  }

  async #attempt(put: () => Promise<void>): Promise<void> {
    for (let n = 0; ; n++) {
      if (!this.#hooks.mayPut()) return this.abandon()
      try {
        return await put()
      } catch (cause) {
        const reason = reasonOf(cause)
        const delay = this.#limits.retryDelaysMs[n]
        if (this.#isOver) return
        if (!reason.transient || delay === undefined || this.#isLast) throw cause
        this.#hooks.retrying(reason)
        await this.#sleep(delay)
        if (this.#isOver) return
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), ms)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
    })
  }
}
