/** The channels that there are: looked up, shown, checked, and brought into line with what is stored. */
import { Clock, Effect, FiberRef, SubscriptionRef } from "effect"
import { reconfigure } from "../channel/Channel.ts"
import type { RunningChannelsService } from "../channel/RunningChannels.ts"
import { claimConflicts, type PathOf } from "../config/claim-conflicts.ts"
import { findChannel } from "../config/find-config.ts"
import { demandedBy } from "../config/on-demand.ts"
import type { OutputHost } from "../config/output-place.ts"
import { privateTargetErrors } from "../config/private-targets.ts"
import type { Checked } from "../config/validate.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"
import type { MetricsService } from "../metrics/Metrics.ts"
import { Actor } from "../model/actor.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { Conflict, InvalidInput, type StoreError } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { channelView } from "../show/views-of.ts"
import type { StoreService } from "../store/Store.ts"

/** What stands behind every verb of the control plane. */
export interface RegistryDeps {
  readonly store: StoreService
  readonly engine: EngineClientService
  readonly host: OutputHost
  readonly configs: Map<string, ChannelConfig>
  readonly running: RunningChannelsService
  readonly publish: Effect.Effect<void>
  readonly totals: MetricsService["totals"]
}

export const withOutputs = (config: ChannelConfig, outputs: ReadonlyArray<OutputConfig>): ChannelConfig => ({ ...config, outputs })
/** What new channels and outputs are made with. */
export const stamp = Effect.map(Clock.currentTimeMillis, (ms) => ({ id: () => crypto.randomUUID(), createdAt: new Date(ms).toISOString() }))
/** The value, or what is wrong with it as a failure. */
export const accept = <A>(checked: Checked<A>) =>
  checked.ok ? Effect.succeed(checked.value) : new InvalidInput({ errors: checked.errors })

export const makeRegistry = ({ configs, engine, host, publish, running, store, totals }: RegistryDeps) => {
  const runtimeOf = (id: string) => running.get(id)?.runtime ?? null
  const inOrder = () => [...configs.values()].sort((a, b) => a.number - b.number)

  // --- Looking up and showing
  const find = (ref: string) => Effect.suspend(() => findChannel([...configs.values()], ref))
  const now = Effect.all({ engine: SubscriptionRef.get(engine.state), nowMs: Clock.currentTimeMillis, monotonicMs })
  const view = (config: ChannelConfig) =>
    Effect.map(now, (moment) =>
      channelView(config, {
        ...moment,
        runtime: runtimeOf(config.id),
        stopping: running.isStopping(config.id),
        totals: totals(config.id, moment.engine, inOrder),
      }),
    )
  const viewOutput = (config: ChannelConfig, id: string) =>
    Effect.flatMap(view(config), ({ outputs }) => {
      const output = outputs.find((o) => o.id === id)
      return output === undefined ? Effect.dieMessage(`output ${id} is not in its channel`) : Effect.succeed(output)
    })

  // --- Checking
  /** See `privateTargetErrors`; `at` is the path of an output in the request. */
  const checkTargets = (outputs: ReadonlyArray<OutputConfig>, at: (index: number) => string = () => "") =>
    Effect.suspend(() => {
      const errors = outputs.flatMap((output, index) => privateTargetErrors(output, host, at(index)))
      return errors.length === 0 ? Effect.void : new InvalidInput({ errors })
    })
  /** See `claimConflicts`. */
  const checkClaims = (config: Omit<ChannelConfig, "number">, pathOf: PathOf, legs: boolean) =>
    Effect.suspend(() => {
      const errors = claimConflicts(config, [...configs.values()], pathOf, legs, host)
      return errors.length === 0 ? Effect.void : new Conflict({ errors })
    })

  /** What is stored becomes what is known and what runs. */
  const adoptConfig = (config: ChannelConfig, by?: string) =>
    Effect.gen(function* () {
      configs.set(config.id, config)
      const channel = running.get(config.id)
      if (channel !== undefined) yield* reconfigure(channel, config, by ?? (yield* FiberRef.get(Actor)))
      yield* publish
    })

  const bring = (before: ChannelConfig, shouldRun: boolean, why: string) =>
    Effect.gen(function* () {
      const config = { ...before, should_run: shouldRun }
      yield* store.setShouldRun(config.id, shouldRun)
      configs.set(config.id, config)
      if (!shouldRun) yield* running.halt(config.id, `stopped ${why}`)
      else if (running.get(config.id) === undefined) yield* running.runNow(config, why)
      yield* publish
      return config
    })
  /** What a change means for a channel that runs on demand; `asked` when it was to start an output. */
  const followDemand = (before: ChannelConfig, config: ChannelConfig, asked = false): Effect.Effect<ChannelConfig, StoreError> => {
    const wanted = asked && config.auto_run === "on_demand" ? true : demandedBy(before, config)
    if (wanted === null || wanted === (running.get(config.id) !== undefined)) return Effect.succeed(config)
    return bring(config, wanted, wanted ? "on demand, for an output" : "on demand: no output is enabled any more")
  }

  return {
    configs,
    engine,
    host,
    publish,
    running,
    store,
    runtimeOf,
    inOrder,
    find,
    now,
    view,
    viewOutput,
    checkTargets,
    checkClaims,
    adoptConfig,
    bring,
    followDemand,
  }
}
export type Registry = ReturnType<typeof makeRegistry>
