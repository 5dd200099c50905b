/**
 * The control plane's client of its engines: one, or one for each processor (`ENGINES`). It finds or starts them, keeps
 * them alive, places channels on them, sends commands to the right one, and hands out their events.
 *
 * Engine 1 always runs. Others are started when a channel is placed on them, and ended when they have carried none for a
 * minute. A channel stays on its engine until it is stopped; an engine that dies takes its own channels down and no
 * others, and is started again with them.
 */
import { Context, Deferred, Effect, Exit, Layer, Mailbox, Scope, type SubscriptionRef } from "effect"
import type { Command } from "../../engine/protocol/messages.ts"
import { AppConfig } from "../config/AppConfig.ts"
import type { Ingest } from "../config/ingest.ts"
import { outputHostOf } from "../config/output-host.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { EngineRefused, type EngineUnavailable, type StartRefused } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { Crashes, type CrashesService } from "./Crashes.ts"
import { makePlaces } from "./channel-places.ts"
import type { Accepted } from "./EngineConnection.ts"
import { EngineProcess } from "./EngineProcess.ts"
import type { EngineInboxes } from "./engine-inboxes.ts"
import { type EngineMember, type EngineMemberOptions, type MemberHooks, makeMember } from "./engine-member.ts"
import { combineStates, type EngineLink, type EngineState, initialState, makeEngineState } from "./engine-state.ts"

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
  /** Detaches from the engines without ending them; whatever is sent from now on fails. */
  readonly detach: Effect.Effect<void>
}

