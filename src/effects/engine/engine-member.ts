/**
 * One engine of the pool: found or started, kept alive, sent commands, and ended with the service.
 *
 * connected ──(connection lost, or 5 s without a line)──> lost: its sessions end at once ──> attach again ──> connected
 */
import { Cause, Deferred, Effect, Exit, type Scope, SubscriptionRef } from "effect"
import { ownBuildId } from "../../engine/protocol/build-id.ts"
import type { Command } from "../../engine/protocol/messages.ts"
import { type EngineRefused, EngineUnavailable, type StartRefused } from "../model/Errors.ts"
import { within } from "../model/within.ts"
import { endEngine } from "./attach-engine.ts"
import type { CrashesService } from "./Crashes.ts"
import type { Accepted } from "./EngineConnection.ts"
import type { EngineProcessOf } from "./EngineProcess.ts"
import { type Hold, type HoldOptions, lost, session } from "./engine-hold.ts"
import { type EngineInboxes, makeInboxes } from "./engine-inboxes.ts"
import { type EngineState, type EngineStateRef, makeEngineState } from "./engine-state.ts"

export interface EngineMember extends Pick<EngineStateRef, "state" | "link"> {
  readonly number: number
  readonly name: string
  readonly inboxes: EngineInboxes
  readonly send: (command: Command) => Effect.Effect<Accepted, EngineUnavailable | EngineRefused>
  /** Asks for the figures of this moment. */
  readonly refresh: Effect.Effect<void, EngineUnavailable | EngineRefused>
  /** Succeeds when the first engine is attached; fails when that is refused. */
  readonly attached: Effect.Effect<void, StartRefused>
  /** Has an outdated engine replaced by one of the installed code; false for one that is not outdated. */
  readonly replace: Effect.Effect<boolean>
  /** Lets go of the engine without ending it; whatever is sent from now on fails if it was found running. */
  readonly detach: Effect.Effect<void>
}

export interface EngineMemberOptions {
  /** Where the death of an engine is kept; nowhere when left out. */
  readonly crashes?: CrashesService
  /**
   * A connected engine that writes nothing for this many ticks is hung. Ticks rather than time, since a suspended
   * machine is not the engine's fault.
   */
  readonly hungAfterTicks?: number
  readonly tickMs?: number
  /** Name of the code that is installed; that of this process when left out. */
  readonly build?: string
  /**
   * Whether an engine of another protocol version goes on until somebody has it replaced; when left out, it is replaced
   * when it is found.
   */
  readonly waitsToReplace?: boolean
}

export interface MemberHooks {
  /** Run after each change of the state. */
  readonly changed: (what: "connection" | "figures", state: EngineState) => Effect.Effect<void>
  /** Run before a message of figures takes the place of the last one. */
  readonly beforeFigures: Effect.Effect<void>
  /** False for an engine that is started while the service runs: that it is refused is told, and it is tried again. */
  readonly mayRefuse: boolean
}

const HEALTHY_AFTER_MS = 30_000
const MAX_BACKOFF_MS = 5_000
const END_WITHIN = "2 seconds"

/** Delay before attach number `failures` + 1 in a row, in ms; the first one after a healthy time comes at once. */
export const respawnDelayMs = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(MAX_BACKOFF_MS, 250 * 2 ** (failures - 2))

/** Attaches an engine whenever there is none, until the client lets go or the first attach is refused. */
const supervise = (hold: Hold, options: HoldOptions) =>
  Effect.gen(function* () {
    const { first, setState } = hold
    let failures = 0
    while (!hold.closing) {
      const before = performance.now()
      const exit = yield* Effect.exit(Effect.scoped(session(hold, options)))
      if (hold.closing) break
      if (Exit.isSuccess(exit) && exit.value === null) {
        failures = 0
        continue
      }
      if (Exit.isSuccess(exit) && exit.value !== null) yield* lost(hold, exit.value)
      else if (Exit.isFailure(exit)) {
        const error = Cause.squash(exit.cause)
        const refused = Cause.failureOption(exit.cause)
        if (refused._tag === "Some" && refused.value._tag === "StartRefused") {
          // At the start this ends the service, which then says so; later it can only be told and tried again.
          if (yield* Deferred.fail(first, refused.value)) return
        }
        const problem = error instanceof Error ? error.message : String(error)
        if (hold.current !== null) yield* lost(hold, problem)
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

/** Ends the engine within `END_WITHIN`, or leaves it running where it is not ours to end. */
const shutDown = (hold: Hold) => (exit: Exit.Exit<unknown, unknown>) =>
  Effect.suspend(() => {
    hold.closing = true
    const { current, waiting } = hold
    hold.current = null
    // A start that failed further up must not cut the streams of an engine it merely found.
    const failed = Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)
    if (failed && current?.adopted !== false) return Effect.void
    const engine = current === null ? waiting : { connection: current.connection, pid: current.info.pid }
    return engine === null ? Effect.void : endEngine(hold.process, engine)
  }).pipe(within(END_WITHIN), Effect.asVoid)

/** Attaches an engine and keeps it; the scope's end ends it. */
export const makeMember = (
  process: EngineProcessOf,
  options: EngineMemberOptions,
  hooks: MemberHooks,
): Effect.Effect<EngineMember, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { build = ownBuildId(), crashes, hungAfterTicks = 5, tickMs = 1000, waitsToReplace = false } = options
    const { link, state, update } = yield* makeEngineState
    const first = yield* Deferred.make<void, StartRefused>()
    if (!hooks.mayRefuse) yield* Deferred.succeed(first, undefined)
    const set =
      (what: "connection" | "figures"): Hold["setState"] =>
      (change) =>
        update(change).pipe(
          Effect.zipRight(SubscriptionRef.get(state)),
          Effect.flatMap((now) => hooks.changed(what, now)),
        )
    const hold: Hold = {
      process,
      crashes,
      state: SubscriptionRef.get(state),
      inboxes: makeInboxes(),
      setState: set("connection"),
      setFigures: (change) => Effect.zipRight(hooks.beforeFigures, set("figures")(change)),
      first,
      current: null,
      waiting: null,
      replacing: yield* Deferred.make<void>(),
      closing: false,
    }
    const send: EngineMember["send"] = (command) =>
      Effect.flatMap(SubscriptionRef.get(state), ({ problem }) =>
        hold.current === null
          ? new EngineUnavailable({ reason: problem ?? "it is not connected" })
          : hold.current.connection.request(command),
      )
    // Finalizers run in reverse: the engine is told to end while the fiber that reads its answers still runs.
    yield* Effect.forkScoped(
      Effect.annotateLogs(supervise(hold, { build, hungAfterTicks, tickMs, waitsToReplace }), "service", "engine"),
    )
    yield* Effect.addFinalizer(shutDown(hold))
    return {
      number: process.number,
      name: process.name,
      state,
      link,
      inboxes: hold.inboxes,
      send,
      refresh: Effect.flatMap(send({ cmd: "state" }), ({ stats }) =>
        stats === undefined ? Effect.void : hold.setState(() => ({ stats })),
      ),
      attached: Deferred.await(first),
      replace: Effect.flatMap(SubscriptionRef.get(state), ({ outdated }) =>
        outdated ? Deferred.succeed(hold.replacing, undefined) : Effect.succeed(false),
      ),
      detach: Effect.sync(() => {
        hold.closing = true
        hold.waiting = null
        if (hold.current?.adopted === true) hold.current = null
      }),
    }
  })
