import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, SubscriptionRef } from "effect"
import type { Reason } from "../../engine/protocol/messages.ts"
import { policyOf } from "../config/input-policy.ts"
import { channelConfig } from "../testing/configs.ts"
import { channelStats, engineStats, outputStats, settle } from "../testing/FakeEngine.ts"
import { reconfigure } from "./Channel.ts"
import {
  a,
  adjust,
  b,
  during,
  output,
  refusedByPeer,
  revision,
  type SourceEvent,
  type Started,
  started,
  withBackup,
} from "./testing/running-channel.ts"

describe("a channel", () => {
  it.effect("tells the engine of its legs first, then opens each enabled output", () =>
    Effect.gen(function* () {
      const off = { ...b, enabled: false }
      const { channel, engine } = yield* started({
        outputs: [a, off],
        backup_rtp_ip: "127.0.0.2",
        backup_rtp_port: 5001,
      })
      assert.deepStrictEqual(engine.log(), ["put_channel news", "open_output a"])
      const [put] = engine.sent
      assert(put?.cmd === "put_channel")
      assert.deepStrictEqual(put.channel.legs, [
        { name: "primary", ip: "127.0.0.1", port: 5000 },
        { name: "backup", ip: "127.0.0.2", port: 5001 },
      ])
      assert.deepStrictEqual(put.channel.policy, policyOf({}))
      assert.strictEqual(channel.runtime.outputs.has("b"), false)
    }),
  )

  it.effect("closes its outputs and itself in the engine when it is stopped", () =>
    Effect.gen(function* () {
      const { engine, fiber } = yield* started()
      const sent = yield* during(engine, Fiber.interrupt(fiber))
      assert.deepStrictEqual([...sent].sort(), ["close_output a", "close_output b", "remove_channel ch-1"])
    }),
  )

  it.effect("stops within 3 s when the engine does not answer", () =>
    Effect.gen(function* () {
      const { engine, fiber } = yield* started()
      const answering = engine.service.send
      Object.assign(engine.service, { send: () => Effect.never })
      const stopping = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* adjust("2900 millis")
      assert.strictEqual(stopping.unsafePoll(), null)
      yield* adjust("200 millis")
      yield* Fiber.join(stopping)
      Object.assign(engine.service, { send: answering })
    }),
  )

  it.effect("keeps the reason of an engine that refuses it, and tries again after 5 s", () =>
    Effect.gen(function* () {
      const full: Reason = { code: "full", message: "the engine carries at most 64 channels", transient: false }
      const { channel, engine } = yield* started()
      engine.refuse = (c) => (c.cmd === "put_channel" ? full : null)
      yield* SubscriptionRef.update(channel.config, (c) => ({ ...c, rtp_port: 5002 }))
      yield* settle
      assert.strictEqual(channel.runtime.refused, full.message)
      engine.refuse = () => null
      const sent = yield* during(engine, adjust("5 seconds"))
      assert.deepStrictEqual(sent, ["put_channel news"])
      assert.strictEqual(channel.runtime.refused, null)
    }),
  )
})

describe("the engine", () => {
  it.effect("that was lost gets the channel and every output again at once, without delay", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run.engine.output("a", "connected")
      yield* run.engine.lose
      assert.strictEqual(output(run, "a").status, "retrying")
      const sent = yield* during(run.engine, run.engine.connect())
      assert.strictEqual(sent[0], "put_channel news")
      assert.sameMembers([...sent], ["put_channel news", "open_output a", "open_output b"])
      yield* run.engine.output("a", "connected")
      assert.strictEqual(output(run, "a").reconnects, 1)
    }),
  )

  it.effect("that stays away is waited for without a busy loop", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run.engine.lose
      assert.deepStrictEqual(yield* during(run.engine, adjust("2 minutes")), [])
      assert.strictEqual(output(run, "a").errorCount, 1)
    }),
  )

  it.effect("that already runs the outputs keeps those with the same configuration", () =>
    Effect.gen(function* () {
      const found = channelStats({
        id: "ch-1",
        outputs: [
          outputStats({ id: "a", session: "s-a", url: a.url, revision: revision(a) }),
          outputStats({
            id: "b",
            session: "s-b",
            url: b.url,
            revision: revision({ ...b, url: "udp://192.0.2.1:1" }),
            state: "connected",
          }),
        ],
      })
      const run = yield* started({}, engineStats([found]))
      assert.deepStrictEqual(run.engine.log(), ["put_channel news", "open_output b"])
      assert.strictEqual(output(run, "a").status, "connected")
      assert.strictEqual(output(run, "a").session, "s-a")
      yield* run.engine.output("a", "ended", refusedByPeer)
      assert.strictEqual(output(run, "a").status, "retrying")
    }),
  )
})

describe("the source in use", () => {
  const switched = (run: Started, leg: SourceEvent["leg"]) =>
    run.engine.emit({ event: "source", channel_id: "ch-1", kind: "switched", leg, reason: "no_packets", message: "" })

  it.effect("is told to an engine that was restarted, whoever chose it, as not asked for by hand", () =>
    Effect.gen(function* () {
      const run = yield* started(withBackup)
      yield* switched(run, "backup")
      yield* run.engine.lose
      assert.deepStrictEqual(yield* during(run.engine, run.engine.connect()), [
        "put_channel news",
        "switch_source backup",
      ])
      assert.deepStrictEqual(run.engine.sent.at(-1), {
        cmd: "switch_source",
        channel_id: "ch-1",
        leg: "backup",
        manual: false,
      })
      yield* switched(run, "primary")
      yield* run.engine.lose
      assert.deepStrictEqual(yield* during(run.engine, run.engine.connect()), ["put_channel news"])
    }),
  )

  it.effect("is left to an engine that still has the channel", () =>
    Effect.gen(function* () {
      const run = yield* started(withBackup)
      yield* switched(run, "backup")
      yield* run.engine.lose
      const found = engineStats([channelStats({ id: "ch-1", active_source: "primary" })])
      assert.deepStrictEqual(yield* during(run.engine, run.engine.connect(found)), ["put_channel news"])
    }),
  )

  it.effect("is not told when the backup is gone, nor with a change of settings", () =>
    Effect.gen(function* () {
      const run = yield* started(withBackup)
      yield* switched(run, "backup")
      yield* run.engine.stats(engineStats([channelStats({ id: "ch-1", active_source: "backup" })]))
      const settings = reconfigure(
        run.channel,
        channelConfig({ ...withBackup, input: { mode: "failover", reorder_ms: 0 } }),
      )
      assert.deepStrictEqual(yield* during(run.engine, settings), ["put_channel news"])
      yield* reconfigure(run.channel, channelConfig({ outputs: [] }))
      yield* run.engine.lose
      assert.deepStrictEqual(yield* during(run.engine, run.engine.connect()), ["put_channel news"])
    }),
  )
})
