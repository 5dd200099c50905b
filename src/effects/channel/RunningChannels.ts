/**
 * The channels that run: their fibers, what they record, and what the engine's figures and its coming and going mean
 * for them.
 */
import {
  Cause,
  Clock,
  Context,
  Effect,
  type Exit,
  FiberMap,
  FiberRef,
  Layer,
  Schedule,
  Scope,
  SubscriptionRef,
} from "effect"
import type { Role } from "../../core/placement/model.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { maskText } from "../config/Logging.ts"
import { outputHostOf } from "../config/output-host.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { Actor } from "../model/actor.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { Happening } from "../model/event.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { within } from "../model/within.ts"
import { Nodes } from "../nodes/Nodes.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog, type EventLogService } from "../store/EventLog.ts"
import { awaitChannel, makeChannel, reconfigure, runChannel } from "./Channel.ts"
import { keepCuesAs, recordAs, roleHere, runAs } from "./channel-roles.ts"
import { followFigures } from "./follow-engine.ts"
import type { ChannelRuntime } from "./runtime/channel-runtime.ts"
import { Tallies } from "./runtime/Tallies.ts"
import type { Channel, RecordHappening } from "./started-channel.ts"

export interface RunningChannelsService {
  readonly get: (id: string) => Channel | undefined
  /** What is known of a channel while it runs; null when it does not. */
  readonly runtimeOf: (id: string) => ChannelRuntime | null
  /**
   * Starts a channel; `how` ends the sentence "started ...". On several machines nothing is started and null returned
   * where the channel belongs to other nodes.
   *
   * @param resumes true when it may have run in an engine that is gone: false when left out
   */
  readonly run: (config: ChannelConfig, how: string, resumes?: boolean) => Effect.Effect<Channel | null>
  /** Starts a channel and answers once the engine has it, so that the next command of a verb finds it there. */
  readonly runNow: (config: ChannelConfig, how: string) => Effect.Effect<unknown>
  /**
   * What is stored becomes what is known and what runs: outputs that stay as they are go on.
   *
   * @param by who has it so; the `Actor` when left out
   */
  readonly adopt: (config: ChannelConfig, by?: string) => Effect.Effect<void>
  /** Returns when the channel is closed; nothing happens when it does not run. */
  readonly halt: (id: string, why?: string) => Effect.Effect<void>
  /** True while a channel is being closed. */
  readonly isStopping: (id: string) => boolean
  /**
   * On several machines: makes what runs here as the roles of the channels have it, each channel by itself. Waits for
   * nothing: one that is slow to close must not keep another one dark.
   */
  readonly assumeRoles: Effect.Effect<void>
  /** Looks at each message of figures once, for all channels; never ends. */
  readonly follow: Effect.Effect<void>
  /** To be called when the service ends and the channels with it. */
  readonly recordShutdown: Effect.Effect<void>
}

const SHUTDOWN_WITHIN = "1500 millis"
const TAKEN_WITHIN = "1 second"
/** How often, and for how long, a channel that came here is looked at until an output is connected. */
const CONNECTED_LOOK = "20 millis"
const CONNECTED_WITHIN = "10 seconds"
/**
 * Longest message that is recorded, in characters. Messages quote peers and the operating system; none of ours is this
 * long.
 */
const MAX_MESSAGE = 1000

/** Runs a channel until it is interrupted, whatever fails in it. */
const lasting = (channel: Channel) =>
  runChannel(channel).pipe(
    Effect.tapErrorCause((cause) =>
      Effect.annotateLogs(Effect.logError("the channel failed and is started again", cause), "channel", channel.slug),
    ),
    Effect.sandbox,
    Effect.retry(Schedule.spaced("1 second")),
  )

/** The map of the channels' fibers, by the channel's id. The scope's end closes every channel, within 1.5 s. */
const makeFibers = Effect.gen(function* () {
  const close = (scope: Scope.CloseableScope, exit: Exit.Exit<unknown, unknown>) =>
    within(SHUTDOWN_WITHIN)(Scope.close(scope, exit))
  const scope = yield* Effect.acquireRelease(Scope.make(), close)
  return yield* Scope.extend(FiberMap.make<string>(), scope)
})

/** Records what happens to one channel, at the time at which it is told, without what must stay secret. */
const recorderOf =
  (log: EventLogService) =>
  (channelId: string): RecordHappening =>
  (happening) =>
    Effect.zipWith(Clock.currentTimeMillis, monotonicMs, (at, nowMs) =>
      log.add({ ...happening, message: maskText(happening.message).slice(0, MAX_MESSAGE), channelId, at }, nowMs),
    )

