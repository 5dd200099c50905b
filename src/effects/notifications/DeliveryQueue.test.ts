import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, TestClock } from "effect"
import {
  type DeliveryQueueOptions,
  GIVE_UP_AFTER_MS,
  LONGEST_PAUSE_MS,
  MAX_QUEUED,
  makeDeliveryQueue,
  pauseMs,
} from "./DeliveryQueue.ts"
import { NotDelivered } from "./deliver.ts"
import type { Destination } from "./destination.ts"
import { testMessage } from "./message.ts"
import type { Outgoing } from "./notification-rows.ts"

const destination: Destination = {
  id: "d",
  name: "d",
  kind: "webhook",
  url: "http://127.0.0.1:1/",
  secret: null,
  enabled: true,
  created_at: "",
}
const outgoing = (id: string, queuedAt = 0): Outgoing => ({
  id,
  destinationId: "d",
  queuedAt,
  message: { ...testMessage(0), id },
})
const refused = (over: Partial<NotDelivered> = {}) =>
  new NotDelivered({ reason: "no", again: true, retryAfterMs: null, ...over })

/** A queue in front of a server that answers as `answer` says. */
const stage = (
  answer: (id: string, attempt: number) => Effect.Effect<string, NotDelivered>,
  waiting: DeliveryQueueOptions["waiting"] = [],
) =>
  Effect.gen(function* () {
    const attempts: Array<readonly [second: number, id: string]> = []
    const settled: string[] = []
    const queue = yield* makeDeliveryQueue({
      destination: () => destination,
      deliver: (_, { id }) =>
        Effect.flatMap(Clock.currentTimeMillis, (ms) => {
          attempts.push([Math.round(ms / 1000), id])
          return answer(id, attempts.length)
        }),
      settled: ({ id }) => void settled.push(id),
      waiting,
    })
    const fiber = yield* Effect.fork(queue.run)
    yield* Effect.addFinalizer(() => Fiber.interrupt(fiber))
    return { queue, attempts, settled }
  })

describe("the queue of a destination", () => {
  it.scoped("delivers in order, with what waited before a restart first", () =>
    Effect.gen(function* () {
      const { attempts, queue, settled } = yield* stage(() => Effect.succeed("ok"), [outgoing("a")])
      for (const id of ["b", "c"]) queue.offer(outgoing(id))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        [attempts.map(([, id]) => id), settled],
        [
          ["a", "b", "c"],
          ["a", "b", "c"],
        ],
      )
      assert.deepInclude(queue.state(), { queued: 0, sent: 3, failed: 0, last_error: null })
    }),
  )

  it.scoped("tries the first again with growing pauses, and the others only after it", () =>
    Effect.gen(function* () {
      const { attempts, queue } = yield* stage((_, attempt) =>
        attempt < 5 ? Effect.fail(refused()) : Effect.succeed("ok"),
      )
      for (const id of ["a", "b"]) queue.offer(outgoing(id))
      yield* TestClock.adjust("1 second")
      assert.deepInclude(queue.state(), { queued: 2, last_error: "no" })
      assert.isNotNull(queue.state().next_attempt_at)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        attempts.map(([, id]) => id),
        ["a", "a", "a", "a", "a", "b"],
      )
      const gaps = attempts.slice(1, 5).map(([second], n) => second - (attempts[n]?.[0] ?? 0))
      for (const [n, gap] of gaps.entries())
        assert.isTrue(gap >= 2 ** (n + 1) * 0.8 - 1 && gap <= 2 ** (n + 1) * 1.2 + 1, String(gaps))
      assert.deepInclude(queue.state(), { queued: 0, sent: 2, last_error: null, next_attempt_at: null })
    }),
  )

  it.scoped("waits as long as it is asked to", () =>
    Effect.gen(function* () {
      const { attempts, queue } = yield* stage((_, attempt) =>
        attempt === 1 ? Effect.fail(refused({ retryAfterMs: 90_000 })) : Effect.succeed("ok"),
      )
      queue.offer(outgoing("a"))
      yield* TestClock.adjust("89 seconds")
      assert.lengthOf(attempts, 1)
      yield* TestClock.adjust("2 seconds")
      assert.lengthOf(attempts, 2)
    }),
  )

  it.scoped("gives up what is refused for good at once, and the rest after an hour", () =>
    Effect.gen(function* () {
      const { attempts, queue, settled } = yield* stage((id) => Effect.fail(refused({ again: id !== "bad" })))
      for (const id of ["bad", "a"]) queue.offer(outgoing(id))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([settled, queue.state().failed], [["bad"], 1])
      yield* TestClock.adjust(GIVE_UP_AFTER_MS + 2 * LONGEST_PAUSE_MS)
      assert.deepStrictEqual([settled, queue.state().queued, queue.state().failed], [["bad", "a"], 0, 2])
      assert.isBelow(attempts.length, 30)
    }),
  )

  it.scoped("is bounded: the oldest but the one under way go", () =>
    Effect.gen(function* () {
      const { queue, settled } = yield* stage(() => Effect.never)
      for (let n = 0; n < MAX_QUEUED + 10; n++) queue.offer(outgoing(String(n)))
      yield* TestClock.adjust("1 second")
      assert.deepInclude(queue.state(), { queued: MAX_QUEUED, failed: 10 })
      assert.deepStrictEqual(
        settled,
        Array.from({ length: 10 }, (_, n) => String(n + 1)),
      )
    }),
  )

  it("pauses 300 s at most, and never longer than an hour", () => {
    assert.deepStrictEqual([pauseMs(1, 0.5, null), pauseMs(2, 0.5, null), pauseMs(1, 0, null)], [2000, 4000, 1600])
    assert.deepStrictEqual([pauseMs(1000, 1, null), pauseMs(1, 1, 1e12)], [LONGEST_PAUSE_MS * 1.2, GIVE_UP_AFTER_MS])
  })
})
