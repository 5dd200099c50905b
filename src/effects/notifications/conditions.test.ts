import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { type ChannelRuntime, newChannelRuntime, newOutputRuntime } from "../channel/runtime/channel-runtime.ts"
import { initialState } from "../engine/engine-state.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { channelStats, engineStats, legStats, outputStats } from "../testing/FakeEngine.ts"
import { conditionsOf, isWatched, type Sighting } from "./conditions.ts"
import { makeHappenings } from "./happenings.ts"
import { keyOf } from "./NoticeBook.ts"
import { watchStore } from "./watch-store.ts"

const outputs = [
  outputConfig({ id: "a", slug: "a" }),
  outputConfig({ id: "b", slug: "b" }),
  outputConfig({ id: "off", slug: "off", enabled: false }),
]
const config = channelConfig({ outputs })
const runtimeWith = (change: (runtime: ChannelRuntime) => void = () => undefined): ChannelRuntime => {
  const runtime = newChannelRuntime(0)
  for (const { id } of outputs) runtime.outputs.set(id, { ...newOutputRuntime(), status: "connected" })
  change(runtime)
  return runtime
}
const sighting = (
  over: Partial<Sighting> & {
    readonly runtime?: ChannelRuntime | null
    readonly kernelDrops?: number
    readonly dropped?: number
  },
): Sighting => {
  const { dropped = 0, kernelDrops = 0, runtime = runtimeWith(), ...rest } = over
  const own = [outputStats({ id: "a", session: "s", url: "u", packets_dropped: dropped })]
  const stats = engineStats([
    channelStats({ id: config.id, legs: [legStats({ kernel_drops: kernelDrops })], outputs: own }),
  ])
  return {
    engine: { ...initialState, connected: true, stats },
    configs: [config],
    runtimeOf: () => runtime,
    storeProblem: null,
    nowMs: 100_000,
    monotonicMs: 1000,
    ...rest,
  }
}
const keys = (at: Sighting, happenings = makeHappenings()) => conditionsOf(at, happenings).map(keyOf)

describe("conditions", () => {
  it("are none while all is well, and none of a stopped channel", () => {
    assert.deepStrictEqual(keys(sighting({})), [])
    const silent = { monotonicMs: 60_000, engine: { ...initialState, connected: true } }
    assert.deepStrictEqual(keys(sighting({ ...silent, runtime: null })), [])
    assert.deepStrictEqual(keys(sighting(silent)), ["input_lost:news"])
  })

  it("are outputs that retry or are in error, as long as they are enabled", () => {
    const runtime = runtimeWith(({ outputs: known }) => {
      known.set("a", {
        ...newOutputRuntime(),
        status: "retrying",
        lastError: "srt://h:1?passphrase=planted4711 refused",
      })
      known.set("b", { ...newOutputRuntime(), status: "error" })
      known.set("off", { ...newOutputRuntime(), status: "error" })
    })
    assert.deepStrictEqual(keys(sighting({ runtime })), ["output_down:news:a", "output_down:news:b"])
    assert.notInclude(JSON.stringify(conditionsOf(sighting({ runtime }), makeHappenings())), "planted4711")
    const listening = runtimeWith(({ outputs: known }) => known.set("a", newOutputRuntime()))
    assert.deepStrictEqual(keys(sighting({ runtime: listening })), [])
  })

  it("are of the service alone while the engine is away", () => {
    const runtime = runtimeWith(({ outputs: known }) => known.set("a", { ...newOutputRuntime(), status: "retrying" }))
    const away = { engine: { ...initialState, problem: "killed" }, runtime, monotonicMs: 60_000 }
    assert.deepStrictEqual(keys(sighting(away)), ["engine_lost"])
    assert.deepStrictEqual(keys(sighting({ ...away, storeProblem: "full" })), ["engine_lost", "store_problem"])
  })

  it("are SCTE-35 alarms, and packets that are lost in between", () => {
    const happenings = makeHappenings()
    const runtime = runtimeWith(({ scte35 }) =>
      scte35.raised.set("overlong_break", { sinceMs: 0, lastMs: 1000, message: "m" }),
    )
    assert.deepStrictEqual(keys(sighting({ runtime, kernelDrops: 5, dropped: 9 }), happenings), ["overlong_break:news"])
    assert.deepStrictEqual(keys(sighting({ kernelDrops: 6, dropped: 9, monotonicMs: 2000 }), happenings), [
      "kernel_drops:news",
    ])
    assert.deepStrictEqual(keys(sighting({ kernelDrops: 6, dropped: 10, monotonicMs: 3000 }), happenings), [
      "kernel_drops:news",
      "output_drops:news:a",
    ])
    assert.deepStrictEqual(
      keys(
        sighting({
          kernelDrops: 6,
          dropped: 10,
          monotonicMs: 90_000,
          runtime: runtimeWith((r) => Object.assign(r, { lastInputMs: 90_000 })),
        }),
        happenings,
      ),
      [],
    )
  })

  it("are watched for what runs and is enabled", () => {
    const watched = isWatched(sighting({}))
    const cases = [
      [null, null],
      ["news", null],
      ["news", "a"],
      ["news", "off"],
      ["news", "gone"],
      ["gone", null],
    ] as const
    assert.deepStrictEqual(
      cases.map(([channel, output]) => watched(channel, output)),
      [true, true, true, false, false, false],
    )
    assert.isFalse(isWatched(sighting({ runtime: null }))("news", null))
  })
})

it.scoped("a store that does not answer is noticed without waiting for it", () =>
  Effect.gen(function* () {
    let away: string | null = null
    let written: string | null = null
    const problem = yield* watchStore(
      Effect.sync(() => away),
      () => written,
    )
    assert.isNull(problem())
    away = "it does not answer"
    yield* TestClock.adjust("5 seconds")
    assert.strictEqual(problem(), "it does not answer")
    away = null
    written = "full"
    yield* TestClock.adjust("5 seconds")
    assert.strictEqual(problem(), "full")
  }),
)
