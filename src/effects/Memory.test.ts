import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { keepSmall } from "./Memory.ts"

const MIB = 1024 * 1024

describe("keepSmall", () => {
  it.effect("collects once after the start, then only when the process has grown by 24 MiB", () =>
    Effect.gen(function* () {
      let rss = 150 * MIB
      let collections = 0
      const collect = () => {
        collections += 1
        rss -= 30 * MIB
      }
      const fiber = yield* Effect.fork(keepSmall({ collect, rssBytes: () => rss }))
      yield* TestClock.adjust("1900 millis")
      assert.strictEqual(collections, 0)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(collections, 1)
      rss += 23 * MIB
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(collections, 1)
      rss += 2 * MIB
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(collections, 2)
      yield* Fiber.interrupt(fiber)
    }),
  )

  it.effect("ends where the runtime has no call for it", () => keepSmall({ collect: null, rssBytes: () => 0 }))
})
