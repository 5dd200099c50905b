/**
 * Getting hold of an engine: the one that already runs for this data directory, or a new one. An engine of another
 * protocol version is replaced when that may be, one that does not answer is killed, one that another control plane
 * holds is refused.
 */
import { closeSync, openSync, readSync } from "node:fs"
import { Deferred, Effect, Option, Schedule, type Scope } from "effect"
import { HANDLING_BYTES, type Handled, readHandling } from "../../engine/protocol/handling-memory.ts"
import { type EngineInfo, type EngineStats, type Event, PROTOCOL_VERSION } from "../../engine/protocol/messages.ts"
import { EngineUnavailable, StartRefused } from "../model/Errors.ts"
import { within } from "../model/within.ts"
import { connectEngine, type EngineConnection } from "./EngineConnection.ts"
import type { EngineProcessOf } from "./EngineProcess.ts"

export interface AttachedEngine {
  readonly connection: EngineConnection
  readonly info: EngineInfo
  readonly stats: EngineStats
  /** True when the engine ran before this control plane came. */
  readonly adopted: boolean
  /** Completes with a sentence when the process has ended; never for an adopted one. */
  readonly ended: Deferred.Deferred<string>
  /** What the engine is at, or was when it ended; null where that cannot be known. */
  readonly handled: () => Handled | null
}

/** An engine that can be told to end, whatever its protocol. */
export interface ReachedEngine {
  readonly connection: EngineConnection
  /** Null when nobody knows. */
  readonly pid: number | null
}

type OnEvent = (event: Event) => void

const CONNECT_EVERY = 20
const START_WITHIN = "10 seconds"
/** How often a busy engine is tried again: a control plane that was just killed may still count as connected. */
const BUSY_RETRIES = 20
const BUSY_EVERY = 100
const DIE_WITHIN_MS = 1500
const spaced = Schedule.spaced(CONNECT_EVERY)
const busyPause = Schedule.spaced(BUSY_EVERY)

/** Waits until a process is gone; kills it when it takes longer than 1.5 s. */
const awaitEnd = (process: EngineProcessOf, pid: number) =>
  Effect.gen(function* () {
    for (let waited = 0; process.isAlive(pid) && waited < DIE_WITHIN_MS; waited += CONNECT_EVERY)
      yield* Effect.sleep(CONNECT_EVERY)
    if (process.isAlive(pid))
      yield* Effect.zipRight(
        Effect.logWarning(`${process.name} (pid ${pid}) did not end and is killed`),
        process.kill(pid),
      )
  })

/** Asks the engine to close every output and exit; kills it when it does not. */
export const endEngine = (process: EngineProcessOf, { connection, pid }: ReachedEngine) =>
  connection
    .request({ cmd: "shutdown" })
    .pipe(within(DIE_WITHIN_MS), Effect.ignore, Effect.zipRight(pid === null ? Effect.void : awaitEnd(process, pid)))

/**
 * Connects to a running engine, or fails at once. One that is alive but does not listen yet gets some time, then is
 * killed.
 */
const connectRunning = (process: EngineProcessOf, onEvent: OnEvent) =>
  Effect.gen(function* () {
    const attempt = connectEngine(process.socketPath, onEvent)
    const found = yield* Effect.option(attempt)
    if (Option.isSome(found)) return found
    const pid = yield* process.remembered
    if (Option.isNone(pid)) return found
    const again = yield* attempt.pipe(
      Effect.retry({ times: 75, schedule: spaced, while: () => process.isAlive(pid.value) }),
      Effect.option,
    )
    if (Option.isNone(again)) yield* awaitEnd(process, pid.value)
    return again
  })

const startNew = (process: EngineProcessOf, onEvent: OnEvent) =>
  Effect.gen(function* () {
    const child = yield* process.spawn
    yield* process.remember(child.pid)
    const early = Effect.flatMap(Deferred.await(child.ended), (how) =>
      Effect.flatMap(
        process.logTail,
        (tail) =>
          new EngineUnavailable({
            reason: `${process.name} ${how} right after its start${tail === "" ? "" : `: ${tail}`}`,
          }),
      ),
    )
    const connection = yield* connectEngine(process.socketPath, onEvent).pipe(
      Effect.retry(spaced),
      Effect.raceFirst(early),
      Effect.timeoutFail({
        duration: START_WITHIN,
        onTimeout: () =>
          new EngineUnavailable({ reason: `${process.name} (pid ${child.pid}) did not listen within ${START_WITHIN}` }),
      }),
      Effect.tapError(() => process.kill(child.pid)),
    )
    return { connection, ended: child.ended }
  })

