/** Requests to AWS one at a time, a second apart at least, and slower for a while after AWS said that it was too much. */
import { Deferred, Effect, FiberId } from "effect"
import type { AwsFailed } from "../../model/Errors.ts"
import { monotonicMs } from "../../model/monotonic.ts"
import { isThrottled } from "./refusals.ts"

/** Time between the end of a request and the next one, in ms. AWS publishes no limit for MediaLive. */
export const GAP_MS = 1000
const LONGEST_GAP_MS = 60_000

export interface Pacer {
  /** Waits for its turn; a refusal for too many requests (429) doubles the gap, each success halves it. */
  readonly paced: <A>(request: Effect.Effect<A, AwsFailed>) => Effect.Effect<A, AwsFailed>
  /** ms between two requests as it is now. */
  readonly gapMs: () => number
  /** Requests so far, by how they ended. */
  readonly counts: () => Readonly<Record<RequestOutcome, number>>
}

export const REQUEST_OUTCOMES = ["ok", "throttled", "refused", "failed"] as const
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number]

const outcomeOf = (error: AwsFailed): RequestOutcome =>
  isThrottled(error) ? "throttled" : error.status >= 400 && error.status < 500 ? "refused" : "failed"

/**
 * One after the other, in the order in which they came. A semaphore would let whoever asks again at once, as the poller
 * does, pass those who wait.
 */
const makeQueue = () => {
  let last = Effect.void
  return <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptibleMask((restore) => {
      const before = last
      const own = Deferred.unsafeMake<void>(FiberId.none)
      last = Deferred.await(own)
      let isMine = false
      const turn = Effect.tap(before, () => {
        isMine = true
      })
      // Who leaves while it waits hands on the turn that it would have had.
      const leave = Effect.sync(() => Deferred.unsafeDone(own, isMine ? Effect.void : before))
      return Effect.ensuring(restore(Effect.zipRight(turn, work)), leave)
    })
}

export const makePacer: Effect.Effect<Pacer> = Effect.sync(() => {
  const inTurn = makeQueue()
  const counts: Record<RequestOutcome, number> = { ok: 0, throttled: 0, refused: 0, failed: 0 }
  let gapMs = GAP_MS
  let nextAt = 0

  const turn = Effect.gen(function* () {
    const wait = nextAt - (yield* monotonicMs)
    if (wait > 0) yield* Effect.sleep(wait)
  })
  /** The gap begins with the end of a request: when it reached AWS is not known, but that it did by now. */
  const note = (outcome: RequestOutcome) =>
    Effect.map(monotonicMs, (nowMs) => {
      counts[outcome]++
      if (outcome === "ok") gapMs = Math.max(GAP_MS, gapMs / 2)
      if (outcome === "throttled") gapMs = Math.min(LONGEST_GAP_MS, gapMs * 2)
      nextAt = nowMs + gapMs
    })
  return {
    paced: (request) =>
      inTurn(
        Effect.zipRight(turn, request).pipe(
          Effect.tap(() => note("ok")),
          Effect.tapError((error) => note(outcomeOf(error))),
          Effect.onInterrupt(() => note("failed")),
        ),
      ),
    gapMs: () => gapMs,
    counts: () => counts,
  }
})
