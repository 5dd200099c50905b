/** The live window of a playlist: what is listed, what has left it, and when the files of what has left may go. */
import { type Playlist, type PlaylistSegment, writePlaylist } from "./playlist.ts"

export interface WindowOptions {
  /** Constant for the life of the playlist unless a segment is longer. Seconds, a whole number. */
  readonly targetDurationS: number
  /** Segments listed at least. */
  readonly segments: number
  /**
   * True: segments also stay while the playlist would be shorter than three target durations without them (RFC 8216
   * 6.2.2). False for destinations with an upper bound of their own.
   */
  readonly keepsThreeTargets: boolean
  readonly mediaSequence: number
  readonly discontinuitySequence: number
}

interface Leaving {
  readonly name: string
  readonly atMs: number
}

/** What may be removed at a time; a destination that was away must not be flooded when it is back. */
const REMOVALS_MAX = 16
/** Names remembered for removal; beyond, the oldest are forgotten, and stay. */
const LEAVING_MAX = 2000

export class PlaylistWindow {
  readonly #options: WindowOptions
  #segments: PlaylistSegment[] = []
  #mediaSequence: number
  #discontinuitySequence: number
  #targetDurationS: number
  #independent = true
  #leaving: Leaving[] = []

  constructor(options: WindowOptions) {
    this.#options = options
    this.#mediaSequence = options.mediaSequence
    this.#discontinuitySequence = options.discontinuitySequence
    this.#targetDurationS = options.targetDurationS
  }

  get targetDurationS(): number {
    return this.#targetDurationS
  }

  get segments(): ReadonlyArray<PlaylistSegment> {
    return this.#segments
  }

  get durationS(): number {
    return this.#segments.reduce((sum, { durationS }) => sum + durationS, 0)
  }

  /** Goes on where the playlist of an earlier run ended, whose segments are still there. */
  resume(earlier: Playlist): void {
    this.#segments = [...earlier.segments]
    this.#mediaSequence = earlier.mediaSequence
    this.#discontinuitySequence = earlier.discontinuitySequence
    this.#targetDurationS = Math.max(this.#targetDurationS, earlier.targetDurationS)
    this.#independent = earlier.independent
  }

  /**
   * Lists a segment; those that leave for it may be removed after the time a player may still take to fetch them
   * (6.2.2).
   */
  add(segment: PlaylistSegment, independent: boolean, nowMs: number): void {
    this.#segments.push(segment)
    this.#independent = this.#independent && independent
    // EXTINF, rounded, is at most the target duration (4.3.3.1). It should never change, but a segment that is longer
    // must be listed.
    this.#targetDurationS = Math.max(this.#targetDurationS, Math.round(segment.durationS))
    while (this.#mayLeave()) this.#leave(nowMs)
  }

  #mayLeave(): boolean {
    const [first] = this.#segments
    if (first === undefined || this.#segments.length <= this.#options.segments) return false
    return !this.#options.keepsThreeTargets || this.durationS - first.durationS >= 3 * this.#targetDurationS
  }

  #leave(nowMs: number): void {
    const before = this.durationS
    const first = this.#segments.shift()
    if (first === undefined) return
    this.#mediaSequence += 1
    if (first.discontinuity) this.#discontinuitySequence += 1
    this.leaves(first.name, nowMs + (before + first.durationS) * 1000)
  }

  /** Notes a file that is not listed any more, or never was, for removal at a time. */
  leaves(name: string, atMs: number): void {
    this.#leaving.push({ name, atMs })
    if (this.#leaving.length > LEAVING_MAX) this.#leaving.shift()
  }

  /** Names of files that are due to be removed, each told once. */
  takeExpired(nowMs: number): string[] {
    const due = this.#leaving.filter(({ atMs }) => atMs <= nowMs).slice(0, REMOVALS_MAX)
    this.#leaving = this.#leaving.filter((one) => !due.includes(one))
    return due.map(({ name }) => name)
  }

  text(): string {
    return writePlaylist({
      targetDurationS: this.#targetDurationS,
      mediaSequence: this.#mediaSequence,
      discontinuitySequence: this.#discontinuitySequence,
      independent: this.#independent,
      segments: this.#segments,
    })
  }
}
