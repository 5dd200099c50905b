/**
 * One engine of the pool: found or started, kept alive, sent commands, and ended with the service.
 *
 * connected ──(connection lost, or 5 s without a line)──> lost: its sessions end at once ──> attach again ──> connected
 */
import { Cause, Clock, Deferred, Effect, Exit, Mailbox, Option, type Scope, SubscriptionRef } from "effect"
import type { Command, Event } from "../../engine/protocol/messages.ts"
import { type EngineRefused, EngineUnavailable, type StartRefused } from "../model/Errors.ts"
import { within } from "../model/within.ts"
import { type AttachedEngine, attachEngine, endEngine } from "./attach-engine.ts"
import type { CrashesService } from "./Crashes.ts"
import type { Accepted } from "./EngineConnection.ts"
import type { EngineProcessOf } from "./EngineProcess.ts"
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
const LOG_CHECK_TICKS = 600
const END_WITHIN = "2 seconds"
const SILENT = "it was silent"

/** Delay before attach number `failures` + 1 in a row, in ms; the first one after a healthy time comes at once. */
export const respawnDelayMs = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(MAX_BACKOFF_MS, 250 * 2 ** (failures - 2))

/** The hold on an engine, from one session to the next. */
interface Hold {
  readonly process: EngineProcessOf
  readonly crashes: CrashesService | undefined
  /** The state as it is. */
  readonly state: Effect.Effect<EngineState>
  readonly inboxes: EngineInboxes
  readonly setState: (change: Parameters<EngineStateRef["update"]>[0]) => Effect.Effect<void>
  readonly setFigures: (change: Parameters<EngineStateRef["update"]>[0]) => Effect.Effect<void>
  /** Done when the first engine is attached; fails when that is refused. */
  readonly first: Deferred.Deferred<void, StartRefused>
  /** The engine that commands go to; null while there is none. */
  current: AttachedEngine | null
  /** True once the client lets go: no other engine is attached. */
  closing: boolean
}

type Pace = Required<Pick<EngineMemberOptions, "hungAfterTicks" | "tickMs">>

/** Never ends while lines come from the engine; when they do not, kills it and ends with the reason. */
const heartbeat = (process: EngineProcessOf, engine: AttachedEngine, options: Pace) =>
  Effect.gen(function* () {
    const { hungAfterTicks, tickMs } = options
    let silent = 0
    let seen = engine.connection.lines()
    for (let tick = 1; silent < hungAfterTicks; tick++) {
      yield* Effect.sleep(tickMs)
      silent = engine.connection.lines() === seen ? silent + 1 : 0
      seen = engine.connection.lines()
      const garbage = engine.connection.takeGarbage()
      if (garbage.count > 0)
        yield* Effect.logWarning(`${garbage.count} messages of ${process.name} were not understood (${garbage.last})`)
      if (tick % LOG_CHECK_TICKS === 0) yield* process.trimLog
    }
    yield* process.kill(engine.info.pid)
    return `${SILENT} for ${(hungAfterTicks * tickMs) / 1000} s and was killed`
  })

/** Signals by which people and the kernel's memory killer end a process: what it was at is not to blame. */
const ENDED_BY_OTHERS = /SIG(KILL|TERM|INT|HUP|QUIT)$|exit code 0$/

/** Keeps what is left of an engine that was lost: `how` it ended, null when nobody knows; it may have hung. */
const record = (hold: Hold, engine: AttachedEngine, why: string, how: string | null) =>
  Effect.gen(function* () {
    if (hold.crashes === undefined || hold.closing) return
    const { process } = hold
    const { info } = engine
    const { stats } = yield* hold.state
    const handled = engine.handled()
    yield* hold.crashes.record({
      engine: process.number,
      pid: info.pid,
      why,
      uptime: Math.max(0, (yield* Clock.currentTimeMillis) - info.started_at) / 1000,
      channels: stats?.channels.map(({ id }) => id) ?? [],
      handled: handled === null ? null : { channel_id: handled.channelId, stage: handled.stage },
      log: yield* process.logEnd,
      stats,
      blames: why.includes(SILENT) || (how !== null && !ENDED_BY_OTHERS.test(how)),
    })
  })

