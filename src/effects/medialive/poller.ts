/** Asks AWS, one request at a time, by `next-call.ts`, and puts what it answers into memory and store. */
import { Effect } from "effect"
import { pipelinesOf } from "../../core/medialive/model.ts"
import { nextCall, type PolledChannel } from "../../core/medialive/next-call.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { noteAsked, noteFailed, noteOk } from "./asked.ts"
import { MAX_QUERIES, METRIC_NAMES } from "./aws/metric-data.ts"
import type { MediaLiveDeps } from "./deps.ts"
import { makeKeepSeen } from "./keep-seen.ts"
import { type Known, wireOf } from "./memory.ts"
import { makeCarryOut, makeTake, type Take } from "./take-answers.ts"

export interface Poller {
  /** One request, when one is due; true when something was asked. Never fails. */
  readonly round: Effect.Effect<boolean>
  /** What is stored of the channels, kept as AWS says it; called after anything has changed. */
  readonly keep: Effect.Effect<void>
  /** Takes a channel as AWS has just told it. */
  readonly take: Take
}

export const makePoller = (deps: MediaLiveDeps): Poller => {
  const { addresses, memory, ours } = deps
  const take = makeTake(deps)
  const keep = makeKeepSeen(deps)
  const carryOut = makeCarryOut(deps, take)

  const polled = (known: Known): PolledChannel => ({
    ...known,
    id: known.summary.id,
    state: known.summary.state,
    feeds: wireOf(known, ours(), addresses()).matches.length > 0,
    queries: METRIC_NAMES.length * pipelinesOf(known.summary.channelClass),
  })

  const round = Effect.gen(function* () {
    const { api } = memory
    const nowMs = yield* monotonicMs
    if (api === null || nowMs < memory.pausedUntil) return false
    const channels = [...memory.channels.values()].map(polled)
    const call = nextCall({ ...memory, channels, mostQueries: MAX_QUERIES }, nowMs)
    if (call === null) return false
    noteAsked(memory, call, nowMs)
    const done = yield* Effect.either(carryOut(api, call))
    // Another connection may have been set meanwhile: its answers are not this one's.
    if (memory.api !== api) return true
    if (done._tag === "Left") {
      if (memory.problem === null || call.do === "list") yield* Effect.logDebug(done.left.message)
      noteFailed(memory, call, done.left, yield* monotonicMs)
    } else noteOk(memory, call)
    yield* keep
    return true
  })
  return { round, keep, take }
}
