/**
 * Follows the engine's figures, so that counters never fall while this process lives, and assembles the view behind
 * `/metrics`.
 */

import { Clock, Context, Effect, Layer, Stream, SubscriptionRef } from "effect"
import type { EngineStats } from "../../engine/protocol/messages.ts"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { Tallies, type TalliesService } from "../channel/runtime/Tallies.ts"
import { outputTally } from "../channel/runtime/tally.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { Configuration } from "../declarative/Configuration.ts"
import { Crashes } from "../engine/Crashes.ts"
import { EngineClient } from "../engine/EngineClient.ts"
import { type EngineState, engineOf, enginesOf } from "../engine/engine-state.ts"
import { MediaLive } from "../medialive/MediaLive.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { System } from "../show/System.ts"
import type { ChannelTotals } from "../show/totals.ts"
import { Changes } from "../store/Changes.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import { type ChannelLedger, makeChannelLedger } from "./channel-ledger.ts"
import { type EngineLedger, makeEngineLedger } from "./engine-ledger.ts"
import { channelFigures, engineFigures, type MetricsMoment } from "./figures-of.ts"
import type { MetricsView, StoreFigures } from "./metrics-model.ts"

export interface MetricsService {
  /** What `/metrics` shows. */
  readonly view: Effect.Effect<MetricsView>
  /** What was counted of a channel up to the figures of `engine`. */
  readonly totals: (channelId: string, engine: EngineState) => ChannelTotals
}

/** What is counted over sessions and restarts of the engine. */
export interface MetricsBook {
  /** To be called with every message of figures. */
  readonly observe: (moment: Pick<MetricsMoment, "configs" | "engine">) => void
  readonly totals: (
    channelId: string,
    engine: EngineState,
    configs: () => ReadonlyArray<ChannelConfig>,
  ) => ChannelTotals
  readonly view: (
    moment: MetricsMoment,
    rest: Pick<MetricsView, "health" | "store" | "configVersion" | "controlDeathFoundAt" | "medialive">,
  ) => MetricsView
}

/**
 * By the number of an engine, the channels whose figures are to be taken from it: those that are placed on it, those
 * that it carries although they are placed nowhere, and from the first that it carries none of the rest.
 */
const ownersOf = (
  state: EngineState,
  configs: ReadonlyArray<ChannelConfig>,
): ReadonlyMap<number, ReadonlyArray<string>> => {
  const engines = enginesOf(state)
  const owner = new Map<string, number>()
  for (const { number, stats } of engines) for (const { id } of stats?.channels ?? []) owner.set(id, number)
  for (const { channels, number } of engines) for (const id of channels) owner.set(id, number)
  const found = new Map<number, string[]>()
  for (const { id } of configs) {
    const number = owner.get(id) ?? engines[0]?.number ?? 1
    const ids = found.get(number) ?? []
    ids.push(id)
    found.set(number, ids)
  }
  return found
}

