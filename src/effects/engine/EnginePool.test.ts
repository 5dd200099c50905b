/** The pool of engines, over engines without a process. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Option, Scope, SubscriptionRef, TestClock } from "effect"
import { outputConfig } from "../testing/configs.ts"
import { channelStats, engineStats, legStats, makeFakeEngine, settle } from "../testing/FakeEngine.ts"
import { enginesOf } from "./engine-state.ts"
import { a, all, b, c, carrying, channel, d, pool, put } from "./testing/fake-pool.ts"

describe("a pool of engines", () => {
  it.scoped("starts an engine for each channel up to its number, then takes the one with the least bit rate", () =>
    Effect.gen(function* () {
      const { client, engine, numbers } = yield* pool({ engines: 2 })
      assert.deepStrictEqual(yield* numbers, [1])
      for (const config of [a, b, c, d]) yield* (yield* client.place(config, all)).send(put(config))
      assert.deepStrictEqual(yield* numbers, [1, 2])
      assert.deepStrictEqual(engine(1).log(), ["put_channel a", "put_channel c"])
      assert.deepStrictEqual(engine(2).log(), ["put_channel b", "put_channel d"])
    }),
  )

  it.scoped("keeps a channel on its engine while it runs, and places it anew when it has left", () =>
    Effect.gen(function* () {
      const { client, state } = yield* pool({ engines: 2 })
      const placedOn = (id: string) =>
        Effect.map(state, (now) => enginesOf(now).find(({ channels }) => channels.has(id))?.number)
      yield* client.place(a, all)
      yield* client.place(b, all)
      yield* client.place(c, all)
      yield* client.leave("a")
      yield* client.leave("c")
      yield* client.place({ ...b, name: "B" }, all)
      assert.strictEqual(yield* placedOn("b"), 2)
      yield* client.leave("b")
      assert.strictEqual(yield* placedOn("b"), undefined)
      yield* client.place(b, all)
      assert.strictEqual(yield* placedOn("b"), 1)
    }),
  )

  it.scoped("places a channel anew at once when it was stopped, although the last figures still have it", () =>
    Effect.gen(function* () {
      const second = yield* makeFakeEngine(carrying("a"))
      const { client, state } = yield* pool({ engines: 1 }, { 2: second })
      yield* client.place(a, all)
      yield* client.leave("a")
      yield* client.place(a, all)
      assert.deepStrictEqual(
        enginesOf(yield* state).map(({ channels }) => [...channels]),
        [["a"], []],
      )
    }),
  )

  it.scoped("is one engine with the names of before when it is set to one", () =>
    Effect.gen(function* () {
      const { client, engine, numbers } = yield* pool({})
      for (const config of all) yield* client.place(config, all)
      yield* client.send({ cmd: "remove_channel", channel_id: "c" })
      assert.deepStrictEqual(yield* numbers, [1])
      assert.deepStrictEqual(engine(1).log(), ["remove_channel c"])
    }),
  )

  it.scoped("sends a command to the engine of its channel, placed or found running, or of the channel near", () =>
    Effect.gen(function* () {
      const second = yield* makeFakeEngine(carrying("stranger"))
      const { client, engine } = yield* pool({ engines: 2 }, { 2: second })
      yield* client.place(a, all)
      yield* client.place(b, all)
      yield* client.send({ cmd: "insert_cue", channel_id: "b", pid: null, section_base64: "" })
      yield* client.send({ cmd: "remove_channel", channel_id: "stranger" })
      yield* client.send({ cmd: "switch_source", channel_id: "a", leg: "primary" })
      yield* client.send({ cmd: "state" }, "b")
      yield* client.send({ cmd: "state" })
      yield* client.refresh("b")
      assert.deepStrictEqual(engine(1).log(), ["switch_source primary", "state"])
      assert.deepStrictEqual(engine(2).log(), ["insert_cue", "remove_channel stranger", "state", "state"])
    }),
  )

  it.scoped("adopts each channel where it is found, and ends it where it is a second time", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* makeFakeEngine(carrying("b")), yield* makeFakeEngine(carrying("a", "c"))]
      const { client, engine, state } = yield* pool({ engines: 2 }, { 1: first, 2: second })
      for (const config of [a, b, c]) yield* client.place(config, all)
      assert.deepStrictEqual(
        enginesOf(yield* state).map(({ channels }) => [...channels]),
        [["b"], ["a", "c"]],
      )
      // A connection that comes late, to an engine that went on with a channel of another.
      yield* engine(2).connect(carrying("a", "b", "c"))
      assert.deepStrictEqual(engine(2).log(), ["remove_channel b"])
    }),
  )

  it.scoped("tells of a lost engine only its own channels, and of the whole that it is not connected", () =>
    Effect.gen(function* () {
      const { client, engine, state } = yield* pool({ engines: 2 })
      const [ofA, ofB] = [yield* client.place(a, all), yield* client.place(b, all)]
      yield* settle
      const [sessionA, sessionB] = [yield* ofA.watchSession("sa"), yield* ofB.watchSession("sb")]
      const before = yield* SubscriptionRef.get(client.link)
      yield* engine(2).lose
      assert.strictEqual((yield* sessionB.take).reason?.code, "engine_lost")
      assert.deepStrictEqual(yield* sessionA.size, Option.some(0))
      assert.isTrue((yield* SubscriptionRef.get(ofA.link)).connected)
      assert.isFalse((yield* SubscriptionRef.get(ofB.link)).connected)
      assert.deepInclude(yield* state, { connected: false, problem: "killed" })
      assert.strictEqual((yield* ofA.send({ cmd: "state" })).ok, true)
      assert.strictEqual((yield* Effect.flip(ofB.send({ cmd: "state" })))._tag, "EngineUnavailable")
      yield* engine(2).connect()
      assert.strictEqual((yield* SubscriptionRef.get(client.link)).generation, before.generation + 1)
      assert.deepInclude(yield* state, { connected: true, problem: null })
    }),
  )

  it.scoped(
    "publishes figures once when each engine has told them, and loses none of an engine beside a late one",
    () =>
      Effect.gen(function* () {
        const { client, engine, state } = yield* pool({ engines: 2 })
        yield* client.place(a, all)
        yield* client.place(b, all)
        yield* settle
        const seen: Array<ReadonlyArray<number | null>> = []
        const note = Effect.map(state, (now) => void seen.push(enginesOf(now).map(({ stats }) => stats?.at ?? null)))
        const tell = (number: number, at: number) =>
          Effect.zipRight(engine(number).stats(engineStats([channelStats({ id: number === 1 ? "a" : "b" })], at)), note)
        yield* tell(1, 10)
        yield* tell(2, 11)
        yield* tell(2, 21)
        yield* tell(1, 20)
        // Engine 2 is late: its last figures stay, and those of engine 1 are not held back longer.
        yield* tell(1, 30)
        yield* tell(1, 40)
        assert.deepStrictEqual(seen, [
          [0, 0],
          [10, 11],
          [10, 11],
          [20, 21],
          [20, 21],
          [30, 21],
        ])
        const now = yield* state
        assert.deepStrictEqual(
          now.stats?.channels.map(({ id }) => id),
          ["a", "b"],
        )
      }),
  )

  it.scoped("ends an engine that carried nothing for a minute, never the first, and one too many at once", () =>
    Effect.gen(function* () {
      const third = yield* makeFakeEngine(carrying("c"))
      const { client, ended, engine, numbers } = yield* pool({ engines: 2 }, { 3: third })
      for (const config of [a, b, c]) yield* client.place(config, all)
      assert.deepStrictEqual(yield* numbers, [1, 2, 3])
      for (const id of ["a", "b"]) yield* client.leave(id)
      const pass = (time: Parameters<typeof TestClock.adjust>[0]) => Effect.zipRight(TestClock.adjust(time), settle)
      yield* pass("58 seconds")
      assert.deepStrictEqual(ended, [])
      yield* pass("6 seconds")
      assert.deepStrictEqual(ended, [2])
      yield* client.leave("c")
      yield* engine(3).stats(carrying("c"))
      yield* pass("10 minutes")
      assert.deepStrictEqual([ended, yield* numbers], [[2], [1, 3]])
      yield* engine(3).stats(engineStats())
      yield* pass("4 seconds")
      assert.deepStrictEqual([ended, yield* numbers], [[2, 3], [1]])
      // What starts again gets an engine again, and none above the number set.
      for (const config of [a, b, c]) yield* client.place(config, all)
      assert.deepStrictEqual(yield* numbers, [1, 2])
    }),
  )

  it.scoped("places nothing on an engine above its number, except beside a channel that shares its port", () =>
    Effect.gen(function* () {
      const listener = (id: string) =>
        channel(id, { input_url: `srt://:7000?mode=listener&streamid=${id}`, outputs: [] })
      const [x, y] = [listener("x"), listener("y")]
      const third = yield* makeFakeEngine(carrying("x"))
      const { client, state } = yield* pool({ engines: 1 }, { 3: third })
      for (const config of [x, a, b, y]) yield* client.place(config, [x, y, a, b])
      assert.deepStrictEqual(
        enginesOf(yield* state).map(({ channels, number }) => [number, [...channels]]),
        [
          [1, ["a", "b"]],
          [3, ["x", "y"]],
        ],
      )
    }),
  )

  it.scoped("refuses a leg or an output whose port a channel on another engine has, with the remedy", () =>
    Effect.gen(function* () {
      const { client, engine } = yield* pool({ engines: 2 })
      const out = outputConfig({ id: "o", url: "srt://192.0.2.1:9000?localport=5555" })
      const [x, y] = [channel("x", { outputs: [out] }), channel("y", { outputs: [] })]
      const ofX = yield* client.place(x, [x, y])
      const ofY = yield* client.place(y, [x, y])
      const changed = { ...y, outputs: [{ ...out, id: "p" }] }
      yield* client.place(changed, [x, changed])
      const open = (channel_id: string, id: string) =>
        ({ cmd: "open_output", channel_id, output: { id, label: id, session: id, url: out.url } }) as const
      const error = yield* Effect.flip(ofY.send(open("y", "p")))
      assert.deepInclude(error, { code: "other_engine", transient: true })
      assert.match(
        error.message,
        /^UDP port 5555 is shared with output "[^"]*" of channel "x", which engine 1 carries, and this channel is on engine 2: stop/,
      )
      yield* ofX.send(open("x", "o"))
      yield* ofY.send(put(y))
      assert.deepStrictEqual([engine(1).log(), engine(2).log()], [["open_output o"], ["put_channel y"]])
      // Started again, it is placed beside the other.
      yield* client.leave("y")
      yield* (yield* client.place(changed, [x, changed])).send(open("y", "p"))
      assert.deepStrictEqual(engine(1).log(), ["open_output o", "open_output p"])
    }),
  )

  it.scoped("tells before the engines are full, and adds the remedy when one refuses", () =>
    Effect.gen(function* () {
      const { client, engine, state } = yield* pool({ engines: 1 })
      const many = Array.from({ length: 65 }, (_, n) => channel(`n${n}`))
      for (const config of many.slice(0, 57)) yield* client.place(config, many)
      assert.deepStrictEqual((yield* state).capacity, [])
      for (const config of many.slice(57, 64)) yield* client.place(config, many)
      assert.match((yield* state).capacity?.[0] ?? "", /^64 of the 64 places for channels are taken/)
      engine(1).refuse = () => ({ code: "full", message: "the engine carries at most 64 channels", transient: false })
      const last = yield* client.place(channel("n64"), many)
      const error = yield* Effect.flip(last.send(put(channel("n64"))))
      assert.strictEqual(
        error.message,
        "engine 1 carries 64 channels, the most that an engine can: set ENGINES above 1 on a machine with processors to spare, or stop another channel",
      )
    }),
  )

  it.effect("ends all engines with its scope, side by side", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { client, ended } = yield* Scope.extend(pool({ engines: 3 }), scope)
      for (const config of [a, b, c]) yield* client.place(config, all)
      yield* Scope.close(scope, Exit.void)
      assert.sameMembers(ended, [1, 2, 3])
    }),
  )

  it.scoped("takes measured bit rates before expected ones", () =>
    Effect.gen(function* () {
      const { client, engine, state } = yield* pool({ engines: 2 })
      yield* client.place(a, all)
      yield* client.place(b, all)
      yield* settle
      const at = (ms: number, id: string, bytes: number) =>
        engineStats([channelStats({ id, legs: [legStats({ counters: { bytes } })] })], ms)
      for (const ms of [1000, 2000]) {
        yield* engine(1).stats(at(ms, "a", ms * 5000))
        yield* engine(2).stats(at(ms, "b", ms * 50))
      }
      yield* client.place(c, all)
      const second = enginesOf(yield* state)[1]
      assert.deepStrictEqual([...(second?.channels ?? [])], ["b", "c"])
    }),
  )
})
