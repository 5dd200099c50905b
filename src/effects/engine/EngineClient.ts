/**
 * The control plane's client of the engine: finds or starts it, keeps it alive, sends commands, and hands out its
 * events.
 *
 *   connected ──(connection lost, or 5 s without a line)──> lost: all sessions end at once ──> attach again ──> connected
 */
import { Cause, Context, Deferred, Effect, Exit, Layer, Mailbox, Option, SubscriptionRef } from "effect"
import type { Command, Event } from "../../engine/messages.ts"
import { type EngineRefused, EngineUnavailable, type StartRefused } from "../model/Errors.ts"
import { within } from "../model/within.ts"
import { type AttachedEngine, attachEngine, endEngine } from "./attach-engine.ts"
import type { Accepted } from "./EngineConnection.ts"
import { EngineProcess } from "./EngineProcess.ts"
import { type EngineInboxes, makeInboxes } from "./engine-inboxes.ts"
import { type EngineLink, type EngineState, makeEngineState } from "./engine-state.ts"

export interface EngineClientService extends Pick<EngineInboxes, "watchSession" | "watchChannel" | "adopt"> {
  readonly state: SubscriptionRef.SubscriptionRef<EngineState>
  readonly link: SubscriptionRef.SubscriptionRef<EngineLink>
  readonly send: (command: Command) => Effect.Effect<Accepted, EngineUnavailable | EngineRefused>
  /** Detaches from the engine without ending it; whatever is sent from now on fails. */
  readonly detach: Effect.Effect<void>
}

export class EngineClient extends Context.Tag("distributor/EngineClient")<EngineClient, EngineClientService>() {
  static readonly Live = Layer.suspend(() => layer())
}

export interface EngineClientOptions {
  /**
   * A connected engine that writes nothing for this many ticks is hung. Ticks rather than time, since a suspended
   * machine is not the engine's fault.
   */
  readonly hungAfterTicks?: number
  readonly tickMs?: number
}

/** How long the start of the service waits for the engine before it goes on without it. */
const FIRST_ATTACH_WITHIN = "12 seconds"
const HEALTHY_AFTER_MS = 30_000
const MAX_BACKOFF_MS = 5_000
const LOG_CHECK_TICKS = 600
const END_WITHIN = "2 seconds"
const SILENT = "it was silent"

/** Delay before attach number `failures` + 1 in a row, in ms; the first one after a healthy time comes at once. */
export const respawnDelayMs = (failures: number): number => (failures <= 1 ? 0 : Math.min(MAX_BACKOFF_MS, 250 * 2 ** (failures - 2)))

