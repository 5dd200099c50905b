import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, TestClock } from "effect"
import { AwsFailed } from "../../model/Errors.ts"
import { GAP_MS, makePacer } from "./pacer.ts"

const busy = new AwsFailed({ action: "medialive:ListChannels", status: 429, code: "TooManyRequests", reason: "slow" })

describe("requests to AWS", () => {
  it.scoped("have their turn in the order in which they came, beside one who asks again and again at once", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer
      const turns: string[] = []
      const take = (name: string) => pacer.paced(Effect.sync(() => void turns.push(name)))
      yield* Effect.forkScoped(Effect.forever(take("poller")))
      yield* TestClock.adjust(GAP_MS)
      const people = yield* Effect.fork(Effect.all([take("start"), take("stop")], { concurrency: 2 }))
      yield* TestClock.adjust(4 * GAP_MS)
      yield* Fiber.join(people)
      const from = turns.indexOf("start")
      assert.isAtMost(from, 3)
      assert.deepStrictEqual(turns.slice(from, from + 3), ["start", "stop", "poller"])
    }),
  )

  it.scoped("keep their gap when one of them is given up, while it waits or while it is asked", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer
      const times: number[] = []
      const take = pacer.paced(Effect.flatMap(Clock.currentTimeMillis, (at) => Effect.sync(() => times.push(at))))
      const hanging = yield* Effect.fork(pacer.paced(Effect.never))
      yield* TestClock.adjust(0)
      const waiting = yield* Effect.fork(take)
      const last = yield* Effect.fork(take)
      yield* TestClock.adjust(5000)
      yield* Fiber.interrupt(waiting)
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(times, [])
      yield* Fiber.interrupt(hanging)
      yield* TestClock.adjust(GAP_MS)
      yield* Fiber.join(last)
      assert.deepStrictEqual(times, [10_000 + GAP_MS])
      assert.deepStrictEqual(pacer.counts(), { ok: 1, throttled: 0, refused: 0, failed: 1 })
    }),
  )

  it.scoped("are twice as far apart after each that was too much, up to a minute, and come back", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer
      const ask = (request: Effect.Effect<void, AwsFailed>) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(Effect.either(pacer.paced(request)))
          yield* TestClock.adjust(60_000)
          yield* Fiber.join(fiber)
          return pacer.gapMs()
        })
      const slower = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7], () => ask(busy))
      assert.deepStrictEqual(slower, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
      const faster = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7], () => ask(Effect.void))
      assert.deepStrictEqual(faster, [30_000, 15_000, 7500, 3750, 1875, 1000, 1000])
    }),
  )
})
