import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope, TestClock } from "effect"
import type { ChannelStats, OutputStats } from "../../engine/protocol/messages.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { StoreError } from "../model/Errors.ts"
import { type FigureRows, MINUTE_S, makeFigureRows } from "../store/figure-rows.ts"
import { layerFile, Store, type StoreService } from "../store/Store.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import {
  channelStats,
  engineStats,
  type FakeEngine,
  legStats,
  makeFakeEngine,
  outputStats,
  settle,
} from "../testing/FakeEngine.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { figureView, MAX_POINTS, stepsFor } from "./figure-view.ts"
import { type FiguresService, makeFigures } from "./stored-figures.ts"

/** 2026-11-24 12:00 UTC. */
const NOON_S = Date.UTC(2026, 10, 24, 12) / 1000
const DAY_S = 86_400
const WAITING = 3
const OUTPUTS = [
  outputConfig({ id: "out-1", slug: "cdn", number: 1 }),
  outputConfig({ id: "out-2", slug: "udp", number: 2, protocol: "udp" }),
]
const NEWS = channelConfig({ number: 4, outputs: OUTPUTS })
const NOTHING = { list: () => Effect.succeed([]) }

interface Bench {
  readonly figures: FiguresService
  readonly engine: FakeEngine
  readonly rows: FigureRows
  fails: boolean
  runs: boolean
  isOurs: boolean
  configs: ReadonlyArray<ChannelConfig>
  /** Lets figures come `n` times, a second apart. */
  readonly seconds: (
    n: number,
    of: (second: number) => ReadonlyArray<ChannelStats>,
    apart?: number,
  ) => Effect.Effect<void>
  readonly view: (fromS: number, toS: number, output?: string) => ReturnType<typeof figureView>
  readonly end: Effect.Effect<void>
}

const bench = (store: StoreService) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(NOON_S * 1000)
    const engine = yield* makeFakeEngine()
    const state = { fails: false, runs: true, isOurs: true, configs: [NEWS] as ReadonlyArray<ChannelConfig> }
    const rows = makeFigureRows(store.figures)
    const failing: FigureRows = {
      ...rows,
      write: (...given) =>
        state.fails ? new StoreError({ operation: "store", cause: new Error("full") }) : rows.write(...given),
    }
    const scope = yield* Scope.make()
    const figures = yield* Scope.extend(
      makeFigures({
        engine: engine.service,
        book: {
          get configs() {
            return new Map(state.configs.map((config) => [config.id, config]))
          },
          runs: () => state.runs,
        },
        isOurs: () => state.isOurs,
        rows: failing,
        maxWaiting: WAITING,
      }),
      scope,
    )
    yield* settle
    let at = 0
    return Object.assign(state, {
      engine,
      figures,
      rows,
      end: Scope.close(scope, Exit.void),
      view: (fromS: number, toS: number, output?: string) =>
        figureView({ figures, events: NOTHING, cues: NOTHING }, NEWS, { fromS, toS }, output),
      seconds: (n: number, of: (second: number) => ReadonlyArray<ChannelStats>, apart = 1) =>
        Effect.gen(function* () {
          for (let i = 0; i < n; i++) {
            yield* TestClock.adjust(`${apart} seconds`)
            at += apart
            yield* engine.stats(engineStats(of(at), at * 1000))
          }
        }),
    }) as Bench
  })

const withBench = <A, E>(use: (bench: Bench) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    return yield* Effect.provide(
      Effect.flatMap(Effect.flatMap(Store, bench), use),
      layerFile(join(directory, "distributor.db")),
    )
  })

const srt = (over: Record<string, number>) =>
  ({
    rtt_ms: 20,
    packets_lost: 0,
    packets_retransmitted: 0,
    ...over,
  }) as unknown as NonNullable<OutputStats["srt"]>

/** News with both outputs after so many seconds at 1 MB/s; `over` changes the first output. */
const news = (second: number, over: Partial<OutputStats> = {}) =>
  channelStats({
    id: NEWS.id,
    started_at: 1,
    legs: [
      legStats({ counters: { bytes: second * 1_000_000, ts_packets: second * 5000, rtp_lost: second, cc_errors: 2 } }),
    ],
    outputs: [
      outputStats({
        id: "out-1",
        session: "s1",
        url: "",
        bytes_sent: second * 1_000_000,
        packets_sent: second * 760,
        srt: srt({ packets_lost: second * 3, packets_retransmitted: second * 2 }),
        ...over,
      }),
      outputStats({ id: "out-2", session: "s2", url: "", bytes_sent: second * 1_000_000 }),
    ],
  })

