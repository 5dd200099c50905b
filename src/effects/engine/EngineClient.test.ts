import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope, Stream, SubscriptionRef } from "effect"
import { engineSocketPath } from "../../engine/protocol/socket-path.ts"
import { channelConfig } from "../testing/configs.ts"
import { temporaryDirectory } from "../testing/temporary-directory.ts"
import { EngineClient, type EngineClientService, layer } from "./EngineClient.ts"
import { EngineProcess, type EngineProcessOf, layer as processLayer } from "./EngineProcess.ts"
import { respawnDelayMs } from "./engine-member.ts"
import type { EngineState } from "./engine-state.ts"

const script = fileURLToPath(new URL("../testing/fake-engine-main.ts", import.meta.url))
/**
 * Short ticks, so that a hung engine is found within two seconds, longer than a busy machine keeps a process waiting.
 */
const options = { tickMs: 400, hungAfterTicks: 5 }

interface Bench {
  readonly dataDir: string
  readonly process: EngineProcessOf
  /** Starts a control plane in a scope of its own; closing that scope with an exit ends it. */
  readonly controlPlane: Effect.Effect<
    { client: EngineClientService; end: (exit?: Exit.Exit<unknown, unknown>) => Effect.Effect<void> },
    unknown
  >
  readonly behave: (behaviour: object) => Effect.Effect<void>
  readonly commands: () => ReadonlyArray<string>
}

const bench = Effect.gen(function* () {
  const dataDir = yield* temporaryDirectory
  const processes = processLayer({ dataDir, script })
  const process = (yield* Effect.provide(EngineProcess, processes)).of(1)
  // Engines that a test leaves running are ended by their pid.
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(process.remembered, (pid) => (pid._tag === "Some" ? process.kill(pid.value) : Effect.void)),
  )
  const controlPlane = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(Layer.provide(layer(options), processes), scope)
    const client = yield* Effect.provide(EngineClient, context)
    return { client, end: (exit: Exit.Exit<unknown, unknown> = Exit.void) => Scope.close(scope, exit) }
  })
  const bench: Bench = {
    dataDir,
    process,
    controlPlane,
    behave: (behaviour) => Effect.sync(() => writeFileSync(join(dataDir, "behaviour.json"), JSON.stringify(behaviour))),
    commands: () =>
      existsSync(join(dataDir, "commands.log"))
        ? readFileSync(join(dataDir, "commands.log"), "utf8").trim().split("\n")
        : [],
  }
  return bench
})

/** An engine without a control plane, as a killed control plane leaves it behind. */
const leftBehind = (process: EngineProcessOf) =>
  Effect.gen(function* () {
    const child = yield* process.spawn
    yield* process.remember(child.pid)
    yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => existsSync(process.socketPath) })
    return child
  })

const until = (client: EngineClientService, what: string, test: (state: EngineState) => boolean) =>
  client.state.changes.pipe(
    Stream.filter(test),
    Stream.take(1),
    Stream.runHead,
    Effect.timeoutFail({ duration: "8 seconds", onTimeout: () => new Error(`not within 8 s: ${what}`) }),
    Effect.zipRight(SubscriptionRef.get(client.state)),
  )
const pidOf = (state: EngineState) => state.info?.pid ?? 0
const test = (name: string, body: (bench: Bench) => Effect.Effect<void, unknown>) =>
  it.live(name, () => Effect.scoped(Effect.flatMap(bench, body)))

