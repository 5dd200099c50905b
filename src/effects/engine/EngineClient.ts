/**
 * The control plane's client of its engines: one, or one for each processor (`ENGINES`). It finds or starts them, keeps
 * them alive, places channels on them, sends commands to the right one, and hands out their events.
 *
 * Engine 1 always runs. Others are started when a channel is placed on them, and ended when they have carried none for a
 * minute. A channel stays on its engine until it is stopped; an engine that dies takes its own channels down and no
 * others, and is started again with them.
 */
import { Context, Effect, Layer, Option, type Scope, type SubscriptionRef } from "effect"
import type { Command } from "../../engine/protocol/messages.ts"
import { AppConfig } from "../config/AppConfig.ts"
import type { Ingest } from "../config/ingest.ts"
import { outputHostOf } from "../config/output-host.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { EngineRefused, type EngineUnavailable, type StartRefused } from "../model/Errors.ts"
import { Crashes, type CrashesService } from "./Crashes.ts"
import { type ChannelPlaces, makePlaces } from "./channel-places.ts"
import type { Accepted } from "./EngineConnection.ts"
import { EngineProcess } from "./EngineProcess.ts"
import type { EngineInboxes } from "./engine-inboxes.ts"
import { type EngineMember, type EngineMemberOptions, makeMember } from "./engine-member.ts"
import type { EngineLink, EngineState } from "./engine-state.ts"
import { PoolEngines } from "./pool-engines.ts"
import { type EngineSource, endIdle, makeStarter, type Pool, type Starter } from "./pool-lifecycle.ts"
import { makePoolState } from "./pool-state.ts"

/** The engine that a channel is placed on. */
export interface ChannelEngine extends Pick<EngineInboxes, "watchSession" | "watchChannel" | "adopt"> {
  readonly state: SubscriptionRef.SubscriptionRef<EngineState>
  readonly link: SubscriptionRef.SubscriptionRef<EngineLink>
  readonly send: (command: Command) => Effect.Effect<Accepted, EngineUnavailable | EngineRefused>
}

export interface EngineClientService {
  /** All engines as one. */
  readonly state: SubscriptionRef.SubscriptionRef<EngineState>
  readonly link: SubscriptionRef.SubscriptionRef<EngineLink>
  /**
   * Sends a command to the engine of the channel that it names: where the channel is placed, otherwise where it is
   * found running. A command that names none goes to the engine of the channel `near`, or to the first.
   */
  readonly send: (command: Command, near?: string) => Effect.Effect<Accepted, EngineUnavailable | EngineRefused>
  /**
   * Gives a channel its engine, where it stays until it leaves: the one that is found carrying it, otherwise by
   * `chooseEngine`. For a channel that has one this only notes its new configuration.
   *
   * @param all the channels there are, whether they run or not
   */
  readonly place: (config: ChannelConfig, all: ReadonlyArray<ChannelConfig>) => Effect.Effect<ChannelEngine>
  /** Takes a channel that was stopped off its engine. */
  readonly leave: (channelId: string) => Effect.Effect<void>
  /** Asks the engine of a channel for the figures of this moment. */
  readonly refresh: (channelId: string) => Effect.Effect<void, EngineUnavailable | EngineRefused>
  /**
   * Has the outdated engine of a number replaced by one of the installed code, which cuts its streams; false when there
   * is no such engine, or it is not outdated.
   */
  readonly replace: (number: number) => Effect.Effect<boolean>
  /** Detaches from the engines without ending them; whatever is sent from now on fails. */
  readonly detach: Effect.Effect<void>
}

export class EngineClient extends Context.Tag("distributor/EngineClient")<EngineClient, EngineClientService>() {
  static readonly Live = Layer.unwrapEffect(
    Effect.gen(function* () {
      const settings = yield* AppConfig
      return layer({
        engines: settings.engines,
        ingest: outputHostOf(settings).ingest,
        crashes: yield* Crashes,
        // On several machines an engine that nobody can speak with would lose its channels with their leases.
        waitsToReplace: Option.isNone(settings.nodes),
      })
    }),
  )
}

export interface EnginePoolOptions {
  /** Knows which channels are kept out of the engines, and keeps their crashes; nobody and nowhere when left out. */
  readonly crashes?: CrashesService
  /** Number of engines that channels are placed on; 1 when left out. */
  readonly engines?: number
  readonly ingest?: Ingest | null
  /** How long an engine above 1 carries nothing before it is ended, in ms; one above `engines` at the next look. */
  readonly idleMs?: number
}
export interface EngineClientOptions extends EnginePoolOptions, EngineMemberOptions {}

/** How long the start of the service waits for the engines before it goes on without them. */
const FIRST_ATTACH_WITHIN = "12 seconds"
const IDLE_MS = 60_000
const LOOK_EVERY_MS = 2_000

