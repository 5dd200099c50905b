/**
 * Point 12: what the engine carries behind a lost connection is what the configuration says, whatever was
 * changed meanwhile.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import type { Command, EngineStats, Reason } from "../../engine/protocol/messages.ts"
import type { ChannelInput } from "../config/request-bodies.ts"
import { startControlPlane } from "../testing/control-plane.ts"
import { channelStats, engineStats, type FakeEngine, outputStats, settle } from "../testing/FakeEngine.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"

const EXISTS: Reason = { code: "exists", message: "the output is open already", transient: true }

/**
 * What an engine carries that has done as it was told: sessions by output, by channel. Refuses to open an output twice.
 */
const followEngine = (engine: FakeEngine) => {
  const carried = new Map<string, Map<string, { session: string; url: string; revision: string | undefined }>>()
  const obey = (command: Command): Reason | null => {
    if (command.cmd === "put_channel") carried.set(command.channel.id, carried.get(command.channel.id) ?? new Map())
    if (command.cmd === "remove_channel") carried.delete(command.channel_id)
    if (command.cmd === "close_output") carried.get(command.channel_id)?.delete(command.output_id)
    if (command.cmd !== "open_output") return null
    const { id, revision, session, url } = command.output
    const outputs = carried.get(command.channel_id)
    if (outputs === undefined || outputs.has(id)) return EXISTS
    outputs.set(id, { session, url, revision })
    return null
  }
  engine.refuse = obey
  const stats = (): EngineStats =>
    engineStats(
      [...carried].map(([id, outputs]) =>
        channelStats({ id, outputs: [...outputs].map(([output, of]) => outputStats({ id: output, ...of })) }),
      ),
    )
  return {
    carried,
    /** By channel, the URLs of its sessions. */
    urls: () =>
      Object.fromEntries([...carried].map(([id, outputs]) => [id, [...outputs.values()].map(({ url }) => url)])),
    /** The connection is there again, with the engine that lived on. */
    reconnect: Effect.zipRight(
      Effect.suspend(() => engine.connect(stats())),
      Effect.zipRight(
        settle,
        Effect.suspend(() => engine.stats(stats())),
      ),
    ),
    tellStats: Effect.suspend(() => engine.stats(stats())),
  }
}

const input = (name: string, port: number): ChannelInput => ({
  name,
  rtp_ip: "127.0.0.1",
  rtp_port: port,
  autostart: true,
  outputs: [7000, 7001, 7002, 7003].map((at) => ({ name: `to ${at}`, url: `udp://192.0.2.1:${port + at}` })),
})

const bench = Effect.gen(function* () {
  const plane = yield* startControlPlane(yield* temporaryDirectory)
  return { ...plane, follow: followEngine(plane.engine) }
})

