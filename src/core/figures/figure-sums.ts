/**
 * What a leg or an output did in a span of time, as sums that can be added up: minutes to quarter hours, these to
 * hours, and those to the points of a plot.
 */

/** Places of the sums; their order is that of the stored form and never changes. */
export const SUM = {
  /** Seconds in which a leg received packets, or an output was connected. */
  up_s: 0,
  /** Seconds in which it should have, and did not. */
  down_s: 1,
  /** Bytes received or sent. */
  bytes: 2,
  /** TS packets of a leg; datagrams or messages of an output. */
  packets: 3,
  /** RTP or SRT packets that were missing when a later one came; with SRT most are resent. */
  lost: 4,
  /** Continuity errors of a leg. */
  errors: 5,
  /** Packets that never left, or of an SRT leg never arrived in time. */
  dropped: 6,
  /** Packets sent again, or of an SRT leg received again. */
  resent: 7,
  /** Round-trip times added up, one a second, in tenths of ms; the seconds that had one; the longest. */
  rtt_sum: 8,
  rtt_s: 9,
  rtt_high: 10,
  /** The lowest byte rate of a second, plus 1; 0 for none. Then the highest. */
  rate_low: 11,
  rate_high: 12,
} as const
export type Sum = keyof typeof SUM
export const SUMS = Object.keys(SUM).length

const HIGHEST: ReadonlyArray<number> = [SUM.rtt_high, SUM.rate_high]
const isAdded = (place: number) => place !== SUM.rate_low && !HIGHEST.includes(place)
const ADDED = Array.from({ length: SUMS }, (_, place) => place).filter(isAdded)

/** `SUMS` whole numbers from 0 to 2^53 - 1. */
export type Sums = Float64Array

/** Sums of the legs and outputs of a channel, by `subjectOf`. */
export type ChannelSums = Map<number, Sums>

export const noSums = (): Sums => new Float64Array(SUMS)

/** Adds what `from` counted to `to`. */
export const addSums = (to: Sums, from: Sums): void => {
  for (const place of ADDED) to[place] = (to[place] ?? 0) + (from[place] ?? 0)
  for (const place of HIGHEST) to[place] = Math.max(to[place] ?? 0, from[place] ?? 0)
  const low = from[SUM.rate_low] ?? 0
  const before = to[SUM.rate_low] ?? 0
  if (low > 0 && (before === 0 || low < before)) to[SUM.rate_low] = low
}

/** Adds all of a channel's sums to those of another span. */
export const addChannelSums = (to: ChannelSums, from: ChannelSums): void => {
  for (const [subject, sums] of from) {
    const before = to.get(subject)
    if (before === undefined) to.set(subject, sums.slice())
    else addSums(before, sums)
  }
}

/** Number of a leg or output within its channel: legs are 0 and 1, an output its own number, from 1 on, plus 1. */
export const subjectOfLeg = (leg: "primary" | "backup"): number => (leg === "primary" ? 0 : 1)
export const subjectOfOutput = (number: number): number => number + 1
/** The number of the output, from 1 on; null for a leg. */
export const outputOfSubject = (subject: number): number | null => (subject < 2 ? null : subject - 1)