const make = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const book = yield* ChannelBook
  const engine = yield* EngineClient
  const host = outputHostOf(yield* AppConfig)
  const log = yield* EventLog
  const cues = yield* CueLog
  const tallies = yield* Tallies
  const { publish: changed } = yield* ChangeFeed
  const running = new Map<string, Channel>()
  const stopping = new Set<string>()
  const nodes = yield* Nodes
  /** As what each running channel runs. */
  const roles = new Map<string, Role>()
  const locks = new Map<string, Effect.Semaphore>()
  /** Lets one change at a time at a channel. */
  const locked =
    (id: string) =>
    <A>(change: Effect.Effect<A>): Effect.Effect<A> =>
      Effect.suspend(() => {
        const lock = locks.get(id) ?? Effect.unsafeMakeSemaphore(1)
        locks.set(id, lock)
        return lock.withPermits(1)(change)
      })
  const fibers = yield* makeFibers
  const recordFor = recorderOf(log)
  const recordAll = (happening: Happening) =>
    Effect.suspend(() =>
      Effect.forEach([...running.values()], (channel) => channel.record(happening), { discard: true }),
    )

  const runInTurn = (config: ChannelConfig, how: string, resumes = false) =>
    Effect.gen(function* () {
      const { id } = config
      const role = roleHere(nodes, config)
      if (role === "none") return null
      yield* FiberMap.remove(fibers, id)
      const channel = yield* makeChannel(
        runAs(role, config),
        yield* engine.place(config, book.all()),
        host,
        changed,
        recordAs(nodes, id, recordFor(id)),
        keepCuesAs(nodes, id, cues),
        tallies.of(id),
        resumes,
        () => nodes.fenceUs(id),
        nodes.relayOf(id),
      )
      running.set(id, channel)
      roles.set(id, role)
      book.setRuns(id, true)
      yield* channel.record({ kind: "started", severity: "info", message: `started ${how}` })
      yield* FiberMap.run(fibers, id, lasting(channel))
      const started = role === "owner" ? "started" : "receives, with its outputs closed"
      yield* Effect.annotateLogs(Effect.log(started), "channel", config.slug)
      return channel
    })

  const haltInTurn = (id: string, why = "stopped by the operator") =>
    Effect.gen(function* () {
      const channel = running.get(id)
      if (channel === undefined) return
      running.delete(id)
      roles.delete(id)
      book.setRuns(id, false)
      stopping.add(id)
      const closed = Effect.ensuring(
        FiberMap.remove(fibers, id),
        Effect.sync(() => stopping.delete(id)),
      )
      yield* Effect.zipRight(changed, closed)
      yield* engine.leave(id)
      yield* channel.record({ kind: "stopped", severity: "info", message: why })
      yield* Effect.annotateLogs(Effect.log("stopped"), "channel", channel.slug)
    })

  const adopt = (config: ChannelConfig, by?: string) =>
    Effect.gen(function* () {
      book.put(config)
      const channel = running.get(config.id)
      if (channel === undefined) return yield* changed
      const as = runAs(roles.get(config.id) ?? "owner", config)
      yield* engine.place(config, book.all())
      yield* reconfigure(channel, as, by ?? (yield* FiberRef.get(Actor)))
      yield* changed
    }).pipe(locked(config.id))
  const run: RunningChannelsService["run"] = (config, how, resumes) =>
    locked(config.id)(runInTurn(config, how, resumes))
  const halt: RunningChannelsService["halt"] = (id, why) => locked(id)(haltInTurn(id, why))

  /** A channel that came here: how long nobody sent it is known once an output is connected. */
  const noteConnected = (id: string) =>
    Effect.gen(function* () {
      const channel = running.get(id)
      if (channel === undefined || roles.get(id) !== "owner") return true
      const outputs = [...channel.runtime.outputs.values()]
      if (outputs.length > 0 && !outputs.some(({ status }) => status === "connected")) return false
      yield* nodes.connected(id)
      return true
    }).pipe(
      Effect.repeat({ until: (isNoted) => isNoted, schedule: Schedule.spaced(CONNECTED_LOOK) }),
      Effect.timeoutOption(CONNECTED_WITHIN),
    )

  const assumeRole = (id: string) =>
    Effect.gen(function* () {
      const config = book.configs.get(id)
      if (config === undefined) return
      const role = roleHere(nodes, config)
      const before = roles.get(id)
      if (before === role || (before === undefined && (role === "none" || !config.should_run))) return
      const channel = running.get(id)
      if (role === "none") yield* haltInTurn(id, "runs on another node")
      else if (channel === undefined) yield* runInTurn(config, "on this node")
      else {
        roles.set(id, role)
        yield* channel.record({ kind: "started", severity: "info", message: "goes on from this node" })
        yield* reconfigure(channel, runAs(role, config))
      }
      if (role === "owner") yield* Effect.forkIn(noteConnected(id), scope)
      yield* nodes.armed(id, role === "standby")
    }).pipe(locked(id))
  /** What is relayed goes on to where the other node of a channel is now. */
  const followRelays = Effect.suspend(() =>
    Effect.forEach(
      running.values(),
      ({ id, relay }) => {
        const hosts = nodes.relayOf(id)
        return SubscriptionRef.update(relay, (now) =>
          now?.local === hosts?.local && now?.peer === hosts?.peer ? now : hosts,
        )
      },
      { discard: true },
    ),
  )
  const runNow: RunningChannelsService["runNow"] = (config, how) =>
    Effect.flatMap(run(config, how), (channel) =>
      channel === null ? Effect.void : within(TAKEN_WITHIN)(awaitChannel(channel)(0)),
    )

  return RunningChannels.of({
    get: (id) => running.get(id),
    runtimeOf: (id) => running.get(id)?.runtime ?? null,
    run,
    runNow,
    adopt,
    halt,
    isStopping: (id) => stopping.has(id),
    assumeRoles: Effect.suspend(() =>
      Effect.forEach(
        book.all().filter((config) => roleHere(nodes, config) !== (roles.get(config.id) ?? "none")),
        ({ id }) => Effect.forkIn(assumeRole(id), scope),
        { discard: true },
      ),
    ).pipe(Effect.zipRight(followRelays)),
    follow: followFigures(engine, book, running, changed),
    recordShutdown: recordAll({ kind: "stopped", severity: "info", message: "stopped with the service" }),
  })
})

export class RunningChannels extends Context.Tag("distributor/RunningChannels")<
  RunningChannels,
  RunningChannelsService
>() {
  /** The scope's end closes every channel, within 1.5 s. */
  static readonly Live = Layer.scoped(RunningChannels, make)
}

/** True when the service failed to start: an engine that was found running then keeps its streams. */
export const isFailedStart = (exit: Exit.Exit<unknown, unknown>): boolean =>
  exit._tag === "Failure" && !Cause.isInterruptedOnly(exit.cause)
