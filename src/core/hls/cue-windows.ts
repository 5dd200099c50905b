/**
 * SCTE-35 breaks as playlist tags: EXT-X-DATERANGE (RFC 8216 4.3.2.7.1) and EXT-X-CUE-OUT, -CONT and -IN. A tag stands
 * before the first segment that begins at or behind its splice point.
 *
 * Media time counts 90 kHz ticks of the segments' durations since the output began, so that it goes on where PTS do
 * not.
 */
import { difference33, wrap33 } from "../es/unwrap.ts"
import { type CueAction, readCue, SPLICE_INSERT_SIGNAL } from "../scte35/cue-key.ts"
import type { SpliceInfoSection } from "../scte35/section-fields.ts"
import { type CueStyle, cueContinues, cueIn, cueOut, dateRangeIn, dateRangeOut } from "./cue-tags.ts"

/** The segment at hand: PTS and media time of its first picture, PTS of the latest. */
export interface MediaPlace {
  readonly startPts90k: number
  readonly startMedia90k: number
  readonly latestPts90k: number
}

/** What a segment is told by. */
export interface TaggedSegment {
  readonly startPts90k: number
  readonly startMedia90k: number
  readonly programDateTimeMs: number
}

export interface SegmentTags {
  readonly tags: ReadonlyArray<string>
  /** Positions of the cues that these tags tell of. */
  readonly cues: ReadonlyArray<number>
}

/** What became of a cue that was taken. */
export interface TakenCue {
  /** It will be told by tags; false: it travels in the segments alone. */
  readonly isTagged: boolean
  /** Where segments should begin for it: PTS of 33 bits, null for at once. */
  readonly cuts: ReadonlyArray<number | null>
}

/** A splice point: by the stream's clock until a segment of the same timeline tells its media time. */
interface Point {
  pts: number | null
  at: number | null
  /** Media time before which segments are of another timeline. */
  readonly notBefore: number
}

interface Window {
  readonly family: string
  readonly signal: number
  readonly eventId: number | null
  out: Point
  duration90k: number | null
  /** Ends by its duration where nobody says when. */
  endsByDuration: boolean
  outHex: string
  back: Point | null
  inHex: string | null
  /** Set when its out is told. */
  told: { readonly id: string; readonly startMs: number } | null
  outCues: number[]
  inCues: number[]
}

/** A segment that begins by so much before a splice point is at it: half a picture. */
const TOLERANCE_90K = 1800
/** Two outs of an event that lie closer together are one. */
const SAME_OUT_90K = 90_000
const WINDOWS_MAX = 64
/** A break that nobody ends is over by then. */
const LONGEST_90K = 24 * 3600 * 90_000
const NOTHING: TakenCue = { isTagged: false, cuts: [] }

export class CueWindows {
  readonly #style: CueStyle
  #windows: Window[] = []
  /** Outs that are over, of which repetitions may still come. */
  #over: string[] = []
  /** The break that EXT-X-CUE-OUT told: from the first out to the last return. */
  #break: { readonly at: number; readonly duration90k: number | null } | null = null

  constructor(style: CueStyle) {
    this.#style = style
  }

  /**
   * Takes a sound section; `position` names it. Without a segment at hand, or with one whose timeline is no more,
   * `place` is the media time from which the next may begin.
   */
  take(position: number, section: SpliceInfoSection, place: MediaPlace | number): TakenCue {
    const { actions, pts } = readCue(section, 0)
    let isTagged = false
    const cuts: Array<number | null> = []
    for (const action of actions) {
      const point = pointOf(action, pts, place)
      const wishes =
        action.kind === "out"
          ? this.#out(action, point, section.hex, position, place)
          : action.kind === "in"
            ? this.#in(action, point, section.hex, position, place)
            : action.kind === "cancel"
              ? this.#cancel(action, pointOf(action, null, place), position)
              : null
      if (wishes === null) continue
      isTagged = true
      cuts.push(...wishes)
    }
    return isTagged ? { isTagged, cuts } : NOTHING
  }