export const makeMetricsBook = (tallies: TalliesService): MetricsBook => {
  /** By the number of the engine. */
  const engineLedgers = new Map<number, EngineLedger>()
  const ledgers = new Map<string, ChannelLedger>()
  /** Engines, by number, that have told something: what one counted before is an earlier process's to report. */
  const seen = new Set<number>()
  /** Messages already counted: one that came again, after a newer one, would look like new sessions. */
  const observed = new WeakSet<EngineStats>()

  const ledgerOf = (id: string): ChannelLedger => {
    const known = ledgers.get(id) ?? makeChannelLedger()
    ledgers.set(id, known)
    return known
  }

  const engineLedgerOf = (number: number): EngineLedger => {
    const known = engineLedgers.get(number) ?? makeEngineLedger()
    engineLedgers.set(number, known)
    return known
  }

  const observe = ({ configs, engine }: Pick<MetricsMoment, "configs" | "engine">) => {
    tallies.keep(configs)
    const ids = new Map(configs.map((config) => [config.id, new Set(config.outputs.map(({ id }) => id))]))
    for (const [id, ledger] of ledgers) {
      const outputs = ids.get(id)
      if (outputs === undefined) ledgers.delete(id)
      else ledger.keep(outputs)
    }
    const owners = ownersOf(engine, configs)
    for (const { info, number, stats } of enginesOf(engine)) {
      if (stats === null || observed.has(stats)) continue
      observed.add(stats)
      const baseline = !seen.has(number)
      seen.add(number)
      const run = info?.engine_id ?? ""
      engineLedgerOf(number).observe(stats, run, baseline)
      const figures = new Map(stats.channels.map((channel) => [channel.id, channel]))
      for (const id of owners.get(number) ?? []) ledgerOf(id).observe(figures.get(id), run, baseline)
    }
  }

  const totals: MetricsBook["totals"] = (id, engine, configs) => {
    const { stats } = engineOf(engine, id)
    if (stats !== null && !observed.has(stats)) observe({ configs: configs(), engine })
    const ledger = ledgerOf(id)
    const tally = tallies.of(id)
    return {
      leg: ledger.exactOf,
      merge_lost: ledger.merge.merge_lost,
      merge_mismatches: ledger.merge.merge_mismatches,
      output: (output) => {
        const { bytes_sent, packets_dropped, packets_sent } = ledger.output(output).sums
        const { cuesMissed: cues_missed, cuesSent: cues_sent } = outputTally(tally, output)
        return { bytes_sent, packets_sent, packets_dropped, cues_sent, cues_missed }
      },
    }
  }

  return {
    observe,
    totals,
    view: (moment, rest) => {
      observe(moment)
      const figures = new Map(moment.engine.stats?.channels.map((channel) => [channel.id, channel]))
      return {
        ...rest,
        engines: enginesOf(moment.engine).map((one) => engineFigures(engineLedgerOf(one.number), one)),
        channels: moment.configs.map((config) =>
          channelFigures({ ledgerOf, tallies }, config, moment, figures.get(config.id)),
        ),
      }
    },
  }
}

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const changes = yield* Changes
  const configuration = yield* Configuration
  const crashes = yield* Crashes
  const cues = yield* CueLog
  const engine = yield* EngineClient
  const events = yield* EventLog
  const { service: medialive } = yield* MediaLive
  const { runtimeOf } = yield* RunningChannels
  const { health } = yield* System
  const metrics = makeMetricsBook(yield* Tallies)

  const observe = (state: EngineState) => Effect.sync(() => metrics.observe({ engine: state, configs: book.inOrder() }))
  // Not before the channels are known: what the engine counted of them until then is an earlier process's to tell.
  yield* Effect.forkScoped(Effect.zipRight(book.loaded, Stream.runForEach(engine.state.changes, observe)))

  const storeFigures = (): StoreFigures => ({
    errors: { configuration: changes.failures(), events: events.counts().failures, cues: cues.counts().failures },
    dropped: { events: events.counts().dropped, cues: cues.counts().dropped },
  })
  return Metrics.of({
    totals: (id, state) => metrics.totals(id, state, book.inOrder),
    view: Effect.gen(function* () {
      const state = yield* SubscriptionRef.get(engine.state)
      const moment = { engine: state, nowMs: yield* Clock.currentTimeMillis, monotonicMs: yield* monotonicMs }
      const rest = {
        health: yield* health,
        store: storeFigures(),
        controlDeathFoundAt: yield* crashes.controlDeathFoundAt,
        configVersion: configuration.latestVersion(),
        medialive: medialive === null ? null : yield* medialive.figures,
      }
      return metrics.view({ ...moment, configs: book.inOrder(), runtimeOf }, rest)
    }),
  })
})

export class Metrics extends Context.Tag("distributor/Metrics")<Metrics, MetricsService>() {
  static readonly Live = Layer.scoped(Metrics, make)
}