describe("behind a connection that was lost while the engine lived", () => {
  it.scoped("outputs that were removed, stopped or changed are so in the engine; what stayed is not touched", () =>
    Effect.gen(function* () {
      const { plane, engine, follow } = yield* bench
      const { id, outputs } = yield* plane.channels.create(input("News", 5000))
      yield* settle
      const before = follow.urls()[id]
      assert.lengthOf(before ?? [], 4)
      yield* follow.tellStats
      yield* engine.lose
      yield* plane.outputs.remove("news", "to-7000")
      yield* plane.outputs.stop("news", "to-7001")
      yield* plane.outputs.update("news", "to-7002", { url: "udp://192.0.2.9:9" })
      const sent = engine.sent.length
      yield* follow.reconnect
      assert.deepStrictEqual(follow.urls(), { [id]: ["udp://192.0.2.1:12003", "udp://192.0.2.9:9"] })
      const touched = engine.sent.slice(sent).flatMap((c) => (c.cmd === "close_output" ? [c.output_id] : []))
      assert.notInclude(touched, outputs[3]?.id)
      const [back] = yield* plane.events.list("news", { limit: 10, kinds: ["engine_back"] })
      assert.strictEqual(back?.message, "the engine is back, and went on meanwhile")
      const shown = (yield* plane.channels.get("news")).outputs.map(({ name, status }) => [name, status])
      assert.deepStrictEqual(shown, [
        ["to 7001", "stopped"],
        ["to 7002", "connecting"],
        ["to 7003", "connected"],
      ])
    }),
  )

  it.scoped(
    "channels that were stopped or removed are gone, one that was begun runs, one that was stopped and begun goes on",
    () =>
      Effect.gen(function* () {
        const { plane, engine, follow } = yield* bench
        const [stopped, removed, again, kept] = yield* Effect.forEach(
          ["Stopped", "Removed", "Again", "Kept"],
          (name, index) => plane.channels.create(input(name, 5000 + 100 * index)),
        )
        const begun = yield* plane.channels.create({ ...input("Begun", 5900), autostart: false })
        yield* settle
        const sessions = () =>
          [again, kept].map((c) => [...(follow.carried.get(c?.id ?? "")?.values() ?? [])].map(({ session }) => session))
        const before = sessions()
        yield* follow.tellStats
        yield* engine.lose
        yield* plane.channels.stop("stopped")
        yield* plane.channels.remove("removed")
        yield* plane.channels.stop("again")
        yield* plane.channels.start("again").pipe(Effect.fork)
        yield* settle
        yield* TestClock.adjust("2 seconds")
        yield* plane.channels.start("begun").pipe(Effect.fork)
        yield* settle
        yield* TestClock.adjust("2 seconds")
        assert.hasAllKeys(follow.urls(), [stopped?.id, removed?.id, again?.id, kept?.id].map(String))
        yield* follow.reconnect
        yield* TestClock.adjust("2 seconds")
        assert.hasAllKeys(follow.urls(), [again?.id, kept?.id, begun.id].map(String))
        assert.deepStrictEqual(sessions(), before)
      }),
  )

  it.scoped("a stop that was on its way when the connection broke is carried out behind it", () =>
    Effect.gen(function* () {
      const { plane, engine, follow } = yield* bench
      const { id } = yield* plane.channels.create(input("News", 5000))
      yield* settle
      yield* follow.tellStats
      // The engine never reads it: what it was told is lost with the connection.
      const obey = engine.refuse
      engine.refuse = (command) =>
        command.cmd === "remove_channel" ? { code: "x", message: "lost", transient: true } : obey(command)
      yield* plane.channels.stop("news")
      assert.hasAllKeys(follow.urls(), [id])
      engine.refuse = obey
      yield* engine.lose
      yield* follow.reconnect
      assert.deepStrictEqual(follow.urls(), {})
    }),
  )

  it.scoped("an engine that comes late to the start of the service is cleared, too", () =>
    Effect.gen(function* () {
      const { engine } = yield* bench
      yield* engine.lose
      const forgotten = outputStats({ id: "o", session: "s", url: "udp://192.0.2.1:1" })
      yield* engine.connect(engineStats([channelStats({ id: "forgotten", outputs: [forgotten] })]))
      assert.includeMembers([...engine.log()], ["remove_channel forgotten"])
    }),
  )

  it.scoped("an output that is begun again in the moment of the connection is not ended", () =>
    Effect.gen(function* () {
      const { plane, engine, follow } = yield* bench
      const { id } = yield* plane.channels.create(input("News", 5000))
      yield* settle
      yield* follow.tellStats
      yield* engine.lose
      yield* plane.outputs.stop("news", "to-7000")
      yield* Effect.all([follow.reconnect, plane.outputs.start("news", "to-7000")], { concurrency: "unbounded" })
      yield* settle
      assert.sameMembers(
        follow.urls()[id] ?? [],
        [7000, 7001, 7002, 7003].map((at) => `udp://192.0.2.1:${5000 + at}`),
      )
    }),
  )
})
