/** What MediaLive and our own outputs cost in a month, by list prices. */
import { Clock, Effect } from "effect"
import { boundsOf, costsOf } from "../../core/medialive/cost.ts"
import { InvalidInput } from "../model/Errors.ts"
import type { MediaLiveDeps } from "./deps.ts"
import type { Egress } from "./egress.ts"
import type { CostsView } from "./medialive-bodies.ts"

const BYTES_PER_GB = 1e9

const COST_NOTE =
  "A list price estimate, never a bill: hours as this service saw them, prices as AWS publishes them, without free tiers, reservations and discounts; egress at the price per GB that is set."

const hours = (minutes: number): number => Math.round((minutes / 60) * 100) / 100
const cents = (usd: number): number => Math.round(usd * 100) / 100

/** What it cost, by the store. */
export const makeCosts = ({ memory, rows }: Pick<MediaLiveDeps, "memory" | "rows">, egress: Egress) =>
  Effect.fn("MediaLive.costs")(function* (month: string) {
    const bounds = boundsOf(month)
    if (bounds === null)
      return yield* new InvalidInput({ errors: [{ path: "month", message: "must be a month such as 2026-11" }] })
    const nowMs = yield* Clock.currentTimeMillis
    yield* egress.write
    const runs = yield* rows.runsWithin(...bounds)
    const names = new Map(runs.map(({ channel, name }) => [channel, name]))
    const perGb = memory.connection?.egressUsdPerGb ?? null
    const view: CostsView = {
      month,
      note: COST_NOTE,
      medialive: costsOf(runs, month, nowMs).map(({ channel, usd, runs: count, ...of }) => ({
        id: channel,
        name: names.get(channel) ?? channel,
        runs: count,
        hours: hours(of.minutes),
        usd: usd === null ? null : cents(usd),
        hours_without_price: hours(of.minutesWithoutPrice),
        hours_in_part: hours(of.minutesInPart),
      })),
      egress: (yield* rows.egress(month)).map(({ bytes, name }) => ({
        channel: name,
        gigabytes: Math.round((bytes / BYTES_PER_GB) * 1000) / 1000,
        usd: perGb === null ? null : cents((bytes / BYTES_PER_GB) * perGb),
      })),
    }
    return view
  })