describe("EngineClient", () => {
  test("starts an engine, and ends it when the service ends", ({ commands, controlPlane, process }) =>
    Effect.gen(function* () {
      const { client, end } = yield* controlPlane
      const state = yield* SubscriptionRef.get(client.state)
      assert.isTrue(state.connected)
      assert.isTrue(process.isAlive(pidOf(state)))
      yield* end()
      assert.isFalse(process.isAlive(pidOf(state)))
      assert.deepStrictEqual(commands(), ["hello", "shutdown"])
    }))

  test("takes over an engine that runs, with its pid, and leaves it alone when the start fails further up", (b) =>
    Effect.gen(function* () {
      const child = yield* leftBehind(b.process)
      const second = yield* b.controlPlane
      assert.strictEqual(pidOf(yield* SubscriptionRef.get(second.client.state)), child.pid)
      yield* second.end(Exit.fail("port in use"))
      assert.isTrue(b.process.isAlive(child.pid))
      const third = yield* b.controlPlane
      assert.strictEqual(pidOf(yield* SubscriptionRef.get(third.client.state)), child.pid)
      yield* third.end()
      assert.isFalse(b.process.isAlive(child.pid))
    }))

  test("has a new engine within 2 s after kill -9, and tells every session at once", ({ controlPlane, process }) =>
    Effect.gen(function* () {
      const { client, end } = yield* controlPlane
      const before = yield* SubscriptionRef.get(client.state)
      const updates = yield* Effect.scoped(
        Effect.gen(function* () {
          const session = yield* (yield* client.place(channelConfig(), [])).watchSession("s-1")
          const killedAt = performance.now()
          yield* process.kill(pidOf(before))
          const update = yield* session.take
          yield* until(client, "a new engine", (s) => s.connected && s.generation === 2)
          assert.isBelow(performance.now() - killedAt, 2000)
          return update
        }),
      )
      assert.strictEqual(updates.state, "ended")
      assert.strictEqual(updates.reason?.code, "engine_lost")
      assert.match(updates.reason?.message ?? "", /was ended by SIGKILL/)
      const after = yield* SubscriptionRef.get(client.state)
      assert.notStrictEqual(pidOf(after), pidOf(before))
      assert.strictEqual(after.restarts, 1)
      yield* end()
    }))

  test("kills an engine that falls silent, and starts another", ({ behave, controlPlane, process }) =>
    Effect.gen(function* () {
      yield* behave({ mute: true })
      const { client, end } = yield* controlPlane
      const first = pidOf(yield* SubscriptionRef.get(client.state))
      yield* behave({})
      const { restarts } = yield* until(client, "a new engine", (s) => s.connected && s.generation === 2)
      assert.strictEqual(restarts, 1)
      assert.isFalse(process.isAlive(first))
      yield* end()
    }))

  test("replaces an engine of another protocol version", ({ behave, commands, controlPlane, process }) =>
    Effect.gen(function* () {
      yield* behave({ protocol: 7 })
      const old = yield* leftBehind(process)
      yield* behave({})
      const { client, end } = yield* controlPlane
      assert.notStrictEqual(pidOf(yield* SubscriptionRef.get(client.state)), old.pid)
      assert.isFalse(process.isAlive(old.pid))
      assert.deepStrictEqual(commands(), ["hello", "shutdown", "hello"])
      yield* end()
    }))

  test("refuses to start when another control plane holds the engine", ({ behave, controlPlane, process }) =>
    Effect.gen(function* () {
      yield* behave({ busy: true })
      const child = yield* leftBehind(process)
      const error = yield* Effect.flip(controlPlane)
      assert.deepInclude(error, {
        _tag: "StartRefused",
        reason: "DATA_DIR: it is in use: another control plane (pid 99) is connected to this engine",
      })
      assert.isTrue(process.isAlive(child.pid))
    }))

  test("drops lines that are no messages and goes on", ({ behave, controlPlane }) =>
    Effect.gen(function* () {
      yield* behave({ garbage: true })
      const { client, end } = yield* controlPlane
      const { stats: first } = yield* until(client, "figures", (s) => s.previous !== null)
      yield* until(client, "newer figures", (s) => (s.stats?.at ?? 0) > (first?.at ?? 0) + 700)
      const reply = yield* client.send({ cmd: "state" })
      assert.isTrue(reply.ok)
      assert.strictEqual((yield* SubscriptionRef.get(client.state)).generation, 1)
      yield* end()
    }))

  test("closes the connection at a line above 4 MiB and connects again to the same engine", ({
    behave,
    controlPlane,
  }) =>
    Effect.gen(function* () {
      yield* behave({ flood: true })
      const { client, end } = yield* controlPlane
      const pid = pidOf(yield* SubscriptionRef.get(client.state))
      const error = yield* Effect.flip(client.send({ cmd: "state" }))
      assert.strictEqual(error._tag, "EngineUnavailable")
      const after = yield* until(client, "a new connection", (s) => s.connected && s.generation === 2)
      assert.strictEqual(pidOf(after), pid)
      yield* end()
    }))

  test("fails commands while there is no engine, says why, and keeps trying", ({ behave, controlPlane, process }) =>
    Effect.gen(function* () {
      const { client, end } = yield* controlPlane
      const first = pidOf(yield* SubscriptionRef.get(client.state))
      yield* behave({ crash: true })
      yield* process.kill(first)
      const { problem } = yield* until(
        client,
        "the crash of the next one",
        (s) => s.problem?.includes("packet memory") === true,
      )
      assert.include(problem ?? "", "ended with exit code 3 right after its start")
      const error = yield* Effect.flip(client.send({ cmd: "state" }))
      assert.include(error.message, "packet memory")
      yield* behave({})
      yield* until(client, "an engine that works", (s) => s.connected)
      yield* end()
    }))
})

describe("respawnDelayMs", () => {
  it("is 0 for the first, then 250 ms doubling to 5 s", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 99].map(respawnDelayMs),
      [0, 250, 500, 1000, 2000, 4000, 5000, 5000, 5000],
    )
  })
})

describe("EngineProcess", () => {
  it.scoped("cuts a log above 5 MB to its last megabyte, at a line's start, and shows its tail", () =>
    Effect.gen(function* () {
      const { dataDir, process } = yield* bench
      const log = join(dataDir, "engine.log")
      writeFileSync(log, Array.from({ length: 600_000 }, (_, n) => `line ${n}`).join("\n"))
      yield* process.trimLog
      assert.isAtMost(statSync(log).size, 1_000_000)
      assert.match(readFileSync(log, "utf8"), /^line \d+\n/)
      assert.strictEqual((yield* process.logTail).split("\n").at(-1), "line 599999")
    }),
  )

  it.scoped("does not take a foreign process for an engine", () =>
    Effect.gen(function* () {
      const { process: processes } = yield* bench
      yield* processes.remember(process.pid)
      assert.strictEqual((yield* processes.remembered)._tag, "None")
    }),
  )
})

it("engineSocketPath stays within 100 bytes and differs for each directory", () => {
  const long = `/tmp/${"d".repeat(120)}`
  assert.strictEqual(engineSocketPath("/srv/data"), "/srv/data/engine.sock")
  assert.isAtMost(Buffer.byteLength(engineSocketPath(long)), 100)
  assert.notStrictEqual(engineSocketPath(long), engineSocketPath(`${long}e`))
})
