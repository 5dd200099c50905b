/**
 * The announced and open breaks of a channel and what time does to them.
 *
 * The channel is in a break from the first out until the last open event is over. Events of different signals nest (an
 * advertisement in a placement opportunity in a splice_insert avail); two of the same signal on a PID follow each other
 * or, when the first is not due to end where the second starts, overlap.
 */
import { type Break, type ChannelBreak, endOf } from "./break-record.ts"
import * as say from "./break-sentences.ts"
import type { BreakEvent, BreakPolicy } from "./break-types.ts"
import { SPLICE_INSERT_SIGNAL } from "./cue-key.ts"

/** Announced and open events at most; beyond, the announcement farthest ahead goes first. */
const MOST_BREAKS = 64

export interface BreakTable {
  readonly breaks: Break[]
  current: ChannelBreak | null
}

type Tell = (event: BreakEvent) => void

const sameEvent = (a: Pick<Break, "family" | "signal">, b: Pick<Break, "family" | "signal">): boolean =>
  a.family === b.family && a.signal === b.signal

const find = (table: BreakTable, event: Pick<Break, "family" | "signal">, open: boolean): Break | undefined =>
  table.breaks.find((one) => one.open === open && sameEvent(one, event))

/** The open event, or the announced one, with the family and signal of `event`. */
export const openBreak = (table: BreakTable, event: Pick<Break, "family" | "signal">): Break | undefined =>
  find(table, event, true)
export const announcedBreak = (table: BreakTable, event: Pick<Break, "family" | "signal">): Break | undefined =>
  find(table, event, false)

/** Takes an event out of the table; the channel's break ends with the last open one. */
export const closeBreak = (table: BreakTable, one: Break, atMs: number, why: string, tell: Tell): void => {
  table.breaks.splice(table.breaks.indexOf(one), 1)
  const { current } = table
  if (!one.open || current === null || table.breaks.some(({ open }) => open)) return
  table.current = null
  tell(say.ended(current, one, atMs, why))
}

/** Those of the same signal that a starting event puts an end to, or runs into. */
const meetOthers = (table: BreakTable, starting: Break, policy: BreakPolicy, tell: Tell): void => {
  for (const one of table.breaks.filter(
    (other) => other.open && other.pid === starting.pid && other.signal === starting.signal,
  )) {
    const end = endOf(one)
    if (one.family === starting.family) closeBreak(table, one, starting.startMs, "its event starts again", tell)
    else if (end !== null && Math.abs(end - starting.startMs) <= policy.returnSlackS * 1000) {
      closeBreak(table, one, starting.startMs, `${starting.name} follows`, tell)
    } else if (table.current !== null && !table.current.overlapTold) {
      table.current.overlapTold = true
      tell(say.overlapping(one, starting))
    }
  }
}

const start = (table: BreakTable, one: Break, policy: BreakPolicy, tell: Tell): void => {
  meetOthers(table, one, policy, tell)
  one.open = true
  if (table.current !== null) return
  const { eventId, name, cue, startMs } = one
  table.current = { eventId, name, cue, startedMs: startMs, overlapTold: false, overlongTold: false }
  tell(say.started(one))
}

/**
 * When an open event that nothing else ends is taken for over: not before its announced end, had it the time to return.
 */
const capOf = ({ startMs, endMs }: Break, policy: BreakPolicy): number =>
  Math.max(startMs + policy.maxBreakS * 1000, (endMs ?? 0) + policy.returnSlackS * 1000)

interface Step {
  readonly atMs: number
  readonly act: "return" | "duration" | "missing" | "overlong" | "cap" | "start"
}

const ACTS: ReadonlyArray<Step["act"]> = ["return", "duration", "missing", "overlong", "cap", "start"]

/** Whether a step of it can be due by then; most of the time none is, and cues may come in storms. */
const mayBeDue = ({ open, startMs, returnMs, endMs }: Break, nowMs: number, policy: BreakPolicy): boolean =>
  open
    ? Math.min(startMs + policy.maxBreakS * 1000, returnMs ?? nowMs + 1, endMs ?? nowMs + 1) <= nowMs
    : startMs <= nowMs

