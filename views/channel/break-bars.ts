/** Ad breaks derived from cues: which out belongs to which in, and where both are on a time axis. */
import type { CueView } from "../../src/effects/model/channel.ts"

export interface BreakBar {
  /** Id of the cue that began the break. */
  readonly id: number
  /** Splice point at which it began, in milliseconds since 1970. */
  readonly from: number
  /** When it ended or is due to end, in milliseconds since 1970; null while unknown. */
  readonly to: number | null
  /** What ends it: `in` a cue, `duration` the announced length alone, `open` neither. */
  readonly ends: "in" | "duration" | "open"
  /** Announced length, in seconds. */
  readonly announcedS: number | null
  /** Label: segmentation types and UPIDs, or the command. */
  readonly label: string
  readonly eventId: number | null
}

const splicePoint = (cue: CueView): number => Date.parse(cue.at) + (cue.preroll_s ?? 0) * 1000

const hex = (type: number) => `0x${type.toString(16).padStart(2, "0")}`

const labelOf = ({ command, segmentation_type_ids: types, upids }: CueView): string =>
  [types.length === 0 ? command : `type ${types.map(hex).join(", ")}`, ...upids.map((upid) => `UPID ${upid}`)].join(
    " · ",
  )

/** The in that ends an out: the first after it with one of its event ids. */
const endOf = (out: CueView, later: ReadonlyArray<CueView>): CueView | undefined =>
  later.find(
    (cue) => (cue.kind === "in" || cue.kind === "cancel") && cue.event_ids.some((id) => out.event_ids.includes(id)),
  )

/**
 * The breaks that these cues describe, oldest first, without cancelled ones.
 * @param cues newest first, as the store gives them
 */
export const breakBars = (cues: ReadonlyArray<CueView>): ReadonlyArray<BreakBar> => {
  const ascending = cues.toReversed()
  return ascending.flatMap((cue, i): ReadonlyArray<BreakBar> => {
    if (cue.kind !== "out") return []
    const end = endOf(cue, ascending.slice(i + 1))
    if (end?.kind === "cancel") return []
    const from = splicePoint(cue)
    const announced = cue.duration_s === null ? null : from + cue.duration_s * 1000
    const to = end === undefined ? announced : Math.max(from, splicePoint(end))
    const ends = end !== undefined ? "in" : announced !== null ? "duration" : "open"
    return [{ id: cue.id, from, to, ends, announcedS: cue.duration_s, label: labelOf(cue), eventId: cue.event_id }]
  })
}

const MINUTE = 60_000
const SPANS = [5, 15, 60, 360, 1440, 10_080].map((minutes) => minutes * MINUTE)

export interface TimeAxis {
  /** Start of the axis, in milliseconds since 1970. */
  readonly from: number
  readonly to: number
}

/** The shortest usual span up to the next full minute that shows all of the bars; it moves once a minute. */
export const axisOf = (bars: ReadonlyArray<BreakBar>, now: number): TimeAxis => {
  const latest = Math.max(now, ...bars.map(({ from, to }) => to ?? from))
  const to = Math.ceil(latest / MINUTE) * MINUTE
  const oldest = Math.min(to, ...bars.map(({ from }) => from))
  const span = SPANS.find((one) => to - one <= oldest) ?? to - oldest
  return { from: to - span, to }
}
