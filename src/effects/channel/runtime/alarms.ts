/** Alarms: what needs a person now, and since when. Pure: conditions are compared with what was noted before. */
import { formatEndpoint } from "../../../core/net/address.ts"
import type { ChannelStats, LegStats } from "../../../engine/protocol/messages.ts"
import type { Ingest } from "../../config/ingest.ts"
import { policyOf } from "../../config/input-policy.ts"
import { hideOfLegs } from "../../config/used-leg.ts"
import type { ChannelConfig, ChannelStatus } from "../../model/channel.ts"
import type { Alarm, AlarmKind } from "../../model/event.ts"
import { srtSilence } from "./leg-silence.ts"

/** A condition as it was noted. Times are monotonic ms, except `sinceMs`, which is Unix time. */
export interface NotedAlarm {
  readonly firstMs: number
  readonly lastMs: number
  readonly sinceMs: number
}
export type NotedAlarms = ReadonlyMap<AlarmKind, NotedAlarm>

export interface AlarmMoment {
  readonly monotonicMs: number
  readonly nowMs: number
}

export interface AlarmInput extends AlarmMoment {
  readonly config: ChannelConfig
  /** The engine's figures; undefined while it reports none for the channel. */
  readonly stats: ChannelStats | undefined
  readonly status: ChannelStatus
  /** Why the status is `error`. */
  readonly error: string | null
  /** Monotonic ms when the input last arrived. */
  readonly lastInputMs: number
  readonly noted: NotedAlarms
  /** What the engine last said of legs that differ. */
  readonly legsDiffer: string | null
  /** What SRT inputs have of the ingest port. */
  readonly ingest?: Ingest | null | undefined
}

type Held = Extract<AlarmKind, "redundancy_lost" | "legs_differ" | "leg_bad">
/** How long a condition must hold before it is an alarm, and must be gone before the alarm is, in ms. */
export const HOLD: Readonly<Record<Held, { readonly raiseMs: number; readonly clearMs: number }>> = {
  redundancy_lost: { raiseMs: 3000, clearMs: 2000 },
  // Legs that have just come up are compared for a while before they merge.
  legs_differ: { raiseMs: 10_000, clearMs: 2000 },
  leg_bad: { raiseMs: 3000, clearMs: 3000 },
}
const HELD = Object.keys(HOLD) as ReadonlyArray<Held>

const activeOf = (stats: ChannelStats) => stats.legs.find((leg) => leg.name === stats.active_source)

const holds: Readonly<Record<Held, (config: ChannelConfig, stats: ChannelStats) => boolean>> = {
  redundancy_lost: (_, stats) => stats.redundancy === "lost",
  legs_differ: (config, stats) =>
    policyOf(config.input).mode === "merge" &&
    stats.merge === "off" &&
    stats.legs.length === 2 &&
    stats.legs.every((leg) => leg.receiving),
  leg_bad: (_, stats) => {
    const leg = activeOf(stats)
    // Packets arrive but hold nothing usable, e.g. null packets only.
    return leg?.verdict === "bad" || (leg?.verdict === "lost" && leg.receiving)
  },
}

const silenceOf = (config: ChannelConfig, leg: LegStats) =>
  leg.receiving ? undefined : (srtSilence(config, leg.name, leg) ?? "no packets arrive there")

const becauseOf = (reasons: ReadonlyArray<string>) => (reasons.length === 0 ? "" : `: ${reasons.join("; ")}`)

type MessageOf = (stats: ChannelStats | undefined, legsDiffer: string | null, config: ChannelConfig) => string
const messages: Readonly<Record<Held, MessageOf>> = {
  redundancy_lost: (stats, _, config) => {
    const other = stats?.legs.find((leg) => leg.name !== stats.active_source)
    if (stats === undefined || other === undefined) return "the other input could not take over"
    const reason = other.problem?.message ?? silenceOf(config, other)
    const why = becauseOf(reason === undefined ? other.reasons : [reason])
    return `the ${other.name} (${formatEndpoint(other.ip, other.port)}) could not take over${why}; a failure of the ${stats.active_source} would be seen on the outputs`
  },
  legs_differ: (_, legsDiffer) =>
    legsDiffer ??
    "the inputs do not carry the same packets and are not merged: what one of them loses, the other does not repair",
  leg_bad: (stats) => {
    const leg = stats === undefined ? undefined : activeOf(stats)
    return `the ${leg?.name ?? "active"} input is not fit for the outputs${becauseOf(leg?.reasons ?? [])}`
  },
}

const NOTHING: NotedAlarms = new Map()

/**
 * Conditions as they are now; returns `noted` itself when nothing changed. Without figures nothing is known, so the
 * notes stay.
 */
export const noteAlarms = (
  noted: NotedAlarms,
  config: ChannelConfig,
  stats: ChannelStats | undefined,
  moment: AlarmMoment,
): NotedAlarms => {
  if (stats === undefined) return noted
  const { monotonicMs, nowMs } = moment
  let next: Map<AlarmKind, NotedAlarm> | null = null
  for (const kind of HELD) {
    const old = noted.get(kind)
    if (holds[kind](config, stats)) {
      next ??= new Map(noted)
      next.set(kind, { firstMs: old?.firstMs ?? monotonicMs, sinceMs: old?.sinceMs ?? nowMs, lastMs: monotonicMs })
    } else if (old !== undefined) {
      const raised = old.lastMs - old.firstMs >= HOLD[kind].raiseMs
      // A condition that never became an alarm starts over; an alarm outlives a short pause of its cause.
      if (raised && monotonicMs - old.lastMs < HOLD[kind].clearMs) continue
      next ??= new Map(noted)
      next.delete(kind)
    }
  }
  return next ?? (noted.size === 0 ? NOTHING : noted)
}

/** The alarms of a started channel, the gravest first. */
export const alarmsOf = (input: AlarmInput): ReadonlyArray<Alarm> => {
  const { config, error, lastInputMs, legsDiffer, monotonicMs, nowMs, stats, status } = input
  const alarms: Alarm[] = []
  if (status === "error") {
    const since = new Date(nowMs - Math.max(0, monotonicMs - lastInputMs)).toISOString()
    alarms.push({ kind: "no_input", severity: "critical", since, message: error ?? "no packets arrive" })
  }
  const hide = hideOfLegs(config, input.ingest ?? null)
  const noted = noteAlarms(input.noted, config, stats, input)
  for (const kind of HELD) {
    const found = noted.get(kind)
    if (found === undefined || found.lastMs - found.firstMs < HOLD[kind].raiseMs) continue
    const severity = kind === "leg_bad" ? "critical" : "warning"
    alarms.push({
      kind,
      severity,
      since: new Date(found.sinceMs).toISOString(),
      message: hide(messages[kind](stats, legsDiffer, config)),
    })
  }
  return alarms.sort((a, b) => Number(b.severity === "critical") - Number(a.severity === "critical"))
}
