/** How the engines of a pool begin and end while the service runs. */
import { Deferred, Effect, Exit, Mailbox, Scope } from "effect"
import { monotonicMs } from "../model/monotonic.ts"
import type { ChannelPlaces } from "./channel-places.ts"
import type { EngineMember, MemberHooks } from "./engine-member.ts"
import { initialState } from "./engine-state.ts"
import type { PoolEngines } from "./pool-engines.ts"
import type { PoolState } from "./pool-state.ts"

/** Where a pool has its engines from. */
export interface EngineSource {
  /** Attaches the engine of a number and keeps it until the scope ends. */
  readonly member: (number: number, hooks: MemberHooks) => Effect.Effect<EngineMember, never, Scope.Scope>
  /** Numbers of the engines above 1 that run already. */
  readonly found: Effect.Effect<ReadonlyArray<number>>
}

/** What the parts of a pool share. */
export interface Pool {
  readonly engines: PoolEngines
  readonly places: ChannelPlaces
  readonly shown: PoolState
}

/** Ends what an engine was found carrying although it is placed on another: it would be sent twice. */
const endStrays = ({ engines, places }: Pool, number: number) =>
  Effect.suspend(() => {
    const found = engines.get(number)
    if (found === undefined) return Effect.void
    const strays = (found.latest.stats?.channels ?? []).filter(({ id }) => (places.engineOf(id) ?? number) !== number)
    return Effect.forEach(
      strays,
      ({ id }) => Effect.ignore(found.member.send({ cmd: "remove_channel", channel_id: id })),
      { discard: true },
    )
  })

/** @param scope outlives what begins with a change of an engine */
const hooksOf = (pool: Pool, number: number, mayRefuse: boolean, scope: Scope.Scope): MemberHooks => ({
  mayRefuse,
  beforeFigures: pool.shown.beforeFigures(number),
  changed: (what, now) =>
    Effect.suspend(() => {
      const found = pool.engines.get(number)
      if (found === undefined) return Effect.void
      const attached = now.connected && found.latest.generation !== now.generation
      found.latest = now
      if (what === "figures") return pool.shown.onFigures(number)
      const { publish } = pool.shown
      return attached ? Effect.zipRight(publish, Effect.forkIn(endStrays(pool, number), scope)) : publish
    }),
})

export interface Starter {
  /** Starts an engine within the caller's fiber; `mayRefuse` as in `MemberHooks`. */
  readonly start: (number: number, mayRefuse: boolean) => Effect.Effect<EngineMember>
  /** The engine of this number, started if it does not run. */
  readonly memberOf: (number: number) => Effect.Effect<EngineMember>
}

/**
 * Starts engines until the scope ends. The engines do not end with it: see `PoolEngines.endAll`.
 *
 * `memberOf` has a fiber of its own start them: whoever asks for one does so with annotations, and where nothing may be
 * interrupted, both of which the fibers of the engine would have for ever.
 */
export const makeStarter = (source: EngineSource, pool: Pool): Effect.Effect<Starter, never, Scope.Scope> =>
  Effect.gen(function* () {
    const poolScope = yield* Effect.scope
    const start: Starter["start"] = (number, mayRefuse) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const hooks = hooksOf(pool, number, mayRefuse, poolScope)
        const member = yield* Scope.extend(source.member(number, hooks), scope)
        pool.engines.add({ member, scope, latest: initialState, emptySince: null })
        return member
      })
    const asked = yield* Mailbox.make<{ readonly number: number; readonly done: Deferred.Deferred<EngineMember> }>()
    yield* Effect.forkScoped(
      Effect.forever(Effect.flatMap(asked.take, ({ done, number }) => Deferred.complete(done, start(number, false)))),
    )
    const memberOf: Starter["memberOf"] = (number) =>
      Effect.gen(function* () {
        const known = pool.engines.get(number)
        if (known !== undefined) return known.member
        const done = yield* Deferred.make<EngineMember>()
        yield* asked.offer({ number, done })
        return yield* Deferred.await(done)
      })
    return { start, memberOf }
  })

export interface IdleTerms {
  /** Engines 1 to `count` take channels. */
  readonly count: number
  /** How long an engine above 1 carries nothing before it is ended, in ms; one above `count` at the next look. */
  readonly idleMs: number
}

/** Ends the engines above 1 that have carried nothing for long enough. Nothing may be placed meanwhile. */
export const endIdle = ({ engines, places, shown }: Pool, { count, idleMs }: IdleTerms): Effect.Effect<void> =>
  Effect.gen(function* () {
    const nowMs = yield* monotonicMs
    for (const found of engines.all()) {
      const { name, number } = found.member
      const { connected, stats } = found.latest
      const empty = places.on(number).size === 0 && (stats?.channels.length ?? 0) === 0
      found.emptySince = number > 1 && empty ? (found.emptySince ?? nowMs) : null
      if (found.emptySince === null) continue
      const forMs = number > count && connected ? 0 : idleMs
      if (nowMs - found.emptySince < forMs || (forMs === 0 && found.emptySince === nowMs)) continue
      engines.remove(number)
      shown.forget(number)
      yield* Effect.log(`${name} carries no channel any more and is ended`)
      yield* Scope.close(found.scope, Exit.void)
      yield* shown.publish
    }
  })
