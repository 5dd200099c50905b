/**
 * The hold on one engine, and what happens from attaching to it until it is lost or replaced.
 */
import { Clock, Deferred, Effect, Mailbox, Option } from "effect"
import type { Event } from "../../engine/protocol/messages.ts"
import type { StartRefused } from "../model/Errors.ts"
import { type AttachedEngine, attachEngine, endEngine, type ReachedEngine } from "./attach-engine.ts"
import type { CrashesService } from "./Crashes.ts"
import type { EngineProcessOf } from "./EngineProcess.ts"
import type { EngineInboxes } from "./engine-inboxes.ts"
import type { EngineState, EngineStateRef } from "./engine-state.ts"

/** The hold on an engine, from one session to the next. */
export interface Hold {
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
  /** An engine of another protocol version, which goes on until it may be replaced; null while there is none. */
  waiting: ReachedEngine | null
  /** Done when the engine that is attached, or waits, is to be replaced; made anew for each. */
  replacing: Deferred.Deferred<void>
  /** True once the client lets go: no other engine is attached. */
  closing: boolean
}

export interface HoldOptions {
  readonly hungAfterTicks: number
  readonly tickMs: number
  /** Name of the code that is installed (`build-id.ts`). */
  readonly build: string
  /** Whether an engine of another protocol version goes on until somebody has it replaced. */
  readonly waitsToReplace: boolean
}

const LOG_CHECK_TICKS = 600
const SILENT = "it was silent"

/** Never ends while lines come from the engine; when they do not, kills it and ends with the reason. */
const heartbeat = (process: EngineProcessOf, engine: AttachedEngine, options: HoldOptions) =>
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

/** Lets an engine that nobody can speak with go on until somebody has it replaced, and tells so. */
const waitToReplace =
  ({ first, process, setState, ...hold }: Hold, set: (waiting: ReachedEngine | null) => void) =>
  (engine: ReachedEngine) =>
    Effect.gen(function* () {
      set(engine)
      const problem =
        `${process.name}${engine.pid === null ? "" : ` (pid ${engine.pid})`} goes on as the version before the upgrade left it: ` +
        "this version cannot speak with it, so that nothing is shown or changed and an output that ends is not tried again, " +
        "until it is replaced on the System page, which cuts its streams for about a second"
      yield* Effect.logWarning(problem)
      yield* setState(() => ({ connected: false, problem, outdated: true }))
      yield* Deferred.succeed(first, undefined)
      yield* Deferred.await(hold.replacing)
    }).pipe(Effect.ensuring(Effect.sync(() => set(null))))

/** Ends an engine that is to be replaced. Its outputs are told first: they begin again with the next one. */
const endReplaced = (hold: Hold, { connection, info: { pid } }: AttachedEngine) =>
  Effect.gen(function* () {
    const sentence = `${hold.process.name} (pid ${pid}) is replaced by one of the installed version, as asked for`
    yield* Effect.log(sentence)
    yield* lost(hold, sentence, true)
    yield* endEngine(hold.process, { connection, pid })
  })

/** Ends all sessions of an engine that is gone, or is to go, and tells why. */
export const lost = (hold: Hold, problem: string, wanted = false) =>
  Effect.gen(function* () {
    const { inboxes, process, setState } = hold
    hold.current = null
    inboxes.endAll({ code: "engine_lost", message: problem, transient: true })
    yield* setState((s) => ({
      connected: false,
      problem,
      outdated: false,
      restarts: s.restarts + (wanted ? 0 : 1),
      stats: null,
      previous: null,
    }))
    if (wanted) return
    const tail = yield* process.logTail
    yield* Effect.logError(problem).pipe(tail === "" ? (e) => e : Effect.annotateLogs("engine_log", tail))
  })

/** Passes on what the engine tells until it is gone; ends with the reason, or null when it is to be replaced. */
const follow = (hold: Hold, engine: AttachedEngine, events: Mailbox.Mailbox<Event>, options: HoldOptions) =>
  Effect.gen(function* () {
    const { inboxes, process, setFigures } = hold
    const onEvent = (event: Event) =>
      event.event === "stats"
        ? setFigures((s) => ({ stats: event.stats, previous: s.stats }))
        : Effect.sync(() => inboxes.dispatch(event))
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(events.take, onEvent)))
    return yield* Effect.raceAll([
      Deferred.await(engine.connection.closed),
      heartbeat(process, engine, options),
      Effect.as(Deferred.await(hold.replacing), null),
    ])
  })

/** One engine, from attaching to it until it is lost; ends with why it was lost, null when it was replaced. */
export const session = (hold: Hold, options: HoldOptions) =>
  Effect.gen(function* () {
    const { first, inboxes, process, setState } = hold
    const events = yield* Mailbox.make<Event>()
    hold.replacing = yield* Deferred.make<void>()
    const before = options.waitsToReplace
      ? waitToReplace(hold, (waiting) => {
          hold.waiting = waiting
        })
      : () => Effect.void
    const engine = yield* attachEngine(process, (event) => events.unsafeOffer(event), before)
    // Before any event is read: one that ends an adoptable session must find it.
    inboxes.offerForAdoption(engine.stats)
    hold.replacing = yield* Deferred.make<void>()
    hold.current = engine
    const { build, pid, srt } = engine.info
    const outdated = engine.adopted && build !== options.build
    yield* Effect.log(`${process.name} ${engine.adopted ? "found running and taken over" : "started"} (pid ${pid})`)
    if (outdated)
      yield* Effect.logWarning(
        `${process.name} (pid ${pid}) runs other code (${build ?? "of an older version"}) than is installed (${options.build}): ` +
          "replace it on the System page at a moment when its streams may be cut for about a second",
      )
    if (srt.problem !== null) yield* Effect.logWarning(srt.problem)
    yield* setState((s) => ({
      connected: true,
      info: engine.info,
      generation: s.generation + 1,
      problem: null,
      outdated,
      stats: engine.stats,
      previous: null,
    }))
    yield* Deferred.succeed(first, undefined)
    const why = yield* follow(hold, engine, events, options)
    if (why === null) {
      yield* endReplaced(hold, engine)
      return null
    }
    const how = yield* Effect.timeoutOption(Deferred.await(engine.ended), 200)
    const known = Option.isSome(how) && !why.startsWith(SILENT)
    const sentence = `${process.name} (pid ${pid}) ${known ? how.value : `was lost: ${why}`}`
    yield* record(hold, engine, sentence, Option.getOrNull(how))
    return sentence
  })
