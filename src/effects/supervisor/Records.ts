/** What was: stored figures, what happened within a time, and what outputs sent. */
import { Context, Effect, Layer } from "effect"
import type { Zone } from "../../core/schedule/local-time.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { type FigureSpan, figureView } from "../history/figure-view.ts"
import type { FiguresView } from "../history/history-model.ts"
import { MediaLive } from "../medialive/MediaLive.ts"
import { Figures } from "../metrics/Figures.ts"
import type { CueView } from "../model/cue.ts"
import { NotFound, type StoreError } from "../model/Errors.ts"
import type { ChannelEventView } from "../model/event.ts"
import { Schedules } from "../schedule/Schedules.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import type { OutputEgress } from "../store/figure-egress.ts"
import { Store } from "../store/Store.ts"
import type { StoreAccess } from "../store/store-access.ts"

/** A time, its begin included and its end not; ms since 1970. */
export interface Within {
  readonly fromMs: number
  readonly toMs: number
}

/** Rows of a time, oldest first. */
export interface Found<A> {
  readonly rows: ReadonlyArray<A>
  /** True when there were more than were asked for: the oldest are left out. */
  readonly more: boolean
}

/** `ref` is a channel's UUID, slug or number. */
export interface RecordsService {
  /** Stored figures of a channel, with all of its outputs or the one of this slug. */
  readonly figures: (
    ref: string,
    span: FigureSpan,
    output?: string,
  ) => Effect.Effect<FiguresView, NotFound | StoreError>
  /** Cues of a channel, at most `most`. */
  readonly cues: (ref: string, within: Within, most?: number) => Effect.Effect<Found<CueView>, NotFound | StoreError>
  readonly events: (
    ref: string,
    within: Within,
    most?: number,
  ) => Effect.Effect<Found<ChannelEventView>, NotFound | StoreError>
  /**
   * True when the record of cues reaches back to before a time: one cue of before is still there. False says that what
   * is not there may have been let go of, or never was.
   */
  readonly reachesBack: (ref: string, beforeMs: number) => Effect.Effect<boolean, NotFound | StoreError>
  /** What each output sent in a month such as `2026-11`. */
  readonly egress: (month: string) => Effect.Effect<ReadonlyArray<OutputEgress>, StoreError>
  /** USD for a GB of 10^9 bytes: the price that was set, else that of the connection to AWS; null without either. */
  readonly egressPrice: Effect.Effect<number | null, StoreError>
  readonly setEgressPrice: (usdPerGb: number | null) => Effect.Effect<void, StoreError>
  /** The zone of the channel's schedule; the station's without one. */
  readonly zone: (ref: string) => Effect.Effect<Zone, NotFound>
}

/** Rows that are read from the store at a time. */
const PAGE = 1000

/** All rows of a time, read page by page from the newest. */
const collect = <A extends { readonly id: number }, E>(
  page: (place: { readonly limit: number; readonly before?: number }) => Effect.Effect<ReadonlyArray<A>, E>,
  most: number,
): Effect.Effect<Found<A>, E> =>
  Effect.gen(function* () {
    const rows: Array<A> = []
    while (rows.length <= most) {
      const before = rows.at(-1)?.id
      const found = yield* page({ limit: PAGE, ...(before === undefined ? {} : { before }) })
      rows.push(...found)
      if (found.length < PAGE) break
    }
    return { rows: rows.slice(0, most).reverse(), more: rows.length > most }
  })

/** The one row of what reports go by. */
const makePriceRow = ({ change, read, sql }: StoreAccess) => ({
  load: read(
    "read the price of egress",
    Effect.map(
      sql<{ egress_usd_per_gb: number | null }>`SELECT egress_usd_per_gb FROM report_settings WHERE id = 1`,
      ([row]) => row?.egress_usd_per_gb ?? null,
    ),
  ),
  set: (usdPerGb: number | null) =>
    change(
      "store the price of egress",
      sql`INSERT INTO report_settings ${sql.insert({ id: 1, egress_usd_per_gb: usdPerGb })}
          ON CONFLICT (id) DO UPDATE SET egress_usd_per_gb = excluded.egress_usd_per_gb`,
    ),
})

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const cues = yield* CueLog
  const events = yield* EventLog
  const figures = yield* Figures
  const schedules = yield* Schedules
  const medialive = yield* MediaLive
  const price = makePriceRow((yield* Store).access)
  const deps = { figures, cues, events }
  const { timeZone } = yield* AppConfig

  return Records.of({
    figures: (ref, span, output) =>
      Effect.flatMap(book.find(ref), (config): Effect.Effect<FiguresView, NotFound | StoreError> => {
        const isKnown = output === undefined || config.outputs.some(({ slug }) => slug === output)
        return isKnown
          ? figureView(deps, config, span, output)
          : Effect.fail(new NotFound({ kind: "output", ref: output }))
      }),
    cues: (ref, { fromMs, toMs }, most = Number.POSITIVE_INFINITY) =>
      Effect.flatMap(book.find(ref), ({ id }) =>
        collect((place) => cues.list(id, { ...place, sinceMs: fromMs, untilMs: toMs }), most),
      ),
    events: (ref, { fromMs, toMs }, most = Number.POSITIVE_INFINITY) =>
      Effect.flatMap(book.find(ref), ({ id }) =>
        collect((place) => events.list(id, { ...place, sinceMs: fromMs, untilMs: toMs }), most),
      ),
    reachesBack: (ref, beforeMs) =>
      Effect.flatMap(book.find(ref), ({ id }) =>
        Effect.map(cues.list(id, { limit: 1, untilMs: beforeMs }), (found) => found.length > 0),
      ),
    egress: (month) => figures.egress(month),
    egressPrice: Effect.flatMap(price.load, (set) =>
      set !== null || medialive.service === null
        ? Effect.succeed(set)
        : Effect.map(medialive.service.connection, ({ egress_usd_per_gb }) => egress_usd_per_gb),
    ),
    setEgressPrice: price.set,
    zone: (ref) => Effect.map(book.find(ref), ({ id }) => schedules.all().get(id)?.zone ?? timeZone),
  })
})

export class Records extends Context.Tag("distributor/Records")<Records, RecordsService>() {
  static readonly Live = Layer.effect(Records, make)
}
