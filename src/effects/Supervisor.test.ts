import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope, Stream, TestClock } from "effect"
import { Distributor, type DistributorService } from "./Distributor.ts"
import { EngineClient } from "./EngineClient.ts"
import { StoreError } from "./Errors.ts"
import type { ChannelInput } from "./model.ts"
import { layerFile, Store, type StoreService } from "./Store.ts"
import { DistributorLive } from "./Supervisor.ts"
import { channelStats, engineStats, type FakeEngine, legStats, makeFakeEngine, outputStats, settle } from "./testing/FakeEngine.ts"
import { temporaryDirectory } from "./testing/temporary-directory.ts"

interface Service {
  readonly distributor: DistributorService
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
      })),
    )
    const store = broken ? Layer.provide(breaking, layerFile(file)) : layerFile(file)
    const context = yield* Layer.buildWithScope(
      DistributorLive.pipe(Layer.provideMerge(store), Layer.provide(Layer.succeed(EngineClient, fake.service))),
      scope,
    )
    const service: Service = {
      distributor: yield* Effect.provide(Distributor, context),
      store: yield* Effect.provide(Store, context),
      engine: fake,
      stop: (exit = Exit.void) => Scope.close(scope, exit),
    }
    yield* settle
    return service
  })

const file = Effect.map(temporaryDirectory, (directory) => join(directory, "distributor.db"))
const fresh = Effect.flatMap(file, (path) => start(path))
const news: ChannelInput = { name: "News", rtp_ip: "127.0.0.1", rtp_port: 5000, outputs: [{ url: "srt://192.0.2.1:9000" }] }
/** Commands sent while an effect ran. */
const during = (engine: FakeEngine, effect: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    yield* settle
    const before = engine.sent.length
    yield* Effect.orDie(effect)
    yield* settle
    return engine.sent.slice(before).map((c) => c.cmd)
  })

