/**
 * Follows the engine's figures, so that counters never fall while this process lives, and assembles the view behind
 * `/metrics`.
 */

import { breakView } from "../../core/scte35/break-state.ts"
import type { ChannelStats, EngineStats, LegStats, OutputStats } from "../../engine/protocol/messages.ts"
import type { ChannelRuntime } from "../channel/runtime/channel-runtime.ts"
import { makeTallies, outputTally, type Tallies } from "../channel/runtime/tally.ts"
import { activeLeg, channelStatus, isCarrying } from "../channel/status.ts"
import type { EngineState } from "../engine/engine-state.ts"
import type { ChannelConfig, OutputConfig, SourceName } from "../model/channel.ts"
import type { Health } from "../show/health-of.ts"
import { inputState } from "../show/leg-view.ts"
import type { ChannelTotals } from "../show/totals.ts"
import { channelAlarms } from "../show/views-of.ts"
import { type ChannelLedger, makeChannelLedger } from "./channel-ledger.ts"
import { makeEngineLedger } from "./engine-ledger.ts"
import type { ChannelFigures, EngineFigures, LegFigures, MetricsView, OutputFigures, OutputState, StoreFigures } from "./metrics-model.ts"

export interface MetricsMoment {
  readonly engine: EngineState
  readonly configs: ReadonlyArray<ChannelConfig>
  readonly runtimeOf: (id: string) => ChannelRuntime | null
  readonly nowMs: number
  readonly monotonicMs: number
}

export interface Metrics {
  /** Counters of the control plane itself; channels and outputs count into them. */
  readonly tallies: Tallies
  /** Takes the engine's figures; to be called with every message. */
  readonly observe: (moment: MetricsMoment) => void
  /** Totals of a channel up to the figures of `engine`. */
  readonly totals: (channelId: string, engine: EngineState, configs: () => ReadonlyArray<ChannelConfig>) => ChannelTotals
  readonly view: (moment: MetricsMoment, rest: { health: Health; store: StoreFigures; configVersion: number }) => MetricsView
}

const stateOf = (config: OutputConfig, runtime: ChannelRuntime | null, stats: OutputStats | undefined): OutputState => {
  if (runtime === null || !config.enabled) return "stopped"
  const status = runtime.outputs.get(config.id)?.status ?? "connecting"
  return status === "connecting" && stats?.state === "listening" ? "listening" : status
}

/** Number of cues by output id of which nothing is known yet. */
const pendingCues = (runtime: ChannelRuntime | null): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  for (const { entry, places } of runtime?.scte35.open.values() ?? []) {
    const { outputs } = entry.current()
    for (const [id, place] of places) if (outputs[place]?.status === "pending") found.set(id, (found.get(id) ?? 0) + 1)
  }
  return found
}

const legFigures = (source: SourceName, stats: ChannelStats | undefined, ledger: ChannelLedger): LegFigures => {
  const leg = stats?.legs.find(({ name }) => name === source)
  return {
    source,
    receiving: leg?.receiving ?? false,
    active: stats?.active_source === source,
    verdict: leg?.verdict ?? "lost",
    lastPacketAt: leg?.last_packet_at ?? null,
    jitterMs: leg?.jitter_ms ?? 0,
    pcrJitterMs: leg?.pcr_jitter_ms ?? 0,
    pcrJitterMaxMs: leg?.pcr_jitter_max_ms ?? 0,
    maxGapMs: leg?.max_gap_ms ?? 0,
    receiveBufferBytes: leg?.rcvbuf_bytes ?? 0,
    sums: ledger.sumsOf(source),
  }
}

export const makeMetrics = (): Metrics => {
  const tallies = makeTallies()
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

  const outputFigures = (
    channel: ChannelConfig,
    config: OutputConfig,
    { nowMs, runtimeOf }: MetricsMoment,
    stats: OutputStats | undefined,
    leg: LegStats | undefined,
    pending: number,
  ): OutputFigures => {
    const runtime = runtimeOf(channel.id)
    const ledger = ledgerOf(channel.id).output(config.id)
    const live = stats !== undefined && stats.session === runtime?.outputs.get(config.id)?.session ? stats : undefined
    const state = stateOf(config, runtime, live)
    return {
      config,
      desired: channel.should_run && config.enabled,
      state,
      carrying: isCarrying(state, leg),
      stateSince: ledger.enter(state, nowMs),
      sums: ledger.sums,
      tally: outputTally(tallies.of(channel.id), config.id),
      cuesPending: pending,
      queueBytes: live?.queue_bytes ?? 0,
      receivers: live === undefined ? 0 : live.receivers.length > 0 ? live.receivers.length : state === "connected" ? 1 : 0,
      srt: config.protocol === "srt" ? ledger.srtFigures(live) : null,
    }
  }

  const channelFigures = (config: ChannelConfig, moment: MetricsMoment, running: ChannelStats | undefined): ChannelFigures => {
    const runtime = moment.runtimeOf(config.id)
    const stats = runtime === null ? undefined : running
    const ledger = ledgerOf(config.id)
    const pending = pendingCues(runtime)
    const sources: ReadonlyArray<SourceName> = config.backup_rtp_ip === null ? ["primary"] : ["primary", "backup"]
    const outputs = new Map(stats?.outputs.map((output) => [output.id, output]))
    return {
      config,
      status: channelStatus(config, runtime, stats, moment.monotonicMs).status,
      alarms: channelAlarms(config, { ...moment, runtime }),
      input: inputState(stats),
      mergeLost: ledger.merge.merge_lost,
      mergeMismatches: ledger.merge.merge_mismatches,
      legs: sources.map((source) => legFigures(source, stats, ledger)),
      tally: tallies.of(config.id),
      inBreak: runtime !== null && breakView(runtime.scte35.breaks, moment.monotonicMs).state === "in_break",
      outputs: config.outputs.map((output) =>
        outputFigures(config, output, moment, outputs.get(output.id), activeLeg(stats), pending.get(output.id) ?? 0),
      ),
    }
  }

  const engineFigures = ({ connected, info, restarts, stats }: EngineState): EngineFigures => ({
    connected,
    restarts,
    startedAt: connected ? (info?.started_at ?? null) : null,
    cpuSeconds: engineLedger.sums.cpu_seconds,
    rssBytes: stats?.rss_bytes ?? 0,
    loopPasses: engineLedger.passes(),
    eventOverflows: engineLedger.sums.event_overflows,
    faults: {
      output: engineLedger.sums.output_faults,
      input: engineLedger.sums.input_faults,
      engine: engineLedger.sums.engine_faults,
    },
    loopDelay: engineLedger.delay,
  })

  const totals: Metrics["totals"] = (id, engine, configs) => {
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
    tallies,
    observe,
    totals,
    view: (moment, rest) => {
      observe(moment)
      const figures = new Map(moment.engine.stats?.channels.map((channel) => [channel.id, channel]))
      return {
        ...rest,
        engine: engineFigures(moment.engine),
        channels: moment.configs.map((config) => channelFigures(config, moment, figures.get(config.id))),
      }
    },
  }
}
