import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { startControlPlane } from "../testing/control-plane.ts"
import { settle } from "../testing/FakeEngine.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

/** `held` makes it wait before it closes anything. */
const start = (directory: string, held?: Deferred.Deferred<void>) =>
  startControlPlane(directory, {
    over: (send) => (command) => {
      const closes = command.cmd === "close_output" || command.cmd === "remove_channel"
      return closes && held !== undefined ? Effect.zipRight(Deferred.await(held), send(command)) : send(command)
    },
  })
const fresh = Effect.flatMap(temporaryDirectory, (directory) => start(directory))
const news = { name: "News", rtp_ip: "127.0.0.1", rtp_port: 5000, auto_run: "on_demand" } as const
const youtube = { name: "YouTube", url: "rtmp://192.0.2.1/live2/key-of-mine" }

describe("a channel on demand", () => {
  it.scoped("runs while a destination does, from ready to streaming to ready", () =>
    Effect.gen(function* () {
      const { plane, engine, stop } = yield* fresh
      const states = Effect.map(plane.channels.get("news"), ({ lifecycle, outputs }) => [
        lifecycle,
        ...outputs.map((o) => o.lifecycle),
      ])
      const created = yield* plane.channels.create(news)
      assert.deepInclude(created, { auto_run: "on_demand", lifecycle: "idle" })
      // Creating a destination changes nothing at the channel.
      const { id } = yield* plane.outputs.add("news", { ...youtube, enabled: false })
      assert.deepStrictEqual(yield* states, ["idle", "ready"])
      assert.deepStrictEqual(engine.log(), [])
      yield* plane.outputs.start("news", "youtube")
      yield* settle
      assert.deepStrictEqual(yield* states, ["starting", "starting"])
      assert.deepStrictEqual(engine.log(), ["put_channel news", `open_output ${id}`])
      yield* engine.output(id, "connected")
      assert.deepStrictEqual(yield* states, ["starting", "streaming"])
      yield* engine.output(id, "ended", { code: "x", message: "refused", transient: true })
      assert.deepStrictEqual(yield* states, ["starting", "error"])
      yield* plane.outputs.stop("news", "youtube")
      assert.deepStrictEqual(yield* states, ["idle", "ready"])
      assert.strictEqual(engine.log().at(-1), "remove_channel ch-1".replace("ch-1", created.id))
      const [last] = yield* plane.events.list("news", { limit: 1 })
      assert.deepInclude(last, { kind: "stopped", message: "stopped on demand: no output is enabled any more" })
      yield* stop()
    }),
  )

  it.scoped("starts with the first and stops with the last of several, also when that is deleted while it runs", () =>
    Effect.gen(function* () {
      const { plane, stop } = yield* fresh
      const lifecycle = Effect.map(plane.channels.get("news"), (channel) => channel.lifecycle)
      yield* plane.channels.create(news)
      yield* plane.outputs.add("news", youtube)
      yield* plane.outputs.add("news", { name: "Backup", url: "srt://192.0.2.1:9000" })
      assert.strictEqual(yield* lifecycle, "starting")
      yield* plane.outputs.update("news", "youtube", { enabled: false })
      assert.strictEqual(yield* lifecycle, "starting")
      yield* plane.outputs.remove("news", "backup")
      assert.strictEqual(yield* lifecycle, "idle")
      yield* stop()
    }),
  )

  it.scoped("is started by an output that is started although it is enabled, and left alone by hand until then", () =>
    Effect.gen(function* () {
      const { plane, stop } = yield* fresh
      const lifecycle = Effect.map(plane.channels.get("news"), (channel) => channel.lifecycle)
      yield* plane.channels.create({ ...news, outputs: [youtube] })
      assert.strictEqual(yield* lifecycle, "starting")
      yield* plane.channels.stop("news")
      yield* plane.outputs.update("news", "youtube", { name: "Tube" })
      assert.strictEqual(yield* lifecycle, "idle")
      yield* plane.outputs.start("news", "youtube")
      assert.strictEqual(yield* lifecycle, "starting")
      yield* stop()
    }),
  )

  it.scoped("takes the setting at once, and is as it was after a restart", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const first = yield* start(directory)
      yield* first.plane.channels.create({ ...news, auto_run: "off", outputs: [youtube] })
      assert.strictEqual((yield* first.plane.channels.update("news", { auto_run: "on_demand" })).lifecycle, "starting")
      yield* first.plane.channels.create({ ...news, name: "Idle", rtp_port: 5001, autostart: true })
      yield* first.stop()
      const second = yield* start(directory)
      const states = (yield* second.plane.channels.list).map(({ auto_run, lifecycle }) => [auto_run, lifecycle])
      assert.deepStrictEqual(states, [
        ["on_demand", "starting"],
        ["on_demand", "idle"],
      ])
      yield* second.stop()
    }),
  )

  it.scoped("shows that it is stopping, and so do its outputs", () =>
    Effect.gen(function* () {
      const held = yield* Deferred.make<void>()
      const { plane, stop } = yield* start(yield* temporaryDirectory, held)
      yield* plane.channels.create({
        ...news,
        auto_run: "off",
        outputs: [youtube, { url: "srt://192.0.2.1:9000", enabled: false }],
      })
      yield* plane.channels.start("news")
      const stopping = yield* Effect.fork(plane.channels.stop("news"))
      yield* settle
      const during = yield* plane.channels.get("news")
      assert.deepInclude(during, { status: "stopped", lifecycle: "stopping" })
      assert.deepStrictEqual(
        during.outputs.map(({ lifecycle }) => lifecycle),
        ["stopping", "ready"],
      )
      yield* Deferred.succeed(held, undefined)
      assert.deepInclude(yield* Fiber.join(stopping), { lifecycle: "idle" })
      yield* stop()
    }),
  )

  it.scoped("shows an output that is stopping while the channel goes on", () =>
    Effect.gen(function* () {
      const held = yield* Deferred.make<void>()
      const { plane, stop } = yield* start(yield* temporaryDirectory, held)
      yield* plane.channels.create({ ...news, auto_run: "off", autostart: true, outputs: [youtube] })
      yield* settle
      const stopping = yield* Effect.fork(plane.outputs.stop("news", "youtube"))
      yield* settle
      assert.deepInclude((yield* plane.channels.get("news")).outputs[0], { status: "stopped", lifecycle: "stopping" })
      yield* Deferred.succeed(held, undefined)
      assert.deepInclude(yield* Fiber.join(stopping), { status: "stopped", lifecycle: "ready" })
      yield* stop()
    }),
  )
})