/** One engine, from attaching to it until it is lost; ends with why it was lost. */
const session = (hold: Hold, options: Pace) =>
  Effect.gen(function* () {
    const { first, inboxes, process, setFigures, setState } = hold
    const events = yield* Mailbox.make<Event>()
    const engine = yield* attachEngine(process, (event) => events.unsafeOffer(event))
    // Before any event is read: one that ends an adoptable session must find it.
    inboxes.offerForAdoption(engine.stats)
    hold.current = engine
    const { pid, srt } = engine.info
    yield* Effect.log(`${process.name} ${engine.adopted ? "found running and taken over" : "started"} (pid ${pid})`)
    if (srt.problem !== null) yield* Effect.logWarning(srt.problem)
    yield* setState((s) => ({
      connected: true,
      info: engine.info,
      generation: s.generation + 1,
      problem: null,
      stats: engine.stats,
      previous: null,
    }))
    const onEvent = (event: Event) =>
      event.event === "stats"
        ? setFigures((s) => ({ stats: event.stats, previous: s.stats }))
        : Effect.sync(() => inboxes.dispatch(event))
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(events.take, onEvent)))
    yield* Deferred.succeed(first, undefined)
    const why = yield* Effect.raceFirst(Deferred.await(engine.connection.closed), heartbeat(process, engine, options))
    const how = yield* Effect.timeoutOption(Deferred.await(engine.ended), 200)
    const known = Option.isSome(how) && !why.startsWith(SILENT)
    const sentence = `${process.name} (pid ${pid}) ${known ? how.value : `was lost: ${why}`}`
    yield* record(hold, engine, sentence, Option.getOrNull(how))
    return sentence
  })

/** Ends all sessions of an engine that is gone, and tells why. */
const lost = (hold: Hold, problem: string) =>
  Effect.gen(function* () {
    const { inboxes, process, setState } = hold
    hold.current = null
    inboxes.endAll({ code: "engine_lost", message: problem, transient: true })
    yield* setState((s) => ({ connected: false, problem, restarts: s.restarts + 1, stats: null, previous: null }))
    const tail = yield* process.logTail
    yield* Effect.logError(problem).pipe(tail === "" ? (e) => e : Effect.annotateLogs("engine_log", tail))
  })

/** Attaches an engine whenever there is none, until the client lets go or the first attach is refused. */
const supervise = (hold: Hold, options: Pace) =>
  Effect.gen(function* () {
    const { first, setState } = hold
    let failures = 0
    while (!hold.closing) {
      const before = performance.now()
      const exit = yield* Effect.exit(Effect.scoped(session(hold, options)))
      if (hold.closing) break
      if (Exit.isSuccess(exit)) yield* lost(hold, exit.value)
      else {
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
    const engine = hold.current
    hold.current = null
    // A start that failed further up must not cut the streams of an engine it merely found.
    const leave = engine === null || (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause) && engine.adopted)
    return leave ? Effect.void : endEngine(hold.process, engine)
  }).pipe(within(END_WITHIN), Effect.asVoid)

/** Attaches an engine and keeps it; the scope's end ends it. */
export const makeMember = (
  process: EngineProcessOf,
  { crashes, hungAfterTicks = 5, tickMs = 1000 }: EngineMemberOptions,
  hooks: MemberHooks,
): Effect.Effect<EngineMember, never, Scope.Scope> =>
  Effect.gen(function* () {
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
      closing: false,
    }
    const send: EngineMember["send"] = (command) =>
      Effect.flatMap(SubscriptionRef.get(state), ({ problem }) =>
        hold.current === null
          ? new EngineUnavailable({ reason: problem ?? "it is not connected" })
          : hold.current.connection.request(command),
      )
    // Finalizers run in reverse: the engine is told to end while the fiber that reads its answers still runs.
    yield* Effect.forkScoped(Effect.annotateLogs(supervise(hold, { hungAfterTicks, tickMs }), "service", "engine"))
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
      detach: Effect.sync(() => {
        hold.closing = true
        if (hold.current?.adopted === true) hold.current = null
      }),
    }
  })
