import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope, Stream, TestClock } from "effect"
import { AppConfig } from "../config/AppConfig.ts"
import type { ChannelInput } from "../config/request-bodies.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { StoreError } from "../model/Errors.ts"
import { layerFile, Store, type StoreService } from "../store/Store.ts"
import { appConfig } from "../testing/configs.ts"
import { ControlPlaneLive } from "../testing/control-plane.ts"
import { outCue, scte35Event } from "../testing/cues.ts"
import {
  channelStats,
  engineStats,
  type FakeEngine,
  legStats,
  makeFakeEngine,
  outputStats,
  settle,
} from "../testing/FakeEngine.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { type ControlPlane, controlPlane } from "./ControlPlane.ts"

interface Service {
  readonly plane: ControlPlane
  readonly engine: FakeEngine
  readonly store: StoreService
  readonly stop: (exit?: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/** A control plane over a real file and a fake engine. `broken` makes the store refuse every change. */
const start = (file: string, engine?: FakeEngine, broken = false) =>
  Effect.gen(function* () {
    const fake = engine ?? (yield* makeFakeEngine())
    const scope = yield* Scope.make()
    const full = () => new StoreError({ operation: "store", cause: new Error("database or disk is full") })
    const breaking = Layer.effect(
      Store,
      Effect.map(Store, (store) => ({
        ...store,
        insertChannel: full,
        updateChannel: full,
        deleteChannel: full,
        setShouldRun: full,
        insertOutput: full,
        updateOutput: full,
        deleteOutput: full,
        appendEvents: full,
      })),
    )
    const store = broken ? Layer.provide(breaking, layerFile(file)) : layerFile(file)
    const context = yield* Layer.buildWithScope(
      ControlPlaneLive.pipe(
        Layer.provideMerge(store),
        Layer.provide(Layer.succeed(EngineClient, fake.service)),
        Layer.provide(Layer.succeed(AppConfig, appConfig(dirname(file)))),
      ),
      scope,
    )
    const service: Service = {
      plane: yield* Effect.provide(controlPlane, context),
      store: yield* Effect.provide(Store, context),
      engine: fake,
      stop: (exit = Exit.void) => Scope.close(scope, exit),
    }
    yield* settle
    return service
  })

const file = Effect.map(temporaryDirectory, (directory) => join(directory, "distributor.db"))
const fresh = Effect.flatMap(file, (path) => start(path))
const news: ChannelInput = {
  name: "News",
  rtp_ip: "127.0.0.1",
  rtp_port: 5000,
  outputs: [{ url: "srt://192.0.2.1:9000" }],
}
const doubled: ChannelInput = { ...news, backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5001 }
/** Commands sent while an effect ran. */
const during = (engine: FakeEngine, effect: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    yield* settle
    const before = engine.sent.length
    yield* Effect.orDie(effect)
    yield* settle
    return engine.sent.slice(before).map((c) => c.cmd)
  })

describe("cues", () => {
  it.scoped("of a running channel are found at once and after a restart, with their proofs", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* start(path)
      const channel = yield* first.plane.channels.create({ ...news, autostart: true })
      yield* settle
      const [output] = channel.outputs
      yield* first.engine.output(output?.id ?? "", "connected")
      yield* first.engine.emit(scte35Event(1, outCue(7, 10, 30), { channel_id: channel.id, at: 0.25 }))
      const found = () => first.plane.cues.list("news", { limit: 10 })
      assert.deepStrictEqual(
        (yield* found()).map(({ event_id, outputs }) => [event_id, outputs.map(({ status }) => status)]),
        [[7, ["pending"]]],
      )
      const word = {
        channel_id: channel.id,
        cue: 1,
        output_id: output?.id ?? "",
        sent: true,
        at: 5,
        delay_ms: 5,
        reason: null,
      }
      yield* first.engine.emit({ event: "cue_sent", ...word })
      yield* first.stop()
      const second = yield* start(path)
      const [cue] = yield* second.plane.cues.list("news", { limit: 10 })
      assert.deepInclude(cue, { event_id: 7, kind: "out", repeats: 0 })
      assert.deepStrictEqual(cue?.outputs, [
        { output: output?.slug ?? "", status: "sent", at: "1970-01-01T00:00:00.005Z", delay_ms: 5, reason: null },
      ])
      const kinds = (yield* second.plane.events.list("news", { limit: 100 })).map(({ kind }) => kind)
      assert.include(kinds, "break_announced")
      assert.strictEqual((yield* Effect.flip(second.plane.cues.list("nobody", { limit: 1 })))._tag, "NotFound")
    }),
  )
})

