import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import type { RetryPolicy } from "../../core/settings/retry-delay.ts"
import { fencedReason } from "../../engine/protocol/fenced.ts"
import type { Reason } from "../../engine/protocol/messages.ts"
import { settle } from "../testing/FakeEngine.ts"
import type { OutputRuntime } from "./runtime/channel-runtime.ts"
import { adjust, refused, started } from "./testing/started-writer.ts"

const broken: Reason = { code: "libsrt_missing", message: "libsrt is not installed", transient: false }
const askAgain = (runtime: OutputRuntime) => runtime.tryAgain?.()

describe("an output that is fenced", () => {
  it.effect("is looked at each second, counts no failure, and goes on with its delays as before", () =>
    Effect.gen(function* () {
      const { events, fail, opened, runtime } = yield* started({ delayMs: null, maxAttempts: 1 })
      for (let n = 1; n <= 30; n++) {
        yield* fail(fencedReason)
        yield* adjust(999)
        assert.strictEqual(opened(), n)
        yield* adjust(1)
        assert.strictEqual(opened(), n + 1)
      }
      assert.deepInclude(runtime, { status: "retrying", errorCount: 0, lastError: fencedReason.message })
      assert.deepStrictEqual(
        [...Object.values(runtime.tally.failed), ...Object.values(runtime.tally.lost)].filter(Boolean),
        [],
      )
      assert.deepStrictEqual(events, [])
      yield* fail()
      yield* adjust(500)
      assert.strictEqual(opened(), 32)
    }),
  )
})

describe("a delay that is set", () => {
  it.effect("comes before the first attempt to reconnect, and grows", () =>
    Effect.gen(function* () {
      const { fail, opened, runtime } = yield* started({ delayMs: 5000, maxAttempts: 0 })
      for (const [index, delay] of [5000, 10_000, 20_000, 30_000].entries()) {
        yield* fail()
        yield* adjust(delay - 1)
        assert.strictEqual(opened(), index + 1)
        yield* adjust(1)
        assert.strictEqual(opened(), index + 2)
      }
      assert.strictEqual(runtime.status, "retrying")
    }),
  )
})

describe("so many attempts and no more", () => {
  const giveUpAfterTwo = { delayMs: 1000, maxAttempts: 2 }

  it.effect("ends as an error that says what to do, and stays so", () =>
    Effect.gen(function* () {
      const { events, fail, opened, runtime } = yield* started(giveUpAfterTwo)
      for (const delay of [1000, 2000]) yield* Effect.zipRight(fail(), adjust(delay))
      assert.deepStrictEqual([opened(), runtime.status], [3, "retrying"])
      yield* fail()
      const message = "no such key; given up after 2 attempts to reconnect: start the output again"
      assert.deepInclude(runtime, { status: "error", nextRetryAt: null, lastError: message, errorCount: 3 })
      assert.deepStrictEqual(
        events.map(({ kind, message, severity }) => [kind, severity, message]),
        [
          ["output_failed", "warning", "no such key"],
          ["output_failed", "critical", message],
        ],
      )
      yield* adjust(24 * 3600 * 1000)
      assert.strictEqual(opened(), 3)
    }),
  )

  it.effect("begins afresh when it is started anew", () =>
    Effect.gen(function* () {
      const { fail, opened, runtime } = yield* started(giveUpAfterTwo)
      for (const delay of [1000, 2000, 0]) yield* Effect.zipRight(fail(), adjust(delay))
      askAgain(runtime)
      yield* settle
      assert.strictEqual(opened(), 4)
      for (const delay of [1000, 2000]) yield* Effect.zipRight(fail(), adjust(delay))
      assert.strictEqual(opened(), 6)
      yield* fail()
      assert.strictEqual(runtime.status, "error")
    }),
  )

  it.effect("counts in a row: a connection of 10 s begins a new count", () =>
    Effect.gen(function* () {
      const { engine, fail, opened, runtime } = yield* started(giveUpAfterTwo)
      for (const delay of [1000, 2000]) yield* Effect.zipRight(fail(), adjust(delay))
      yield* engine.output("a", "connected")
      yield* adjust(10_000)
      for (const delay of [1000, 2000]) yield* Effect.zipRight(fail(), adjust(delay))
      assert.deepStrictEqual([opened(), runtime.status], [5, "retrying"])
    }),
  )

  it.effect("does not count the loss of the engine", () =>
    Effect.gen(function* () {
      const { engine, opened, runtime } = yield* started({ delayMs: null, maxAttempts: 1 })
      const lost: Reason = { code: "engine_lost", message: "the engine (pid 4711) was lost", transient: true }
      for (let n = 0; n < 5; n++) yield* engine.output("a", "ended", lost)
      assert.notStrictEqual(runtime.status, "error")
      assert.deepStrictEqual([opened(), runtime.errorCount], [6, 5])
    }),
  )
})

