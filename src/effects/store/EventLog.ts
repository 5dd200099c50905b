/**
 * The way of channel events into the store: taken at once, written in batches by one fiber, never waited for. Streams
 * do not depend on it: when the store fails, events wait, and beyond a bound the newest are given up and counted.
 */
import { Context, Effect, Layer, Queue, type Scope } from "effect"
import type { StoreError } from "../model/Errors.ts"
import type { ChannelEventView, EventQuery, NewEvent } from "../model/event.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { makeBatchWriter } from "./batch-writer.ts"
import { makeEventLimit } from "./event-limit.ts"
import { Store, type StoreService } from "./Store.ts"

export interface EventLogService {
  /** Takes an event; never waits, never fails. `nowMs` is monotonic. */
  readonly add: (event: NewEvent, nowMs: number) => void
  /**
   * Hands every event on as it is taken, until the scope ends. What listens must neither wait nor throw; `nowMs`
   * is monotonic.
   */
  readonly listen: (listener: (event: NewEvent, nowMs: number) => void) => Effect.Effect<void, never, Scope.Scope>
  /** Events of a channel, newest first, those of this moment included. */
  readonly list: (channelId: string, query: EventQuery) => Effect.Effect<ReadonlyArray<ChannelEventView>, StoreError>
  /** Those of all channels. */
  readonly listAll: (
    query: EventQuery,
  ) => Effect.Effect<ReadonlyArray<{ readonly channelId: string; readonly event: ChannelEventView }>, StoreError>
  /** Why events are not written at present; null when they are. */
  readonly problem: () => string | null
  readonly counts: () => { readonly waiting: number; readonly dropped: number; readonly failures: number }
}

export const BATCH = 100
export const MAX_WAITING = 1000
const EVERY = "250 millis"

/** The scope's end writes what waits, within 0.5 s. */
export const makeEventLog = (
  store: Pick<StoreService, "appendEvents" | "events" | "allEvents">,
): Effect.Effect<EventLogService, never, Scope.Scope> =>
  Effect.gen(function* () {
    const limit = makeEventLimit()
    const waiting: NewEvent[] = []
    const listeners = new Set<(event: NewEvent, nowMs: number) => void>()
    const something = yield* Queue.sliding<void>(1)
    const full = yield* Queue.sliding<void>(1)
    let dropped = 0

    const enqueue = (event: NewEvent) => {
      if (waiting.length >= MAX_WAITING) dropped++
      else waiting.push(event)
      if (waiting.length === BATCH) full.unsafeOffer(undefined)
    }

    /** A batch that is written is never written again. */
    const writeBatch = Effect.gen(function* () {
      const batch = waiting.slice(0, BATCH)
      if (batch.length === 0) return true
      yield* store.appendEvents(batch)
      waiting.splice(0, batch.length)
      return false
    })

    const ready = Effect.gen(function* () {
      const next = limit.nextDueMs()
      const awaited = Queue.take(something)
      if (waiting.length === 0)
        yield* next === null ? awaited : Effect.timeoutOption(awaited, Math.max(0, next - (yield* monotonicMs)))
      if (waiting.length < BATCH) yield* Effect.timeoutOption(Queue.take(full), EVERY)
      for (const event of limit.due(yield* monotonicMs)) enqueue(event)
    })

    const { failures, flush, problem } = yield* makeBatchWriter({
      what: "channel events",
      ready,
      writeBatch,
      dropped: () => dropped,
      beforeEnd: () => {
        for (const event of limit.drain()) enqueue(event)
      },
    })

    return {
      add: (event, nowMs) => {
        for (const listener of listeners) listener(event, nowMs)
        if (limit.admit(event, nowMs)) enqueue(event)
        something.unsafeOffer(undefined)
      },
      listen: (listener) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => listeners.add(listener)),
            () => Effect.sync(() => listeners.delete(listener)),
          ),
        ),
      list: (channelId, query) => Effect.zipRight(flush, store.events(channelId, query)),
      listAll: (query) => Effect.zipRight(flush, store.allEvents(query)),
      problem,
      counts: () => ({ waiting: waiting.length, dropped, failures: failures() }),
    }
  })

export class EventLog extends Context.Tag("distributor/EventLog")<EventLog, EventLogService>() {
  static readonly Live = Layer.scoped(EventLog, Effect.flatMap(Store, makeEventLog))
}
