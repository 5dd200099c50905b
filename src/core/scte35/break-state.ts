/**
 * The ad breaks of one channel, from the sections of its stream (SCTE 35 9.7.3, 9.7.4, 10.3.3). Pure: time comes with
 * every call.
 *
 * A break is announced, open, and over: by its return, by its duration (auto-return, or a segment's), by a cancel, or
 * after `maxBreakS`. break-table.ts says how events that overlap make one break of the channel.
 */
import { INPUT_SETTINGS } from "../input/setting-table.ts"
import { abandonAnnounced, alignBreaks, applyAction } from "./break-apply.ts"
import { endOf } from "./break-record.ts"
import * as say from "./break-sentences.ts"
import { advanceBreaks, type BreakTable, openBreak } from "./break-table.ts"
import type { BreakEvent, BreakPolicy, BreakView, Noted, Sighting } from "./break-types.ts"
import { type CueReading, readCue } from "./cue-key.ts"
import { type ClockSample, clockJumpMs, isSameTimeline, msBetween, TIMELINE_SLACK_MS } from "./watch-clock.ts"
import { allowReport, closeWindow, newReportLimit, type ReportLimit } from "./watch-limit.ts"
import { type CueMemory, recall, remember, type Telling } from "./watch-memory.ts"

export type { BreakEvent, BreakPolicy, BreakView, CueKind, Noted, Sighting } from "./break-types.ts"

export const DEFAULT_BREAK_POLICY: BreakPolicy = {
  minPrerollS: INPUT_SETTINGS.scte35_min_preroll_s.default,
  maxBreakS: INPUT_SETTINGS.scte35_max_break_s.default,
  returnSlackS: 5,
  silentAfterH: INPUT_SETTINGS.scte35_silent_after_h.default,
}

const HOUR_MS = 3_600_000

/** What the watcher knows of a channel; bounded whatever comes. Mutable, owned by the caller. */
export interface BreakState {
  readonly policy: BreakPolicy
  readonly table: BreakTable
  readonly memory: CueMemory
  readonly limit: ReportLimit
  /** Latest moment seen. */
  nowMs: number
  clock: ClockSample | null
  /** Last cue that was no heartbeat. */
  lastCueMs: number
  silentTold: boolean
}

/** Nothing known yet; `nowMs` is where silence counts from. */
export const newBreakState = (policy: BreakPolicy, nowMs: number): BreakState => ({
  policy,
  table: { breaks: [], current: null },
  memory: new Map(),
  limit: newReportLimit(nowMs),
  nowMs,
  clock: null,
  lastCueMs: nowMs,
  silentTold: false,
})

const teller =
  (state: BreakState, events: BreakEvent[]) =>
  (event: BreakEvent): void => {
    if (allowReport(state.limit, event)) events.push(event)
  }

/** Brings everything up to `nowMs`, which never goes back. */
const advance = (state: BreakState, nowMs: number, events: BreakEvent[]): void => {
  state.nowMs = Math.max(state.nowMs, nowMs)
  events.push(...closeWindow(state.limit, state.nowMs))
  advanceBreaks(state.table, state.nowMs, state.policy, teller(state, events))
}

/** Follows the stream's clock; on another timeline nothing told before is told again. */
const followClock = (state: BreakState, sighting: Sighting, events: BreakEvent[]): void => {
  const { atMs, clock90k, cue } = sighting
  if (clock90k === null) return
  const sample = { atMs, clock90k }
  const last = state.clock
  state.clock = sample
  if (last !== null && !isSameTimeline(last, sample)) {
    state.memory.clear()
    abandonAnnounced(state.table, cue, clockJumpMs(last, sample), state.nowMs, teller(state, events))
  } else alignBreaks(state.table, atMs, clock90k)
}

/**
 * The sighting that this one repeats: one that is remembered, or the one that an event still on the table has its times
 * from.
 */
const repeated = (state: BreakState, reading: CueReading, telling: Telling): number | null => {
  const found = recall(state.memory, reading.actions, telling)
  if (found !== null || reading.kind !== "out") return found
  const spliceMs = telling.spliceMs ?? telling.atMs
  const same = state.table.breaks.find(
    ({ signature, open, pts, startMs }) =>
      signature === telling.signature && (pts === null ? open : Math.abs(startMs - spliceMs) <= TIMELINE_SLACK_MS),
  )
  return same?.cue ?? null
}

