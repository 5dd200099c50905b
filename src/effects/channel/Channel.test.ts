import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random, SubscriptionRef, TestClock } from "effect"
import type { Event, Reason } from "../../engine/protocol/messages.ts"
import { policyOf } from "../config/input-policy.ts"
import { revisionOf } from "../config/output-place.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import type { Happening } from "../model/event.ts"
import { channelConfig, outputConfig, outputHost } from "../testing/configs.ts"
import {
  channelStats,
  engineStats,
  type FakeEngine,
  makeFakeEngine,
  outputStats,
  settle,
} from "../testing/FakeEngine.ts"
import { makeChannel, reconfigure, runChannel } from "./Channel.ts"
import type { Channel } from "./started-channel.ts"

type SourceEvent = Extract<Event, { readonly event: "source" }>
type LegEvent = Extract<Event, { readonly event: "leg" }>
const refusedByPeer: Reason = { code: "srt_reject_10", message: "incorrect passphrase", transient: true }
const portTaken: Reason = { code: "EADDRINUSE", message: "port 9000 is in use", transient: false }
const a = outputConfig({ id: "a", slug: "a", name: "A", url: "srt://192.0.2.1:9000" })
const b = outputConfig({ id: "b", slug: "b", name: "B", url: "udp://192.0.2.1:9001", protocol: "udp" })

const revision = (output: OutputConfig) => revisionOf(output, outputHost())

interface Started {
  readonly engine: FakeEngine
  readonly channel: Channel
  readonly fiber: Fiber.RuntimeFiber<void>
  /** Events that were recorded. */
  readonly events: ReadonlyArray<Happening>
}

const noCues: Channel["keepCue"] = (cue) => ({ current: () => cue, update: () => undefined })

/** A running channel; jitter is in its middle, so that delays are exact. */
const started = (config: Partial<ChannelConfig> = {}, stats = engineStats()) =>
  Effect.gen(function* () {
    const engine = yield* makeFakeEngine(stats)
    const events: Array<Happening> = []
    const record = (happening: Happening) => Effect.sync(() => void events.push(happening))
    const channel = yield* makeChannel(
      channelConfig({ outputs: [a, b], ...config }),
      engine.service,
      outputHost(),
      Effect.void,
      record,
      noCues,
    )
    const fiber = yield* Effect.fork(Effect.withRandom(runChannel(channel), Random.fixed([0.5])))
    yield* settle
    return { engine, channel, fiber, events } satisfies Started
  })

const output = ({ channel }: Started, id: string) => {
  const found = channel.runtime.outputs.get(id)
  assert(found !== undefined, `output ${id} has no runtime`)
  return found
}
/** Commands sent while an effect ran. */
const during = (engine: FakeEngine, effect: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const before = engine.sent.length
    yield* Effect.zipRight(effect, settle)
    return engine.log().slice(before)
  })
const adjust = (time: Parameters<typeof TestClock.adjust>[0]) => Effect.zipRight(TestClock.adjust(time), settle)

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