const stepsOf = (one: Break, table: BreakTable, policy: BreakPolicy): Step[] => {
  if (!one.open) return [{ atMs: one.startMs, act: "start" }]
  const steps: Step[] = [{ atMs: capOf(one, policy), act: "cap" }]
  if (one.returnMs !== null) steps.push({ atMs: one.returnMs, act: "return" })
  if (one.endMs !== null && one.autoReturn) steps.push({ atMs: one.endMs, act: "duration" })
  if (one.endMs !== null && !one.autoReturn && one.returnMs === null && !one.missingTold) {
    steps.push({ atMs: one.endMs + policy.returnSlackS * 1000, act: "missing" })
  }
  if (table.current?.overlongTold === false)
    steps.push({ atMs: one.startMs + policy.maxBreakS * 1000, act: "overlong" })
  return steps
}

const nextStep = (table: BreakTable, nowMs: number, policy: BreakPolicy): { one: Break; step: Step } | null => {
  let next: { one: Break; step: Step } | null = null
  for (const one of table.breaks) {
    if (!mayBeDue(one, nowMs, policy)) continue
    for (const step of stepsOf(one, table, policy)) {
      const sooner =
        next === null ? -1 : step.atMs - next.step.atMs || ACTS.indexOf(step.act) - ACTS.indexOf(next.step.act)
      if (sooner < 0) next = { one, step }
    }
  }
  return next
}

const missReturn = (table: BreakTable, one: Break, atMs: number, policy: BreakPolicy, tell: Tell): void => {
  one.missingTold = true
  // A splicer stays away until it is called back; a segment's duration tells when it is over, its End may be left out.
  const over = one.signal !== SPLICE_INSERT_SIGNAL
  tell(say.missingReturn(one, policy.returnSlackS, over))
  if (over) closeBreak(table, one, one.endMs ?? atMs, "its announced duration is over, no End came", tell)
}

const overlong = (table: BreakTable, one: Break, policy: BreakPolicy, tell: Tell): void => {
  if (table.current === null || table.current.overlongTold) return
  table.current.overlongTold = true
  tell(say.overlong(one, policy.maxBreakS))
}

const take = (table: BreakTable, one: Break, { act, atMs }: Step, policy: BreakPolicy, tell: Tell): void => {
  switch (act) {
    case "start":
      start(table, one, policy, tell)
      break
    case "return":
      closeBreak(table, one, atMs, "the return came", tell)
      break
    case "duration":
      closeBreak(table, one, atMs, "its duration is over (auto-return)", tell)
      break
    case "missing":
      missReturn(table, one, atMs, policy, tell)
      break
    case "overlong":
      overlong(table, one, policy, tell)
      break
    case "cap":
      overlong(table, one, policy, tell)
      closeBreak(table, one, atMs, "no return came, it is taken for over", tell)
      break
  }
}

/** Everything that is due until `nowMs`, in the order of its time; what ends goes before what starts. */
export const advanceBreaks = (table: BreakTable, nowMs: number, policy: BreakPolicy, tell: Tell): void => {
  const due = () => nextStep(table, nowMs, policy)
  for (let next = due(); next !== null && next.step.atMs <= nowMs; next = due()) {
    take(table, next.one, next.step, policy, tell)
  }
}

/** The announcement farthest ahead, or else what has been open for longest. */
const leastMissed = (breaks: ReadonlyArray<Break>): Break | undefined => {
  const announced = breaks.filter(({ open }) => !open)
  return announced.length > 0
    ? announced.reduce((a, b) => (b.startMs > a.startMs ? b : a))
    : breaks.reduce<Break | undefined>((a, b) => (a === undefined || b.startMs < a.startMs ? b : a), undefined)
}

/** Adds an announced event, and gives up another when there are too many. */
export const addBreak = (table: BreakTable, one: Break, nowMs: number, tell: Tell): void => {
  const least = table.breaks.length < MOST_BREAKS ? undefined : leastMissed(table.breaks)
  if (least !== undefined) closeBreak(table, least, nowMs, "there are too many events at once", tell)
  table.breaks.push(one)
}
