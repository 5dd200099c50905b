import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { decodeSums } from "../../core/figures/figure-codec.ts"
import { type ChannelSums, noSums, SUM, subjectOfOutput } from "../../core/figures/figure-sums.ts"
import { DATABASES, places, using } from "../testing/stores.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import type { FigureNames } from "./figure-egress.ts"
import { DAY_S, type FigureRows, type FigureStep, HOUR_S, MINUTE_S, makeFigureRows, QUARTER_S } from "./figure-rows.ts"
import type { StoreService } from "./Store.ts"

/** 2026-11-24 12:00 UTC. */
const NOON = Date.UTC(2026, 10, 24, 12) / 1000
const OUTPUT = subjectOfOutput(7)
const names: FigureNames = (channel) => (channel === 1 ? { name: "news", outputs: new Map([[7, "cdn"]]) } : undefined)

const sums = (bytes: number, upS = 60): ChannelSums => {
  const one = noSums()
  one[SUM.bytes] = bytes
  one[SUM.up_s] = upS
  return new Map([[OUTPUT, one]])
}
const minute = (at: number, bytes: number, channel = 1) => ({ at, channels: new Map([[channel, sums(bytes)]]) })
/** Writes minutes as they end. */
const feed = (rows: FigureRows, from: number, to: number, bytes: number) =>
  Effect.gen(function* () {
    for (let at = from; at < to; at += 60) yield* rows.write([minute(at, bytes)], at + 61, names)
  })
const read = (rows: FigureRows, step: FigureStep, channel = 1) =>
  Effect.map(rows.read(channel, step, 0, Number.MAX_SAFE_INTEGER), (found) =>
    found.map(({ at, body }) => [Number(at), decodeSums(body).get(OUTPUT)?.[SUM.bytes] ?? 0] as const),
  )
const counts = (rows: FigureRows) =>
  Effect.map(Effect.all([read(rows, MINUTE_S), read(rows, QUARTER_S), read(rows, HOUR_S)]), (all) =>
    all.map((one) => one.length),
  )

describe.each(DATABASES)("figures in %s", (database) => {
  const place = places(database, temporaryDirectory)
  const withRows = <A, E>(use: (rows: FigureRows, store: StoreService) => Effect.Effect<A, E>) =>
    Effect.flatMap(place, (at) => using(at, (store) => use(makeFigureRows(store.figures), store)))

  it.scoped("are summed up to quarter hours and hours when these have ended for 90 s", () =>
    withRows((rows) =>
      Effect.gen(function* () {
        yield* feed(rows, NOON, NOON + 3600, 2 ** 32)
        assert.deepStrictEqual(yield* counts(rows), [60, 3, 0])
        yield* rows.write([minute(NOON + 3600, 5)], NOON + 3661, names)
        assert.deepStrictEqual(yield* counts(rows), [61, 3, 0])
        yield* rows.write([minute(NOON + 3660, 5)], NOON + 3721, names)
        assert.deepStrictEqual(yield* read(rows, HOUR_S), [[NOON, 60 * 2 ** 32]])
        assert.deepStrictEqual((yield* read(rows, QUARTER_S))[3], [NOON + 2700, 15 * 2 ** 32])
        const egress = { channel: 1, output: 7, channelName: "news", outputName: "cdn" }
        assert.deepStrictEqual(yield* rows.egress("2026-11", names), [{ ...egress, bytes: 60 * 2 ** 32 + 10 }])
        assert.deepStrictEqual(yield* rows.egress("2026-10", names), [])
      }),
    ),
  )

  it.scoped("of a minute that two processes count are added, and one that comes late is summed up again, once", () =>
    withRows((rows, store) =>
      Effect.gen(function* () {
        yield* feed(rows, NOON, NOON + 3600, 10)
        yield* rows.write([minute(NOON + 3660, 0)], NOON + 3721, names)
        assert.deepStrictEqual(yield* read(rows, HOUR_S), [[NOON, 600]])
        // Another process, which has to find out how far things are.
        const other = makeFigureRows(store.figures)
        yield* other.write([minute(NOON + 120, 3)], NOON + 3800, names)
        yield* other.write([], NOON + 3860, names)
        assert.deepStrictEqual((yield* read(other, MINUTE_S))[2], [NOON + 120, 13])
        assert.deepStrictEqual(yield* read(other, HOUR_S), [[NOON, 603]])
        assert.deepStrictEqual(
          (yield* other.egress("2026-11", names)).map(({ bytes }) => bytes),
          [603],
        )
      }),
    ),
  )

  it.scoped("are let go of after 48 hours, 30 days and 400 days; what was sent keeps its names", () =>
    withRows((rows) =>
      Effect.gen(function* () {
        yield* feed(rows, NOON, NOON + 3720, 10)
        const day = 86_400
        yield* rows.write([], NOON + 2 * day + 60, () => undefined)
        // The first of 62 minutes is gone; the two behind the hour have become a quarter and an hour.
        assert.deepStrictEqual(yield* counts(rows), [61, 5, 2])
        yield* rows.write([], NOON + 2 * day + 7200, () => undefined)
        assert.deepStrictEqual(yield* counts(rows), [0, 5, 2])
        yield* rows.write([], NOON + 30 * day + 7200, () => undefined)
        assert.deepStrictEqual(yield* counts(rows), [0, 0, 2])
        assert.strictEqual(yield* rows.oldest, NOON)
        assert.deepStrictEqual(yield* read(rows, DAY_S), [[NOON - 12 * 3600, 620]])
        yield* rows.write([], NOON + 401 * day, () => undefined)
        assert.deepStrictEqual([...(yield* counts(rows)), ...(yield* read(rows, DAY_S))], [0, 0, 0])
        const [sent] = yield* rows.egress("2026-11", () => undefined)
        assert.deepStrictEqual([sent?.channelName, sent?.outputName, sent?.bytes], ["news", "cdn", 620])
      }),
    ),
  )

  it.scoped("of many channels go into one transaction, and stay when it fails", () =>
    withRows((rows, store) =>
      Effect.gen(function* () {
        const channels = new Map(Array.from({ length: 1500 }, (_, n) => [n + 1, sums(n)] as const))
        yield* rows.write([{ at: NOON, channels }], NOON + 61, names)
        assert.deepStrictEqual(yield* read(rows, MINUTE_S, 1500), [[NOON, 1499]])
        yield* Effect.orDie(store.figures.sql`DROP TABLE output_egress`)
        const failed = yield* Effect.flip(
          Effect.zipRight(feed(rows, NOON, NOON + 3600, 1), rows.write([minute(NOON + 3660, 0)], NOON + 3721, names)),
        )
        assert.strictEqual(failed._tag, "StoreError")
        assert.deepStrictEqual(yield* read(rows, HOUR_S), [])
      }),
    ),
  )
})