describe("figures", () => {
  it.scoped("are counted by the second and stored by the minute, with the minute of now", () =>
    withBench(({ seconds, view }) =>
      Effect.gen(function* () {
        yield* seconds(26, (second) => [news(second, second > 100 ? { state: "connecting" } : {})], 5)
        const shown = yield* view(NOON_S, NOON_S + 180)
        assert.strictEqual(shown.step_s, 60)
        assert.deepStrictEqual(shown.times, [NOON_S, NOON_S + 60, NOON_S + 120])
        const of = (name: string, measure: string) =>
          shown.series.find((one) => one.of === name && one.measure === measure)?.values
        // The first message only tells where the counters stand.
        // The first minute has 11 messages behind the first, the last one those of 12:02:00 to 12:02:10.
        assert.deepStrictEqual(of("primary", "lost"), [0.91, 1, 1])
        assert.deepStrictEqual(of("primary", "bitrate"), [7_272_727, 8_000_000, 8_000_000])
        assert.deepStrictEqual(of("cdn", "down"), [0, 25, 100])
        assert.deepStrictEqual(of("cdn", "rtt"), [20, 20, null])
        const [, cdn, udp] = shown.totals
        assert.deepInclude(cdn, { of: "cdn", up_s: 100, down_s: 30, lost: 125 * 3, resent: 125 * 2, rtt_ms: 20 })
        assert.deepInclude(udp, { of: "udp", up_s: 130, bytes: 125_000_000, bitrate_low: 8_000_000, rtt_ms: null })
        assert.deepStrictEqual(
          (yield* view(NOON_S, NOON_S + 180, "udp")).totals.map(({ of }) => of),
          ["primary", "udp"],
        )
      }),
    ),
  )

  it.scoped("go on over sessions and engines, and never backwards; counters that wrap 2^32 do not matter", () =>
    withBench(({ seconds, view }) =>
      Effect.gen(function* () {
        const high = 2 ** 32 - 2_000_000
        yield* seconds(4, (second) => [news(second, { bytes_sent: high + second * 1_000_000 })])
        // A new session counts from 0; a counter that falls within one counts above its highest alone.
        yield* seconds(2, (second) => [news(second, { session: "s3", bytes_sent: (second - 4) * 500_000 })])
        yield* seconds(1, (second) => [news(second, { session: "s3", bytes_sent: 200_000 })])
        yield* seconds(1, (second) => [news(second, { session: "s3", bytes_sent: 1_500_000 })])
        yield* seconds(2, () => [])
        const [, cdn] = (yield* view(NOON_S, NOON_S + 60)).totals
        assert.deepInclude(cdn, { bytes: 3_000_000 + 1_500_000, up_s: 8, down_s: 2 })
      }),
    ),
  )

  it.scoped("of a channel that another node owns are that node's to keep", () =>
    withBench((all) =>
      Effect.gen(function* () {
        yield* all.seconds(2, (second) => [news(second)])
        all.isOurs = false
        yield* all.seconds(3, (second) => [news(second)])
        all.isOurs = true
        // What passed meanwhile was counted there.
        yield* all.seconds(2, (second) => [news(second)])
        assert.deepInclude((yield* all.view(NOON_S, NOON_S + 60)).totals[1], { up_s: 4, bytes: 2_000_000 })
      }),
    ),
  )

  it.scoped("are not counted while a channel is stopped, nor of an output that is off", () =>
    withBench((all) =>
      Effect.gen(function* () {
        yield* all.seconds(10, (second) => [news(second)])
        all.runs = false
        yield* all.seconds(10, () => [])
        all.runs = true
        all.configs = [{ ...NEWS, outputs: OUTPUTS.map((one) => ({ ...one, enabled: one.number === 1 })) }]
        yield* all.seconds(10, () => [])
        const shown = yield* all.view(NOON_S, NOON_S + 60)
        assert.deepStrictEqual(
          shown.totals.map(({ down_s, of, up_s }) => [of, up_s, down_s]),
          [
            ["primary", 10, 10],
            ["cdn", 10, 10],
            ["udp", 10, 0],
          ],
        )
      }),
    ),
  )

  it.scoped("wait while the store fails, so many minutes, and are stored at the end of the service", () =>
    withBench((all) =>
      Effect.gen(function* () {
        const minutes = Effect.map(all.rows.read(4, MINUTE_S, 0, Number.MAX_SAFE_INTEGER), (rows) => rows.length)
        all.fails = true
        for (let minute = 0; minute < WAITING + 2; minute++) {
          yield* all.seconds(1, (second) => [news(second)])
          yield* TestClock.adjust("59 seconds")
        }
        assert.strictEqual(yield* minutes, 0)
        assert.include(all.figures.problem() ?? "", "full")
        all.fails = false
        yield* all.figures.flush
        assert.strictEqual(yield* minutes, WAITING)
        assert.isNull(all.figures.problem())
        yield* all.seconds(1, (second) => [news(second)])
        yield* all.end
        assert.strictEqual(yield* minutes, WAITING + 2)
      }),
    ),
  )
})

describe("a plot", () => {
  it.each([
    [1 / 24, 60, 60],
    [1, 60, 120],
    [2, 60, 300],
    [7, 900, 900],
    [30, 3600, 3600],
    [90, 3600, 10_800],
    [400, 86_400, 86_400],
  ])("of %d days reads steps of %d s and shows points of %d s", (days, stored, point) => {
    const span = { fromS: NOON_S - days * DAY_S, toS: NOON_S }
    assert.deepStrictEqual(stepsFor(span, NOON_S), { stored, point } as ReturnType<typeof stepsFor>)
    assert.isAtMost((days * DAY_S) / point, MAX_POINTS)
  })

  it("of an hour a week ago has quarter hours, and one of last month hours", () => {
    const hour = (ago: number) => stepsFor({ fromS: NOON_S - ago * DAY_S, toS: NOON_S - ago * DAY_S + 3600 }, NOON_S)
    assert.deepStrictEqual(hour(7), { stored: 900, point: 900 })
    assert.deepStrictEqual(hour(35), { stored: 3600, point: 3600 })
  })
})
