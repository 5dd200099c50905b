/**
 * From TS packets to segments that know their place in the playlist: names, media time, wall-clock time, cues. Pure:
 * the caller tells the time.
 */
import type { SpliceInfoSection } from "../scte35/section-fields.ts"
import type { CueStyle } from "./cue-tags.ts"
import { CueWindows, type SegmentTags } from "./cue-windows.ts"
import type { HlsSegment } from "./hls-segment.ts"
import { segmentName } from "./segment-names.ts"
import { Segmenter } from "./segmenter.ts"

export interface PackagedSegment extends HlsSegment {
  readonly name: string
  readonly durationS: number
  /** Media time of its first picture: 90 kHz ticks since the first segment. */
  readonly startMedia90k: number
  /** Unix time in ms. */
  readonly programDateTimeMs: number
}

export interface PackagerOptions {
  /** When this run began, Unix time in ms: part of every name. */
  readonly runMs: number
  /** Wanted length of a segment in seconds. */
  readonly segmentS: number
  readonly cueStyle: CueStyle
  readonly onSegment: (segment: PackagedSegment) => void
}

/** The bytes of a segment that finds no end: 100 s at 8 Mbit/s. */
const SEGMENT_MAX_BYTES = 100_000_000
const SEGMENT_MAX_S = 60
/** Wall-clock times go on by the durations; when they are this far off, they begin afresh. */
const DRIFT_MAX_MS = 500

/**
 * EXT-X-TARGETDURATION, chosen up front: access points lie at most as far apart as a segment is wanted to be long, or
 * it has to be raised.
 */
export const targetDurationOf = (segmentS: number): number => Math.ceil(2 * segmentS)

export class Packager {
  readonly segmenter: Segmenter
  readonly #options: PackagerOptions
  readonly #cues: CueWindows
  #number = 0
  #media90k = 0
  #nextDateMs: number | null = null
  #offsetMs = 0

  constructor(options: PackagerOptions) {
    this.#options = options
    this.#cues = new CueWindows(options.cueStyle)
    this.segmenter = new Segmenter({
      wanted90k: options.segmentS * 90_000,
      maxBytes: SEGMENT_MAX_BYTES,
      maxUs: Math.max(SEGMENT_MAX_S, 4 * options.segmentS) * 1e6,
      onSegment: (segment) => this.#segment(segment),
    })
  }

  /** `atUs` as of `Segmenter.push`; `unixOffsetMs`: Unix time in ms less that clock in ms. */
  push(packets: Uint8Array, atUs: number, mark: number, unixOffsetMs: number): void {
    this.#offsetMs = unixOffsetMs
    this.segmenter.push(packets, atUs, mark)
  }

  /** Takes a sound section that goes by now; true when tags will tell of it. */
  takeCue(position: number, section: SpliceInfoSection): boolean {
    const { isOpen, position: place } = this.segmenter
    const next = this.#media90k + (isOpen ? 1 : 0)
    const { cuts, isTagged } = this.#cues.take(
      position,
      section,
      place === null ? next : { ...place, startMedia90k: this.#media90k },
    )
    for (const cut of cuts) this.segmenter.cutFrom(cut)
    return isTagged
  }

  /**
   * The tags of a segment: to be asked for once, in order, when it is listed; what was given up before leaves its tags
   * to the next.
   */
  tagsFor(segment: PackagedSegment): SegmentTags {
    return this.#cues.tagsFor(segment)
  }

  #segment(segment: HlsSegment): void {
    const arrivedMs = segment.startUs / 1000 + this.#offsetMs
    const due = segment.discontinuity ? null : this.#nextDateMs
    const programDateTimeMs = due === null || Math.abs(due - arrivedMs) > DRIFT_MAX_MS ? arrivedMs : due
    const durationS = segment.duration90k / 90_000
    const name = segmentName(this.#options.runMs, this.#number)
    const startMedia90k = this.#media90k
    this.#number += 1
    this.#media90k += segment.duration90k
    this.#nextDateMs = programDateTimeMs + durationS * 1000
    this.#options.onSegment({ ...segment, name, durationS, startMedia90k, programDateTimeMs })
  }
}
