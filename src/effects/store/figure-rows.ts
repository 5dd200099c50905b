/**
 * Rows of the figures that are kept: sums of each channel's legs and outputs, a minute for two days, a quarter of an
 * hour for 30 days, an hour and a day for 400 days; and what each output sent, by month.
 */
import { Effect } from "effect"
import { addEncoded, encodeSums } from "../../core/figures/figure-codec.ts"
import { addChannelSums, type ChannelSums } from "../../core/figures/figure-sums.ts"
import type { StoreError } from "../model/Errors.ts"
import {
  bytesByOutput,
  type Egress,
  type FigureNames,
  makeEgress,
  monthOf,
  type OutputEgress,
} from "./figure-egress.ts"
import type { FigureAccess } from "./store-access.ts"

export const MINUTE_S = 60
export const QUARTER_S = 900
export const HOUR_S = 3600
/** Days of UTC: what a plot of a year shows is read from 400 rows. */
export const DAY_S = 86_400
export type FigureStep = typeof MINUTE_S | typeof QUARTER_S | typeof HOUR_S | typeof DAY_S
/** For how many seconds the figures of each step are kept. */
export const KEPT_S: Readonly<Record<FigureStep, number>> = {
  [MINUTE_S]: 2 * DAY_S,
  [QUARTER_S]: 30 * DAY_S,
  [HOUR_S]: 400 * DAY_S,
  [DAY_S]: 400 * DAY_S,
}
/** A span is summed up so many seconds after its end: the last minutes of all nodes are there by then. */
const SETTLED_S = 90

/** A minute of channels, by their numbers. `at` is its begin, Unix time in s. */
export interface FigureMinute {
  readonly at: number
  readonly channels: ReadonlyMap<number, ChannelSums>
}

/** Stored spans: the begins of the first and the last of them, Unix time in s, and what they hold. */
export interface FigureRow {
  readonly at: number
  readonly last: number
  readonly body: Uint8Array
}

export interface FigureRows {
  /**
   * Stores minutes, sums up what is due and lets go of what is old, in one transaction. `nowS` is Unix time. A minute
   * that is there already, from a process before or another node, is added to.
   */
  readonly write: (
    minutes: ReadonlyArray<FigureMinute>,
    nowS: number,
    names: FigureNames,
  ) => Effect.Effect<void, StoreError>
  /** Spans of a channel that begin in `fromS` to before `toS`, oldest first; those of `groupS` may come together. */
  readonly read: (
    channel: number,
    step: FigureStep,
    fromS: number,
    toS: number,
    groupS?: number,
  ) => Effect.Effect<ReadonlyArray<FigureRow>, StoreError>
  /** What outputs sent in a month such as `2026-11`, by channel and output; whole hours, and the minutes since. */
  readonly egress: (month: string, names: FigureNames) => Effect.Effect<ReadonlyArray<OutputEgress>, StoreError>
  /** Begin of the oldest span that is kept; null when there is none. */
  readonly oldest: Effect.Effect<number | null, StoreError>
}

interface Stored extends Pick<FigureRow, "at" | "body"> {
  readonly channel: number
}

/** Rows in one statement: four parameters each, below the 32 766 of SQLite. */
const ROWS_AT_ONCE = 1000
const floorTo = (s: number, step: number) => Math.floor(s / step) * step