const make = ({ hungAfterTicks = 5, tickMs = 1000 }: EngineClientOptions) =>
  Effect.gen(function* () {
    const process = yield* EngineProcess
    const { link, state, update: setState } = yield* makeEngineState
    const inboxes = makeInboxes()
    const first = yield* Deferred.make<void, StartRefused>()
    let current: AttachedEngine | null = null
    let closing = false

    const onEvent = (event: Event) =>
      event.event === "stats" ? setState((s) => ({ stats: event.stats, previous: s.stats })) : Effect.sync(() => inboxes.dispatch(event))

    /** Runs as long as lines arrive and ends with the reason when they stop. */
    const heartbeat = (engine: AttachedEngine) =>
      Effect.gen(function* () {
        let silent = 0
        let seen = engine.connection.lines()
        for (let tick = 1; silent < hungAfterTicks; tick++) {
          yield* Effect.sleep(tickMs)
          silent = engine.connection.lines() === seen ? silent + 1 : 0
          seen = engine.connection.lines()
          const garbage = engine.connection.takeGarbage()
          if (garbage.count > 0) yield* Effect.logWarning(`${garbage.count} messages of the engine were not understood (${garbage.last})`)
          if (tick % LOG_CHECK_TICKS === 0) yield* process.trimLog
        }
        yield* process.kill(engine.info.pid)
        return `${SILENT} for ${(hungAfterTicks * tickMs) / 1000} s and was killed`
      })

    const session = Effect.gen(function* () {
      const events = yield* Mailbox.make<Event>()
      const engine = yield* attachEngine(process, (event) => events.unsafeOffer(event))
      // Done before any event is read: one that ends an adoptable session must find it.
      inboxes.offerForAdoption(engine.stats)
      current = engine
      const { pid, srt } = engine.info
      yield* Effect.log(`engine ${engine.adopted ? "found running and taken over" : "started"} (pid ${pid})`)
      if (srt.problem !== null) yield* Effect.logWarning(srt.problem)
      yield* setState((s) => ({
        connected: true,
        info: engine.info,
        generation: s.generation + 1,
        problem: null,
        stats: engine.stats,
        previous: null,
      }))
      yield* Effect.forkScoped(Effect.forever(Effect.flatMap(events.take, onEvent)))
      yield* Deferred.succeed(first, undefined)
      const why = yield* Effect.raceFirst(Deferred.await(engine.connection.closed), heartbeat(engine))
      const how = yield* Effect.timeoutOption(Deferred.await(engine.ended), 200)
      if (Option.isSome(how) && !why.startsWith(SILENT)) return `the engine (pid ${pid}) ${how.value}`
      return `the engine (pid ${pid}) was lost: ${why}`
    })

    const lost = (problem: string) =>
      Effect.gen(function* () {
        current = null
        inboxes.endAll({ code: "engine_lost", message: problem, transient: true })
        yield* setState((s) => ({ connected: false, problem, restarts: s.restarts + 1, stats: null, previous: null }))
        const tail = yield* process.logTail
        yield* Effect.logError(problem).pipe(tail === "" ? (e) => e : Effect.annotateLogs("engine_log", tail))
      })

    const supervise = Effect.gen(function* () {
      let failures = 0
      while (!closing) {
        const before = performance.now()
        const exit = yield* Effect.exit(Effect.scoped(session))
        if (closing) break
        if (Exit.isSuccess(exit)) yield* lost(exit.value)
        else {
          const error = Cause.squash(exit.cause)
          const refused = Cause.failureOption(exit.cause)
          if (refused._tag === "Some" && refused.value._tag === "StartRefused") {
            // At the start this ends the service, which then says why; later it can only be logged and tried again.
            if (yield* Deferred.fail(first, refused.value)) return
          }
          const problem = error instanceof Error ? error.message : String(error)
          if (current !== null) yield* lost(problem)
          else
            yield* Effect.zipRight(
              setState(() => ({ connected: false, problem })),
              Effect.logError(problem),
            )
        }
        failures = performance.now() - before >= HEALTHY_AFTER_MS ? 1 : failures + 1
        yield* Effect.sleep(respawnDelayMs(failures))
      }
    })

    const shutDown = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.suspend(() => {
        closing = true
        const engine = current
        current = null
        // A start that failed further up must not cut the streams of an engine it merely found.
        const leave = engine === null || (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause) && engine.adopted)
        return leave ? Effect.void : endEngine(process, engine)
      }).pipe(within(END_WITHIN), Effect.asVoid)

    // Finalizers run in reverse: the engine is told to end while the fiber that reads its answers still runs.
    yield* Effect.forkScoped(Effect.annotateLogs(supervise, "service", "engine"))
    yield* Effect.addFinalizer(shutDown)
    yield* Deferred.await(first).pipe(Effect.timeoutOption(FIRST_ATTACH_WITHIN))

    return EngineClient.of({
      state,
      link,
      watchSession: inboxes.watchSession,
      watchChannel: inboxes.watchChannel,
      adopt: inboxes.adopt,
      send: (command) =>
        Effect.flatMap(SubscriptionRef.get(state), ({ problem }) =>
          current === null ? new EngineUnavailable({ reason: problem ?? "it is not connected" }) : current.connection.request(command),
        ),
      detach: Effect.sync(() => {
        closing = true
        if (current?.adopted === true) current = null
      }),
    })
  })

/** Fails with `StartRefused` when another control plane holds the engine of this data directory. */
export const layer = (options: EngineClientOptions = {}): Layer.Layer<EngineClient, StartRefused, EngineProcess> =>
  Layer.scoped(EngineClient, make(options))
