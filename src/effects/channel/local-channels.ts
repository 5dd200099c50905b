/** The channels that run on this node: how one is started and stopped, and what is recorded of it. */
import { Clock, Effect, type Exit, FiberMap, Schedule, Scope } from "effect"
import type { Role } from "../../core/placement/model.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { maskText } from "../config/Logging.ts"
import { outputHostOf } from "../config/output-host.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { within } from "../model/within.ts"
import { Nodes } from "../nodes/Nodes.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog, type EventLogService } from "../store/EventLog.ts"
import { makeChannel, runChannel } from "./Channel.ts"
import { keepCuesAs, recordAs, roleHere, runAs } from "./channel-roles.ts"
import { Tallies } from "./runtime/Tallies.ts"
import type { Channel, RecordHappening } from "./started-channel.ts"

export interface LocalChannels {
  readonly running: ReadonlyMap<string, Channel>
  /** Ids of the channels that are being closed. */
  readonly stopping: ReadonlySet<string>
  /** As what each running channel runs. */
  readonly roles: Map<string, Role>
  /** Lets one change at a time at a channel. */
  readonly inTurn: (id: string) => <A>(change: Effect.Effect<A>) => Effect.Effect<A>
  /** Starts a channel anew, in its turn; see `RunningChannelsService.run`. */
  readonly start: (config: ChannelConfig, how: string, resumes?: boolean) => Effect.Effect<Channel | null>
  /** Stops a channel, in its turn; see `RunningChannelsService.halt`. */
  readonly stop: (id: string, why?: string) => Effect.Effect<void>
}

const SHUTDOWN_WITHIN = "1500 millis"
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

const makeTurns = (): LocalChannels["inTurn"] => {
  const turns = new Map<string, Effect.Semaphore>()
  return (id) => (change) =>
    Effect.suspend(() => {
      const turn = turns.get(id) ?? Effect.unsafeMakeSemaphore(1)
      turns.set(id, turn)
      return turn.withPermits(1)(change)
    })
}

/** Makes a channel that is not run yet, in a role. */
const makeMaker = Effect.gen(function* () {
  const book = yield* ChannelBook
  const cues = yield* CueLog
  const engine = yield* EngineClient
  const host = outputHostOf(yield* AppConfig)
  const nodes = yield* Nodes
  const recordFor = recorderOf(yield* EventLog)
  const tallies = yield* Tallies
  const { publish: changed } = yield* ChangeFeed
  return (config: ChannelConfig, role: Role, resumes: boolean) =>
    Effect.gen(function* () {
      const { id } = config
      return yield* makeChannel(runAs(role, config), {
        engine: yield* engine.place(config, book.all()),
        host,
        changed,
        record: recordAs(nodes, id, recordFor(id)),
        keepCue: keepCuesAs(nodes, id, cues),
        tally: tallies.of(id),
        resumes,
        fenceUs: () => nodes.fenceUs(id),
        relay: nodes.relayOf(id),
      })
    })
})

/** The scope's end closes every channel, within 1.5 s. */
export const makeLocalChannels = Effect.gen(function* () {
  const book = yield* ChannelBook
  const engine = yield* EngineClient
  const nodes = yield* Nodes
  const { publish: changed } = yield* ChangeFeed
  const make = yield* makeMaker
  const fibers = yield* makeFibers
  const running = new Map<string, Channel>()
  const stopping = new Set<string>()
  const roles = new Map<string, Role>()

  const start: LocalChannels["start"] = (config, how, resumes = false) =>
    Effect.gen(function* () {
      const { id } = config
      const role = roleHere(nodes, config)
      if (role === "none") return null
      yield* FiberMap.remove(fibers, id)
      const channel = yield* make(config, role, resumes)
      running.set(id, channel)
      roles.set(id, role)
      book.setRuns(id, true)
      yield* channel.record({ kind: "started", severity: "info", message: `started ${how}` })
      yield* FiberMap.run(fibers, id, lasting(channel))
      const started = role === "owner" ? "started" : "receives, with its outputs closed"
      yield* Effect.annotateLogs(Effect.log(started), "channel", config.slug)
      return channel
    })

  const stop: LocalChannels["stop"] = (id, why = "stopped by the operator") =>
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

  const local: LocalChannels = { running, stopping, roles, inTurn: makeTurns(), start, stop }
  return local
})