const makeSpans = ({ sql }: FigureAccess) => {
  const within = (step: FigureStep, fromS: number, toS: number) =>
    sql<Stored>`SELECT channel, at, body FROM figures WHERE step = ${step} AND at >= ${fromS} AND at < ${toS}`
  return {
    within,
    of: (channel: number, step: FigureStep, fromS: number, toS: number, groupS: number) => {
      const which = sql`step = ${step} AND channel = ${channel} AND at >= ${fromS} AND at < ${toS}`
      return sql.onDialectOrElse({
        // A row costs PostgreSQL's client more than what is in it.
        pg: () => sql<FigureRow>`SELECT min(at) AS at, max(at) AS last, string_agg(body, ''::bytea) AS body
          FROM figures WHERE ${which} GROUP BY at / ${sql.literal(String(groupS))} ORDER BY 1`,
        orElse: () => sql<FigureRow>`SELECT at, at AS last, body FROM figures WHERE ${which} ORDER BY at`,
      })
    },
    put: (step: FigureStep, at: number, channels: ReadonlyMap<number, ChannelSums>) => {
      const rows = [...channels].map(([channel, sums]) => ({ step, channel, at, body: encodeSums(sums) }))
      const parts = Array.from({ length: Math.ceil(rows.length / ROWS_AT_ONCE) }, (_, part) =>
        rows.slice(part * ROWS_AT_ONCE, (part + 1) * ROWS_AT_ONCE),
      )
      return Effect.forEach(
        parts,
        (part) => sql`INSERT INTO figures ${sql.insert(part)}
          ON CONFLICT (step, channel, at) DO UPDATE SET body = excluded.body`,
        { discard: true },
      )
    },
    prune: (nowS: number) =>
      Effect.forEach(
        [MINUTE_S, QUARTER_S, HOUR_S, DAY_S] as const,
        (step) => sql`DELETE FROM figures WHERE step = ${step} AND at < ${floorTo(nowS - KEPT_S[step], step)}`,
        { discard: true },
      ),
    /** Begins of the spans of `to` in which there are spans of `from`, among those that begin at `fromS` to `toS`. */
    begins: (from: FigureStep, to: FigureStep, fromS: number, toS: number) =>
      Effect.map(
        sql<{ begin: number }>`SELECT DISTINCT at - at % ${sql.literal(String(to))} AS begin FROM figures
          WHERE step = ${from} AND at >= ${fromS} AND at < ${toS} ORDER BY begin`,
        (rows) => rows.map(({ begin }) => Number(begin)),
      ),
    newest: (step: FigureStep) =>
      Effect.map(sql<{ at: number | null }>`SELECT max(at) AS at FROM figures WHERE step = ${step}`, ([row]) =>
        row?.at == null ? null : Number(row.at),
      ),
  }
}
type Spans = ReturnType<typeof makeSpans>

/** Sums by channel of all spans. */
const summed = (rows: ReadonlyArray<Stored>): Map<number, ChannelSums> => {
  const channels = new Map<number, ChannelSums>()
  for (const { body, channel } of rows) {
    const sums = channels.get(channel) ?? new Map()
    channels.set(channel, sums)
    addEncoded(sums, body)
  }
  return channels
}

/** How far figures are summed up: begin of the last span of each step; 0 for none. */
interface Reached {
  readonly [QUARTER_S]: number
  readonly [HOUR_S]: number
  readonly [DAY_S]: number
}

/** Sums spans up to longer ones, and keeps how far it has come. */
const makeRollUp = (spans: Spans, egress: Egress) => {
  /** Null until it is read from the store. */
  let reached: Reached | null = null

  const sumUp = (from: FigureStep, to: FigureStep, at: number) =>
    Effect.flatMap(spans.within(from, at, at + to), (rows) => spans.put(to, at, summed(rows)))
  /** What an hour adds to its month is what it has more than when it was summed up before. */
  const hour = (at: number, names: FigureNames) =>
    Effect.gen(function* () {
      const before = summed(yield* spans.within(HOUR_S, at, at + HOUR_S))
      const now = summed(yield* spans.within(QUARTER_S, at, at + HOUR_S))
      yield* spans.put(HOUR_S, at, now)
      for (const [channel, sums] of now) {
        const counted = bytesByOutput(before.get(channel) ?? new Map())
        const more = [...bytesByOutput(sums)].map(([output, n]) => [output, n - (counted.get(output) ?? 0)] as const)
        yield* egress.add(at, channel, new Map(more), names)
      }
    })
  const newest = (step: FigureStep) => Effect.map(spans.newest(step), (at) => at ?? 0)

  return {
    /** Sums up what has ended, and again what a minute of `late` belongs to. Returns what `commit` is to be given. */
    run: (late: ReadonlyArray<number>, nowS: number, names: FigureNames) =>
      Effect.gen(function* () {
        const from: Reached = reached ?? {
          [QUARTER_S]: yield* newest(QUARTER_S),
          [HOUR_S]: yield* newest(HOUR_S),
          [DAY_S]: yield* newest(DAY_S),
        }
        const ended = (step: FigureStep) => floorTo(nowS - SETTLED_S, step)
        const stepOf = Effect.fnUntraced(function* (
          below: FigureStep,
          step: keyof Reached,
          changed: ReadonlyArray<number>,
          run: (at: number) => ReturnType<typeof sumUp>,
        ) {
          const due = yield* spans.begins(below, step, from[step] === 0 ? 0 : from[step] + step, ended(step))
          const again = changed.map((at) => floorTo(at, step)).filter((at) => at <= from[step])
          const all = [...new Set([...again, ...due])]
          for (const at of all) yield* run(at)
          return { all, reached: Math.max(from[step], ...due) }
        })
        // A quarter whose minutes are partly gone stays as it is.
        const whole = late.filter((at) => at >= nowS - KEPT_S[MINUTE_S] + QUARTER_S)
        const quarters = yield* stepOf(MINUTE_S, QUARTER_S, whole, (at) => sumUp(MINUTE_S, QUARTER_S, at))
        const hours = yield* stepOf(QUARTER_S, HOUR_S, quarters.all, (at) => hour(at, names))
        const days = yield* stepOf(HOUR_S, DAY_S, hours.all, (at) => sumUp(HOUR_S, DAY_S, at))
        const done: Reached = { [QUARTER_S]: quarters.reached, [HOUR_S]: hours.reached, [DAY_S]: days.reached }
        return { done, hasHour: hours.all.length > 0 }
      }),
    commit: ({ done }: { readonly done: Reached }) => {
      reached = done
    },
  }
}

