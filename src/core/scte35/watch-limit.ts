/** Keeps a storm of cues from becoming a storm of reports: so many of a kind a minute, the rest in one sentence. */
import type { BreakEvent } from "./break-types.ts"

const WINDOW_MS = 60_000
const MOST_A_WINDOW = 20

/** Reports of the current minute by kind. */
export interface ReportLimit {
  sinceMs: number
  readonly told: Map<BreakEvent["kind"], number>
}

export const newReportLimit = (nowMs: number): ReportLimit => ({ sinceMs: nowMs, told: new Map() })

/** Whether the event may be told: beginnings and ends always, of every other kind the first ones of a minute. */
export const allowReport = (limit: ReportLimit, { kind }: BreakEvent): boolean => {
  if (kind === "break_started" || kind === "break_ended") return true
  const told = (limit.told.get(kind) ?? 0) + 1
  limit.told.set(kind, told)
  return told <= MOST_A_WINDOW
}

/** Once the minute is over: one event for each kind that was cut short. */
export const closeWindow = (limit: ReportLimit, nowMs: number): BreakEvent[] => {
  if (nowMs - limit.sinceMs < WINDOW_MS) return []
  const cut = [...limit.told].filter(([, told]) => told > MOST_A_WINDOW)
  limit.sinceMs = nowMs
  limit.told.clear()
  return cut.map(([kind, told]) => ({
    kind,
    severity: kind === "break_announced" ? "info" : "warning",
    cue: null,
    eventId: null,
    message: `${told - MOST_A_WINDOW} more of these within a minute were not reported one by one: ${kind.replaceAll("_", " ")}.`,
  }))
}
