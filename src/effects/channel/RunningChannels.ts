/**
 * The channels that run: their fibers, what they record, and what the engine's figures and its coming and going mean
 * for them.
 */
import { Cause, Clock, Effect, type Exit, FiberMap, Schedule, Scope, Stream, SubscriptionRef } from "effect"
import { maskText } from "../config/Logging.ts"
import type { OutputHost } from "../config/output-place.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { Happening } from "../model/channel-event.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { within } from "../model/within.ts"
import type { CueLog } from "../store/CueLog.ts"
import type { EventLog } from "../store/EventLog.ts"
import { awaitChannel, makeChannel, runChannel } from "./Channel.ts"
import { observeChannel } from "./observe-channel.ts"
import { makeTallies, type Tallies } from "./runtime/tally.ts"
import type { Channel, RecordHappening } from "./started-channel.ts"

export interface RunningChannels {
  readonly get: (id: string) => Channel | undefined
  /** Starts a channel; `how` ends the sentence "started ...". */
  readonly run: (config: ChannelConfig, how: string) => Effect.Effect<Channel>
  /** Starts a channel and answers once the engine has it, so that the next command of a verb finds it there. */
  readonly runNow: (config: ChannelConfig, how: string) => Effect.Effect<unknown>
  /** Returns when the channel is closed; nothing happens when it does not run. */
  readonly halt: (id: string, why?: string) => Effect.Effect<void>
  /** True while a channel is being closed. */
  readonly isStopping: (id: string) => boolean
  /** Follows the engine's figures: looks at each message once, for all channels. Never ends. */
  readonly follow: (configOf: (id: string) => ChannelConfig | undefined) => Effect.Effect<void>
  /** Records that the engine went and came back; never ends. */
  readonly followEngine: Effect.Effect<void>
  /** To be called when the service ends and the channels with it. */
  readonly recordShutdown: Effect.Effect<void>
}

const SHUTDOWN_WITHIN = "1500 millis"
const TAKEN_WITHIN = "1 second"
/**
 * Longest message that is recorded, in characters. Messages quote peers and the operating system; none of ours is this
 * long.
 */
const MAX_MESSAGE = 1000

/** Makes the service that runs channels. When its scope ends, every channel is closed within 1.5 s. */
export const makeRunningChannels = (
  engine: EngineClientService,
  host: OutputHost,
  log: EventLog,
  cues: Pick<CueLog, "add">,
  changed: Effect.Effect<void>,
  tallies: Pick<Tallies, "of"> = makeTallies(),
): Effect.Effect<RunningChannels, never, Scope.Scope> =>
  Effect.gen(function* () {
    const running = new Map<string, Channel>()
    const stopping = new Set<string>()
    const close = (scope: Scope.CloseableScope, exit: Exit.Exit<unknown, unknown>) => within(SHUTDOWN_WITHIN)(Scope.close(scope, exit))
    const scope = yield* Effect.acquireRelease(Scope.make(), close)
    const fibers = yield* Scope.extend(FiberMap.make<string>(), scope)

    const recordFor =
      (channelId: string): RecordHappening =>
      (happening) =>
        Effect.zipWith(Clock.currentTimeMillis, monotonicMs, (at, nowMs) =>
          log.add({ ...happening, message: maskText(happening.message).slice(0, MAX_MESSAGE), channelId, at }, nowMs),
        )
    const recordAll = (happening: Happening) =>
      Effect.suspend(() => Effect.forEach([...running.values()], (channel) => channel.record(happening), { discard: true }))

    const run = (config: ChannelConfig, how: string) =>
      Effect.gen(function* () {
        yield* FiberMap.remove(fibers, config.id)
        const channel = yield* makeChannel(config, engine, host, changed, recordFor(config.id), cues.add, tallies.of(config.id))
        running.set(config.id, channel)
        const lasting = runChannel(channel).pipe(
          Effect.tapErrorCause((cause) =>
            Effect.annotateLogs(Effect.logError("the channel failed and is started again", cause), "channel", config.slug),
          ),
          Effect.sandbox,
          Effect.retry(Schedule.spaced("1 second")),
        )
        yield* channel.record({ kind: "started", severity: "info", message: `started ${how}` })
        yield* FiberMap.run(fibers, config.id, lasting)
        yield* Effect.annotateLogs(Effect.log("started"), "channel", config.slug)
        return channel
      })

    const followEngine = Effect.gen(function* () {
      let lost = false
      let connected = (yield* SubscriptionRef.get(engine.link)).connected
      yield* Stream.runForEach(engine.link.changes, (link) =>
        Effect.gen(function* () {
          if (link.connected === connected) return
          connected = link.connected
          if (!connected) {
            const { problem } = yield* SubscriptionRef.get(engine.state)
            yield* recordAll({ kind: "engine_lost", severity: "critical", message: problem ?? "the engine was lost" })
          } else if (lost) {
            // An engine that already carries something had lost only its link to us.
            const { stats } = yield* SubscriptionRef.get(engine.state)
            const livedOn = (stats?.channels.length ?? 0) > 0
            const message = livedOn ? "the engine is back, and went on meanwhile" : "the engine is back: input and outputs are opened again"
            yield* recordAll({ kind: "engine_back", severity: "info", message })
          }
          lost = !connected
        }),
      )
    })

    const follow: RunningChannels["follow"] = (configOf) =>
      Stream.runForEach(engine.state.changes, ({ stats }) =>
        Effect.gen(function* () {
          const moment = { monotonicMs: yield* monotonicMs, nowMs: yield* Clock.currentTimeMillis }
          for (const { id, record, runtime, slug } of running.values()) {
            const config = configOf(id)
            if (config === undefined) continue
            const figures = stats?.channels.find((c) => c.id === id)
            const { events, lines } = observeChannel(config, runtime, figures, moment)
            for (const event of events) yield* record(event)
            // Log annotations copy every fiber reference: too dear for each channel every second.
            if (lines.length === 0) continue
            yield* Effect.forEach(lines, (l) => (l.warn ? Effect.logWarning(l.message) : Effect.log(l.message)), { discard: true }).pipe(
              Effect.annotateLogs("channel", slug),
            )
          }
          yield* changed
        }),
      )

    return {
      get: (id) => running.get(id),
      run,
      runNow: (config, how) => Effect.flatMap(run(config, how), (channel) => within(TAKEN_WITHIN)(awaitChannel(channel)(0))),
      isStopping: (id) => stopping.has(id),
      halt: (id, why = "stopped by the operator") =>
        Effect.gen(function* () {
          const channel = running.get(id)
          if (channel === undefined) return
          running.delete(id)
          stopping.add(id)
          const closed = Effect.ensuring(
            FiberMap.remove(fibers, id),
            Effect.sync(() => stopping.delete(id)),
          )
          yield* Effect.zipRight(changed, closed)
          yield* channel.record({ kind: "stopped", severity: "info", message: why })
          yield* Effect.annotateLogs(Effect.log("stopped"), "channel", channel.slug)
        }),
      follow,
      followEngine,
      recordShutdown: recordAll({ kind: "stopped", severity: "info", message: "stopped with the service" }),
    }
  })

/** True when the service failed to start: an engine that was found running then keeps its streams. */
export const isFailedStart = (exit: Exit.Exit<unknown, unknown>): boolean => exit._tag === "Failure" && !Cause.isInterruptedOnly(exit.cause)
