import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope, Stream, SubscriptionRef } from "effect"
import { channelConfig } from "../testing/configs.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { makeCrashes } from "./Crashes.ts"
import { EngineClient, type EngineClientOptions, layer } from "./EngineClient.ts"
import { EngineProcess, layer as processLayer } from "./EngineProcess.ts"

const script = fileURLToPath(new URL("../testing/fake-engine-main.ts", import.meta.url))

/** A data directory with an engine that a control plane of before has left behind. */
const upgraded = (left: object) =>
  Effect.gen(function* () {
    const dataDir = yield* temporaryDirectory
    const processes = processLayer({ dataDir, script })
    const engine = (yield* Effect.provide(EngineProcess, processes)).of(1)
    const behave = (behaviour: object) => writeFileSync(join(dataDir, "behaviour.json"), JSON.stringify(behaviour))
    behave(left)
    const old = yield* engine.spawn
    yield* engine.remember(old.pid)
    yield* Effect.addFinalizer(() =>
      Effect.flatMap(engine.remembered, (pid) => (pid._tag === "Some" ? engine.kill(pid.value) : Effect.void)),
    )
    yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => existsSync(engine.socketPath) })
    behave({})
    const crashes = makeCrashes(join(dataDir, "crashes"))
    const start = (options: EngineClientOptions = {}) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(Layer.provide(layer({ crashes, ...options }), processes), scope)
        const client = yield* Effect.provide(EngineClient, context)
        const now = SubscriptionRef.get(client.state)
        const attached = (generation: number) =>
          client.state.changes.pipe(
            Stream.filter((state) => state.connected && state.generation >= generation),
            Stream.runHead,
            Effect.timeout("15 seconds"),
            Effect.zipRight(now),
          )
        return {
          client,
          now,
          attached,
          end: (exit: Exit.Exit<unknown, unknown> = Exit.void) => Scope.close(scope, exit),
        }
      })
    const commands = () => readFileSync(join(dataDir, "commands.log"), "utf8").trim().split("\n")
    return { engine, old: old.pid, start, commands, crashes }
  })
type Upgraded = Effect.Effect.Success<ReturnType<typeof upgraded>>

const test = (name: string, left: object, body: (stage: Upgraded) => Effect.Effect<void, unknown, Scope.Scope>) =>
  it.live(name, () => Effect.scoped(Effect.flatMap(upgraded(left), body)))

describe("an engine that runs since before an upgrade", () => {
  test("is outdated, goes on, and is replaced when asked for, once", { build: "0123456789ab" }, (stage) =>
    Effect.gen(function* () {
      const { attached, client, end, now } = yield* stage.start()
      const before = yield* now
      assert.deepInclude(before, { connected: true, outdated: true })
      assert.strictEqual(before.info?.pid, stage.old)
      const update = yield* Effect.scoped(
        Effect.gen(function* () {
          const session = yield* (yield* client.place(channelConfig(), [])).watchSession("s-1")
          assert.isTrue(yield* client.replace(1))
          return yield* session.take
        }),
      )
      assert.strictEqual(update.reason?.code, "engine_lost")
      assert.match(update.reason?.message ?? "", /is replaced by one of the installed version/)
      const after = yield* attached(2)
      assert.deepInclude(after, { outdated: false, restarts: 0 })
      assert.isFalse(stage.engine.isAlive(stage.old))
      assert.isFalse(yield* client.replace(1))
      assert.isFalse(yield* client.replace(2))
      assert.deepStrictEqual(yield* stage.crashes.list, [])
      yield* end()
      assert.deepStrictEqual(stage.commands(), ["hello", "shutdown", "hello", "shutdown"])
    }),
  )

  test("is not outdated where it runs the same code", {}, (stage) =>
    Effect.gen(function* () {
      const { client, end, now } = yield* stage.start()
      assert.deepInclude(yield* now, { connected: true, outdated: false })
      assert.isFalse(yield* client.replace(1))
      assert.isTrue(stage.engine.isAlive(stage.old))
      yield* end()
    }),
  )

  test("goes on when nobody can speak with it, until asked for", { protocol: 7 }, (stage) =>
    Effect.gen(function* () {
      const { attached, client, end, now } = yield* stage.start({ waitsToReplace: true })
      const before = yield* now
      assert.deepInclude(before, { connected: false, outdated: true, restarts: 0 })
      assert.match(
        before.problem ?? "",
        new RegExp(`pid ${stage.old}\\) goes on as the version before the upgrade left it`),
      )
      assert.strictEqual((yield* Effect.flip(client.send({ cmd: "state" })))._tag, "EngineUnavailable")
      assert.isTrue(stage.engine.isAlive(stage.old))
      assert.isTrue(yield* client.replace(1))
      assert.deepInclude(yield* attached(1), { outdated: false, restarts: 0 })
      assert.isFalse(stage.engine.isAlive(stage.old))
      yield* end()
    }),
  )

  test("has another take its place when it ends by itself", { protocol: 7 }, (stage) =>
    Effect.gen(function* () {
      const { attached, end } = yield* stage.start({ waitsToReplace: true })
      yield* stage.engine.kill(stage.old)
      assert.deepInclude(yield* attached(1), { outdated: false })
      yield* end()
    }),
  )

  test("ends with the service, and not with a start that failed", { protocol: 7 }, (stage) =>
    Effect.gen(function* () {
      const failed = yield* stage.start({ waitsToReplace: true })
      yield* failed.end(Exit.fail("port in use"))
      assert.isTrue(stage.engine.isAlive(stage.old))
      const next = yield* stage.start({ waitsToReplace: true })
      yield* next.end()
      assert.isFalse(stage.engine.isAlive(stage.old))
    }),
  )
})