const reportPreroll = (
  state: BreakState,
  cue: number,
  { actions }: CueReading,
  prerollS: number | null,
  events: BreakEvent[],
): void => {
  const action = actions.find(({ kind }) => kind === "out" || kind === "in")
  if (action === undefined || prerollS === null || prerollS >= state.policy.minPrerollS) return
  // Other words about a break that has begun are not late.
  if (action.kind === "out" && prerollS < 0 && openBreak(state.table, action) !== undefined) return
  const what = `the ${action.kind} of ${action.name}`
  teller(state, events)(say.shortPreroll(what, cue, action.eventId, prerollS, state.policy.minPrerollS))
}

/** Takes in one section. One with `errors` is only reported, never acted on. */
export const noteSection = (state: BreakState, sighting: Sighting): Noted => {
  const { section, atMs, clock90k, cue, pid } = sighting
  const events: BreakEvent[] = []
  advance(state, atMs, events)
  const [error] = section.errors
  if (error !== undefined || !section.crc_ok) {
    teller(state, events)(say.damaged(section.crc_ok, cue, error ?? "CRC_32 is wrong"))
    return { repeatOf: null, kind: "other", prerollS: null, events }
  }
  followClock(state, sighting, events)
  const reading = readCue(section, pid)
  const { kind, pts, actions, signature } = reading
  const prerollMs = pts === null || clock90k === null ? null : msBetween(clock90k, pts)
  const prerollS = prerollMs === null ? null : prerollMs / 1000
  if (kind !== "null") {
    state.lastCueMs = state.nowMs
    state.silentTold = false
    const timed = pts !== null || section.command?.name === "splice_schedule"
    const spliceMs = prerollMs === null ? null : atMs + prerollMs
    const telling: Telling = { signature, timed, atMs, spliceMs }
    const repeatOf = repeated(state, reading, telling)
    if (repeatOf !== null) {
      advance(state, atMs, events)
      return { repeatOf, kind, prerollS, events }
    }
    remember(state.memory, actions, telling, cue)
    reportPreroll(state, cue, reading, prerollS, events)
    const moment = {
      cue,
      pid,
      nowMs: state.nowMs,
      spliceMs: spliceMs ?? atMs,
      pts: prerollMs === null ? null : pts,
      signature,
    }
    for (const action of actions) {
      applyAction(state.table, action, moment, state.policy, teller(state, events))
      if (action.kind === "in") advance(state, atMs, events)
    }
  }
  advance(state, atMs, events)
  return { repeatOf: null, kind, prerollS, events }
}

/** About once a second: splice points reached, auto-returns, missing returns, overlong breaks, silence. */
export const tickBreaks = (state: BreakState, nowMs: number): ReadonlyArray<BreakEvent> => {
  const events: BreakEvent[] = []
  advance(state, nowMs, events)
  const { silentAfterH } = state.policy
  if (silentAfterH > 0 && !state.silentTold && state.nowMs - state.lastCueMs >= silentAfterH * HOUR_MS) {
    state.silentTold = true
    teller(state, events)(say.silent(silentAfterH))
  }
  return events
}

const IDLE: BreakView = {
  state: "idle",
  eventId: null,
  startedMs: null,
  announcedDurationS: null,
  endsInS: null,
  autoReturn: false,
}

/** Where the channel stands as of the last call; in a break, times are of the event that has been open for longest. */
export const breakView = (state: BreakState, nowMs: number): BreakView => {
  const { breaks, current } = state.table
  const candidates = breaks.filter(({ open }) => open === (current !== null))
  if (candidates.length === 0) return IDLE
  const one = candidates.reduce((a, b) => (b.startMs < a.startMs ? b : a))
  const end = endOf(one)
  return {
    state: current === null ? "announced" : "in_break",
    eventId: current === null ? one.eventId : current.eventId,
    startedMs: current === null ? null : current.startedMs,
    announcedDurationS: one.durationS,
    endsInS: end === null ? null : Math.max((end - nowMs) / 1000, 0),
    autoReturn: one.autoReturn,
  }
}

/** A section whose CRC is wrong or that cannot be decoded. `message`: why, without a full stop. */
export const noteDamaged = (
  state: BreakState,
  nowMs: number,
  crcOk: boolean,
  message: string,
): ReadonlyArray<BreakEvent> => {
  const events: BreakEvent[] = []
  advance(state, nowMs, events)
  teller(state, events)(say.damaged(crcOk, null, message))
  return events
}
