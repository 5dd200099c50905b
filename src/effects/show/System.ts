/** What is known of the service as a whole: its health, what its engine uses, what it stands on. */
import { Clock, Context, Effect, Layer, Stream, SubscriptionRef } from "effect"
import { machineChecks } from "../../core/machine/machine-checks.ts"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { Crashes } from "../engine/Crashes.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { enginesOf } from "../engine/engine-state.ts"
import { type NumberedUsage, usagesOf } from "../engine/engine-usage.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { Conflict, NotFound } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import { Store } from "../store/Store.ts"
import { type EngineHealth, engineHealth, type Health, healthOf } from "./health-of.ts"
import { makeMachineFacts } from "./machine-facts.ts"
import { diskRooms, makeSurroundings, type Surroundings } from "./surroundings.ts"

const CHECKED_EVERY = "5 seconds"
/** Sockets, pipes and files that a channel's legs with FEC take at most, and an output with some receivers. */
const FILES_A_CHANNEL = 10
const FILES_AN_OUTPUT = 4

const filesFor = (configs: ReadonlyArray<ChannelConfig>): number =>
  configs.reduce((sum, { outputs }) => sum + FILES_A_CHANNEL + outputs.length * FILES_AN_OUTPUT, 0)

export interface SystemService {
  readonly health: Effect.Effect<Health>
  /** What each engine uses. */
  readonly engineUsages: Effect.Effect<ReadonlyArray<NumberedUsage>>
  /** The store, the disks and the programs. */
  readonly surroundings: Effect.Effect<Surroundings>
  /**
   * Replaces an outdated engine by one of the installed code, which cuts its streams for about a second, and tells how
   * the new one is. Refused for one that runs the installed code.
   */
  readonly replaceEngine: (number: number) => Effect.Effect<EngineHealth, NotFound | Conflict>
}

/** How long whoever asks waits for the engine that takes the place of another; it comes later all the same. */
const REPLACED_WITHIN = "10 seconds"

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const crashes = yield* Crashes
  const cues = yield* CueLog
  const engine = yield* EngineClient
  const events = yield* EventLog
  const { runtimeOf } = yield* RunningChannels
  const store = yield* Store
  const startedMs = yield* monotonicMs
  const places = yield* AppConfig
  const readFacts = makeMachineFacts()
  // Pages ask every second, and nothing of it changes as fast.
  const checks = yield* Effect.cachedWithTTL(
    Effect.gen(function* () {
      const { info, stats } = yield* SubscriptionRef.get(engine.state)
      const question = { enginePid: info?.pid ?? null, clock: stats?.clock ?? null, neededFiles: filesFor(book.all()) }
      return machineChecks(readFacts({ ...question, disks: yield* diskRooms(places) }))
    }),
    CHECKED_EVERY,
  )
  const known = (number: number) =>
    Effect.map(SubscriptionRef.get(engine.state), (state) => enginesOf(state).find((one) => one.number === number))
  return System.of({
    replaceEngine: (number) =>
      Effect.gen(function* () {
        const before = yield* known(number)
        if (before === undefined) return yield* new NotFound({ kind: "engine", ref: String(number) })
        if (!(yield* engine.replace(number))) {
          const message = `${before.name} runs the code that is installed: there is nothing to replace`
          return yield* new Conflict({ errors: [{ path: "", message }] })
        }
        yield* engine.state.changes.pipe(
          Stream.filter((state) =>
            enginesOf(state).some((one) => one.number === number && one.generation > before.generation),
          ),
          Stream.runHead,
          Effect.timeoutOption(REPLACED_WITHIN),
        )
        return engineHealth((yield* known(number)) ?? before, yield* Clock.currentTimeMillis)
      }),
    health: Effect.gen(function* () {
      const moment = {
        engine: yield* SubscriptionRef.get(engine.state),
        nowMs: yield* Clock.currentTimeMillis,
        monotonicMs: yield* monotonicMs,
      }
      const storeProblem = yield* store.problem
      const eventsProblem = events.problem() ?? cues.problem()
      const configs = book.all()
      const machine = yield* checks
      const keptOut = yield* crashes.keptOut
      return healthOf({ ...moment, configs, runtimeOf, startedMs, storeProblem, eventsProblem, machine, keptOut })
    }),
    engineUsages: Effect.map(SubscriptionRef.get(engine.state), usagesOf),
    surroundings: makeSurroundings(places, store),
  })
})

export class System extends Context.Tag("distributor/System")<System, SystemService>() {
  static readonly Live = Layer.effect(System, make)
}
