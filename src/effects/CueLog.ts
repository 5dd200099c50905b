/**
 * The way of cues into the store: taken at once, written in batches by one fiber, never waited for. A cue is written as soon as it came,
 * and again as its proofs and repetitions come in.
 */
import { Cause, Clock, Effect, Exit, Fiber, Queue, type Scope } from "effect"
import type { CueQuery, CueView, NewCue } from "./cue-model.ts"
import type { StoreError } from "./Errors.ts"
import type { StoreService } from "./Store.ts"
import { within } from "./within.ts"

/** A cue that may still change. */
export interface CueEntry {
  readonly current: () => NewCue
  /** Changes what is kept of it; never waits, never fails. */
  readonly update: (change: (cue: NewCue) => NewCue) => void
}

export interface CueLog {
  /** Takes a cue; never waits, never fails. */
  readonly add: (cue: NewCue) => CueEntry
  /** Cues of a channel, newest first, those of this moment included. */
  readonly list: (channelId: string, query: CueQuery) => Effect.Effect<ReadonlyArray<CueView>, StoreError>
  /** Why cues are not written at present; null when they are. */
  readonly problem: () => string | null
  readonly counts: () => { readonly waiting: number; readonly dropped: number }
}

interface Kept {
  id: number | null
  cue: NewCue
  /** Given up: the queue was full, or the channel is gone. */
  lost: boolean
}

export const CUE_BATCH = 100
export const MAX_CUES_WAITING = 1000
const EVERY = "250 millis"
const RETRY_AFTER = "2 seconds"
const SHUTDOWN_WITHIN = "500 millis"

/** The scope's end writes what waits, within 0.5 s. */
export const makeCueLog = (store: Pick<StoreService, "writeCues" | "cues">): Effect.Effect<CueLog, never, Scope.Scope> =>
  Effect.gen(function* () {
    const waiting = new Set<Kept>()
    const something = yield* Queue.sliding<void>(1)
    const single = (yield* Effect.makeSemaphore(1)).withPermits(1)
    let dropped = 0
    let toldDropped = 0
    let problem: string | null = null

    const enqueue = (kept: Kept) => {
      if (kept.lost) return
      if (kept.id === null && !waiting.has(kept) && waiting.size >= MAX_CUES_WAITING) {
        dropped++
        kept.lost = true
      } else waiting.add(kept)
      something.unsafeOffer(undefined)
    }

    const onFailure = (cause: Cause.Cause<unknown>) =>
      Effect.gen(function* () {
        const error = Cause.squash(cause)
        const reason = error instanceof Error ? error.message : String(error)
        if (problem === null) yield* Effect.logError(`cues are not being stored: ${reason}`)
        problem = reason
      })

    /** One batch; true when there is nothing left to do now. What changes while it is written is written again. */
    const writeBatch = Effect.uninterruptible(
      Effect.gen(function* () {
        const batch = [...waiting].slice(0, CUE_BATCH)
        if (batch.length === 0) return true
        for (const kept of batch) waiting.delete(kept)
        const exit = yield* Effect.exit(store.writeCues(batch.map(({ cue, id }) => ({ cue, id }))))
        if (Exit.isFailure(exit)) {
          // In front of those that came meanwhile, so that ids follow arrival.
          const later = [...waiting]
          waiting.clear()
          for (const kept of [...batch, ...later]) waiting.add(kept)
          yield* onFailure(exit.cause)
          return true
        }
        for (const [index, kept] of batch.entries()) {
          kept.id = exit.value[index] ?? null
          kept.lost = kept.id === null
          if (kept.lost) waiting.delete(kept)
        }
        if (problem !== null) yield* Effect.log("cues are stored again")
        problem = null
        if (dropped > toldDropped) yield* Effect.logWarning(`${dropped - toldDropped} cues were lost: the store could not take them`)
        toldDropped = dropped
        return false
      }),
    )
    const flush = single(Effect.repeat(writeBatch, { until: (done) => done }))

    const writer = Effect.gen(function* () {
      if (waiting.size === 0) yield* Queue.take(something)
      yield* Effect.sleep(EVERY)
      yield* flush
      if (problem !== null) yield* Effect.sleep(RETRY_AFTER)
    }).pipe(Effect.catchAllCause((cause) => Effect.zipRight(Effect.logError("the cue writer failed", cause), Effect.sleep(RETRY_AFTER))))

    // Not waited for at the end: a write that hangs must not hold the shutdown up.
    const fiber = yield* Effect.forkDaemon(Effect.forever(writer))
    yield* Effect.addFinalizer(() => Fiber.interruptFork(fiber))
    yield* Effect.addFinalizer(() => within(SHUTDOWN_WITHIN)(flush))

    return {
      add: (cue) => {
        const kept: Kept = { id: null, cue, lost: false }
        enqueue(kept)
        return {
          current: () => kept.cue,
          update: (change) => {
            kept.cue = change(kept.cue)
            enqueue(kept)
          },
        }
      },
      list: (channelId, query) =>
        Effect.zipRight(
          flush,
          Effect.flatMap(Clock.currentTimeMillis, (nowMs) => store.cues(channelId, query, nowMs)),
        ),
      problem: () => problem,
      counts: () => ({ waiting: waiting.size, dropped }),
    }
  })
