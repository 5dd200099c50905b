import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream, TestClock } from "effect"
import { channelStats, engineStats, makeFakeEngine, outputStats, settle } from "../testing/FakeEngine.ts"
import { doubled, during, fresh, news, start } from "../testing/supervised.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

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
      const path = yield* temporaryDirectory
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
      const path = yield* temporaryDirectory
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
      const path = yield* temporaryDirectory
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
