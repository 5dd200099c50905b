import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { channelStats, legStats, outputStats } from "../testing/FakeEngine.ts"
import type { HistoryMeasure, HistoryView } from "./history-model.ts"
import { bench, EPOCH_S, OUTPUTS, shown } from "./testing/history-bench.ts"

const receiving = (
  bytes: number,
  more: { readonly cc?: number; readonly lost?: number; readonly started?: number } = {},
) =>
  channelStats({
    id: "ch-1",
    started_at: more.started ?? 0,
    legs: [legStats({ counters: { bytes, cc_errors: more.cc ?? 0, rtp_lost: more.lost ?? 0 } })],
  })

const valuesOf = (view: HistoryView, of: string, measure: HistoryMeasure) =>
  view.series.find((one) => one.of === of && one.measure === measure)?.values ?? []
const tail = (view: HistoryView, of: string, measure: HistoryMeasure, count: number) =>
  valuesOf(view, of, measure).slice(-count)

describe("makeHistory", () => {
  it.scoped("makes figures a second of counters, and times of the wall clock", () =>
    Effect.gen(function* () {
      const run = yield* bench
      for (const [n, bytes] of [0, 1_000_000, 3_000_000].entries())
        yield* run.second([receiving(bytes, { cc: n * 2, lost: n * 5 })])
      const view = yield* shown(run)
      assert.deepStrictEqual(tail(view, "primary", "bitrate", 3), [null, 8_000_000, 16_000_000])
      assert.deepStrictEqual(tail(view, "primary", "cc_errors", 2), [2, 2])
      assert.deepStrictEqual(tail(view, "primary", "lost", 2), [5, 5])
      assert.strictEqual(view.times.length, 300)
      assert.strictEqual(view.times.at(-1), EPOCH_S + 3)
      assert.isTrue(view.series.every(({ values }) => values.length === 300))
    }),
  )

  it.scoped("has the series of every leg and output, by its protocol", () =>
    Effect.gen(function* () {
      const run = yield* bench
      run.configs = [channelConfig({ outputs: OUTPUTS, backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5002 })]
      const { series } = yield* shown(run, "24h")
      const leg = ["bitrate", "lost", "cc_errors"]
      assert.deepStrictEqual(
        series.map(({ measure, of }) => `${of} ${measure}`),
        [
          ...leg.map((m) => `primary ${m}`),
          ...leg.map((m) => `backup ${m}`),
          ...["bitrate", "dropped", "retransmitted", "rtt", "queue"].map((m) => `srt-1 ${m}`),
          ...["bitrate", "dropped"].map((m) => `udp-1 ${m}`),
        ],
      )
      assert.isTrue(series.every(({ values }) => values.length === 720 && values.every((value) => value === null)))
    }),
  )

  it.scoped("keeps sums exact when messages come late, together, or not at all for a while", () =>
    Effect.gen(function* () {
      const run = yield* bench
      yield* run.second([receiving(0)])
      // 1.9 s later, then twice within one second, then on time.
      yield* run.second([receiving(190, { cc: 3 })], 1900)
      yield* run.second([receiving(200, { cc: 4 })], 50)
      yield* run.second([receiving(300, { cc: 10 })], 1050)
      assert.strictEqual((yield* run.history.recent).get("ch-1")?.cc_errors, 10)
      // Counts from the time when nothing was heard belong to no second.
      yield* run.second([receiving(9_000_000, { cc: 500 })], 20_000)
      yield* run.second([receiving(9_001_000, { cc: 501 })])
      assert.strictEqual((yield* run.history.recent).get("ch-1")?.cc_errors, 11)
      assert.deepStrictEqual(tail(yield* shown(run), "primary", "bitrate", 3), [null, null, 8000])
    }),
  )

  it.scoped("has nothing, and never a negative rate, where the engine, a session or the channel began anew", () =>
    Effect.gen(function* () {
      const run = yield* bench
      const sent = (bytes: number, session: string, started = 0) =>
        channelStats({
          id: "ch-1",
          started_at: started,
          outputs: [outputStats({ id: "out-2", session, url: "", bytes_sent: bytes })],
        })
      yield* run.second([sent(0, "a")])
      yield* run.second([sent(1000, "a")])
      yield* run.second([sent(5000, "b")])
      yield* run.second([sent(6000, "b")])
      assert.deepStrictEqual(tail(yield* shown(run), "udp-1", "bitrate", 3), [8000, null, 8000])

      yield* run.second([receiving(5000)])
      yield* run.second([receiving(6000)])
      // Another engine counts from 0 and may already be above what the last one had reached.
      yield* run.second([receiving(9000, { started: 7 })])
      yield* run.second([receiving(8000, { started: 7 })])
      yield* run.second([receiving(9000, { started: 7 })])
      assert.deepStrictEqual(tail(yield* shown(run), "primary", "bitrate", 4), [8000, null, null, 8000])

      yield* run.engine.lose
      yield* TestClock.adjust("1 second")
      yield* run.engine.connect()
      yield* run.second([receiving(10, { started: 9 })])
      const after = valuesOf(yield* shown(run), "primary", "bitrate")
      assert.isTrue(after.every((value) => value === null || value >= 0))
      assert.isNull(after.at(-1))
    }),
  )

  it.scoped("gives nulls of a stopped channel, and what it did before", () =>
    Effect.gen(function* () {
      const run = yield* bench
      yield* run.second([receiving(0)])
      yield* run.second([receiving(1000)])
      run.runs = false
      for (let n = 0; n < 3; n++) yield* run.second([])
      run.runs = true
      yield* run.second([receiving(0, { started: 5 })])
      yield* run.second([receiving(2000, { started: 5 })])
      assert.deepStrictEqual(tail(yield* shown(run), "primary", "bitrate", 6), [8000, null, null, null, null, 16_000])
    }),
  )

  it.scoped("follows outputs and channels that come and go, and drops their memory", () =>
    Effect.gen(function* () {
      const run = yield* bench
      yield* run.second([receiving(0)])
      const whole = run.history.bytes()
      run.configs = [channelConfig({ outputs: [] })]
      yield* run.second([receiving(0)])
      const without = run.history.bytes()
      assert.isBelow(without, whole)
      run.configs = [...run.configs, channelConfig({ id: "ch-2", outputs: [] })]
      yield* run.second([receiving(0)])
      assert.strictEqual(run.history.bytes(), 2 * without)
      run.configs = []
      yield* run.second([])
      assert.strictEqual(run.history.bytes(), 0)
    }),
  )

  it.scoped("is below 8 MiB with 25 channels of 4 SRT outputs and two legs, and bounded with 50 of 8", () =>
    Effect.gen(function* () {
      const run = yield* bench
      const many = (channels: number, outputs: number) =>
        Array.from({ length: channels }, (_, c) =>
          channelConfig({
            id: `ch-${c}`,
            backup_rtp_ip: "127.0.0.1",
            backup_rtp_port: 5002,
            outputs: Array.from({ length: outputs }, (__, o) =>
              outputConfig({ id: `out-${c}-${o}`, slug: `srt-${o}` }),
            ),
          }),
        )
      const measured: number[] = []
      for (const [channels, outputs] of [
        [25, 4],
        [50, 8],
      ] as const) {
        run.configs = many(channels, outputs)
        yield* run.second([])
        yield* run.second([])
        measured.push(run.history.bytes() / 2 ** 20)
      }
      assert.isBelow(measured[0] ?? 99, 4)
      assert.isBelow(measured[1] ?? 99, 13)
    }),
  )
})