describe("Supervisor", () => {
  it.scoped("creates a stopped channel, starts it, stops it", () =>
    Effect.gen(function* () {
      const { distributor, engine } = yield* fresh
      const created = yield* distributor.create(news)
      assert.deepInclude(created, { number: 1, slug: "news", status: "stopped", active_source: "primary" })
      assert.deepStrictEqual(engine.sent, [])
      assert.deepStrictEqual(yield* during(engine, distributor.start("news")), ["put_channel", "open_output"])
      assert.strictEqual((yield* distributor.get("news")).status, "starting")
      yield* engine.stats(engineStats([channelStats({ id: created.id })]))
      assert.strictEqual((yield* distributor.get("1")).status, "running")
      assert.deepStrictEqual(yield* during(engine, distributor.start("news")), [])
      assert.sameMembers(yield* during(engine, distributor.stop(created.id)), ["close_output", "remove_channel"])
      assert.strictEqual((yield* distributor.get("news")).status, "stopped")
    }),
  )

  it.scoped("starts a channel with autostart at its creation", () =>
    Effect.gen(function* () {
      const { distributor, engine } = yield* fresh
      assert.deepStrictEqual(yield* during(engine, distributor.create({ ...news, autostart: true })), ["put_channel", "open_output"])
    }),
  )

  it.scoped("runs after a restart what ran before, and nothing else", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* start(path)
      yield* first.distributor.create(news)
      yield* first.distributor.create({ name: "Idle", rtp_port: 5001 })
      yield* first.distributor.start("news")
      yield* first.stop()
      const second = yield* start(path)
      assert.deepStrictEqual(
        (yield* second.distributor.list).map((c) => [c.slug, c.status]),
        [
          ["news", "starting"],
          ["idle", "stopped"],
        ],
      )
      yield* second.distributor.stop("news")
      yield* second.stop()
      const third = yield* start(path)
      assert.isTrue((yield* third.distributor.list).every((c) => c.status === "stopped"))
    }),
  )

  it.scoped("adopts what the engine runs as it should, and removes what nobody asked for", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* start(path)
      const channel = yield* first.distributor.create({ ...news, autostart: true })
      const [output] = channel.outputs
      assert(output !== undefined)
      yield* first.stop()
      const session = outputStats({ id: output.id, session: "s", url: "srt://192.0.2.1:9000" })
      const forgotten = outputStats({ id: "gone", session: "g", url: "srt://192.0.2.1:9001" })
      const engine = yield* makeFakeEngine(
        engineStats([channelStats({ id: channel.id, outputs: [session, forgotten] }), channelStats({ id: "stranger" })]),
      )
      const second = yield* start(path, engine)
      assert.sameMembers([...engine.log()], ["put_channel news", "close_output gone", "remove_channel stranger"])
      const [view] = yield* second.distributor.list
      assert.deepInclude(view?.outputs[0], { status: "connected", error_count: 0 })
    }),
  )

  it.scoped("adds, changes and removes one output of a running channel without touching the others", () =>
    Effect.gen(function* () {
      const { distributor, engine } = yield* fresh
      yield* distributor.create({ ...news, autostart: true })
      const add = distributor.addOutput("news", { url: "udp://192.0.2.1:7000" })
      const opened = yield* during(engine, add)
      assert.deepStrictEqual(opened, ["open_output"])
      assert.deepStrictEqual(yield* during(engine, distributor.updateOutput("news", "udp-1", { url: "udp://192.0.2.1:7001" })), [
        "close_output",
        "open_output",
      ])
      assert.deepStrictEqual(yield* during(engine, distributor.updateOutput("news", "udp-1", { name: "Lab" })), [])
      assert.deepStrictEqual(yield* during(engine, distributor.stopOutput("news", "udp-1")), ["close_output"])
      assert.deepStrictEqual(yield* during(engine, distributor.startOutput("news", "udp-1")), ["open_output"])
      assert.deepStrictEqual(yield* during(engine, distributor.removeOutput("news", "udp-1")), ["close_output"])
      const { outputs } = yield* distributor.get("news")
      assert.deepStrictEqual(
        outputs.map((o) => [o.name, o.status]),
        [["SRT 1", "connecting"]],
      )
    }),
  )

  it.scoped("re-opens only the leg when an address changes", () =>
    Effect.gen(function* () {
      const { distributor, engine } = yield* fresh
      yield* distributor.create({ ...news, autostart: true })
      assert.deepStrictEqual(yield* during(engine, distributor.update("news", { rtp_port: 5002 })), ["put_channel"])
      assert.deepStrictEqual(yield* during(engine, distributor.update("news", { name: "Renamed" })), [])
      assert.deepInclude(yield* distributor.get("news"), { name: "Renamed", slug: "news", rtp_port: 5002 })
    }),
  )

  it.scoped("refuses what contradicts another channel, naming it, and changes nothing", () =>
    Effect.gen(function* () {
      const { distributor } = yield* fresh
      yield* distributor.create(news)
      yield* distributor.create({ name: "Sport", rtp_port: 5001 })
      const same = yield* Effect.flip(distributor.create({ name: "Twin", rtp_port: 5000 }))
      assert.strictEqual(same._tag, "Conflict")
      assert.include(same.message, 'rtp_port: UDP port 5000 is already used by the primary input of channel "News"')
      assert.strictEqual((yield* Effect.flip(distributor.update("sport", { rtp_port: 5000 })))._tag, "Conflict")
      const listener = yield* Effect.flip(distributor.addOutput("sport", { url: "srt://:5000?mode=listener" }))
      assert.match(listener.message, /^url: .*"News"/)
      assert.strictEqual((yield* distributor.list).length, 2)
      assert.strictEqual((yield* distributor.get("sport")).outputs.length, 0)
    }),
  )

  it.scoped("gives every channel a slug of its own, and numbers that are never used again", () =>
    Effect.gen(function* () {
      const { distributor } = yield* fresh
      yield* distributor.create(news)
      const twin = yield* distributor.create({ ...news, rtp_port: 5001 })
      assert.deepInclude(twin, { slug: "news-2", number: 2 })
      yield* distributor.remove("2")
      assert.strictEqual((yield* distributor.create({ ...news, rtp_port: 5001 })).number, 3)
      assert.strictEqual((yield* Effect.flip(distributor.get("2")))._tag, "NotFound")
    }),
  )

  it.scoped("changes nothing when the store refuses", () =>
    Effect.gen(function* () {
      const path = yield* file
      const first = yield* start(path)
      yield* first.distributor.create({ ...news, autostart: true })
      yield* first.stop()
      const { distributor, engine } = yield* start(path, undefined, true)
      const before = yield* distributor.list
      const sent = engine.sent.length
      const verbs: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
        distributor.create({ name: "X", rtp_port: 6000, autostart: true }),
        distributor.update("news", { rtp_port: 6001 }),
        distributor.stop("news"),
        distributor.addOutput("news", { url: "udp://192.0.2.1:1" }),
        distributor.updateOutput("news", "srt-1", { url: "srt://192.0.2.1:1" }),
        distributor.removeOutput("news", "srt-1"),
        distributor.remove("news"),
      ]
      for (const verb of verbs) assert.strictEqual((yield* Effect.flip(verb))._tag, "StoreError")
      yield* settle
      assert.deepStrictEqual(yield* distributor.list, before)
      assert.strictEqual(engine.sent.length, sent)
    }),
  )

  it.scoped("switches a running channel with a backup, and refuses others", () =>
    Effect.gen(function* () {
      const { distributor, engine } = yield* fresh
      yield* distributor.create({ ...news, backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5001 })
      assert.strictEqual((yield* Effect.flip(distributor.switchSource("news", "backup"))).message, "source: the channel is stopped")
      yield* distributor.start("news")
      assert.deepStrictEqual(yield* during(engine, distributor.switchSource("news", "backup")), ["switch_source", "state"])
      yield* distributor.create({ name: "Single", rtp_port: 5002, autostart: true })
      assert.include((yield* Effect.flip(distributor.switchSource("single", "backup"))).message, "no backup")
    }),
  )

  it.effect("shows a started channel without input as starting, after 5 s as error, and recovers by itself", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { distributor, engine } = yield* fresh
        const { id } = yield* distributor.create({ ...news, autostart: true })
        const status = Effect.map(distributor.get("news"), (c) => c.status)
        const silent = engineStats([channelStats({ id, legs: [legStats({ receiving: false })] })])
        yield* engine.stats(silent)
        yield* TestClock.adjust("4900 millis")
        assert.strictEqual(yield* status, "starting")
        yield* TestClock.adjust("100 millis")
        assert.deepInclude(yield* distributor.get("news"), {
          status: "error",
          error: "no packets on 127.0.0.1:5000 for 5 s: check that the encoder sends there and that no firewall drops UDP",
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
      const { distributor, engine } = yield* fresh
      const { id, outputs } = yield* distributor.create({ ...news, autostart: true })
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
      const [output] = (yield* distributor.get("news")).outputs
      assert.deepInclude(output, { last_error: "receiver 192.0.2.7:4000: wrong passphrase", error_count: 1 })
    }),
  )

  it.scoped("reports its health, and what is wrong when the engine is away", () =>
    Effect.gen(function* () {
      const { distributor, engine } = yield* fresh
      yield* distributor.create(news)
      assert.deepInclude(yield* distributor.health, { status: "ok", channels: { total: 1, running: 0, error: 0 }, problems: [] })
      yield* engine.lose
      const health = yield* distributor.health
      assert.deepInclude(health, { status: "degraded", store: { ok: true } })
      assert.deepStrictEqual(health.problems, ["the engine is not connected: killed"])
    }),
  )

  it.effect("tells viewers of changes at most four times a second, the last one included", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { distributor, engine } = yield* fresh
        let seen = 0
        const viewer = yield* Effect.fork(Stream.runForEach(distributor.changes, () => Effect.sync(() => seen++)))
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
        yield* distributor.create(news)
        yield* settle
        assert.isAbove(seen, before)
        yield* Fiber.interrupt(viewer)
      }),
    ),
  )

  it.effect("closes within 1.5 s although the engine does not answer", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { distributor, engine, stop } = yield* fresh
        yield* distributor.create({ ...news, autostart: true })
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
