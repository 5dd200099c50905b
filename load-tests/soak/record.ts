/** What a soak notes while it runs; `judge.ts` says what it means. Times are seconds since its start. */
import type { Sample } from "../lib/trend.ts"

/** What was found on one output since it was looked at last. */
export interface StreamFacts {
  readonly stream: string
  /** The interval. */
  readonly from: number
  readonly to: number
  readonly received: number
  readonly lost: number
  /** Altered, incomplete, another channel's, twice, or out of order. */
  readonly wrong: number
}

export type FaultKind =
  | "engine killed"
  | "control plane killed"
  | "disk filled"
  | "PostgreSQL stopped"
  | "clock set"
  | "names lost"
  | "configuration changed"
  | "receiver came and went"

export interface Fault {
  readonly at: number
  readonly kind: FaultKind
}

/** One figure of one process over its life: resident kB, descriptors and so on. */
export interface Series {
  readonly what: string
  readonly unit: string
  /** Growth in an hour that is still no leak. */
  readonly mostPerHour: number
  readonly samples: ReadonlyArray<Sample>
}

export interface SoakRecord {
  readonly seconds: number
  readonly streams: ReadonlyArray<StreamFacts>
  readonly faults: ReadonlyArray<Fault>
  readonly series: ReadonlyArray<Series>
  /** Counters of the product that only rise, as scraped: what they were and what they became when they fell. */
  readonly fallen: ReadonlyArray<{
    readonly at: number
    readonly name: string
    readonly was: number
    readonly is: number
  }>
  /** Internal errors that the product counted, by what they ended. */
  readonly internalErrors: Readonly<Record<string, number>>
  /** Processes of the product that died without being killed by the soak. */
  readonly deaths: ReadonlyArray<{ readonly at: number; readonly what: string }>
  /** What was tried and must not fail (requests, outputs that must go on), with the time and the reason. */
  readonly failures: ReadonlyArray<{ readonly at: number; readonly what: string }>
  /** Datagrams that the soak's own senders, network or sinks lost: then its verdict on losses is worth nothing. */
  readonly ownLosses: number
  /** Scrapes of `/metrics` that were answered. */
  readonly scrapes: number
}
