import { describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { assert } from "vitest"
import type { NodeRow, PlacementRow } from "../../core/placement/model.ts"
import { HAND_OVER_WITHIN_MS, handedOver, NEXT_WITHIN_MS } from "./hand-over.ts"

/** A node "a" with channels of which one goes to another node every `everyMs`, from the first beat on. */
const leaver = (channels: number, everyMs: number, { beat = Effect.asVoid(Effect.sleep(80)), others = ["b"] } = {}) => {
  let owned = channels
  let isGoing = false
  const go: Effect.Effect<void> = Effect.suspend(() => {
    if (isGoing || !Number.isFinite(everyMs)) return beat
    isGoing = true
    const one = Effect.delay(
      Effect.sync(() => void owned--),
      everyMs,
    )
    return Effect.zipRight(Effect.forkDaemon(Effect.repeatN(one, channels - 1)), beat)
  })
  return {
    brain: {
      self: "a",
      rows: () => Array.from({ length: owned }, () => ({ owner: "a" }) as PlacementRow),
      watch: { up: () => others.map((name) => ({ name }) as NodeRow) },
    },
    beatNow: go,
  }
}

/** How a node that ends gets on by the clock: in a finalizer, where nothing is interrupted. */
const ending = (node: ReturnType<typeof leaver>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.uninterruptible(Effect.timed(handedOver(node))))
    yield* TestClock.adjust("2 minutes")
    const [took, left] = yield* Fiber.join(fiber)
    return { left, tookMs: Duration.toMillis(took) }
  })

describe("a node that ends", () => {
  it.effect("goes on as soon as the last channel is with another node", () =>
    Effect.gen(function* () {
      const { left, tookMs } = yield* ending(leaver(10, 100))
      assert.strictEqual(left, 0)
      assert.isAtMost(tookMs, 1500)
    }),
  )

  it.effect("hands over 50 channels, 170 ms each", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* ending(leaver(50, 170))).left, 0)
    }),
  )

  it.effect("gives up when no channel goes for a while", () =>
    Effect.gen(function* () {
      const { left, tookMs } = yield* ending(leaver(3, Number.POSITIVE_INFINITY))
      assert.strictEqual(left, 3)
      assert.isAtMost(tookMs, NEXT_WITHIN_MS + 500)
    }),
  )

  it.effect("gives up what is left when its time is over", () =>
    Effect.gen(function* () {
      const { left, tookMs } = yield* ending(leaver(9, 2000))
      assert.strictEqual(left, 9 - Math.floor(HAND_OVER_WITHIN_MS / 2000))
      assert.strictEqual(tookMs, HAND_OVER_WITHIN_MS)
    }),
  )

  it.effect("does not wait for a beat that is never answered", () =>
    Effect.gen(function* () {
      const { left, tookMs } = yield* ending(leaver(1, Number.POSITIVE_INFINITY, { beat: Effect.never }))
      assert.deepStrictEqual({ left, tookMs }, { left: 1, tookMs: HAND_OVER_WITHIN_MS })
    }),
  )

  it.effect("does not wait where there is nobody to take a channel", () =>
    Effect.gen(function* () {
      for (const others of [[], ["a"]])
        assert.deepStrictEqual(yield* ending(leaver(1, 100, { others })), { left: 1, tookMs: 0 })
    }),
  )
})
