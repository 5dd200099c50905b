import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import type { ChannelStats } from "../../engine/protocol/messages.ts"
import { findChannel } from "../config/find-config.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { CueView } from "../model/cue.ts"
import { StoreError } from "../model/Errors.ts"
import type { ChannelEventView } from "../model/event.ts"
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
import { type HistoryService, makeHistory } from "./History.ts"
import type { HistoryMeasure, HistoryView } from "./history-model.ts"

const EPOCH_S = 1_800_000_000
const OUTPUTS = [
  outputConfig(),
  outputConfig({ id: "out-2", slug: "udp-1", protocol: "udp", url: "udp://192.0.2.1:9001" }),
]

interface Bench {
  readonly history: HistoryService
  readonly engine: FakeEngine
  configs: Array<ChannelConfig>
  runs: boolean
  events: ReadonlyArray<ChannelEventView>
  storeFails: boolean
  /** Feeds the next second's figures. */
  readonly second: (stats: ReadonlyArray<ChannelStats>, afterMs?: number, at?: number) => Effect.Effect<void>
}

const bench = Effect.gen(function* () {
  yield* TestClock.setTime(EPOCH_S * 1000)
  const engine = yield* makeFakeEngine()
  let at = 0
  const state: Pick<Bench, "configs" | "runs" | "events" | "storeFails"> = {
    configs: [channelConfig({ outputs: OUTPUTS })],
    runs: true,
    events: [],
    storeFails: false,
  }
  const broken = () => new StoreError({ operation: "read", cause: new Error("disk I/O error") })
  const cue = {
    at: new Date((EPOCH_S + 1) * 1000).toISOString(),
    kind: "out",
    description: "splice_insert, out",
  } as CueView
  const history = yield* makeHistory({
    engine: engine.service,
    book: {
      get configs() {
        return new Map(state.configs.map((config) => [config.id, config]))
      },
      find: (ref) => Effect.suspend(() => findChannel(state.configs, ref)),
      runs: () => state.runs,
    },
    events: { list: () => (state.storeFails ? broken() : Effect.succeed(state.events)) },
    cues: { list: () => Effect.succeed([cue]) },
  })
  yield* settle
  return Object.assign(state, {
    engine,
    history,
    second: (stats: ReadonlyArray<ChannelStats>, afterMs = 1000, ms = afterMs) =>
      Effect.gen(function* () {
        at += ms
        yield* TestClock.adjust(afterMs)
        yield* engine.stats(engineStats(stats, at))
      }),
  }) as Bench
})

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
const shown = ({ configs, history }: Bench, window: "5m" | "1h" | "24h" = "5m") => {
  const [config] = configs
  return config === undefined ? Effect.dieMessage("no channel") : history.view(config.id, window)
}

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

  it.scoped("shows of the active source the last minute and the errors of five", () =>
    Effect.gen(function* () {
      const run = yield* bench
      const both = (n: number, active: "primary" | "backup") =>
        channelStats({
          id: "ch-1",
          active_source: active,
          legs: [
            legStats({ counters: { bytes: n * 1000, cc_errors: n } }),
            legStats({ name: "backup", counters: { bytes: n * 2000, cc_errors: 0 } }),
          ],
        })
      for (let n = 0; n <= 10; n++) yield* run.second([both(n, "primary")])
      for (let n = 11; n <= 20; n++) yield* run.second([both(n, "backup")])
      const recent = (yield* run.history.recent).get("ch-1")
      assert.strictEqual(recent?.bitrates.length, 30)
      assert.strictEqual(recent?.bitrates.at(-1), 16_000)
      assert.isTrue(recent?.bitrates.slice(0, 18).every((one) => one === null))
      assert.strictEqual(recent?.cc_errors, 10)
      yield* TestClock.adjust("6 minutes")
      const later = (yield* run.history.recent).get("ch-1")
      assert.strictEqual(later?.cc_errors, 0)
      assert.isTrue(later?.bitrates.every((one) => one === null))
    }),
  )

  it.scoped("marks switches, lost outputs, restarts and cues, and does without when the store fails", () =>
    Effect.gen(function* () {
      const run = yield* bench
      const event = (kind: string, after: number, output: string | null = null): ChannelEventView => ({
        id: after,
        kind,
        output,
        severity: "info",
        source: null,
        message: kind,
        at: new Date((EPOCH_S + after) * 1000).toISOString(),
      })
      run.events = [
        event("output_failed", 4, "srt-1"),
        event("switched", 3),
        event("psi_changed", 2),
        event("started", 0),
      ]
      const { marks } = yield* shown(run)
      assert.deepStrictEqual(
        marks.map(({ at, kind }) => [at - EPOCH_S, kind]),
        [
          [0, "restart"],
          [1, "cue_out"],
          [3, "switch"],
          [4, "output_lost"],
        ],
      )
      assert.strictEqual(marks.at(-1)?.label, "srt-1: output_failed")
      run.storeFails = true
      assert.deepStrictEqual((yield* shown(run)).marks, [])
    }),
  )
})
