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
import { EngineClient } from "../engine/EngineClient.ts"
import type { EngineState } from "../engine/engine-state.ts"
import { MediaLive } from "../medialive/MediaLive.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { System } from "../show/System.ts"
import type { ChannelTotals } from "../show/totals.ts"
import { Changes } from "../store/Changes.ts"
import { CueLog } from "../store/CueLog.ts"
import { EventLog } from "../store/EventLog.ts"
import { type ChannelLedger, makeChannelLedger } from "./channel-ledger.ts"
import { makeEngineLedger } from "./engine-ledger.ts"
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
    rest: Pick<MetricsView, "health" | "store" | "configVersion" | "medialive">,
  ) => MetricsView
}

export const makeMetricsBook = (tallies: TalliesService): MetricsBook => {
  const engineLedger = makeEngineLedger()
  const ledgers = new Map<string, ChannelLedger>()
  let seenAny = false
  /** Messages already counted: one that came again, after a newer one, would look like new sessions. */
  const observed = new WeakSet<EngineStats>()

  const ledgerOf = (id: string): ChannelLedger => {
    const known = ledgers.get(id) ?? makeChannelLedger()
    ledgers.set(id, known)
    return known
  }

  const observe = ({ configs, engine: { info, stats } }: Pick<MetricsMoment, "configs" | "engine">) => {
    tallies.keep(configs)
    const ids = new Map(configs.map((config) => [config.id, new Set(config.outputs.map(({ id }) => id))]))
    for (const [id, ledger] of ledgers) {
      const outputs = ids.get(id)
      if (outputs === undefined) ledgers.delete(id)
      else ledger.keep(outputs)
    }
    if (stats === null || observed.has(stats)) return
    observed.add(stats)
    // Whatever an engine counted before this process started was an earlier process's to report.
    const baseline = !seenAny
    seenAny = true
    const run = info?.engine_id ?? ""
    engineLedger.observe(stats, run, baseline)
    const figures = new Map(stats.channels.map((channel) => [channel.id, channel]))
    for (const { id } of configs) ledgerOf(id).observe(figures.get(id), run, baseline)
  }

  const totals: MetricsBook["totals"] = (id, engine, configs) => {
    if (engine.stats !== null && !observed.has(engine.stats)) observe({ configs: configs(), engine })
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
        engine: engineFigures(engineLedger, moment.engine),
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
