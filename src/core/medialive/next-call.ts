/**
 * Which request to AWS comes next, where there is one a second for everything: the list of channels every ten seconds,
 * figures once a minute, and in between what pages ask for, what has changed, and alerts, the oldest first. Pure; times
 * are monotonic ms.
 */
import type { MediaLiveState } from "./model.ts"

export const LIST_EVERY_MS = 10_000
export const METRICS_EVERY_MS = 60_000
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
  /** When somebody looked at it last. */
  readonly wantedAt: number | null
}

export interface PollFacts {
  readonly listAt: number | null
  readonly metricsAt: number | null
  readonly pricesAt: number | null
  readonly channels: ReadonlyArray<PolledChannel>
  /** Requests that AWS refused for want of a permission, and when. */
  readonly denied: ReadonlyMap<Call["do"], number>
}

export type Call =
  | { readonly do: "list" }
  | { readonly do: "metrics" }
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

/** The next request; null when none is due. */
export const nextCall = (facts: PollFacts, nowMs: number): Call | null => {
  const { channels, denied, listAt, metricsAt, pricesAt } = facts
  const may = (what: Call["do"]) => isDue(denied.get(what) ?? null, DENIED_MS, nowMs)
  if (isDue(listAt, LIST_EVERY_MS, nowMs)) return { do: "list" }
  const running = channels.filter(({ feeds, state }) => feeds && state === "RUNNING")
  if (running.length > 0 && may("metrics") && isDue(metricsAt, METRICS_EVERY_MS, nowMs)) return { do: "metrics" }
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
