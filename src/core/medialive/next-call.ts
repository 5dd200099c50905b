/**
 * Which request to AWS comes next, where there is one a second for everything: the list of channels every ten seconds,
 * figures of each channel once a minute, in as few requests as they fit into, and in between what pages ask for, what
 * has changed, and alerts, the oldest first. Pure; times are monotonic ms.
 */
import type { MediaLiveState } from "./model.ts"

export const LIST_EVERY_MS = 10_000
/** Figures of a channel are asked for again after this time. */
export const METRICS_EVERY_MS = 60_000
/**
 * Figures that are as old as this go along with those that are due: channels that started at different times come to
 * be asked for together.
 */
const METRICS_ALONG_MS = METRICS_EVERY_MS / 2
/** A channel that somebody looks at is described again after this time. */
export const WANTED_EVERY_MS = 10_000
export const ALERTS_EVERY_MS = 15_000
/** A channel that feeds us is described again after this time even if nothing seems to have changed. */
export const DESCRIBE_EVERY_MS = 600_000
export const PRICES_EVERY_MS = 86_400_000
/** What AWS refused for want of a permission is asked for again after this time. */
export const DENIED_MS = 600_000

export interface PolledChannel {
  readonly id: string
  readonly state: MediaLiveState
  /** True where it feeds a leg of ours. */
  readonly feeds: boolean
  readonly describedAt: number | null
  /** State that the list had when it was described. */
  readonly describedState: MediaLiveState | null
  readonly alertsAt: number | null
  /** When its figures were asked for last. */
  readonly figuresAt: number | null
  /** Queries that its figures take. */
  readonly queries: number
  /** When somebody looked at it last. */
  readonly wantedAt: number | null
}

export interface PollFacts {
  readonly listAt: number | null
  readonly pricesAt: number | null
  readonly channels: ReadonlyArray<PolledChannel>
  /** Queries for figures that one request takes. */
  readonly mostQueries: number
  /** Requests that AWS refused for want of a permission, and when. */
  readonly denied: ReadonlyMap<Call["do"], number>
}

export type Call =
  | { readonly do: "list" }
  | { readonly do: "metrics"; readonly ids: ReadonlyArray<string> }
  | { readonly do: "prices" }
  | { readonly do: "describe"; readonly id: string }
  | { readonly do: "alerts"; readonly id: string }

const isDue = (at: number | null, everyMs: number, nowMs: number): boolean => at === null || nowMs - at >= everyMs
const oldest = <A>(all: ReadonlyArray<A>, at: (one: A) => number | null): A | undefined =>
  all.reduce<A | undefined>(
    (found, one) =>
      found === undefined || (at(one) ?? Number.NEGATIVE_INFINITY) < (at(found) ?? Number.NEGATIVE_INFINITY)
        ? one
        : found,
    undefined,
  )

/** How long a look at a page makes a channel worth a request, in ms. */
const LOOK_MS = 5000

/** Channels whose figures the next request asks for, the oldest first; none while no figures are due. */
const figuresDue = (running: ReadonlyArray<PolledChannel>, most: number, nowMs: number): ReadonlyArray<string> => {
  if (!running.some(({ figuresAt }) => isDue(figuresAt, METRICS_EVERY_MS, nowMs))) return []
  const along = running
    .filter(({ figuresAt }) => isDue(figuresAt, METRICS_ALONG_MS, nowMs))
    .sort((a, b) => (a.figuresAt ?? Number.NEGATIVE_INFINITY) - (b.figuresAt ?? Number.NEGATIVE_INFINITY))
  const ids: string[] = []
  let room = most
  for (const { id, queries } of along) {
    room -= queries
    if (room < 0) break
    ids.push(id)
  }
  return ids
}

/** The next request; null when none is due. */
export const nextCall = (facts: PollFacts, nowMs: number): Call | null => {
  const { channels, denied, listAt, mostQueries, pricesAt } = facts
  const may = (what: Call["do"]) => isDue(denied.get(what) ?? null, DENIED_MS, nowMs)
  if (isDue(listAt, LIST_EVERY_MS, nowMs)) return { do: "list" }
  const running = channels.filter(({ feeds, state }) => feeds && state === "RUNNING")
  const ids = may("metrics") ? figuresDue(running, mostQueries, nowMs) : []
  if (ids.length > 0) return { do: "metrics", ids }
  if (may("describe")) {
    const looked = channels.filter(
      ({ describedAt, wantedAt }) =>
        wantedAt !== null && nowMs - wantedAt < LOOK_MS && isDue(describedAt, WANTED_EVERY_MS, nowMs),
    )
    const changed = channels.filter(({ describedState, feeds, state }) => feeds && describedState !== state)
    const next = oldest(looked.length > 0 ? looked : changed, ({ describedAt }) => describedAt)
    if (next !== undefined) return { do: "describe", id: next.id }
  }
  if (may("alerts")) {
    const due = running.filter(({ alertsAt }) => isDue(alertsAt, ALERTS_EVERY_MS, nowMs))
    const next = oldest(due, ({ alertsAt }) => alertsAt)
    if (next !== undefined) return { do: "alerts", id: next.id }
  }
  if (may("prices") && isDue(pricesAt, PRICES_EVERY_MS, nowMs)) return { do: "prices" }
  if (may("describe")) {
    const old = channels.filter(({ describedAt, feeds }) => feeds && isDue(describedAt, DESCRIBE_EVERY_MS, nowMs))
    const next = oldest(old, ({ describedAt }) => describedAt)
    if (next !== undefined) return { do: "describe", id: next.id }
  }
  return null
}

/** Longest pause after failures in a row, in ms. */
const LONGEST_PAUSE_MS = 60_000

/** How long nothing is asked after so many failures in a row, in ms. */
export const pauseAfter = (failures: number): number =>
  failures === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** Math.min(failures, 10))
