/** What is known of the service as a whole: its health, what its engine uses, what it stands on. */
import { Clock, Context, Effect, Layer, SubscriptionRef } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { type NumberedUsage, usagesOf } from "../engine/engine-usage.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import { Store } from "../store/Store.ts"
import { type Health, healthOf } from "./health-of.ts"
import { makeSurroundings, type Surroundings } from "./surroundings.ts"

export interface SystemService {
  readonly health: Effect.Effect<Health>
  /** What each engine uses. */
  readonly engineUsages: Effect.Effect<ReadonlyArray<NumberedUsage>>
  /** The store, the disks and the programs. */
  readonly surroundings: Effect.Effect<Surroundings>
}

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const cues = yield* CueLog
  const engine = yield* EngineClient
  const events = yield* EventLog
  const { runtimeOf } = yield* RunningChannels
  const store = yield* Store
  const startedMs = yield* monotonicMs
  return System.of({
    health: Effect.gen(function* () {
      const moment = {
        engine: yield* SubscriptionRef.get(engine.state),
        nowMs: yield* Clock.currentTimeMillis,
        monotonicMs: yield* monotonicMs,
      }
      const storeProblem = yield* store.problem
      const eventsProblem = events.problem() ?? cues.problem()
      return healthOf({ ...moment, configs: book.all(), runtimeOf, startedMs, storeProblem, eventsProblem })
    }),
    engineUsages: Effect.map(SubscriptionRef.get(engine.state), usagesOf),
    surroundings: makeSurroundings(yield* AppConfig, store),
  })
})

export class System extends Context.Tag("distributor/System")<System, SystemService>() {
  static readonly Live = Layer.effect(System, make)
}