describe("changes of a running channel", () => {
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

const withBackup = { outputs: [], backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5001 }
const told = ({ events }: Started) =>
  events.map(({ kind, output, severity, source }) => [kind, severity, output ?? source ?? ""].join(" ").trim())

describe("what is recorded", () => {
  it.effect("of an output: each change, not each attempt", () =>
    Effect.gen(function* () {
      const run = yield* started({ outputs: [a] })
      yield* run.engine.output("a", "connected")
      yield* run.engine.output("a", "ended", refusedByPeer)
      for (const delay of [500, 1000, 2000]) {
        yield* adjust(delay)
        yield* run.engine.output("a", "ended", refusedByPeer)
      }
      yield* adjust(4000)
      yield* run.engine.output("a", "ended", portTaken)
      yield* adjust(30_000)
      yield* run.engine.output("a", "listening")
      yield* run.engine.output("a", "connected")
      yield* run.engine.output("a", "listening")
      assert.deepStrictEqual(told(run), [
        "output_connected info a",
        "output_failed warning a",
        "output_failed critical a",
        "output_waiting info a",
        "output_connected info a",
        "output_waiting info a",
      ])
      assert.deepStrictEqual(
        run.events.map(({ message }) => message),
        [
          "connected",
          "incorrect passphrase",
          "port 9000 is in use",
          "listening, no receiver any more",
          "connected",
          "listening, no receiver any more",
        ],
      )
    }),
  )

  it.effect("of an output that is stopped, changed or removed", () =>
    Effect.gen(function* () {
      const run = yield* started()
      yield* reconfigure(
        run.channel,
        channelConfig({
          outputs: [
            { ...a, enabled: false },
            { ...b, url: "udp://192.0.2.1:9009" },
          ],
        }),
        "user ada",
      )
      yield* reconfigure(run.channel, channelConfig({ outputs: [{ ...a, enabled: false }] }), "user ada")
      assert.sameMembers(
        run.events.map(({ message, output: slug }) => `${slug} ${message}`),
        ["a disabled by user ada", "b stopped: its URL was changed", "b removed by user ada"],
      )
    }),
  )

  it.effect("is not that an engine which was lost took its outputs along, nor that one which was found runs them", () =>
    Effect.gen(function* () {
      const found = channelStats({
        id: "ch-1",
        outputs: [outputStats({ id: "a", session: "s-a", url: a.url, revision: revision(a) })],
      })
      const run = yield* started({ outputs: [a] }, engineStats([found]))
      assert.deepStrictEqual([output(run, "a").status, ...told(run)], ["connected"])
      yield* run.engine.lose
      yield* run.engine.connect()
      assert.deepStrictEqual(told(run), [])
      yield* run.engine.output("a", "connected")
      assert.deepStrictEqual(told(run), ["output_connected info a"])
    }),
  )

  it.effect("of the sources: what the engine tells, graver when it was not asked for", () =>
    Effect.gen(function* () {
      const run = yield* started(withBackup)
      const source = (kind: SourceEvent["kind"], leg: SourceEvent["leg"], reason = "") =>
        run.engine.emit({ event: "source", channel_id: "ch-1", kind, leg, reason, message: `${kind} of the ${leg}` })
      yield* source("switched", "backup", "no_packets")
      yield* source("switched", "primary", "failback")
      yield* source("switched", "backup", "operator")
      for (const kind of [
        "leg_lost",
        "leg_back",
        "redundancy_lost",
        "redundancy_back",
        "merge_on",
        "merge_off",
        "legs_differ",
      ] as const) {
        yield* source(kind, "primary")
      }
      assert.deepStrictEqual(told(run), [
        "switched warning backup",
        "switched info primary",
        "switched info backup",
        "leg_lost warning primary",
        "leg_back info primary",
        "redundancy_lost warning primary",
        "redundancy_back info primary",
        "merge_on info primary",
        "merge_off warning primary",
        "legs_differ warning primary",
      ])
      assert.strictEqual(run.events[0]?.message, "switched of the backup")
      assert.strictEqual(run.channel.runtime.legsDiffer, "legs_differ of the primary")
      yield* source("merge_on", "primary")
      assert.isNull(run.channel.runtime.legsDiffer)
    }),
  )

  it.effect("of a leg: what changed or failed, not that it is open, live or silent", () =>
    Effect.gen(function* () {
      const run = yield* started({ outputs: [] })
      const kinds = [
        "open",
        "failed",
        "live",
        "silent",
        "sender_changed",
        "sequence_reset",
        "psi_changed",
        "pcr_jump",
        "fec_on",
        "fec_off",
        "rejoined",
      ]
      for (const kind of kinds as ReadonlyArray<LegEvent["kind"]>) {
        yield* run.engine.emit({ event: "leg", channel_id: "ch-1", leg: "primary", kind, message: kind })
      }
      assert.deepStrictEqual(told(run), [
        "leg_failed warning primary",
        "sender_changed warning primary",
        "sequence_reset warning primary",
        "psi_changed info primary",
        "pcr_jump warning primary",
        "fec_on info primary",
        "fec_off info primary",
        "rejoined warning primary",
      ])
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
