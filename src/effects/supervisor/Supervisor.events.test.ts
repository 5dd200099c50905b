import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { channelStats, engineStats, legStats, makeFakeEngine, settle } from "../testing/FakeEngine.ts"
import { doubled, fresh, news, start } from "../testing/supervised.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

describe("what happens to a supervised channel", () => {
  it.effect("keeps what happened across restarts, newest first, and forgets it with the channel", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const path = yield* temporaryDirectory
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
        const path = yield* temporaryDirectory
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
        const path = yield* temporaryDirectory
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

  it.scoped("keeps that another receiver of an output carries, without its secrets", () =>
    Effect.gen(function* () {
      const { plane, engine } = yield* fresh
      const url = "srt://192.0.2.1:9000?passphrase=0123456789"
      const settings = { backup_url: "srt://192.0.2.2:9000?passphrase=abcdefghij" }
      const { id, outputs } = yield* plane.channels.create({
        ...news,
        outputs: [{ url, settings }],
        autostart: true,
      })
      yield* settle
      const [{ id: output_id, slug }] = outputs as [(typeof outputs)[0] & object]
      for (const [carrier, message] of [
        ["backup", "the main receiver knew neither 0123456789 nor abcdefghij"],
        ["main", "the main receiver is stable again and carries"],
      ] as const)
        yield* engine.emit({ event: "carrier", channel_id: id, output_id, carrier, message })
      const events = yield* plane.events.list("news", { limit: 10, kinds: ["output_switched"] })
      assert.deepStrictEqual(
        events.map(({ message, output, severity }) => ({ message, output, severity })),
        [
          { message: "the main receiver is stable again and carries", output: slug, severity: "info" },
          { message: "the main receiver knew neither *** nor ***", output: slug, severity: "warning" },
        ],
      )
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
})
