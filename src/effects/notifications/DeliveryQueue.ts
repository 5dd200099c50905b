/**
 * The queue of messages to one destination. They go out in order, each retried with growing pauses until it is an hour
 * old. An unreachable destination affects no other: its queue is bounded and has a fiber of its own.
 */
import { Clock, Effect, Queue, Random } from "effect"
import type { Deliver, NotDelivered } from "./deliver.ts"
import type { Destination } from "./destination.ts"
import type { DeliveryState } from "./notification-bodies.ts"
import type { Outgoing } from "./notification-rows.ts"

export const MAX_QUEUED = 200
export const FIRST_PAUSE_MS = 2000
export const LONGEST_PAUSE_MS = 300_000
/** Age in ms from which a message is given up as useless. */
export const GIVE_UP_AFTER_MS = 3_600_000

/** Pause in ms before the next attempt after `failures` failed ones; `random`, from 0 to 1, shifts it by up to 20 %. */
export const pauseMs = (failures: number, random: number, retryAfterMs: number | null): number => {
  const pause =
    Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, Math.max(0, failures - 1))) * (0.8 + 0.4 * random)
  return Math.min(GIVE_UP_AFTER_MS, Math.max(Math.round(pause), retryAfterMs ?? 0))
}

export interface DeliveryQueue {
  /** Takes a message; never waits. */
  readonly offer: (outgoing: Outgoing) => void
  readonly state: () => DeliveryState
  /** Delivers until interrupted; `destination` is asked for at each attempt. */
  readonly run: Effect.Effect<never>
}

export interface DeliveryQueueOptions {
  readonly destination: () => Destination
  readonly deliver: Deliver
  /** Called for each message that is delivered or given up. */
  readonly settled: (outgoing: Outgoing) => void
  /** Messages from before a restart. */
  readonly waiting: ReadonlyArray<Outgoing>
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

export const makeDeliveryQueue = (options: DeliveryQueueOptions): Effect.Effect<DeliveryQueue> =>
  Effect.gen(function* () {
    const { deliver, destination, settled } = options
    const queue: Outgoing[] = [...options.waiting]
    const something = yield* Queue.sliding<void>(1)
    const counts = { sent: 0, failed: 0 }
    const at = { lastSent: null as number | null, lastError: null as number | null, next: null as number | null }
    let error: string | null = null
    /** The destination's failures in a row, over all messages: a new message must not storm a server that is down. */
    let failures = 0

    const drop = (outgoing: Outgoing) => {
      const place = queue.indexOf(outgoing)
      if (place >= 0) queue.splice(place, 1)
      settled(outgoing)
    }

    const onFailure = ({ again, reason, retryAfterMs }: NotDelivered, outgoing: Outgoing) =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        Object.assign(at, { lastError: nowMs })
        const old = nowMs - outgoing.queuedAt >= GIVE_UP_AFTER_MS
        if (error === null || !again) yield* Effect.logWarning(`a notification could not be delivered: ${reason}`)
        error = reason
        if (!again || old) {
          counts.failed++
          drop(outgoing)
        }
        failures = again ? failures + 1 : 0
        if (!again) return
        const pause = pauseMs(failures, yield* Random.next, retryAfterMs)
        at.next = nowMs + pause
        yield* Effect.sleep(pause)
        at.next = null
      })

    const step = Effect.gen(function* () {
      const [outgoing] = queue
      if (outgoing === undefined) return yield* Queue.take(something)
      yield* Effect.matchEffect(deliver(destination(), outgoing.message), {
        onFailure: (failure) => onFailure(failure, outgoing),
        onSuccess: () =>
          Effect.gen(function* () {
            if (error !== null) yield* Effect.log("notifications are delivered again")
            error = null
            failures = 0
            counts.sent++
            at.lastSent = yield* Clock.currentTimeMillis
            drop(outgoing)
          }),
      })
    })

    return {
      offer: (outgoing) => {
        queue.push(outgoing)
        // The newest messages say how things are now. The first one stays, as it may be on its way.
        const excess = queue.length > MAX_QUEUED ? queue[1] : undefined
        if (excess !== undefined) {
          counts.failed++
          drop(excess)
        }
        something.unsafeOffer(undefined)
      },
      state: () => ({
        queued: queue.length,
        sent: counts.sent,
        failed: counts.failed,
        last_sent_at: iso(at.lastSent),
        last_error: error,
        last_error_at: iso(at.lastError),
        next_attempt_at: iso(at.next),
      }),
      run: Effect.suspend(() => {
        at.next = null
        failures = 0
        return Effect.forever(step)
      }).pipe(Effect.annotateLogs("destination", destination().name)),
    }
  })
