/**
 * The SCTE-35 state of a started channel: its breaks, counts and alarms, and the cues that still wait for their proofs.
 */
import { Effect } from "effect"
import {
  type BreakEvent,
  type BreakPolicy,
  type BreakState,
  breakView,
  newBreakState,
} from "../../../core/scte35/break-state.ts"
import type { Scte35View } from "../../model/cue.ts"
import type { Alarm, AlarmKind } from "../../model/event.ts"
import type { CueEntry } from "../../store/CueLog.ts"
import type { PendingInsertion } from "./cue-insertions.ts"

export type Scte35AlarmKind = Extract<
  AlarmKind,
  "short_preroll" | "missing_return" | "overlong_break" | "scte35_crc" | "scte35_silent"
>

interface Raised {
  /** Unix time in ms. */
  readonly sinceMs: number
  /** Monotonic ms of the last time the cause was reported. */
  readonly lastMs: number
  readonly message: string
}

/** A cue and the outputs that have a part in its proof. */
export interface KnownCue {
  readonly entry: CueEntry
  /** Place of each output in the cue's proofs, by the output's id. */
  readonly places: ReadonlyMap<string, number>
  /** Places of outputs that take longer to answer (HLS). */
  readonly slow: ReadonlySet<number>
}

/** A section that still waits for proofs. */
export interface OpenCue extends KnownCue {
  /** Monotonic ms. */
  readonly openedMs: number
  /** 0 for the cue itself, from 1 on for its repetitions. */
  readonly repetition: number
}

export interface Scte35Runtime {
  /** Limits that `breaks` follows; its fields are replaced when the settings change. */
  readonly policy: BreakPolicy
  readonly breaks: BreakState
  /**
   * Number of the last sighting. It rises as long as the channel runs, while the engine's own numbers restart with the
   * engine.
   */
  sightings: number
  /** Monotonic ms of the last sighting. */
  seenMs: number
  sections: number
  cues: number
  crcErrors: number
  /** Unix time in ms. */
  lastCueAt: number | null
  /** Monotonic ms when a damaged section was last kept. */
  damagedMs: number
  readonly raised: Map<Scte35AlarmKind, Raised>
  /** Cues that wait for proofs, by the engine's number. */
  readonly open: Map<number, OpenCue>
  /** Cues that may be repeated, by number of their sighting; bounded. */
  readonly firsts: Map<number, KnownCue>
  /** Manual cues on their way; bounded. */
  readonly insertions: PendingInsertion[]
  /** Opened with each insertion, so that the watcher minds its deadline. */
  readonly insertionBegun: Effect.Latch
}

export const newScte35Runtime = (limits: BreakPolicy, nowMs: number): Scte35Runtime => {
  const policy = { ...limits }
  return {
    policy,
    breaks: newBreakState(policy, nowMs),
    sightings: 0,
    seenMs: nowMs,
    sections: 0,
    cues: 0,
    crcErrors: 0,
    lastCueAt: null,
    damagedMs: Number.NEGATIVE_INFINITY,
    raised: new Map(),
    open: new Map(),
    firsts: new Map(),
    insertions: [],
    insertionBegun: Effect.unsafeMakeLatch(false),
  }
}

/** Changes the limits of a watch that is running. */
export const setBreakPolicy = ({ policy }: Scte35Runtime, limits: BreakPolicy): void =>
  void Object.assign(policy, limits)

/** How long an alarm is shown after its cause was last seen, in ms; what ends it sooner is in `CLEARS`. */
export const SCTE35_ALARM_MS: Readonly<Record<Scte35AlarmKind, number>> = {
  short_preroll: 600_000,
  missing_return: 3_600_000,
  overlong_break: 3_600_000,
  scte35_crc: 60_000,
  scte35_silent: Number.POSITIVE_INFINITY,
}

const RAISES: Partial<Record<BreakEvent["kind"], Scte35AlarmKind>> = {
  short_preroll: "short_preroll",
  missing_return: "missing_return",
  overlong_break: "overlong_break",
  silent: "scte35_silent",
}
/** Break events that clear alarms: a break that begins, ends or is cancelled shows that the one before is over. */
const CLEARS: ReadonlyArray<BreakEvent["kind"]> = ["break_started", "break_ended", "break_cancelled"]

/** Raises an alarm, or notes that its cause is still there. */
export const raiseAlarm = (
  { raised }: Scte35Runtime,
  kind: Scte35AlarmKind,
  message: string,
  monotonicMs: number,
  nowMs: number,
): void => {
  const before = raised.get(kind)
  const goesOn = before !== undefined && monotonicMs - before.lastMs < SCTE35_ALARM_MS[kind]
  raised.set(kind, { sinceMs: goesOn ? before.sinceMs : nowMs, lastMs: monotonicMs, message })
}

/**
 * Takes the break events of one moment. Alarms are cleared before others are raised, since an overlong break ends with
 * the event that says so.
 */
export const noteBreakAlarms = (
  runtime: Scte35Runtime,
  events: ReadonlyArray<BreakEvent>,
  monotonicMs: number,
  nowMs: number,
): void => {
  if (events.some(({ kind }) => CLEARS.includes(kind))) {
    runtime.raised.delete("missing_return")
    runtime.raised.delete("overlong_break")
  }
  for (const { kind, message } of events) {
    const alarm = RAISES[kind]
    if (alarm !== undefined) raiseAlarm(runtime, alarm, message, monotonicMs, nowMs)
  }
}

/** The SCTE-35 alarms at a monotonic time in ms. */
export const scte35Alarms = ({ raised }: Scte35Runtime, monotonicMs: number): ReadonlyArray<Alarm> =>
  [...raised].flatMap(([kind, { lastMs, message, sinceMs }]) =>
    monotonicMs - lastMs < SCTE35_ALARM_MS[kind]
      ? [{ kind, severity: "warning" as const, since: new Date(sinceMs).toISOString(), message }]
      : [],
  )

/** SCTE-35 PIDs of a channel: the one set by hand first, then those of the PMT. */
export const withPidByHand = (
  byHand: number | null | undefined,
  ofPmt: ReadonlyArray<number>,
): ReadonlyArray<number> => [...new Set([...(byHand === null || byHand === undefined ? [] : [byHand]), ...ofPmt])]

/** What the API shows of a channel's SCTE-35; `runtime` is null when the channel is stopped. */
export const scte35View = (
  runtime: Scte35Runtime | null,
  pids: ReadonlyArray<number>,
  monotonicMs: number,
): Scte35View => {
  if (runtime === null) {
    return {
      pids,
      state: "idle",
      event_id: null,
      ends_in_s: null,
      last_cue_at: null,
      cues: 0,
      sections: 0,
      crc_errors: 0,
    }
  }
  const { endsInS, eventId, state } = breakView(runtime.breaks, monotonicMs)
  return {
    pids,
    state,
    event_id: eventId,
    ends_in_s: endsInS === null ? null : Math.round(endsInS * 1000) / 1000,
    last_cue_at: runtime.lastCueAt === null ? null : new Date(runtime.lastCueAt).toISOString(),
    cues: runtime.cues,
    sections: runtime.sections,
    crc_errors: runtime.crcErrors,
  }
}
