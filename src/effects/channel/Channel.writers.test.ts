import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream, type SubscriptionRef } from "effect"
import type { Reason } from "../../engine/protocol/messages.ts"
import { channelConfig } from "../testing/configs.ts"
import { settle } from "../testing/FakeEngine.ts"
import { awaitChannel, reconfigure } from "./Channel.ts"
import {
  a,
  adjust,
  b,
  during,
  output,
  portTaken,
  refusedByPeer,
  type Started,
  started,
} from "./testing/running-channel.ts"

/** The reference as it is, of which nobody may follow the changes. */
const unfollowed = <A>(ref: SubscriptionRef.SubscriptionRef<A>): SubscriptionRef.SubscriptionRef<A> =>
  new Proxy(ref, {
    get: (target, key) => (key === "changes" ? Stream.dieMessage("followed") : Reflect.get(target, key, target)),
  })

describe("an attempt of an output", () => {
  it.effect("follows nothing while the engine has the channel: 200 that retry are many", () =>
    Effect.gen(function* () {
      const { channel } = yield* started()
      const link = unfollowed(channel.engine.link)
      const engine = { ...channel.engine, link }
      assert.strictEqual(yield* awaitChannel({ ...channel, engine, taken: unfollowed(channel.taken) })(0), 1)
    }),
  )
})

describe("a writer", () => {
  it.effect("is connecting, then connected", () =>
    Effect.gen(function* () {
      const run = yield* started()
      assert.strictEqual(output(run, "a").status, "connecting")
      yield* run.engine.output("a", "connected")
      assert.strictEqual(output(run, "a").status, "connected")
      assert.strictEqual(output(run, "a").reconnects, 0)
    }),
  )

  it.effect("shows a listener as connected only while somebody receives", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const seen: Array<string> = []
      for (const state of ["listening", "connected", "listening", "connected"] as const) {
        yield* run.engine.output("a", state)
        seen.push(output(run, "a").status)
      }
      assert.deepStrictEqual(seen, ["connecting", "connected", "connecting", "connected"])
      assert.strictEqual(output(run, "a").reconnects, 0)
    }),
  )

  it.effect("retries after 0.5, 1, 2 s and so on, with the exact reason, and leaves its sibling alone", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run.engine.output("b", "connected")
      for (const delay of [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]) {
        yield* run.engine.output("a", "ended", refusedByPeer)
        assert.strictEqual(output(run, "a").status, "retrying")
        assert.strictEqual(output(run, "a").lastError, "incorrect passphrase")
        assert.strictEqual(output(run, "a").nextRetryAt, (yield* Effect.clockWith((c) => c.currentTimeMillis)) + delay)
        assert.deepStrictEqual(yield* during(run.engine, adjust(delay - 1)), [])
        assert.deepStrictEqual(yield* during(run.engine, adjust(1)), ["open_output a"])
      }
      assert.strictEqual(output(run, "a").errorCount, 8)
      assert.strictEqual(output(run, "b").status, "connected")
      assert.strictEqual(output(run, "b").errorCount, 0)
    }),
  )

  it.effect("uses a new session for every attempt", () =>
    Effect.gen(function* () {
      const { engine } = yield* started({ outputs: [a] })
      yield* engine.output("a", "ended", refusedByPeer)
      yield* adjust("500 millis")
      const sessions = engine.sent.flatMap((c) => (c.cmd === "open_output" ? [c.output.session] : []))
      assert.strictEqual(new Set(sessions).size, 2)
    }),
  )

  /** Delay before the next attempt, in ms, after a session of output `a` that was connected for `connectedFor` ms. */
  const failAfter = (run: Started, connectedFor: number) =>
    Effect.gen(function* () {
      yield* run.engine.output("a", "connected")
      yield* adjust(connectedFor)
      const at = yield* Effect.clockWith((c) => c.currentTimeMillis)
      yield* run.engine.output("a", "ended", refusedByPeer)
      const delay = (output(run, "a").nextRetryAt ?? 0) - at
      yield* adjust(delay)
      return delay
    })

  it.effect("row 25: a server that closes the connection every 5 s is tried less and less often", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const delays = yield* Effect.forEach(Array.from({ length: 8 }), () => failAfter(run, 5000))
      assert.deepStrictEqual(delays, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000])
    }),
  )

  it.effect("starts afresh after a session that was connected for 10 s, not after shorter ones", () =>
    Effect.gen(function* () {
      const run = yield* started()
      assert.strictEqual(yield* failAfter(run, 9000), 500)
      assert.strictEqual(yield* failAfter(run, 9000), 1000)
      assert.strictEqual(yield* failAfter(run, 10000), 500)
      assert.strictEqual(output(run, "a").reconnects, 2)
    }),
  )

  it.effect("is in error, tried every 30 s, when only a person can help", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run.engine.output("a", "ended", portTaken)
      assert.strictEqual(output(run, "a").status, "error")
      assert.strictEqual(output(run, "a").lastError, "port 9000 is in use")
      assert.deepStrictEqual(yield* during(run.engine, adjust("29 seconds")), [])
      assert.deepStrictEqual(yield* during(run.engine, adjust("1 seconds")), ["open_output a"])
      assert.strictEqual(output(run, "a").status, "error")
      yield* run.engine.output("a", "connected")
      assert.strictEqual(output(run, "a").status, "connected")
    }),
  )

  it.effect("takes a refusal of the engine as the end of the attempt", () =>
    Effect.gen(function* () {
      const missing: Reason = { code: "libsrt_missing", message: "install libsrt1.5-openssl", transient: false }
      const run = yield* started({ outputs: [] })
      run.engine.refuse = (c) => (c.cmd === "open_output" ? missing : null)
      yield* reconfigure(run.channel, channelConfig({ outputs: [a] }))
      yield* settle
      assert.strictEqual(output(run, "a").status, "error")
      assert.strictEqual(output(run, "a").lastError, "install libsrt1.5-openssl")
    }),
  )

  it.effect("closes a session nobody knows before it opens its own", () =>
    Effect.gen(function* () {
      const run = yield* started({ outputs: [] })
      let taken = true
      run.engine.refuse = (c) => {
        if (c.cmd === "close_output") taken = false
        return c.cmd === "open_output" && taken ? { code: "exists", message: "open already", transient: true } : null
      }
      const sent = yield* during(run.engine, reconfigure(run.channel, channelConfig({ outputs: [a] })))
      assert.deepStrictEqual(sent, ["open_output a", "close_output a", "open_output a"])
      assert.strictEqual(output(run, "a").errorCount, 0)
    }),
  )
})

describe("how often an output is tried again", () => {
  it.effect("is changed without a break, and holds from the next failure on", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run.engine.output("a", "connected")
      const once = { ...a, settings: { retry_attempts: 1, retry_delay_s: 15 } }
      assert.deepStrictEqual(
        yield* during(run.engine, reconfigure(run.channel, channelConfig({ outputs: [once, b] }))),
        [],
      )
      assert.strictEqual(output(run, "a").status, "connected")
      yield* run.engine.output("a", "ended", refusedByPeer)
      assert.deepStrictEqual(yield* during(run.engine, adjust("14 seconds")), [])
      assert.deepStrictEqual(yield* during(run.engine, adjust("5 seconds")), ["open_output a"])
      yield* run.engine.output("a", "ended", refusedByPeer)
      assert.strictEqual(output(run, "a").status, "error")
      assert.match(output(run, "a").lastError ?? "", /given up after 1 attempt to reconnect/)
      assert.deepStrictEqual(yield* during(run.engine, adjust("1 hour")), [])
    }),
  )
})