type Greeting = { readonly info: EngineInfo; readonly stats: EngineStats } | "other version" | "hung"

const greet = (connection: EngineConnection): Effect.Effect<Greeting, EngineUnavailable | StartRefused> =>
  connection.request({ cmd: "hello", protocol: PROTOCOL_VERSION, pid: process.pid }).pipe(
    Effect.retry({
      times: BUSY_RETRIES,
      schedule: busyPause,
      while: (e) => e._tag === "EngineRefused" && e.code === "busy",
    }),
    Effect.map(({ info, stats }): Greeting => {
      if (info === undefined || stats === undefined) return "hung"
      return info.protocol === PROTOCOL_VERSION ? { info, stats } : "other version"
    }),
    Effect.catchTag("EngineRefused", (refused): Effect.Effect<Greeting, EngineUnavailable | StartRefused> => {
      if (refused.code === "protocol") return Effect.succeed("other version")
      return refused.code === "busy"
        ? new StartRefused({ reason: `DATA_DIR: it is in use: ${refused.reason}` })
        : new EngineUnavailable({ reason: refused.reason })
    }),
    Effect.catchTag("EngineUnavailable", (e) => Effect.as(Effect.logWarning(e.message), "hung" as const)),
  )

/** Ends an engine that cannot be used, by asking it or by force. */
const replace = (process: EngineProcessOf, connection: EngineConnection, greeting: "other version" | "hung") =>
  Effect.gen(function* () {
    yield* Effect.logWarning(
      greeting === "hung"
        ? `${process.name} does not answer: replacing it`
        : `${process.name} speaks another protocol version: replacing it`,
    )
    if (greeting === "other version") yield* Effect.ignore(connection.request({ cmd: "shutdown" }))
    const pid = yield* process.remembered
    if (Option.isSome(pid)) yield* greeting === "hung" ? process.kill(pid.value) : awaitEnd(process, pid.value)
    else yield* Effect.timeoutOption(Deferred.await(connection.closed), DIE_WITHIN_MS)
  })

/** Opens the memory in which an engine says what it is at; it stays readable when the engine is gone. */
const openHandling = ({ handling_fd, pid }: EngineInfo): Effect.Effect<AttachedEngine["handled"], never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      try {
        return handling_fd == null ? null : openSync(`/proc/${pid}/fd/${handling_fd}`, "r")
      } catch {
        // An engine with capabilities of its own does not let others look at it.
        return null
      }
    }),
    (fd) => Effect.sync(() => fd !== null && closeSync(fd)),
  ).pipe(
    Effect.map((fd) => () => {
      if (fd === null) return null
      const bytes = new Uint8Array(HANDLING_BYTES)
      return readHandling(bytes.subarray(0, readSync(fd, bytes, 0, HANDLING_BYTES, 0)))
    }),
  )

/** Waits until an engine with which nobody can speak may be replaced. */
export type BeforeReplacing = (engine: ReachedEngine) => Effect.Effect<void>

/**
 * Finds or starts the engine and says hello. The scope closes the connection, never the engine.
 *
 * @param beforeReplacing run before an engine of another protocol version is ended, which goes on meanwhile; not waited
 *   for when that engine ends by itself
 */
export const attachEngine = (
  process: EngineProcessOf,
  onEvent: OnEvent,
  beforeReplacing: BeforeReplacing,
): Effect.Effect<AttachedEngine, EngineUnavailable | StartRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const running = yield* connectRunning(process, onEvent)
    if (Option.isSome(running)) {
      const greeting = yield* greet(running.value)
      if (typeof greeting === "object") {
        yield* process.remember(greeting.info.pid)
        const handled = yield* openHandling(greeting.info)
        return { ...greeting, connection: running.value, adopted: true, ended: yield* Deferred.make<string>(), handled }
      }
      if (greeting === "other version") {
        const pid = Option.getOrNull(yield* process.remembered)
        yield* Effect.raceFirst(
          beforeReplacing({ connection: running.value, pid }),
          Deferred.await(running.value.closed),
        )
      }
      yield* replace(process, running.value, greeting)
    }
    const started = yield* startNew(process, onEvent)
    const greeting = yield* greet(started.connection)
    if (typeof greeting !== "object")
      return yield* new EngineUnavailable({ reason: `the new engine cannot be used (${greeting})` })
    return { ...greeting, ...started, adopted: false, handled: yield* openHandling(greeting.info) }
  })
