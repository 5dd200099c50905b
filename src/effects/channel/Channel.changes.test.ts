import { assert, describe, it } from "@effect/vitest"
import { Effect, SubscriptionRef } from "effect"
import { policyOf } from "../config/input-policy.ts"
import type { OutputConfig } from "../model/channel.ts"
import { channelConfig, outputConfig } from "../testing/configs.ts"
import { reconfigure } from "./Channel.ts"
import { a, adjust, b, during, output, refusedByPeer, revision, started } from "./testing/running-channel.ts"

describe("changes of a running channel", () => {
  it.effect("its sources are relayed to where its other node is, as soon as it has a port for that", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const told = () => run.engine.sent.flatMap((command) => (command.cmd === "put_channel" ? [command.channel] : []))
      const relay = (peer: string) => SubscriptionRef.set(run.channel.relay, { local: "10.0.0.1", peer })
      assert.deepStrictEqual(yield* during(run.engine, relay("10.0.0.2")), [])
      const config = channelConfig({ outputs: [a, b], input: { relay_port: 6000 } })
      yield* during(run.engine, reconfigure(run.channel, config))
      assert.deepStrictEqual(told().at(-1)?.relay, { local: "10.0.0.1", peer: "10.0.0.2", port: 6000 })
      yield* during(run.engine, relay("10.0.0.3"))
      assert.deepStrictEqual(told().at(-1)?.relay, { local: "10.0.0.1", peer: "10.0.0.3", port: 6000 })
      yield* during(run.engine, SubscriptionRef.set(run.channel.relay, null))
      assert.isUndefined(told().at(-1)?.relay)
    }),
  )

  it.effect("an added output starts, its siblings are not touched", () =>
    Effect.gen(function* () {
      const run = yield* started({ outputs: [a] })
      const sent = yield* during(run.engine, reconfigure(run.channel, channelConfig({ outputs: [a, b] })))
      assert.deepStrictEqual(sent, ["open_output b"])
    }),
  )

  it.effect("a removed output is closed before the change is done", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const before = run.engine.sent.length
      yield* reconfigure(run.channel, channelConfig({ outputs: [b] }))
      assert.deepStrictEqual(run.engine.log().slice(before), ["close_output a"])
      assert.strictEqual(run.channel.runtime.outputs.has("a"), false)
    }),
  )

  it.effect("a new URL closes and opens that output alone; a new name does nothing", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const moved = { ...a, url: "srt://192.0.2.9:9000" }
      const sent = yield* during(run.engine, reconfigure(run.channel, channelConfig({ outputs: [moved, b] })))
      assert.deepStrictEqual(sent, ["close_output a", "open_output a"])
      const renamed = { ...b, name: "Other" }
      assert.deepStrictEqual(
        yield* during(run.engine, reconfigure(run.channel, channelConfig({ outputs: [moved, renamed] }))),
        [],
      )
    }),
  )

  it.effect("new settings or a new key close and open that output alone, and the engine is told of them", () =>
    Effect.gen(function* () {
      const live = outputConfig({ ...a, protocol: "rtmp", url: "rtmp://192.0.2.1/live", stream_key: "one?x=/1" })
      const run = yield* started({ outputs: [live, b] })
      const opened = () => run.engine.sent.flatMap((command) => (command.cmd === "open_output" ? [command.output] : []))
      assert.deepInclude(opened()[0], {
        url: live.url,
        stream_key: "one?x=/1",
        settings: {},
        directory: null,
        pipe: null,
        revision: revision(live),
      })
      const become = (output: OutputConfig) =>
        during(run.engine, reconfigure(run.channel, channelConfig({ outputs: [output, b] })))
      const quiet = { ...live, preset: "twitch" as const, settings: {} }
      assert.deepStrictEqual(yield* become(quiet), [])
      const rekeyed = { ...quiet, stream_key: "two" }
      assert.deepStrictEqual(yield* become(rekeyed), ["close_output a", "open_output a"])
      const cued = { ...rekeyed, settings: { cue_points: "elemental", codecs: ["hevc"] } } as const
      assert.deepStrictEqual(yield* become(cued), ["close_output a", "open_output a"])
      assert.deepInclude(opened().at(-1), {
        stream_key: "two",
        settings: { cue_points: "elemental", codecs: ["hevc"] },
      })
      assert.deepStrictEqual(yield* become({ ...cued, settings: { codecs: ["hevc"], cue_points: "elemental" } }), [])
      assert.isTrue(run.events.some(({ message }) => message === "stopped: its settings were changed"))
    }),
  )

  it.effect("a disabled output is stopped and keeps its last error", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* run.engine.output("a", "ended", refusedByPeer)
      yield* reconfigure(run.channel, channelConfig({ outputs: [{ ...a, enabled: false }, b] }))
      const { lastError, nextRetryAt, status } = output(run, "a")
      assert.deepStrictEqual(
        { lastError, nextRetryAt, status },
        { lastError: "incorrect passphrase", nextRetryAt: null, status: "stopped" },
      )
      assert.deepStrictEqual(yield* during(run.engine, adjust("1 minute")), [])
    }),
  )

  it.effect("new input settings are told to the engine with the same legs; outputs are not touched", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const settings = channelConfig({ outputs: [a, b], input: { failover_after_ms: 200, switch: "immediate" } })
      assert.deepStrictEqual(yield* during(run.engine, reconfigure(run.channel, settings)), ["put_channel news"])
      const puts = run.engine.sent.flatMap((c) => (c.cmd === "put_channel" ? [c.channel] : []))
      assert.deepStrictEqual(puts[1]?.legs, puts[0]?.legs)
      assert.deepStrictEqual(puts[1]?.policy, { ...policyOf({}), failover_after_ms: 200, switch: "immediate" })
      const spelled = channelConfig({
        outputs: [a, b],
        input: { failover_after_ms: 200, switch: "immediate", mode: "auto" },
      })
      assert.deepStrictEqual(yield* during(run.engine, reconfigure(run.channel, spelled)), [])
    }),
  )

  it.effect("a new port is told to the engine; outputs are not touched", () =>
    Effect.gen(function* () {
      const run = yield* started()
      const sent = yield* during(
        run.engine,
        reconfigure(run.channel, channelConfig({ outputs: [a, b], rtp_port: 6000 })),
      )
      assert.deepStrictEqual(sent, ["put_channel news"])
    }),
  )
})
