/**
 * What channels of MediaLive ran, by month, with what that comes to by list prices. AWS bills whole minutes, ten at
 * least, from the start of a channel to its stop (AWS Elemental MediaLive pricing).
 */

/** A time in which a channel ran. */
export interface Run {
  /** Id of the MediaLive channel. */
  readonly channel: string
  /** Unix time in ms. */
  readonly startedAt: number
  /** Null while it runs. */
  readonly endedAt: number | null
  /** List price, USD an hour; null where it is not known. */
  readonly usdPerHour: number | null
  /** Inputs and outputs without a price, which `usdPerHour` leaves out. */
  readonly unknownLines: number
}

/** A month of UTC, as in `2026-11`. */
export type Month = string

export const LEAST_MINUTES = 10
const MINUTE_MS = 60_000
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/

export const monthOf = (ms: number): Month => new Date(ms).toISOString().slice(0, 7)

/** First and last ms of a month, the last excluded; null for what is no month. */
export const boundsOf = (month: Month): readonly [number, number] | null => {
  const [, year, number] = MONTH.exec(month) ?? []
  if (year === undefined) return null
  return [Date.UTC(Number(year), Number(number) - 1), Date.UTC(Number(year), Number(number))]
}

/** Minutes of a run that fall into a month, rounded up; the least that is billed belongs to the month of its start. */
export const billedMinutes = ({ endedAt, startedAt }: Run, month: Month, nowMs: number): number => {
  const bounds = boundsOf(month)
  if (bounds === null) return 0
  const [from, to] = bounds
  const end = Math.max(startedAt, endedAt ?? nowMs)
  const within = Math.max(0, Math.min(end, to) - Math.max(startedAt, from))
  const minutes = Math.ceil(within / MINUTE_MS)
  return startedAt >= from && startedAt < to ? Math.max(minutes, LEAST_MINUTES) : minutes
}

export interface MonthCost {
  readonly channel: string
  readonly runs: number
  readonly minutes: number
  /** By list prices; null where no run has a price. */
  readonly usd: number | null
  /** Minutes of runs without a price, which `usd` leaves out. */
  readonly minutesWithoutPrice: number
  /** Minutes of which `usd` holds a part alone: some inputs or outputs had no price. */
  readonly minutesInPart: number
}

/** Each channel that ran in a month. */
export const costsOf = (runs: ReadonlyArray<Run>, month: Month, nowMs: number): ReadonlyArray<MonthCost> => {
  const found = new Map<string, MonthCost>()
  for (const run of runs) {
    const minutes = billedMinutes(run, month, nowMs)
    if (minutes === 0) continue
    const before = found.get(run.channel)
    const usd = run.usdPerHour === null ? null : (run.usdPerHour * minutes) / 60
    found.set(run.channel, {
      channel: run.channel,
      runs: (before?.runs ?? 0) + 1,
      minutes: (before?.minutes ?? 0) + minutes,
      usd: usd === null ? (before?.usd ?? null) : (before?.usd ?? 0) + usd,
      minutesWithoutPrice: (before?.minutesWithoutPrice ?? 0) + (usd === null ? minutes : 0),
      minutesInPart: (before?.minutesInPart ?? 0) + (usd !== null && run.unknownLines > 0 ? minutes : 0),
    })
  }
  return [...found.values()]
}