const channelOf = (command: Command): string | null =>
  "channel_id" in command ? command.channel_id : "channel" in command ? command.channel.id : null

/** Why a command is refused that would put a channel which is kept out of the engines; null for any other. */
const keptOut = (crashes: CrashesService | undefined, command: Command): EngineRefused | null => {
  const reason = command.cmd === "put_channel" ? crashes?.refusal(command.channel.id) : null
  return reason == null ? null : new EngineRefused({ code: "kept_out", reason, transient: false })
}

/** An engine as its channels use it: what it would refuse for reasons of the pool is refused here, with the remedy. */
const boundTo = (member: EngineMember, places: ChannelPlaces, crashes: CrashesService | undefined): ChannelEngine => ({
  state: member.state,
  link: member.link,
  watchSession: member.inboxes.watchSession,
  watchChannel: member.inboxes.watchChannel,
  adopt: member.inboxes.adopt,
  send: (command) =>
    Effect.suspend(() => keptOut(crashes, command) ?? places.refusal(member, command) ?? member.send(command)).pipe(
      Effect.mapError((error) => places.explained(member, error)),
    ),
})

/** Starts the first engine, takes over those that are found, and waits for them to be attached. */
const startFirst = (source: EngineSource, { engines, shown }: Pool, start: Starter["start"]) =>
  Effect.gen(function* () {
    const first = yield* start(1, true)
    for (const number of yield* source.found) yield* start(number, true)
    yield* Effect.addFinalizer((exit) => engines.endAll(exit))
    yield* Effect.forEach(engines.all(), ({ member }) => member.attached, {
      concurrency: "unbounded",
      discard: true,
    }).pipe(Effect.timeoutOption(FIRST_ATTACH_WITHIN))
    yield* shown.publish
    return first
  })

/** Ends its engines with the scope; fails when one that runs already may not be used. */
export const makePool = (
  source: EngineSource,
  { crashes, engines: count = 1, ingest = null, idleMs = IDLE_MS }: EnginePoolOptions = {},
): Effect.Effect<EngineClientService, StartRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const engines = new PoolEngines()
    const places = makePlaces(count, ingest)
    const shown = yield* makePoolState(engines, places)
    const pool: Pool = { engines, places, shown }
    const { memberOf, start } = yield* makeStarter(source, pool)
    const first = yield* startFirst(source, pool, start)
    /** Lets one channel be placed, or leave, at a time, and no engine end meanwhile. */
    const one = (yield* Effect.makeSemaphore(1)).withPermits(1)
    const lookForIdle = one(endIdle(pool, { count, idleMs }))
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(LOOK_EVERY_MS), lookForIdle)))

    /** Channels that were placed once: none of them is to be found running. */
    const once = new Set<string>()
    /** The engine of a channel, by its place or as it is found carried; the first for one that nobody carries. */
    const holderOf = (channelId: string | null | undefined): EngineMember => {
      if (channelId == null) return first
      const number = places.engineOf(channelId)
      const placedOn = number === undefined ? undefined : engines.get(number)
      return (placedOn ?? engines.carrying(channelId))?.member ?? first
    }

    return {
      state: shown.state,
      link: shown.link,
      send: (command, near) => Effect.suspend(() => holderOf(channelOf(command) ?? near).send(command)),
      place: (config, all) =>
        Effect.gen(function* () {
          // Figures are up to a second old: a channel that has just been stopped is not found running by them.
          const found = once.has(config.id) ? undefined : engines.carrying(config.id)
          once.add(config.id)
          const known = places.engineOf(config.id) ?? found?.member.number
          const number = places.place(config, all, known, (engine) => engines.get(engine)?.latest)
          const member = yield* memberOf(number)
          yield* shown.publish
          return boundTo(member, places, crashes)
        }).pipe(one),
      leave: (channelId) => one(Effect.suspend(() => (places.leave(channelId) ? shown.publish : Effect.void))),
      refresh: (channelId) => Effect.suspend(() => holderOf(channelId).refresh),
      replace: (number) => Effect.suspend(() => engines.get(number)?.member.replace ?? Effect.succeed(false)),
      detach: Effect.suspend(() => Effect.forEach(engines.all(), ({ member }) => member.detach, { discard: true })),
    }
  })

/** Fails with `StartRefused` when another control plane holds an engine of this data directory. */
export const layer = (options: EngineClientOptions = {}): Layer.Layer<EngineClient, StartRefused, EngineProcess> =>
  Layer.scoped(
    EngineClient,
    Effect.flatMap(EngineProcess, (processes) =>
      makePool(
        { found: processes.found, member: (number, hooks) => makeMember(processes.of(number), options, hooks) },
        options,
      ),
    ),
  )
