/** What is known of MediaLive, in memory: pages and decisions read it, and only the poller asks AWS. */

import type { MediaLiveAlert, MediaLiveChannel, MediaLiveState, MediaLiveSummary } from "../../core/medialive/model.ts"
import type { Call } from "../../core/medialive/next-call.ts"
import { elsewhere, type LegMatch, matchesOf, type OurChannel } from "../../core/medialive/our-legs.ts"
import { priceLinesOf } from "../../core/medialive/price-lines.ts"
import { type HourlyPrice, hourlyPrice, PRICE_TABLE, type PriceList } from "../../core/medialive/price-list.ts"
import type { AwsApi } from "./aws/AwsApi.ts"
import type { MetricName } from "./aws/metric-data.ts"
import type { StoredAuto, StoredConnection } from "./medialive-rows.ts"

/** A channel of MediaLive. Times are monotonic ms unless they say otherwise. */
export interface Known {
  summary: MediaLiveSummary
  described: MediaLiveChannel | null
  describedAt: number | null
  /** When it was described, Unix ms. */
  describedUnix: number | null
  describedState: MediaLiveState | null
  alerts: ReadonlyArray<MediaLiveAlert>
  alertsAt: number | null
  /** When its figures were asked for last. */
  figuresAt: number | null
  /** When somebody looked at it last. */
  wantedAt: number | null
}

/** A channel of which only the list tells so far. */
export const newKnown = (summary: MediaLiveSummary): Known => ({
  summary,
  described: null,
  describedAt: null,
  describedUnix: null,
  describedState: null,
  alerts: [],
  alertsAt: null,
  figuresAt: null,
  wantedAt: null,
})

/** What MediaLive does by itself, with what came of it. */
export interface Auto extends StoredAuto {
  readonly refusals: number
  /** Unix ms. */
  readonly refusedAt: number | null
  /** Why AWS refused last; null since it did as it was asked. */
  readonly refusal: string | null
  readonly doing: string | null
  readonly stopsAt: number | null
}

export const AUTO_OFF: Auto = {
  enabled: false,
  idleMinutes: 15,
  leadMinutes: 2,
  held: false,
  lastWantedAt: null,
  refusals: 0,
  refusedAt: null,
  refusal: null,
  doing: null,
  stopsAt: null,
}

/** Points kept of each figure of CloudWatch: three hours of minutes. */
const MAX_POINTS = 180

export interface Figure {
  readonly channel: string
  readonly pipeline: number
  readonly metric: MetricName
  points: ReadonlyArray<readonly [atS: number, value: number]>
}

export interface Memory {
  connection: StoredConnection | null
  /** The region in use; null while none is set, as is `api`. */
  region: string | null
  api: AwsApi | null
  readonly channels: Map<string, Known>
  readonly figures: Map<string, Figure>
  readonly autos: Map<string, Auto>
  prices: PriceList
  listAt: number | null
  pricesAt: number | null
  /** Up to when figures of each channel were asked for, Unix ms. */
  readonly figuresUntil: Map<string, number>
  /** When the list was answered last, Unix ms. */
  answeredAt: number | null
  problem: string | null
  failures: number
  /** Monotonic ms until which nothing is asked. */
  pausedUntil: number
  readonly denied: Map<Call["do"], number>
  readonly missing: Set<string>
}

export const makeMemory = (): Memory => ({
  connection: null,
  region: null,
  api: null,
  channels: new Map(),
  figures: new Map(),
  autos: new Map(),
  prices: PRICE_TABLE,
  listAt: null,
  pricesAt: null,
  figuresUntil: new Map(),
  answeredAt: null,
  problem: null,
  failures: 0,
  pausedUntil: 0,
  denied: new Map(),
  missing: new Set(),
})

/** Forgets everything that another connection told. */
export const forgetAll = (memory: Memory): void => {
  memory.channels.clear()
  memory.figures.clear()
  memory.figuresUntil.clear()
  memory.denied.clear()
  memory.missing.clear()
  Object.assign(memory, {
    prices: PRICE_TABLE,
    listAt: null,
    pricesAt: null,
    answeredAt: null,
    problem: null,
    failures: 0,
    pausedUntil: 0,
  } satisfies Partial<Memory>)
}

export const autoOf = ({ autos }: Pick<Memory, "autos">, id: string): Auto => autos.get(id) ?? AUTO_OFF

export const addFigure = (figures: Map<string, Figure>, figure: Figure): void => {
  const key = `${figure.channel} ${figure.pipeline} ${figure.metric}`
  const before = figures.get(key)
  const from = figure.points[0]?.[0] ?? 0
  const kept = (before?.points ?? []).filter(([at]) => at < from)
  figures.set(key, { ...figure, points: [...kept, ...figure.points].slice(-MAX_POINTS) })
}

/** Those of the last three hours: what stopped longer ago shows nothing any more. */
export const figuresOf = (memory: Pick<Memory, "figures">, id: string, nowMs: number): ReadonlyArray<Figure> =>
  [...memory.figures.values()]
    .filter(({ channel }) => channel === id)
    .map((figure) => ({ ...figure, points: figure.points.filter(([at]) => at > nowMs / 1000 - MAX_POINTS * 60) }))
    .filter(({ points }) => points.length > 0)

/** Forgets a channel that is gone at MediaLive; what it does by itself is kept, since it may come back. */
export const forgetChannel = (memory: Memory, id: string): void => {
  memory.channels.delete(id)
  memory.figuresUntil.delete(id)
  for (const [key, { channel }] of memory.figures) if (channel === id) memory.figures.delete(key)
}

/** Both sides of the wire. */
export interface Wire {
  readonly matches: ReadonlyArray<LegMatch>
  readonly elsewhere: ReadonlyArray<string>
}

/** By the list, which is the newest that is known of destinations. */
export const wireOf = (
  { summary }: Pick<Known, "summary">,
  ours: ReadonlyArray<OurChannel>,
  addresses: ReadonlyArray<string>,
): Wire => {
  const matches = matchesOf(summary, ours, addresses)
  return { matches, elsewhere: elsewhere(summary, matches) }
}

export const priceOf = (
  { prices }: Pick<Memory, "prices">,
  { described }: Pick<Known, "described">,
): HourlyPrice | null => (described === null ? null : hourlyPrice(priceLinesOf(described), prices))

/** An answer that is older than this is stale, in ms. */
export const STALE_MS = 45_000

/** Seconds since AWS answered last, where that is too long ago; null while it is not. */
export const staleS = ({ answeredAt, api }: Pick<Memory, "answeredAt" | "api">, nowMs: number): number | null =>
  api !== null && answeredAt !== null && nowMs - answeredAt > STALE_MS ? Math.round((nowMs - answeredAt) / 1000) : null
