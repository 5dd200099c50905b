import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { channelStats, engineStats, legStats } from "../testing/FakeEngine.ts"
import { doubled, during, fresh } from "../testing/supervised.ts"

describe("a switch by hand", () => {
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
})
