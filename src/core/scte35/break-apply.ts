/** What a new cue does to the breaks of a channel. */
import { type Break, endOf } from "./break-record.ts"
import * as say from "./break-sentences.ts"
import { addBreak, announcedBreak, type BreakTable, closeBreak, openBreak } from "./break-table.ts"
import type { BreakEvent, BreakPolicy } from "./break-types.ts"
import { type CueAction, SPLICE_INSERT_SIGNAL } from "./cue-key.ts"
import { PTS_MODULUS } from "./timing.ts"
import { msBetween } from "./watch-clock.ts"

/** Two outs of an event that lie closer together are one, with other words. */
const SAME_START_MS = 1000

/** When and by which sighting something was said. */
export interface Moment {
  readonly cue: number
  readonly pid: number
  readonly nowMs: number
  /** When it takes effect; that of its arrival when immediate, or when there is no clock to tell. */
  readonly spliceMs: number
  readonly pts: number | null
  readonly signature: string
}

type Tell = (event: BreakEvent) => void

const ptsOf = ({ offset90k }: CueAction, { pts }: Moment): number | null =>
  pts === null ? null : (pts + offset90k) % PTS_MODULUS

/** Whether an event that starts then lies inside another break, whose announcement says it all. */
const isNested = (table: BreakTable, { pid, signal, startMs }: Break): boolean =>
  table.breaks.some(
    (one) =>
      (one.pid !== pid || one.signal !== signal) &&
      one.startMs <= startMs &&
      (endOf(one) ?? Number.POSITIVE_INFINITY) > startMs,
  )

const applyOut = (table: BreakTable, action: CueAction, moment: Moment, policy: BreakPolicy, tell: Tell): void => {
  const { family, signal, name, eventId, duration90k, autoReturn } = action
  const { nowMs, cue, signature, pid } = moment
  const pts = ptsOf(action, moment)
  const startMs = moment.spliceMs + action.offset90k / 90
  const endMs = duration90k === null ? null : startMs + duration90k / 90
  const times = { cue, signature, durationS: duration90k === null ? null : duration90k / 90_000, endMs, autoReturn }
  // Came when it was all over.
  if ((endMs ?? startMs + policy.maxBreakS * 1000) <= nowMs) return
  const open = openBreak(table, action)
  if (open !== undefined && (pts === null || startMs <= open.startMs + SAME_START_MS)) {
    Object.assign(open, times, { missingTold: false })
    return
  }
  const known = announcedBreak(table, action)
  const returns = known !== undefined && known.returnMs !== null && known.returnMs > startMs
  const one: Break = {
    family,
    signal,
    name,
    eventId,
    pid,
    pts,
    startMs,
    ...times,
    returnMs: returns ? known.returnMs : null,
    returnPts: returns ? known.returnPts : null,
    open: false,
    missingTold: false,
  }
  if (known !== undefined) closeBreak(table, known, nowMs, "", tell)
  const nested = isNested(table, one)
  addBreak(table, one, nowMs, tell)
  if (startMs > nowMs && !nested) tell(say.announced(one, nowMs, known !== undefined))
}

/**
 * Which events an in ends: its own, the one that starts last before it; or else, of splice_insert, all that the network
 * was left for.
 */
const returning = (table: BreakTable, action: CueAction, { pid, spliceMs }: Moment): Break[] => {
  const own = table.breaks.filter((one) => one.family === action.family && one.signal === action.signal)
  if (own.length > 0) {
    const begun = own.filter((one) => one.open || one.startMs < spliceMs)
    return [(begun.length > 0 ? begun : own).reduce((a, b) => (b.startMs > a.startMs ? b : a))]
  }
  if (action.signal !== SPLICE_INSERT_SIGNAL) return []
  return table.breaks.filter(
    (one) =>
      one.signal === SPLICE_INSERT_SIGNAL &&
      one.pid === pid &&
      one.returnMs === null &&
      (one.open || one.startMs < spliceMs),
  )
}

const applyIn = (table: BreakTable, action: CueAction, moment: Moment, tell: Tell): void => {
  const atMs = moment.spliceMs + action.offset90k / 90
  for (const one of returning(table, action, moment)) {
    if (!one.open && atMs <= one.startMs) {
      closeBreak(table, one, moment.nowMs, "", tell)
      tell(
        say.cancelled(one, moment.cue, "called back before its splice point, the break does not take place", "warning"),
      )
      continue
    }
    one.returnMs = Math.max(atMs, one.startMs)
    one.returnPts = ptsOf(action, moment)
  }
}

const applyCancel = (table: BreakTable, action: CueAction, moment: Moment, tell: Tell): void => {
  for (const one of table.breaks.filter(({ family }) => family === action.family)) {
    tell(
      say.cancelled(
        one,
        moment.cue,
        one.open ? "the break was cancelled while it lasted" : "the announced break was cancelled",
        "info",
      ),
    )
    closeBreak(table, one, moment.nowMs, "it was cancelled", tell)
  }
}

/** Carries out what the action asks for; what is due at once takes effect with the next `advanceBreaks`. */
export const applyAction = (
  table: BreakTable,
  action: CueAction,
  moment: Moment,
  policy: BreakPolicy,
  tell: Tell,
): void => {
  if (action.kind === "out") applyOut(table, action, moment, policy, tell)
  else if (action.kind === "in") applyIn(table, action, moment, tell)
  else if (action.kind === "cancel") applyCancel(table, action, moment, tell)
}

/** Puts splice points where the stream's clock says now; the clock goes on as it did, but never quite evenly. */
export const alignBreaks = (table: BreakTable, atMs: number, clock90k: number): void => {
  for (const one of table.breaks) {
    if (one.returnMs !== null && one.returnPts !== null)
      one.returnMs = Math.max(atMs + msBetween(clock90k, one.returnPts), one.startMs)
    if (one.open || one.pts === null) continue
    const shift = atMs + msBetween(clock90k, one.pts) - one.startMs
    one.startMs += shift
    if (one.endMs !== null) one.endMs += shift
  }
}

/**
 * The clock went elsewhere: announced splice points lie on a timeline that is no more. Open breaks keep their ends, in
 * real time.
 */
export const abandonAnnounced = (table: BreakTable, cue: number, jumpMs: number, nowMs: number, tell: Tell): void => {
  for (const one of table.breaks) one.returnPts = null
  for (const one of table.breaks.filter(({ open, pts }) => !open && pts !== null)) {
    closeBreak(table, one, nowMs, "", tell)
    const jump = `${jumpMs < 0 ? "back" : "on"} by ${Math.round(Math.abs(jumpMs) / 100) / 10} s`
    const why = `the stream's clock jumped ${jump} before the announced splice point, which does not come unless it is announced again`
    tell(say.cancelled(one, cue, why, "warning"))
  }
}