export class EngineClient extends Context.Tag("distributor/EngineClient")<EngineClient, EngineClientService>() {
  static readonly Live = Layer.unwrapEffect(
    Effect.gen(function* () {
      const settings = yield* AppConfig
      return layer({ engines: settings.engines, ingest: outputHostOf(settings).ingest, crashes: yield* Crashes })
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

/** Where a pool has its engines from. */
export interface EngineSource {
  /** Attaches the engine of a number and keeps it until the scope ends. */
  readonly member: (number: number, hooks: MemberHooks) => Effect.Effect<EngineMember, never, Scope.Scope>
  /** Numbers of the engines above 1 that run already. */
  readonly found: Effect.Effect<ReadonlyArray<number>>
}

/** How long the start of the service waits for the engines before it goes on without them. */
const FIRST_ATTACH_WITHIN = "12 seconds"
const IDLE_MS = 60_000
const LOOK_EVERY_MS = 2_000

/** An engine of the pool. */
interface Running {
  readonly member: EngineMember
  readonly scope: Scope.CloseableScope
  latest: EngineState
  /** Monotonic ms since which nothing is placed on it and it carries nothing; null while there is something. */
  emptySince: number | null
}

const channelOf = (command: Command): string | null =>
  "channel_id" in command ? command.channel_id : "channel" in command ? command.channel.id : null

const carries = ({ latest: { stats } }: Running, channelId: string): boolean =>
  stats?.channels.some(({ id }) => id === channelId) === true

/** Ends its engines with the scope; fails when one that runs already may not be used. */
export const makePool = (
  source: EngineSource,
  { crashes, engines: count = 1, ingest = null, idleMs = IDLE_MS }: EnginePoolOptions = {},
): Effect.Effect<EngineClientService, StartRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const { link, state, update } = yield* makeEngineState
    const poolScope = yield* Effect.scope
    const running = new Map<number, Running>()
    const book = makePlaces(count, ingest)
    const one = (yield* Effect.makeSemaphore(1)).withPermits(1)
    /** Channels that were placed once: none of them is to be found running. */
    const once = new Set<string>()
    /** Engines of which a message of figures has come since figures were published. */
    const fresh = new Set<number>()

    const inOrder = () => [...running.values()].sort((a, b) => a.member.number - b.member.number)
    const publish = Effect.suspend(() => {
      fresh.clear()
      return update(() => {
        const numbered = inOrder().map(({ latest, member: { name, number } }) => ({
          ...latest,
          name,
          number,
          channels: book.on(number),
        }))
        return { ...combineStates(numbered), capacity: book.problems() }
      })
    })
    /** Ends what an engine was found carrying although it is placed on another: it would be sent twice. */
    const endStrays = (number: number) =>
      Effect.suspend(() => {
        const found = running.get(number)
        const strays = (found?.latest.stats?.channels ?? []).filter(
          ({ id }) => (book.engineOf(id) ?? number) !== number,
        )
        return Effect.forEach(
          strays,
          ({ id }) => Effect.ignore(found?.member.send({ cmd: "remove_channel", channel_id: id }) ?? Effect.void),
          { discard: true },
        )
      })
    // Each engine tells its figures once a second at a moment of its own. Who looks at all of them gets one message a
    // second with what is new of each; a second one of the same engine means that another is late.
    const figures = (number: number) => {
      fresh.add(number)
      const waits = inOrder().some(({ latest, member }) => latest.connected && !fresh.has(member.number))
      return waits ? Effect.void : publish
    }
    const hooks = (number: number, mayRefuse: boolean) => ({
      mayRefuse,
      beforeFigures: Effect.suspend(() => (fresh.has(number) ? publish : Effect.void)),
      changed: (what: "connection" | "figures", now: EngineState) =>
        Effect.suspend(() => {
          const found = running.get(number)
          if (found === undefined) return Effect.void
          const attached = now.connected && found.latest.generation !== now.generation
          found.latest = now
          if (what === "figures") return figures(number)
          return attached ? Effect.zipRight(publish, Effect.forkIn(endStrays(number), poolScope)) : publish
        }),
    })

    const start = (number: number, mayRefuse: boolean) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const member = yield* Scope.extend(source.member(number, hooks(number, mayRefuse)), scope)
        running.set(number, { member, scope, latest: initialState, emptySince: null })
        return member
      })

    // A fiber of the pool starts engines: whoever asks for one does so with annotations of its own, and where nothing may
    // be interrupted, both of which the fibers of the engine would have for ever.
    const starts = yield* Mailbox.make<{ readonly number: number; readonly done: Deferred.Deferred<EngineMember> }>()
    yield* Effect.forkScoped(
      Effect.forever(Effect.flatMap(starts.take, ({ done, number }) => Deferred.complete(done, start(number, false)))),
    )
    /** The engine of this number, started if it does not run. */
    const memberOf = (number: number) =>
      Effect.gen(function* () {
        const known = running.get(number)
        if (known !== undefined) return known.member
        const done = yield* Deferred.make<EngineMember>()
        yield* starts.offer({ number, done })
        return yield* Deferred.await(done)
      })

    const keptOut = (command: Command) => {
      const reason = command.cmd === "put_channel" ? crashes?.refusal(command.channel.id) : null
      return reason == null ? null : new EngineRefused({ code: "kept_out", reason, transient: false })
    }
    const bound = (member: EngineMember): ChannelEngine => ({
      state: member.state,
      link: member.link,
      watchSession: member.inboxes.watchSession,
      watchChannel: member.inboxes.watchChannel,
      adopt: member.inboxes.adopt,
      send: (command) =>
        Effect.suspend(() => keptOut(command) ?? book.refusal(member, command) ?? member.send(command)).pipe(
          Effect.mapError((error) => book.explained(member, error)),
        ),
    })
    const placedOn = (channelId: string) => {
      const number = book.engineOf(channelId)
      return number === undefined ? undefined : running.get(number)
    }
    const holderOf = (channelId: string | null | undefined) =>
      channelId == null
        ? undefined
        : (placedOn(channelId) ?? inOrder().find((candidate) => carries(candidate, channelId)))

    const first = yield* start(1, true)
    for (const number of yield* source.found) yield* start(number, true)
    // The engines are ended side by side, each within its own time.
    yield* Effect.addFinalizer((exit) =>
      Effect.forEach(running.values(), ({ scope }) => Scope.close(scope, exit), {
        concurrency: "unbounded",
        discard: true,
      }),
    )
    yield* Effect.forEach(running.values(), ({ member }) => member.attached, {
      concurrency: "unbounded",
      discard: true,
    }).pipe(Effect.timeoutOption(FIRST_ATTACH_WITHIN))
    yield* publish

    const endIdle = Effect.gen(function* () {
      const nowMs = yield* monotonicMs
      for (const [number, found] of running) {
        const { connected, stats } = found.latest
        const empty = book.on(number).size === 0 && (stats?.channels.length ?? 0) === 0
        found.emptySince = number > 1 && empty ? (found.emptySince ?? nowMs) : null
        if (found.emptySince === null) continue
        const forMs = number > count && connected ? 0 : idleMs
        if (nowMs - found.emptySince < forMs || (forMs === 0 && found.emptySince === nowMs)) continue
        running.delete(number)
        fresh.delete(number)
        yield* Effect.log(`${found.member.name} carries no channel any more and is ended`)
        yield* Scope.close(found.scope, Exit.void)
        yield* publish
      }
    })
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(LOOK_EVERY_MS), one(endIdle))))

    return {
      state,
      link,
      send: (command, near) =>
        Effect.suspend(() => {
          const { member } = holderOf(channelOf(command) ?? near) ?? { member: first }
          return member.send(command)
        }),
      place: (config, all) =>
        Effect.gen(function* () {
          const before = book.engineOf(config.id)
          // Figures are up to a second old: a channel that has just been stopped is not found running by them.
          const holder = once.has(config.id) ? undefined : inOrder().find((one) => carries(one, config.id))
          const found = holder?.member.number
          once.add(config.id)
          const figuresOf = (number: number) => running.get(number)?.latest
          const number = book.place(config, all, before ?? found, figuresOf)
          const member = yield* memberOf(number)
          yield* publish
          return bound(member)
        }).pipe(one),
      leave: (channelId) => one(Effect.suspend(() => (book.leave(channelId) ? publish : Effect.void))),
      refresh: (channelId) => Effect.suspend(() => (holderOf(channelId)?.member ?? first).refresh),
      detach: Effect.suspend(() => Effect.forEach(running.values(), ({ member }) => member.detach, { discard: true })),
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
