/** How changes take turns, and what is done when nobody knows whether one was stored. */
import { Effect, Queue, Schedule, type Scope } from "effect"
import { StoreError } from "../model/Errors.ts"
import type { Registry } from "../supervisor/channel-registry.ts"
import { rereadStore } from "../supervisor/reread-store.ts"

/** Until the store is read again that was lost while it committed. */
const SETTLE_EVERY = "1 second"

export interface Changes {
  /** Runs a change of the configuration, one at a time: two requests cannot both find a port free. */
  readonly change: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | StoreError>
  readonly command: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Changes that the store failed to take since the start. */
  readonly failures: () => number
}

export const makeChanges = ({ adoptConfig, configs, publish, running, store }: Registry): Effect.Effect<Changes, never, Scope.Scope> =>
  Effect.gen(function* () {
    const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)
    let storeErrors = 0
    const countStoreError = (error: unknown) =>
      Effect.sync(() => {
        if (error instanceof StoreError) storeErrors++
      })

    /** A change that is stored is carried out to its end, even when the caller has gone meanwhile. */
    const change = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | StoreError> =>
      Effect.tapError(exclusive(Effect.uninterruptible(Effect.tapError(Effect.zipRight(settled, effect), noteOutcome))), countStoreError)
    /** The same for what changes no configuration. */
    const command = <A, E>(effect: Effect.Effect<A, E>) => exclusive(Effect.uninterruptible(effect))

    /** True from a change of which nobody knows whether it was stored until the store has been read again. */
    let unsure = false
    const becameUnsure = yield* Queue.sliding<void>(1)
    const noteOutcome = (error: unknown) =>
      Effect.sync(() => {
        if (!(error instanceof StoreError) || error.outcome !== "unknown") return
        unsure = true
        becameUnsure.unsafeOffer(undefined)
      })
    const settled: Effect.Effect<void, StoreError> = Effect.suspend(() =>
      unsure
        ? Effect.tap(rereadStore({ load: store.load, configs, running, adopt: adoptConfig, publish }), () =>
            Effect.sync(() => {
              unsure = false
            }),
          )
        : Effect.void,
    )
    const settleAgain = Effect.retry(exclusive(Effect.uninterruptible(settled)), Schedule.spaced(SETTLE_EVERY))
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Queue.take(becameUnsure), settleAgain)))

    return { change, command, failures: () => storeErrors }
  })
