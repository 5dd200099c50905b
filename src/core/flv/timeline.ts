/** From the times of the source, 33 bits that wrap and jump, to an output timeline that goes on. */
import { difference33, unwrapNear, wrap33 } from "../es/unwrap.ts"

/** A step beyond this is a jump, 90 kHz. */
const JUMP = 90_000
/** Audio and video whose first times lie farther apart than this do not share a clock. */
const APART = 10 * 90_000

export type Track = "video" | "audio"

interface TrackState {
  /** Source time of output time 0, 33 bits; null before the first. */
  base: number | null
  /** Output time of the latest sample, ticks. */
  last: number
  /** Where the next is expected. */
  next: number
  /** How far this track was ahead of the other. */
  lead: number
  /** A discontinuity was announced, or something was lost: a step back is a jump. */
  suspect: boolean
}

const fresh = (): TrackState => ({ base: null, last: 0, next: 0, lead: 0, suspect: false })

/** Rounds ticks + samples / rate to ms, halves up, in whole numbers throughout. */
export const toMilliseconds = (ticks: number, samples = 0, rate = 1): number => {
  const whole = Math.floor(ticks / 90)
  const numerator = (ticks - whole * 90) * rate + samples * 90_000
  const denominator = 90 * rate
  return whole + Math.floor((2 * numerator + denominator) / (2 * denominator))
}

/**
 * Both tracks share a base, so that they stay in step. A track that jumps by more than a second goes on where it was
 * expected, and the other follows with its own jump; unless the other track shows that only this one had a gap.
 */
export class Timeline {
  #newest: number | null = null
  readonly #tracks = { video: fresh(), audio: fresh() }
  #count = 0

  /** How often times were rebased. */
  get rebases(): number {
    return this.#count
  }

  get started(): boolean {
    return this.#newest !== null
  }

  /** The source time that is 0. */
  start(ticks33: number): void {
    this.#newest = ticks33
  }

  /** Times may jump from here on. */
  suspect(): void {
    this.#tracks.video.suspect = true
    this.#tracks.audio.suspect = true
  }

  /** Output time of a sample, ticks, a whole number; negative for what lies before the start. */
  place(name: Track, ticks33: number): number {
    const track = this.#tracks[name]
    const other = this.#tracks[name === "video" ? "audio" : "video"]
    const newest = this.#newest ?? ticks33
    this.#newest = newest
    const out =
      track.base === null
        ? this.#first(track, other, ticks33, newest)
        : this.#follow(track, track.base, other, ticks33, newest)
    track.suspect = false
    track.last = out
    track.lead = other.base === null ? 0 : out - other.last
    return out
  }

  /** The track's next sample is expected at this output time, ticks. */
  expect(name: Track, ticks: number): void {
    this.#tracks[name].next = ticks
  }

  /**
   * Output time that belongs to a source time, ticks, as the track with the pictures sees it; null before the start.
   */
  locate(ticks33: number): number | null {
    const { video, audio } = this.#tracks
    const track = video.base !== null ? video : audio
    const base = track.base ?? this.#newest
    return base === null ? null : unwrapNear(ticks33 - base, track.last)
  }

  #first(track: TrackState, other: TrackState, ticks33: number, newest: number): number {
    const out = unwrapNear(ticks33 - newest, other.last)
    const apart = other.base !== null && Math.abs(out - other.last) > APART
    track.base = apart ? wrap33(ticks33 - Math.round(other.last)) : newest
    track.next = apart ? Math.round(other.last) : out
    return track.next
  }

  #follow(track: TrackState, base: number, other: TrackState, ticks33: number, newest: number): number {
    const out = unwrapNear(ticks33 - base, track.next)
    const ahead = out - track.next
    if (newest !== base) {
      const renewed = unwrapNear(ticks33 - newest, track.next)
      const inStep = other.base === newest && Math.abs(renewed - other.last - track.lead) <= JUMP
      if (Math.abs(renewed - track.next) < Math.abs(ahead) && (inStep || Math.abs(renewed - track.next) <= JUMP)) {
        track.base = newest
        return renewed
      }
    }
    const back = out < track.last && (track.suspect || out < track.last - JUMP)
    if (!back && ahead <= JUMP) return out
    const onlyThis = !back && other.base === base && Math.abs(out - other.last - track.lead) <= JUMP
    if (onlyThis) return out
    this.#count++
    const place = Math.round(track.next)
    this.#newest = wrap33(ticks33 - place)
    track.base = this.#newest
    return place
  }
}

/** PTS - DTS in ticks. */
export const compositionTicks = (pts90k: number, dts90k: number): number => difference33(pts90k, dts90k)