  /** The tags of a segment, to be asked for in order, once for each that is listed. */
  tagsFor(segment: TaggedSegment): SegmentTags {
    const place = { ...segment, latestPts90k: segment.startPts90k }
    const tags: string[] = []
    const cues: number[] = []
    const limit = segment.startMedia90k + TOLERANCE_90K
    const never = Number.POSITIVE_INFINITY
    const dateOf = (at: number) => segment.programDateTimeMs + (at - segment.startMedia90k) / 90
    let isTold = false
    for (const window of this.#windows) {
      settle(window.out, place)
      if (window.back !== null) settle(window.back, place)
      const at = window.out.at ?? never
      if (window.told === null) {
        if (at > limit) continue
        const startMs = Math.round(dateOf(at))
        window.told = { id: idOf(window, startMs), startMs }
        tags.push(...dateRangeOut(this.#style, window.told, window.duration90k, window.outHex))
        cues.push(...window.outCues.splice(0))
        if (this.#break === null) {
          this.#break = { at, duration90k: window.duration90k }
          tags.push(...cueOut(this.#style, window.duration90k))
          isTold = true
        }
      }
      // Repetitions that came behind the out.
      cues.push(...window.outCues.splice(0))
      const end = endOf(window)
      if (end === null || end > limit) continue
      tags.push(...dateRangeIn(this.#style, window.told, Math.round(dateOf(end)), window.inHex))
      cues.push(...window.inCues.splice(0))
    }
    const isOver = (window: Window) => window.told !== null && (endOf(window) ?? never) <= limit
    this.#over = [
      ...this.#over,
      ...this.#windows.filter(isOver).map(({ family, out, signal }) => keyOf(family, signal, out)),
    ].slice(-WINDOWS_MAX)
    this.#windows = this.#windows.filter((window) => !isOver(window))
    if (this.#break !== null) {
      if (!this.#windows.some(({ told }) => told !== null)) {
        this.#break = null
        tags.push(...cueIn(this.#style))
      } else if (!isTold)
        tags.push(...cueContinues(this.#style, segment.startMedia90k - this.#break.at, this.#break.duration90k))
    }
    return { tags, cues }
  }

  #out(
    action: CueAction,
    point: Point,
    hex: string,
    position: number,
    place: MediaPlace | number,
  ): Array<number | null> | null {
    const { duration90k, eventId, family, signal } = action
    // A segment's duration tells when it is over; a splicer stays away until it is called back, unless it is to return
    // by itself.
    const endsByDuration = duration90k !== null && (action.autoReturn || signal !== SPLICE_INSERT_SIGNAL)
    const known = this.#windows.findLast((one) => one.family === family && one.signal === signal)
    if (known === undefined && point.pts !== null && this.#over.includes(keyOf(family, signal, point))) return null
    const isSame = known !== undefined && (known.told === null || point.pts === null || isNear(known.out, point))
    // A repeated cue has nothing left to cut where its splice point has gone by or was immediate.
    const isAgain = isSame && (known.told !== null || known.out.pts === point.pts)
    if (isSame) {
      known.outCues.push(position)
      Object.assign(known, { duration90k, endsByDuration })
      if (known.told === null) Object.assign(known, { out: point, outHex: hex })
    } else {
      if (known !== undefined) known.back ??= { ...point }
      const window = {
        family,
        signal,
        eventId,
        out: point,
        duration90k,
        endsByDuration,
        outHex: hex,
        back: null,
        inHex: null,
        told: null,
      }
      this.#windows.push({ ...window, outCues: [position], inCues: [] })
      if (this.#windows.length > WINDOWS_MAX) this.#windows.shift()
    }
    const end = endsByDuration && point.pts !== null ? [wrap33(point.pts + (duration90k ?? 0))] : []
    const cuts = [point.pts, ...end]
    return isAgain ? cuts.filter((cut) => cut !== null && isAhead(cut, place)) : cuts
  }

  #in(
    action: CueAction,
    point: Point,
    hex: string,
    position: number,
    place: MediaPlace | number,
  ): Array<number | null> | null {
    const ended = this.#returning(action)
    if (ended.length === 0) return null
    if (ended.every(({ back, inHex }) => back !== null && inHex !== null && back.pts === point.pts)) {
      ended[0]?.inCues.push(position)
      return point.pts !== null && isAhead(point.pts, place) ? [point.pts] : []
    }
    for (const window of ended) Object.assign(window, { back: { ...point }, inHex: hex })
    ended[0]?.inCues.push(position)
    return [point.pts]
  }

  /** Its own event; or else, of splice_insert, all that the network was left for. */
  #returning({ family, signal }: CueAction): Window[] {
    const own = this.#windows.findLast((one) => one.family === family && one.signal === signal)
    if (own !== undefined) return [own]
    return signal === SPLICE_INSERT_SIGNAL
      ? this.#windows.filter((one) => one.signal === signal && one.back === null && one.told !== null)
      : []
  }

  #cancel({ family }: CueAction, now: Point, position: number): Array<number | null> | null {
    const own = this.#windows.filter((one) => one.family === family)
    // Behind its splice point a break is not undone, only ended.
    const open = own.filter(
      ({ out, told }) => told !== null || (out.at !== null && now.at !== null && out.at <= now.at),
    )
    this.#windows = this.#windows.filter((one) => !own.includes(one) || open.includes(one))
    if (open.length === 0) return null
    for (const window of open) window.back = { ...now }
    open[0]?.inCues.push(position)
    return [null]
  }
}

const keyOf = (family: string, signal: number, { pts }: Point): string => `${family} ${signal} ${pts}`

/** Whether a PTS lies behind the latest picture; without a segment at hand nobody knows. */
const isAhead = (pts: number, place: MediaPlace | number): boolean =>
  typeof place === "number" || difference33(pts, place.latestPts90k) > 0

const pointOf = ({ offset90k }: CueAction, pts: number | null, place: MediaPlace | number): Point => {
  const isPlace = typeof place !== "number"
  const notBefore = isPlace ? place.startMedia90k : place
  if (pts !== null) {
    const point: Point = { pts: wrap33(pts + offset90k), at: null, notBefore }
    if (isPlace) settle(point, place)
    return point
  }
  return {
    pts: null,
    at: isPlace ? notBefore + difference33(place.latestPts90k, place.startPts90k) + 1 : notBefore,
    notBefore,
  }
}

const settle = (point: Point, { startMedia90k, startPts90k }: MediaPlace): void => {
  if (point.pts === null || startMedia90k < point.notBefore) return
  point.at ??= startMedia90k + difference33(point.pts, startPts90k)
}

const isNear = (a: Point, b: Point): boolean => a.at !== null && b.at !== null && Math.abs(a.at - b.at) < SAME_OUT_90K

/** When the break is over, in media time; null while nobody has said. */
const endOf = ({ back, duration90k, endsByDuration, out }: Window): number | null => {
  const start = out.at ?? 0
  const byDuration = endsByDuration && duration90k !== null ? start + duration90k : null
  if (back?.at != null) return Math.max(start, byDuration === null ? back.at : Math.min(back.at, byDuration))
  return byDuration ?? start + LONGEST_90K
}

/** Event ids come again; a date range must not. */
const idOf = ({ eventId, signal }: Window, startMs: number): string =>
  `${signal === SPLICE_INSERT_SIGNAL ? "splice" : `segment-${signal.toString(16).padStart(2, "0")}`}-${eventId ?? 0}-${Math.floor(startMs / 1000)}`