describe("manual cues", () => {
  const programmes = [
    {
      program_number: 1,
      pmt_pid: 100,
      pcr_pid: 256,
      version: 0,
      streams: [{ pid: 500, stream_type: 0x86 }],
      cuei: true,
    },
  ]
  const out = { command: "splice_insert", out_of_network_indicator: true, pre_roll_s: 8 } as const

  it.scoped(
    "go out of a running channel with the clock of the moment, and are found in its cues and events after a restart",
    () =>
      Effect.gen(function* () {
        const path = yield* file
        const first = yield* start(path)
        const { id } = yield* first.plane.channels.create({ ...news, autostart: true, input: { manual_cues: true } })
        yield* first.engine.stats(
          engineStats([channelStats({ id, clock_90k: 90_000, legs: [legStats({ programmes })] })]),
        )
        const insert = first.plane.cues.insert("news", out, "192.0.2.7 (with the API key)")
        // What was said of the stream a second ago is not asked: its clock has gone on.
        assert.deepStrictEqual(yield* during(first.engine, insert), ["state", "insert_cue"])
        const sent = first.engine.sent.at(-1)
        const base64 = sent?.cmd === "insert_cue" ? sent.section_base64 : ""
        yield* first.engine.emit(scte35Event(1, base64, { channel_id: id, clock_90k: 90_000 }))
        yield* first.stop()
        const second = yield* start(path)
        const [cue] = yield* second.plane.cues.list("news", { limit: 10 })
        assert.deepInclude(cue, { manual: true, event_id: 1, pts: 810_000, preroll_s: 8, base64 })
        const events = yield* second.plane.events.list("news", { limit: 100, kinds: ["cue_inserted"] })
        assert.deepStrictEqual(
          events.map(({ message, severity }) => [severity, message]),
          [["info", `inserted by 192.0.2.7 (with the API key) on PID 500: ${cue?.description}`]],
        )
        // Ids that were used before the restart are not given out again.
        const inserted = yield* second.plane.cues.insert("news", { ...out, pre_roll_s: undefined }, "somebody")
        assert.strictEqual(inserted.cue.event_id, 2)
      }),
  )

  it.scoped("are refused by channels that do not exist, do not allow them, or are stopped", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      const refusal = (ref: string) =>
        Effect.map(Effect.flip(plane.cues.insert(ref, out, "somebody")), (error) => error.message)
      assert.strictEqual(yield* refusal("nobody"), 'there is no channel "nobody"')
      yield* plane.channels.create(news)
      assert.include(yield* refusal("news"), "input.manual_cues: is not true")
      yield* plane.channels.update("news", { input: { manual_cues: true } })
      assert.include(yield* refusal("news"), "channel: is stopped")
      assert.deepStrictEqual(engine.sent, [])
    }),
  )
})

