/**
 * One fiber that writes batches to the store: what is told of the channels is taken at once and never waited for. When
 * the store fails, that is said once, and tried again.
 */
import { Cause, Effect, Exit, Fiber, type Scope } from "effect"
import type { StoreError } from "../model/Errors.ts"
import { within } from "../model/within.ts"

const RETRY_AFTER = "2 seconds"
const SHUTDOWN_WITHIN = "500 millis"

export interface BatchWriterOptions {
  /** What is written, in the plural, for log lines: `channel events`. */
  readonly what: string
  /** Returns when there is something to write and it may be written. */
  readonly ready: Effect.Effect<void>
  /** Writes one batch; true when there was nothing to write. A batch that fails is left waiting. */
  readonly writeBatch: Effect.Effect<boolean, StoreError>
  /** What was given up because too much waited, ever. */
  readonly dropped: () => number
  /** Done at the end, before the last flush. */
  readonly beforeEnd?: () => void
}

export interface BatchWriter {
  /** Writes all that waits, as far as the store takes it. */
  readonly flush: Effect.Effect<void>
  /** Why nothing is written at present; null when it is. */
  readonly problem: () => string | null
  readonly failures: () => number
}

/** The scope's end writes what waits, within 0.5 s. */
export const makeBatchWriter = (options: BatchWriterOptions): Effect.Effect<BatchWriter, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { dropped, ready, what, writeBatch } = options
    const single = (yield* Effect.makeSemaphore(1)).withPermits(1)
    let toldDropped = 0
    let failures = 0
    let problem: string | null = null

    /** True when there is nothing left to do now. */
    const step = Effect.uninterruptible(
      Effect.gen(function* () {
        const exit = yield* Effect.exit(writeBatch)
        if (Exit.isFailure(exit)) {
          failures++
          const error = Cause.squash(exit.cause)
          const reason = error instanceof Error ? error.message : String(error)
          if (problem === null) yield* Effect.logError(`${what} are not being stored: ${reason}`)
          problem = reason
          return true
        }
        if (exit.value) return true
        if (problem !== null) yield* Effect.log(`${what} are stored again`)
        problem = null
        if (dropped() > toldDropped)
          yield* Effect.logWarning(`${dropped() - toldDropped} ${what} were lost: the store could not take them`)
        toldDropped = dropped()
        return false
      }),
    )
    const flush = single(Effect.repeat(step, { until: (done) => done })).pipe(Effect.asVoid)

    const writer = Effect.gen(function* () {
      yield* ready
      yield* flush
      if (problem !== null) yield* Effect.sleep(RETRY_AFTER)
    }).pipe(
      Effect.catchAllCause((cause) =>
        Effect.zipRight(Effect.logError(`the writer of ${what} failed`, cause), Effect.sleep(RETRY_AFTER)),
      ),
    )

    // Not waited for at the end: a write that hangs must not hold the shutdown up.
    const fiber = yield* Effect.forkDaemon(Effect.forever(writer))
    yield* Effect.addFinalizer(() => Fiber.interruptFork(fiber))
    yield* Effect.addFinalizer(() =>
      within(SHUTDOWN_WITHIN)(Effect.zipRight(Effect.sync(options.beforeEnd ?? (() => {})), flush)),
    )
    return { flush, problem: () => problem, failures: () => failures }
  })
