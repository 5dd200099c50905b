/**
 * The way of channel events into the store: taken at once, written in batches by one fiber, never waited for. Streams do not depend
 * on it: when the store fails, events wait, and beyond a bound the newest are given up and counted.
 */
import { Cause, Effect, Exit, Fiber, Queue, type Scope } from "effect"
import type { NewEvent } from "./channel-event.ts"
import type { StoreError } from "./Errors.ts"
import { makeEventLimit } from "./event-limit.ts"
import type { ChannelEventView, EventQuery } from "./model.ts"
import { monotonicMs } from "./monotonic.ts"
import type { StoreService } from "./Store.ts"
import { within } from "./within.ts"

export interface EventLog {
  /** Takes an event; never waits, never fails. `nowMs` is monotonic. */
  readonly add: (event: NewEvent, nowMs: number) => void
  /** Events of a channel, newest first, those of this moment included. */
  readonly list: (channelId: string, query: EventQuery) => Effect.Effect<ReadonlyArray<ChannelEventView>, StoreError>
  /** Why events are not written at present; null when they are. */
  readonly problem: () => string | null
  readonly counts: () => { readonly waiting: number; readonly dropped: number; readonly failures: number }
}

export const BATCH = 100
export const MAX_WAITING = 1000
const EVERY = "250 millis"
const RETRY_AFTER = "2 seconds"
const SHUTDOWN_WITHIN = "500 millis"

/** The scope's end writes what waits, within 0.5 s. */
export const makeEventLog = (store: Pick<StoreService, "appendEvents" | "events">): Effect.Effect<EventLog, never, Scope.Scope> =>
  Effect.gen(function* () {
    const limit = makeEventLimit()
    const waiting: NewEvent[] = []
    const something = yield* Queue.sliding<void>(1)
    const full = yield* Queue.sliding<void>(1)
    const single = (yield* Effect.makeSemaphore(1)).withPermits(1)
    let dropped = 0
    let toldDropped = 0
    let failures = 0
    let problem: string | null = null

    const enqueue = (event: NewEvent) => {
      if (waiting.length >= MAX_WAITING) dropped++
      else waiting.push(event)
      if (waiting.length === BATCH) full.unsafeOffer(undefined)
    }

    /** One batch; true when there is nothing left to do now. A batch that is written is never written again. */
    const writeBatch = Effect.uninterruptible(
      Effect.gen(function* () {
        const batch = waiting.slice(0, BATCH)
        if (batch.length === 0) return true
        const exit = yield* Effect.exit(store.appendEvents(batch))
        if (Exit.isFailure(exit)) {
          failures++
          const error = Cause.squash(exit.cause)
          const reason = error instanceof Error ? error.message : String(error)
          if (problem === null) yield* Effect.logError(`channel events are not being stored: ${reason}`)
          problem = reason
          return true
        }
        waiting.splice(0, batch.length)
        if (problem !== null) yield* Effect.log("channel events are stored again")
        problem = null
        if (dropped > toldDropped)
          yield* Effect.logWarning(`${dropped - toldDropped} channel events were lost: the store could not take them`)
        toldDropped = dropped
        return false
      }),
    )
    const flush = single(Effect.repeat(writeBatch, { until: (done) => done }))

    const writer = Effect.gen(function* () {
      const next = limit.nextDueMs()
      const awaited = Queue.take(something)
      if (waiting.length === 0) yield* next === null ? awaited : Effect.timeoutOption(awaited, Math.max(0, next - (yield* monotonicMs)))
      if (waiting.length < BATCH) yield* Effect.timeoutOption(Queue.take(full), EVERY)
      for (const event of limit.due(yield* monotonicMs)) enqueue(event)
      yield* flush
      if (problem !== null) yield* Effect.sleep(RETRY_AFTER)
    }).pipe(Effect.catchAllCause((cause) => Effect.zipRight(Effect.logError("the event writer failed", cause), Effect.sleep(RETRY_AFTER))))

    // Not waited for at the end: a write that hangs must not hold the shutdown up.
    const fiber = yield* Effect.forkDaemon(Effect.forever(writer))
    yield* Effect.addFinalizer(() => Fiber.interruptFork(fiber))
    yield* Effect.addFinalizer(() =>
      within(SHUTDOWN_WITHIN)(
        Effect.suspend(() => {
          for (const event of limit.drain()) enqueue(event)
          return flush
        }),
      ),
    )

    return {
      add: (event, nowMs) => {
        if (limit.admit(event, nowMs)) enqueue(event)
        something.unsafeOffer(undefined)
      },
      list: (channelId, query) => Effect.zipRight(flush, store.events(channelId, query)),
      problem: () => problem,
      counts: () => ({ waiting: waiting.length, dropped, failures }),
    }
  })