describe("settings of SCTE-35", () => {
  it.scoped("set by hand are kept by other changes, told to the engine, shown, and go with null", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      yield* plane.channels.create({ ...news, input: { scte35_pid: 700, manual_cues: true } })
      const changed = yield* plane.channels.update("news", { name: "Other", input: { reorder_ms: 20 } })
      assert.deepInclude(changed.input, { scte35_pid: 700, manual_cues: true, reorder_ms: 20 })
      assert.deepStrictEqual(changed.scte35.pids, [700])
      yield* plane.channels.start("news")
      const told = () => engine.sent.flatMap((c) => (c.cmd === "put_channel" ? [c.channel.policy.scte35_pid] : []))
      assert.deepStrictEqual(told(), [700])
      const reset = yield* plane.channels.update("news", { input: { scte35_pid: null, manual_cues: null } })
      yield* settle
      assert.deepInclude(reset.input, { scte35_pid: null, manual_cues: false })
      assert.deepStrictEqual(reset.scte35.pids, [])
      assert.deepStrictEqual(told(), [700, null])
    }),
  )
})

describe("Supervisor", () => {
  it.scoped("creates a stopped channel, starts it, stops it", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      const created = yield* plane.channels.create(news)
      assert.deepInclude(created, { number: 1, slug: "news", status: "stopped", active_source: "primary" })
      assert.deepStrictEqual(engine.sent, [])
      assert.deepStrictEqual(yield* during(engine, plane.channels.start("news")), ["put_channel", "open_output"])
      assert.strictEqual((yield* plane.channels.get("news")).status, "starting")
      yield* engine.stats(engineStats([channelStats({ id: created.id })]))
      assert.strictEqual((yield* plane.channels.get("1")).status, "running")
      assert.deepStrictEqual(yield* during(engine, plane.channels.start("news")), [])
      assert.sameMembers(yield* during(engine, plane.channels.stop(created.id)), ["close_output", "remove_channel"])
      assert.strictEqual((yield* plane.channels.get("news")).status, "stopped")
    }),
  )

  it.scoped("starts a channel with autostart at its creation", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      assert.deepStrictEqual(yield* during(engine, plane.channels.create({ ...news, autostart: true })), [
        "put_channel",
        "open_output",
      ])
    }),
  )

  it.scoped("runs after a restart what ran before, and nothing else", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* start(path)
      yield* first.plane.channels.create(news)
      yield* first.plane.channels.create({ name: "Idle", rtp_port: 5001 })
      yield* first.plane.channels.start("news")
      yield* first.stop()
      const second = yield* start(path)
      assert.deepStrictEqual(
        (yield* second.plane.channels.list).map((c) => [c.slug, c.status]),
        [
          ["news", "starting"],
          ["idle", "stopped"],
        ],
      )
      yield* second.plane.channels.stop("news")
      yield* second.stop()
      const third = yield* start(path)
      assert.isTrue((yield* third.plane.channels.list).every((c) => c.status === "stopped"))
    }),
  )

  it.scoped("adopts what the engine runs as it should, and removes what nobody asked for", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* start(path)
      const channel = yield* first.plane.channels.create({ ...news, autostart: true })
      const [output] = channel.outputs
      assert(output !== undefined)
      yield* first.stop()
      const opened = first.engine.sent.find((command) => command.cmd === "open_output")
      const session = outputStats({
        id: output.id,
        session: "s",
        url: "srt://192.0.2.1:9000",
        revision: opened?.output.revision,
      })
      const forgotten = outputStats({ id: "gone", session: "g", url: "srt://192.0.2.1:9001" })
      const engine = yield* makeFakeEngine(
        engineStats([
          channelStats({ id: channel.id, outputs: [session, forgotten] }),
          channelStats({ id: "stranger" }),
        ]),
      )
      const second = yield* start(path, engine)
      assert.sameMembers([...engine.log()], ["put_channel news", "close_output gone", "remove_channel stranger"])
      const [view] = yield* second.plane.channels.list
      assert.deepInclude(view?.outputs[0], { status: "connected", error_count: 0 })
    }),
  )

  it.scoped("adds, changes and removes one output of a running channel without touching the others", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      yield* plane.channels.create({ ...news, autostart: true })
      const add = plane.outputs.add("news", { url: "udp://192.0.2.1:7000" })
      const opened = yield* during(engine, add)
      assert.deepStrictEqual(opened, ["open_output"])
      assert.deepStrictEqual(
        yield* during(engine, plane.outputs.update("news", "udp-1", { url: "udp://192.0.2.1:7001" })),
        ["close_output", "open_output"],
      )
      assert.deepStrictEqual(yield* during(engine, plane.outputs.update("news", "udp-1", { name: "Lab" })), [])
      assert.deepStrictEqual(yield* during(engine, plane.outputs.stop("news", "udp-1")), ["close_output"])
      assert.deepStrictEqual(yield* during(engine, plane.outputs.start("news", "udp-1")), ["open_output"])
      assert.deepStrictEqual(yield* during(engine, plane.outputs.remove("news", "udp-1")), ["close_output"])
      const { outputs } = yield* plane.channels.get("news")
      assert.deepStrictEqual(
        outputs.map((o) => [o.name, o.status]),
        [["SRT 1", "connecting"]],
      )
    }),
  )

  it.scoped("re-opens only the leg when an address changes", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      yield* plane.channels.create({ ...news, autostart: true })
      assert.deepStrictEqual(yield* during(engine, plane.channels.update("news", { rtp_port: 5002 })), ["put_channel"])
      assert.deepStrictEqual(yield* during(engine, plane.channels.update("news", { name: "Renamed" })), [])
      assert.deepInclude(yield* plane.channels.get("news"), { name: "Renamed", slug: "news", rtp_port: 5002 })
    }),
  )

  it.scoped("refuses what contradicts another channel, naming it, and changes nothing", () =>
    Effect.gen(function* () {
      const { plane } = yield* fresh
      yield* plane.channels.create(news)
      yield* plane.channels.create({ name: "Sport", rtp_port: 5001 })
      const same = yield* Effect.flip(plane.channels.create({ name: "Twin", rtp_port: 5000 }))
      assert.strictEqual(same._tag, "Conflict")
      assert.include(same.message, 'rtp_port: UDP port 5000 is already used by the primary input of channel "News"')
      assert.strictEqual((yield* Effect.flip(plane.channels.update("sport", { rtp_port: 5000 })))._tag, "Conflict")
      const listener = yield* Effect.flip(plane.outputs.add("sport", { url: "srt://:5000?mode=listener" }))
      assert.match(listener.message, /^url: .*"News"/)
      assert.strictEqual((yield* plane.channels.list).length, 2)
      assert.strictEqual((yield* plane.channels.get("sport")).outputs.length, 0)
    }),
  )

  it.scoped("gives every channel a slug of its own, and numbers that are never used again", () =>
    Effect.gen(function* () {
      const { plane } = yield* fresh
      yield* plane.channels.create(news)
      const twin = yield* plane.channels.create({ ...news, rtp_port: 5001 })
      assert.deepInclude(twin, { slug: "news-2", number: 2 })
      yield* plane.channels.remove("2")
      assert.strictEqual((yield* plane.channels.create({ ...news, rtp_port: 5001 })).number, 3)
      assert.strictEqual((yield* Effect.flip(plane.channels.get("2")))._tag, "NotFound")
    }),
  )

  it.scoped("changes nothing when the store refuses", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* start(path)
      yield* first.plane.channels.create({ ...news, autostart: true })
      yield* first.stop()
      const { plane, engine } = yield* start(path, undefined, true)
      const before = yield* plane.channels.list
      const sent = engine.sent.length
      const verbs: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
        plane.channels.create({ name: "X", rtp_port: 6000, autostart: true }),
        plane.channels.update("news", { rtp_port: 6001 }),
        plane.channels.stop("news"),
        plane.outputs.add("news", { url: "udp://192.0.2.1:1" }),
        plane.outputs.update("news", "srt-1", { url: "srt://192.0.2.1:1" }),
        plane.outputs.remove("news", "srt-1"),
        plane.channels.remove("news"),
      ]
      for (const verb of verbs) assert.strictEqual((yield* Effect.flip(verb))._tag, "StoreError")
      yield* settle
      assert.deepStrictEqual(yield* plane.channels.list, before)
      assert.strictEqual(engine.sent.length, sent)
    }),
  )

  it.scoped("switches a running channel with a backup by hand, and refuses others", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      yield* plane.channels.create(doubled)
      assert.strictEqual(
        (yield* Effect.flip(plane.channels.switchSource("news", "backup"))).message,
        "source: the channel is stopped",
      )
      yield* plane.channels.start("news")
      assert.deepStrictEqual(yield* during(engine, plane.channels.switchSource("news", "backup")), [
        "switch_source",
        "state",
      ])
      assert.deepInclude(
        engine.sent.find((c) => c.cmd === "switch_source"),
        { leg: "backup", manual: true },
      )
      yield* plane.channels.create({ name: "Single", rtp_port: 5002, autostart: true })
      assert.include((yield* Effect.flip(plane.channels.switchSource("single", "backup"))).message, "no backup")
    }),
  )

  it.scoped("refuses a switch to a leg on which nothing usable arrives, unless forced", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      const { id } = yield* plane.channels.create({ ...doubled, autostart: true })
      const backup = (over: Parameters<typeof legStats>[0]) =>
        engine.stats(
          engineStats([channelStats({ id, legs: [legStats(), legStats({ name: "backup", port: 5001, ...over })] })]),
        )
      const refusal = Effect.flip(plane.channels.switchSource("news", "backup"))
      yield* backup({ receiving: false })
      assert.deepStrictEqual(yield* during(engine, Effect.ignore(plane.channels.switchSource("news", "backup"))), [
        "state",
      ])
      const silent = yield* refusal
      assert.strictEqual(silent._tag, "Conflict")
      assert.strictEqual(
        silent.message,
        'source: no packets arrive on the backup (127.0.0.1:5001): the outputs would stop; send "force": true to switch all the same',
      )
      yield* backup({ verdict: "lost", reasons: ["null packets only"] })
      assert.include(
        (yield* refusal).message,
        "nothing usable arrives on the backup (127.0.0.1:5001): null packets only: the outputs would stop",
      )
      yield* backup({
        problem: { code: "EADDRINUSE", message: "the port is in use", transient: false },
        receiving: false,
      })
      assert.include((yield* refusal).message, "the backup (127.0.0.1:5001) is not open: the port is in use")
      assert.isFalse(engine.sent.some((c) => c.cmd === "switch_source"))
      yield* plane.channels.switchSource("news", "backup", true)
      yield* plane.channels.switchSource("news", "primary")
      yield* backup({})
      yield* plane.channels.switchSource("news", "backup")
      assert.deepStrictEqual(
        engine.sent.flatMap((c) => (c.cmd === "switch_source" ? [c.leg] : [])),
        ["backup", "primary", "backup"],
      )
    }),
  )

  it.scoped("asks once more before it refuses: a leg may have come up since the last figures", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      const { id } = yield* plane.channels.create({ ...doubled, autostart: true })
      const figures = (receiving: boolean) =>
        engineStats([channelStats({ id, legs: [legStats(), legStats({ name: "backup", port: 5001, receiving })] })])
      yield* engine.stats(figures(false))
      const { send } = engine.service
      Object.assign(engine.service, {
        send: (command: Parameters<typeof send>[0]) =>
          command.cmd === "state" ? Effect.succeed({ re: 0, ok: true, stats: figures(true) }) : send(command),
      })
      assert.deepStrictEqual(yield* during(engine, plane.channels.switchSource("news", "backup")), ["switch_source"])
    }),
  )

  it.scoped("tells the engine of new input settings and leaves the rest as it is", () =>
    Effect.gen(function* () {
      const { plane, engine, store } = yield* fresh
      yield* plane.channels.create({ ...doubled, autostart: true, input: { mode: "merge", reorder_ms: 20 } })
      assert.deepStrictEqual(
        yield* during(engine, plane.channels.update("news", { input: { reorder_ms: null, fec: "off" } })),
        ["put_channel"],
      )
      assert.deepStrictEqual(yield* during(engine, plane.channels.update("news", { input: {} })), [])
      assert.deepStrictEqual((yield* store.load)[0]?.input, { mode: "merge", fec: "off" })
      assert.deepInclude((yield* plane.channels.get("news")).input, {
        mode: "merge",
        reorder_ms: 50,
        fec: "off",
        failover_after_ms: 500,
      })
      const refused = yield* Effect.flip(plane.channels.update("news", { backup_rtp_port: 5000 }))
      assert.strictEqual(refused._tag, "InvalidInput")
      assert.include(
        refused.message,
        "backup_rtp_port: primary and backup listen on the same port: both on 127.0.0.1:5000",
      )
      const fec = yield* Effect.flip(
        plane.channels.create({ name: "Sport", rtp_ip: "127.0.0.1", rtp_port: 4999, input: { fec: "auto" } }),
      )
      assert.strictEqual(fec._tag, "Conflict")
      assert.include(
        fec.message,
        'input.fec: "auto" needs UDP port 5001, which is already used by the backup input of channel "News"',
      )
    }),
  )

  it.effect("keeps what happened across restarts, newest first, and forgets it with the channel", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* file
        const first = yield* start(path)
        const { id } = yield* first.plane.channels.create({ ...doubled, autostart: true })
        yield* first.engine.emit({
          event: "source",
          channel_id: id,
          kind: "switched",
          leg: "backup",
          reason: "no_packets",
          message: "no packets on the primary for 500 ms",
        })
        yield* first.engine.output(
          first.engine.sent.flatMap((c) => (c.cmd === "open_output" ? [c.output.id] : []))[0] ?? "",
          "connected",
        )
        yield* first.engine.lose
        yield* first.engine.connect()
        yield* first.stop()
        const second = yield* start(
          path,
          yield* makeFakeEngine(engineStats([channelStats({ id, active_source: "backup" })])),
        )
        const events = yield* second.plane.events.list("news", { limit: 100 })
        assert.deepStrictEqual(
          events.map((e) => [e.kind, e.severity, e.source, e.output, e.message]),
          [
            ["started", "info", null, null, "started with the service: found running, on the backup"],
            ["stopped", "info", null, null, "stopped with the service"],
            ["engine_back", "info", null, null, "the engine is back: input and outputs are opened again"],
            ["engine_lost", "critical", null, null, "killed"],
            ["output_connected", "info", null, "srt-1", "connected"],
            ["switched", "warning", "backup", null, "no packets on the primary for 500 ms"],
            ["started", "info", null, null, "started at its creation"],
          ],
        )
        assert.deepStrictEqual(
          events.map((e) => e.id),
          [7, 6, 5, 4, 3, 2, 1],
        )
        yield* second.plane.channels.stop("news")
        assert.strictEqual((yield* second.plane.events.list("1", { limit: 1 }))[0]?.message, "stopped by the operator")
        yield* second.plane.channels.remove("news")
        assert.strictEqual((yield* Effect.flip(second.plane.events.list("news", { limit: 1 })))._tag, "NotFound")
        assert.deepStrictEqual(yield* second.store.events(id, { limit: 1 }), [])
      }),
    ),
  )

  it.scoped("never keeps a secret in an event", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      const { outputs } = yield* plane.channels.create({ ...news, autostart: true })
      const url = "srt://192.0.2.1:9000?passphrase=verysecret99"
      yield* engine.output(outputs[0]?.id ?? "", "ended", {
        code: "url",
        message: `cannot use ${url}`,
        transient: false,
      })
      const [event] = yield* plane.events.list("news", { limit: 1 })
      assert.strictEqual(event?.message, "cannot use srt://192.0.2.1:9000?passphrase=***")
    }),
  )

  it.effect("works on while its store refuses events, and says so in its health", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* file
        const first = yield* start(path)
        yield* first.plane.channels.create({ ...news, autostart: true })
        yield* first.stop()
        const { plane, engine } = yield* start(path, undefined, true)
        yield* TestClock.adjust("1 second")
        yield* settle
        assert.deepStrictEqual((yield* plane.system.health).problems, [
          "what happens to channels is not being stored: the configuration store failed to store: database or disk is full",
        ])
        assert.isTrue(engine.sent.some((c) => c.cmd === "open_output"))
        assert.strictEqual((yield* plane.events.list("news", { limit: 1 }))[0]?.message, "stopped with the service")
      }),
    ),
  )

  it.effect(
    "raises an alarm for lost redundancy and lost input, each with its beginning, and tells of them in its health",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { plane, engine } = yield* fresh
          const { id } = yield* plane.channels.create({ ...doubled, autostart: true })
          const dead = { receiving: false, verdict: "lost" } as const
          const backup = legStats({ name: "backup", port: 5001 })
          const second = (stats: Parameters<typeof channelStats>[0]) =>
            Effect.zipRight(TestClock.adjust("1 second"), engine.stats(engineStats([channelStats(stats)])))
          const alarms = Effect.map(plane.channels.get("news"), (c) =>
            c.alarms.map((a) => `${a.kind} since ${a.since}`),
          )
          yield* second({ id, redundancy: "ok", legs: [legStats(), backup] })
          assert.deepStrictEqual(yield* alarms, [])
          const half: Parameters<typeof channelStats>[0] = {
            id,
            redundancy: "lost",
            active_source: "backup",
            legs: [legStats(dead), backup],
          }
          for (let n = 0; n < 3; n++) yield* second(half)
          assert.deepStrictEqual(yield* alarms, [])
          yield* second(half)
          const since = "redundancy_lost since 1970-01-01T00:00:02.000Z"
          assert.deepStrictEqual(yield* alarms, [since])
          const health = yield* plane.system.health
          assert.strictEqual(health.status, "degraded")
          assert.deepStrictEqual(health.problems, [
            'channel "News" has lost its redundancy since 1970-01-01T00:00:02.000Z: the primary (127.0.0.1:5000) could not take over: no packets arrive there; a failure of the backup would be seen on the outputs',
          ])
          assert.deepStrictEqual(health.channel_problems, health.problems)
          const none = { ...half, legs: [legStats(dead), { ...backup, ...dead }] }
          for (let n = 0; n < 5; n++) yield* second(none)
          assert.deepStrictEqual(yield* alarms, ["no_input since 1970-01-01T00:00:05.000Z", since])
          yield* second({ id, redundancy: "ok", legs: [legStats(), backup] })
          assert.deepStrictEqual(yield* alarms, [since])
          yield* second({ id, redundancy: "ok", legs: [legStats(), backup] })
          assert.deepStrictEqual(yield* alarms, [])
          assert.strictEqual((yield* plane.system.health).status, "ok")
          yield* plane.channels.stop("news")
          assert.deepStrictEqual(yield* alarms, [])
        }),
      ),
  )

  it.effect("takes an alarm of an engine that was found as begun when it is first seen", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* file
        const first = yield* start(path)
        const { id } = yield* first.plane.channels.create({ ...doubled, autostart: true })
        yield* first.stop()
        yield* TestClock.adjust("1 hour")
        const lost = engineStats([
          channelStats({ id, redundancy: "lost", legs: [legStats(), legStats({ name: "backup", receiving: false })] }),
        ])
        const { plane, engine } = yield* start(path, yield* makeFakeEngine(lost))
        for (let n = 0; n < 4; n++) {
          yield* engine.stats(lost)
          yield* TestClock.adjust("1 second")
        }
        assert.strictEqual((yield* plane.channels.get("news")).alarms[0]?.since, "1970-01-01T01:00:00.000Z")
      }),
    ),
  )

  it.effect("shows a started channel without input as starting, after 5 s as error, and recovers by itself", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { plane, engine } = yield* fresh
        const { id } = yield* plane.channels.create({ ...news, autostart: true })
        const status = Effect.map(plane.channels.get("news"), (c) => c.status)
        const silent = engineStats([channelStats({ id, legs: [legStats({ receiving: false })] })])
        yield* engine.stats(silent)
        yield* TestClock.adjust("4900 millis")
        assert.strictEqual(yield* status, "starting")
        yield* TestClock.adjust("100 millis")
        assert.deepInclude(yield* plane.channels.get("news"), {
          status: "error",
          error:
            "no packets on 127.0.0.1:5000 for 5 s: check that the encoder sends there and that no firewall drops UDP",
        })
        yield* engine.stats(engineStats([channelStats({ id })]))
        assert.strictEqual(yield* status, "running")
        yield* engine.stats(silent)
        yield* TestClock.adjust("4 seconds")
        assert.strictEqual(yield* status, "starting")
      }),
    ),
  )

  it.scoped("keeps a refused receiver's reason at its output", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      const { id, outputs } = yield* plane.channels.create({ ...news, autostart: true })
      yield* settle
      yield* engine.emit({
        event: "receiver",
        channel_id: id,
        output_id: outputs[0]?.id ?? "",
        peer: "192.0.2.7:4000",
        stream_id: "",
        joined: false,
        reason: "wrong passphrase",
      })
      const [output] = (yield* plane.channels.get("news")).outputs
      assert.deepInclude(output, { last_error: "receiver 192.0.2.7:4000: wrong passphrase", error_count: 1 })
    }),
  )

  it.scoped("reports its health, and what is wrong when the engine is away", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      yield* plane.channels.create(news)
      assert.deepInclude(yield* plane.system.health, {
        status: "ok",
        channels: { total: 1, running: 0, error: 0 },
        problems: [],
      })
      yield* engine.lose
      const health = yield* plane.system.health
      assert.deepInclude(health, { status: "degraded", store: { ok: true } })
      assert.deepStrictEqual(health.problems, ["the engine is not connected: killed"])
    }),
  )

  it.effect("tells viewers of changes at most four times a second, the last one included", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { plane, engine } = yield* fresh
        let seen = 0
        const viewer = yield* Effect.fork(Stream.runForEach(plane.changeFeed.changes, () => Effect.sync(() => seen++)))
        yield* settle
        for (let n = 0; n < 100; n++) {
          yield* engine.stats(engineStats([], n))
          yield* TestClock.adjust("10 millis")
        }
        assert.isAtLeast(seen, 4)
        assert.isAtMost(seen, 5)
        const before = seen
        yield* TestClock.adjust("1 second")
        assert.isAtMost(seen - before, 1)
        yield* plane.channels.create(news)
        yield* settle
        assert.isAbove(seen, before)
        yield* Fiber.interrupt(viewer)
      }),
    ),
  )

  it.effect("closes within 1.5 s although the engine does not answer", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { plane, engine, stop } = yield* fresh
        yield* plane.channels.create({ ...news, autostart: true })
        yield* settle
        Object.assign(engine.service, { send: () => Effect.never })
        const stopping = yield* Effect.fork(stop())
        yield* settle
        yield* TestClock.adjust("1400 millis")
        assert.strictEqual(stopping.unsafePoll(), null)
        yield* TestClock.adjust("200 millis")
        yield* Fiber.join(stopping)
      }),
    ),
  )
})
