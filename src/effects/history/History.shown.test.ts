import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import type { ChannelEventView } from "../model/event.ts"
import { channelStats, legStats } from "../testing/FakeEngine.ts"
import { bench, EPOCH_S, shown } from "./testing/history-bench.ts"

describe("makeHistory", () => {
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