export const makeFigureRows = (access: FigureAccess): FigureRows => {
  const { change, read, sql } = access
  const spans = makeSpans(access)
  const egress = makeEgress(access)
  const rollUp = makeRollUp(spans, egress)

  const putMinute = ({ at, channels }: FigureMinute) =>
    Effect.flatMap(spans.within(MINUTE_S, at, at + MINUTE_S), (rows) => {
      const all = summed(rows.filter(({ channel }) => channels.has(channel)))
      for (const [channel, sums] of channels) {
        const before = all.get(channel) ?? new Map()
        all.set(channel, before)
        addChannelSums(before, sums)
      }
      return spans.put(MINUTE_S, at, all)
    })

  /** What was sent in minutes that no hour has summed up yet. */
  const sinceLastHour = (month: string, names: FigureNames) =>
    Effect.gen(function* () {
      // From the store: another node may have gone further.
      const reached = (yield* spans.newest(HOUR_S)) ?? 0
      const rows = yield* spans.within(MINUTE_S, reached + HOUR_S, Number.MAX_SAFE_INTEGER)
      return [...summed(rows.filter(({ at }) => monthOf(Number(at)) === month))].flatMap(([channel, sums]) =>
        [...bytesByOutput(sums)].map(
          ([output, bytes]): OutputEgress => ({
            channel,
            output,
            channelName: names(channel)?.name ?? "",
            outputName: names(channel)?.outputs.get(output) ?? "",
            bytes,
          }),
        ),
      )
    })

  return {
    write: (minutes, nowS, names) =>
      change(
        "store the figures",
        Effect.gen(function* () {
          for (const minute of minutes) yield* putMinute(minute)
          const done = yield* rollUp.run(
            minutes.map(({ at }) => at),
            nowS,
            names,
          )
          yield* spans.prune(nowS)
          if (done.hasHour) yield* egress.prune(nowS)
          return done
        }),
      ).pipe(Effect.map(rollUp.commit)),
    read: (channel, step, fromS, toS, groupS = step) =>
      read("read the figures", spans.of(channel, step, fromS, toS, groupS)),
    egress: (month, names) =>
      read(
        "read what outputs sent",
        Effect.map(Effect.all([egress.of(month), sinceLastHour(month, names)]), ([hours, since]) => {
          const all = new Map<string, OutputEgress>()
          for (const one of [...hours, ...since]) {
            const key = `${one.channel} ${one.output}`
            const before = all.get(key)
            all.set(key, before === undefined ? one : { ...before, bytes: before.bytes + one.bytes })
          }
          return [...all.values()].sort((a, b) => a.channel - b.channel || a.output - b.output)
        }),
      ),
    oldest: read(
      "read the figures",
      Effect.map(sql<{ at: number | null }>`SELECT min(at) AS at FROM figures WHERE step = ${HOUR_S}`, ([row]) =>
        row?.at == null ? null : Number(row.at),
      ),
    ),
  }
}
