/** The verdict of a soak, from its record alone. */
import { FEWEST_SAMPLES, trendOf } from "../lib/trend.ts"
import type { Series, SoakRecord, StreamFacts } from "./record.ts"

/**
 * After an engine was killed its outputs may miss packets for so long, in s: it starts anew, and a far end may hold the
 * connection to the dead one for some seconds. Nothing else that a soak does explains a lost packet.
 */
export const EXPLAINED_S = 30
/** What is noted at an interval's end may have happened at its beginning; clocks of two processes differ a little. */
const SLACK_S = 2
/** The first part of a process's life is its warm-up. */
const WARM_UP = 0.4
/** Shortest time in s, without the warm-up, from which growth is told. */
export const SHORTEST_TREND_S = 600

export interface Verdict {
  readonly holds: boolean
  /** What is wrong, one sentence each. */
  readonly findings: ReadonlyArray<string>
  readonly received: number
  /** Packets (datagrams of 7) that a kill explains. */
  readonly explained: number
  readonly growth: ReadonlyArray<Growth>
}

export interface Growth {
  readonly what: string
  readonly unit: string
  /** In an hour: the best guess; null when the life was too short. */
  readonly perHour: number | null
  /** Hours that it was told from, without the warm-up. */
  readonly hours: number
  readonly last: number
  readonly leaks: boolean
}

export const growthOf = ({ mostPerHour, samples, unit, what }: Series): Growth => {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP))
  const seconds = (settled.at(-1)?.at ?? 0) - (settled[0]?.at ?? 0)
  const trend = seconds < SHORTEST_TREND_S || settled.length < FEWEST_SAMPLES ? null : trendOf(settled)
  return {
    what,
    unit,
    perHour: trend === null ? null : trend.slope * 3600,
    hours: seconds / 3600,
    last: settled.at(-1)?.value ?? 0,
    leaks: trend !== null && trend.low * 3600 > mostPerHour,
  }
}

/** Whether the death of an engine explains that packets are missing in an interval. */
const isExplained = ({ faults }: SoakRecord, { from, to }: StreamFacts): boolean =>
  faults.some(({ at, kind }) => kind === "engine killed" && from <= at + EXPLAINED_S && to >= at - SLACK_S)

/** A counter may begin anew when the process that keeps it does. */
const mayFall = ({ faults }: SoakRecord, at: number): boolean =>
  faults.some(
    (fault) =>
      (fault.kind === "engine killed" || fault.kind === "control plane killed") &&
      at >= fault.at - SLACK_S &&
      at <= fault.at + EXPLAINED_S,
  )

const sum = (facts: ReadonlyArray<StreamFacts>, of: (fact: StreamFacts) => number) =>
  facts.reduce((total, fact) => total + of(fact), 0)

const ofStreams = (record: SoakRecord, facts: ReadonlyArray<StreamFacts>): ReadonlyArray<string> => {
  const findings: string[] = []
  for (const fact of facts) {
    const when = `between ${Math.round(fact.from)} and ${Math.round(fact.to)} s`
    if (fact.lost > 0 && !isExplained(record, fact)) findings.push(`${fact.stream} lost ${fact.lost} packets ${when}`)
    if (fact.wrong > 0)
      findings.push(`${fact.stream} brought ${fact.wrong} packets altered, twice or out of order ${when}`)
  }
  for (const stream of new Set(facts.map(({ stream: name }) => name)))
    if (
      sum(
        facts.filter((fact) => fact.stream === stream),
        ({ received }) => received,
      ) === 0
    )
      findings.push(`${stream} brought nothing at all`)
  return findings
}

export const judge = (record: SoakRecord): Verdict => {
  const { deaths, fallen, failures, internalErrors, ownLosses, series, streams } = record
  const growth = series.map(growthOf)
  const findings = [
    ...ofStreams(record, streams),
    ...fallen
      .filter(({ at }) => !mayFall(record, at))
      .map(({ at, is, name, was }) => `the counter ${name} fell from ${was} to ${is} at ${Math.round(at)} s`),
    ...Object.entries(internalErrors)
      .filter(([, count]) => count > 0)
      .map(([part, count]) => `${count} internal errors: ${part}`),
    ...deaths.map(({ at, what }) => `${what} died by itself at ${Math.round(at)} s`),
    ...failures.map(({ at, what }) => `${what}, at ${Math.round(at)} s`),
    ...growth
      .filter(({ leaks }) => leaks)
      .map(({ perHour, unit, what }) => `${what} grows by ${Math.round(perHour ?? 0)} ${unit} an hour`),
    ...(ownLosses > 0
      ? [`the soak itself lost ${ownLosses} datagrams: this machine is too busy for a verdict on losses`]
      : []),
  ]
  return {
    holds: findings.length === 0,
    findings,
    received: sum(streams, ({ received }) => received),
    explained: sum(
      streams.filter((fact) => isExplained(record, fact)),
      ({ lost }) => lost,
    ),
    growth,
  }
}