describe("an output whose engine died", () => {
  const endless: RetryPolicy = { delayMs: null, maxAttempts: 0 }
  const lost: Reason = { code: "engine_lost", message: "the engine (pid 4711) was lost", transient: true }
  const portTaken: Reason = { code: "EADDRINUSE", message: "port 9000 is in use", transient: false }
  /** Lets so many attempts fail, one after another; the delays in ms behind them. */
  const delays = (writer: Effect.Effect.Success<ReturnType<typeof started>>, count: number, reason = refused) =>
    Effect.gen(function* () {
      const found: number[] = []
      for (let n = 0; n < count; n++) {
        yield* writer.fail(reason)
        const delay = (writer.runtime.nextRetryAt ?? 0) - (yield* Clock.currentTimeMillis)
        const before = writer.opened()
        yield* adjust(delay)
        assert.strictEqual(writer.opened(), before + 1)
        found.push(delay)
      }
      return found
    })
  const quick = [500, ...Array<number>(30).fill(1000)]

  it.effect("with the control plane is tried each second for 30 s, and more and more seldom from then on", () =>
    Effect.gen(function* () {
      const writer = yield* started(endless, {}, true)
      assert.deepStrictEqual(yield* delays(writer, 34), [...quick, 2000, 4000, 8000])
    }),
  )

  it.effect("alone is tried at once, and then so, too", () =>
    Effect.gen(function* () {
      const writer = yield* started(endless)
      assert.deepStrictEqual(yield* delays(writer, 5), [500, 1000, 2000, 4000, 8000])
      yield* writer.fail(lost)
      assert.strictEqual(writer.opened(), 7)
      assert.deepStrictEqual(yield* delays(writer, 34), [...quick, 2000, 4000, 8000])
    }),
  )

  it.effect("is not given up before 30 s have passed", () =>
    Effect.gen(function* () {
      const writer = yield* started({ delayMs: null, maxAttempts: 1 }, {}, true)
      assert.deepStrictEqual(yield* delays(writer, 31), quick)
      yield* writer.fail()
      assert.strictEqual(writer.runtime.status, "error")
      assert.match(writer.runtime.lastError ?? "", /given up after 1 attempt/)
    }),
  )

  it.effect(
    "soon tries for a port again that the one before may still hold, but not what only a person can repair",
    () =>
      Effect.gen(function* () {
        const writer = yield* started(endless, {}, true)
        assert.deepStrictEqual(yield* delays(writer, 2, portTaken), [500, 1000])
        const denied: Reason = { code: "rtmp_Auth.Failed", message: "wrong password", transient: false }
        assert.deepStrictEqual(yield* delays(writer, 1, denied), [30_000])
        assert.deepStrictEqual(yield* delays(writer, 1, portTaken), [30_000])
      }),
  )

  it.effect("keeps to a delay that is set", () =>
    Effect.gen(function* () {
      const writer = yield* started({ delayMs: 5000, maxAttempts: 0 }, {}, true)
      assert.deepStrictEqual(yield* delays(writer, 3), [5000, 10_000, 10_000])
    }),
  )
})

describe("somebody who asks for the next attempt", () => {
  it.effect("gets it at once, also for what only a person can repair", () =>
    Effect.gen(function* () {
      const { fail, opened, runtime } = yield* started({ delayMs: null, maxAttempts: 0 })
      assert.isNull(runtime.tryAgain)
      yield* fail(broken)
      assert.strictEqual(runtime.status, "error")
      askAgain(runtime)
      yield* settle
      assert.strictEqual(opened(), 2)
      assert.deepInclude(runtime, { tryAgain: null, nextRetryAt: null })
    }),
  )

  it.effect("leaves nothing behind when the writer is ended while it waits", () =>
    Effect.gen(function* () {
      const { fail, fiber, runtime } = yield* started({ delayMs: null, maxAttempts: 0 })
      yield* fail()
      assert.isNotNull(runtime.tryAgain)
      yield* Fiber.interrupt(fiber)
      assert.isNull(runtime.tryAgain)
    }),
  )
})

describe("settings of the output itself", () => {
  const service = { delayMs: 1000, maxAttempts: 5 }

  it.effect("count before those of the service: three attempts, the first after 15 s, then an error that says so", () =>
    Effect.gen(function* () {
      const { fail, opened, runtime } = yield* started(service, { retry_attempts: 3, retry_delay_s: 15 })
      for (const [index, delay] of [15_000, 30_000, 30_000].entries()) {
        yield* fail()
        yield* adjust(delay - 1)
        assert.strictEqual(opened(), index + 1)
        yield* adjust(1)
        assert.strictEqual(opened(), index + 2)
      }
      yield* fail()
      const lastError = "no such key; given up after 3 attempts to reconnect: start the output again"
      assert.deepInclude(runtime, { status: "error", nextRetryAt: null, lastError })
      yield* adjust(24 * 3600 * 1000)
      assert.strictEqual(opened(), 4)
      askAgain(runtime)
      yield* settle
      assert.strictEqual(opened(), 5)
      yield* fail()
      yield* adjust(15_000)
      assert.deepStrictEqual([opened(), runtime.status], [6, "retrying"])
    }),
  )

  it.effect("0 attempts are without end where the service gives up", () =>
    Effect.gen(function* () {
      const { fail, opened, runtime } = yield* started(service, { retry_attempts: 0 })
      for (let i = 0; i < 20; i++) yield* Effect.zipRight(fail(), adjust(30_000))
      assert.deepStrictEqual([opened(), runtime.status], [21, "retrying"])
    }),
  )

  it.effect("one attempt is told as one", () =>
    Effect.gen(function* () {
      const { fail, runtime } = yield* started(service, { retry_attempts: 1 })
      yield* Effect.zipRight(fail(), adjust(1000))
      yield* fail()
      assert.strictEqual(
        runtime.lastError,
        "no such key; given up after 1 attempt to reconnect: start the output again",
      )
    }),
  )

  it.effect("that change while it runs hold from the next failure on", () =>
    Effect.gen(function* () {
      const { fail, opened, own, runtime } = yield* started(service)
      yield* Effect.zipRight(fail(), adjust(1000))
      own.settings = { retry_attempts: 1 }
      yield* fail()
      assert.deepStrictEqual([opened(), runtime.status], [2, "error"])
    }),
  )
})
