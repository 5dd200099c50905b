/** How changes of the configuration take turns, and what is done when nobody knows whether one was stored. */
import { Context, Effect, Layer, Queue, Schedule, type Scope } from "effect"
import { StoreError } from "../model/Errors.ts"

/** Until the store is read again that was lost while it committed. */
const SETTLE_EVERY = "1 second"

/** Makes what is known and what runs as the store has it. */
type Reread = Effect.Effect<void, StoreError>

/** Is called before each change; what it returns is done behind the change, in the same turn, whatever came of it. */
export type Observe = () => Effect.Effect<void>

export interface ChangesService {
  /**
   * Runs a change of the configuration, one at a time: two requests cannot both find a port free. Once its turn has
   * come it is carried out to its end, even when the caller has gone meanwhile.
   *
   * @param check what must hold for the change to be made (`If-Match`): runs in the same turn, so that nobody else's
   * change comes between
   */
  readonly change: <A, E, E2 = never>(
    effect: Effect.Effect<A, E>,
    check?: Effect.Effect<void, E2>,
  ) => Effect.Effect<A, E | E2 | StoreError>
  /** Takes a turn, like `change`, for what changes no configuration. */
  readonly command: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Has every change observed, from now on. */
  readonly observeBy: (observe: Observe) => Effect.Effect<void>
  /** Changes that the store failed to take since the start. */
  readonly failures: () => number
  /**
   * Until the scope ends, rereads after a change of which nobody knows whether it was stored: before the next change,
   * and each second.
   */
  readonly settleBy: (reread: Reread) => Effect.Effect<void, never, Scope.Scope>
}

export const makeChanges: Effect.Effect<ChangesService> = Effect.gen(function* () {
  const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)
  let failures = 0
  let reread: Reread = Effect.void
  let observe: Observe = () => Effect.void
  /** True from a change of which nobody knows whether it was stored until the store has been read again. */
  let unsure = false
  const becameUnsure = yield* Queue.sliding<void>(1)

  const counted = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.tapError(effect, (error) =>
      Effect.sync(() => {
        if (!(error instanceof StoreError)) return
        failures++
        if (error.outcome !== "unknown") return
        unsure = true
        becameUnsure.unsafeOffer(undefined)
      }),
    )
  const settled: Reread = Effect.suspend(() =>
    unsure
      ? Effect.tap(reread, () =>
          Effect.sync(() => {
            unsure = false
          }),
        )
      : Effect.void,
  )
  const settleAgain = Effect.retry(exclusive(Effect.uninterruptible(settled)), Schedule.spaced(SETTLE_EVERY))
  const none: Effect.Effect<void> = Effect.void
  const observed = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      const behind = observe()
      return Effect.ensuring(effect, behind)
    })

  return {
    change: (effect, check) =>
      exclusive(
        Effect.uninterruptible(
          counted(settled).pipe(Effect.zipRight(check ?? none), Effect.zipRight(counted(observed(effect)))),
        ),
      ),
    command: (effect) => exclusive(Effect.uninterruptible(effect)),
    observeBy: (by) =>
      Effect.sync(() => {
        observe = by
      }),
    failures: () => failures,
    settleBy: (by) =>
      Effect.gen(function* () {
        reread = by
        yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Queue.take(becameUnsure), settleAgain)))
      }),
  }
})

export class Changes extends Context.Tag("distributor/Changes")<Changes, ChangesService>() {
  static readonly Live = Layer.effect(Changes, makeChanges)
}
