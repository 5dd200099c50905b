/** What stands behind the verbs: channels shown, checked, and brought into line with what is stored. */
import { Clock, Context, Effect, Layer, SubscriptionRef } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { claimConflicts, type PathOf } from "../config/claim-conflicts.ts"
import type { LegAddresses } from "../config/leg-address.ts"
import { legErrors } from "../config/leg-errors.ts"
import { demandedBy } from "../config/on-demand.ts"
import { outputHostOf } from "../config/output-host.ts"
import { privateTargetErrors } from "../config/private-targets.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { Metrics } from "../metrics/Metrics.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { ChannelConfig, ChannelView, OutputConfig, OutputView } from "../model/channel.ts"
import { Conflict, InvalidInput, type StoreError } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { channelView, type ViewInput } from "../show/views-of.ts"
import { Store } from "../store/Store.ts"

export interface RegistryService {
  /** The engine's state and the time, as views are computed from them. */
  readonly now: Effect.Effect<Pick<ViewInput, "engine" | "ingest" | "nowMs" | "monotonicMs">>
  readonly view: (config: ChannelConfig) => Effect.Effect<ChannelView>
  /** Dies when the channel has no output with this id. */
  readonly viewOutput: (config: ChannelConfig, id: string) => Effect.Effect<OutputView>
  /** See `privateTargetErrors`; `at` is the path of an output in the request. */
  readonly checkTargets: (
    outputs: ReadonlyArray<OutputConfig>,
    at?: (index: number) => string,
  ) => Effect.Effect<void, InvalidInput>
  /** See `legErrors`. */
  readonly checkLegs: (config: LegAddresses, before?: LegAddresses | null) => Effect.Effect<void, InvalidInput>
  /** See `claimConflicts`. */
  readonly checkClaims: (
    config: Omit<ChannelConfig, "number">,
    pathOf: PathOf,
    legs: boolean,
  ) => Effect.Effect<void, Conflict>
  /** Stores whether a channel should run, and has it so; `why` ends the sentences "started ..." and "stopped ...". */
  readonly bring: (before: ChannelConfig, shouldRun: boolean, why: string) => Effect.Effect<ChannelConfig, StoreError>
  /** What a change means for a channel that runs on demand; `asked` when it was to start an output. */
  readonly followDemand: (
    before: ChannelConfig,
    config: ChannelConfig,
    asked?: boolean,
  ) => Effect.Effect<ChannelConfig, StoreError>
}

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const engine = yield* EngineClient
  const host = outputHostOf(yield* AppConfig)
  const metrics = yield* Metrics
  const { publish } = yield* ChangeFeed
  const running = yield* RunningChannels
  const store = yield* Store

  const now = Effect.all({
    engine: SubscriptionRef.get(engine.state),
    ingest: Effect.succeed(host.ingest),
    nowMs: Clock.currentTimeMillis,
    monotonicMs,
  })
  const view = (config: ChannelConfig) =>
    Effect.map(now, (moment) =>
      channelView(config, {
        ...moment,
        runtime: running.runtimeOf(config.id),
        stopping: running.isStopping(config.id),
        totals: metrics.totals(config.id, moment.engine),
      }),
    )
  const bring: RegistryService["bring"] = (before, shouldRun, why) =>
    Effect.gen(function* () {
      const config = { ...before, should_run: shouldRun }
      yield* store.setShouldRun(config.id, shouldRun)
      book.put(config)
      if (!shouldRun) yield* running.halt(config.id, `stopped ${why}`)
      else if (!book.runs(config.id)) yield* running.runNow(config, why)
      yield* publish
      return config
    })

  return Registry.of({
    now,
    view,
    viewOutput: (config, id) =>
      Effect.flatMap(view(config), ({ outputs }) => {
        const output = outputs.find((o) => o.id === id)
        return output === undefined ? Effect.dieMessage(`output ${id} is not in its channel`) : Effect.succeed(output)
      }),
    checkTargets: (outputs, at = () => "") =>
      Effect.suspend(() => {
        const errors = outputs.flatMap((output, index) => privateTargetErrors(output, host, at(index)))
        return errors.length === 0 ? Effect.void : new InvalidInput({ errors })
      }),
    checkLegs: (config, before = null) =>
      Effect.suspend(() => {
        const errors = legErrors(config, host, before)
        return errors.length === 0 ? Effect.void : new InvalidInput({ errors })
      }),
    checkClaims: (config, pathOf, legs) =>
      Effect.suspend(() => {
        const errors = claimConflicts(config, book.all(), pathOf, legs, host)
        return errors.length === 0 ? Effect.void : new Conflict({ errors })
      }),
    bring,
    followDemand: (before, config, asked = false) => {
      const wanted = asked && config.auto_run === "on_demand" ? true : demandedBy(before, config)
      if (wanted === null || wanted === book.runs(config.id)) return Effect.succeed(config)
      return bring(config, wanted, wanted ? "on demand, for an output" : "on demand: no output is enabled any more")
    },
  })
})

export class Registry extends Context.Tag("distributor/Registry")<Registry, RegistryService>() {
  static readonly Live = Layer.effect(Registry, make)
}
