/** Puts together what `/metrics` shows of the engine and of a channel, from what was counted and from what is now. */
import { breakView } from "../../core/scte35/break-state.ts"
import type { ChannelStats, LegStats, OutputStats } from "../../engine/protocol/messages.ts"
import type { ChannelRuntime } from "../channel/runtime/channel-runtime.ts"
import type { TalliesService } from "../channel/runtime/Tallies.ts"
import { outputTally } from "../channel/runtime/tally.ts"
import { channelStatus, isCarrying } from "../channel/status.ts"
import { LEG_FIELDS } from "../config/leg-address.ts"
import { activeLeg } from "../engine/active-leg.ts"
import type { EngineState, NumberedState } from "../engine/engine-state.ts"
import type { ChannelConfig, OutputConfig, SourceName } from "../model/channel.ts"
import { inputState } from "../show/leg-view.ts"
import { channelAlarms } from "../show/views-of.ts"
import type { ChannelLedger } from "./channel-ledger.ts"
import type { EngineLedger } from "./engine-ledger.ts"
import type { ChannelFigures, EngineFigures, LegFigures, OutputFigures, OutputState } from "./metrics-model.ts"

export interface MetricsMoment {
  readonly engine: EngineState
  readonly configs: ReadonlyArray<ChannelConfig>
  readonly runtimeOf: (id: string) => ChannelRuntime | null
  readonly nowMs: number
  readonly monotonicMs: number
}

/** What was counted so far. */
export interface Ledgers {
  readonly ledgerOf: (channelId: string) => ChannelLedger
  readonly tallies: TalliesService
}

const stateOf = (config: OutputConfig, runtime: ChannelRuntime | null, stats: OutputStats | undefined): OutputState => {
  if (runtime === null || !config.enabled) return "stopped"
  const status = runtime.outputs.get(config.id)?.status ?? "connecting"
  return status === "connecting" && stats?.state === "listening" ? "listening" : status
}

/** By output id: cues of which nothing is known yet. */
const pendingCues = (runtime: ChannelRuntime | null): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  for (const { entry, places } of runtime?.scte35.open.values() ?? []) {
    const { outputs } = entry.current()
    for (const [id, place] of places) if (outputs[place]?.status === "pending") found.set(id, (found.get(id) ?? 0) + 1)
  }
  return found
}

const legFigures = (
  config: ChannelConfig,
  source: SourceName,
  stats: ChannelStats | undefined,
  ledger: ChannelLedger,
): LegFigures => {
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
    srt: config[LEG_FIELDS[source].url] === null ? null : ledger.srtOf(source, leg),
  }
}

const outputFigures = (
  { ledgerOf, tallies }: Ledgers,
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
    receivers:
      live === undefined ? 0 : live.receivers.length > 0 ? live.receivers.length : state === "connected" ? 1 : 0,
    srt: config.protocol === "srt" ? ledger.srtFigures(live) : null,
  }
}

/** @param running what the engine tells of the channel, which is nothing to it when it does not run */
export const channelFigures = (
  from: Ledgers,
  config: ChannelConfig,
  moment: MetricsMoment,
  running: ChannelStats | undefined,
): ChannelFigures => {
  const runtime = moment.runtimeOf(config.id)
  const stats = runtime === null ? undefined : running
  const ledger = from.ledgerOf(config.id)
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
    legs: sources.map((source) => legFigures(config, source, stats, ledger)),
    tally: from.tallies.of(config.id),
    inBreak: runtime !== null && breakView(runtime.scte35.breaks, moment.monotonicMs).state === "in_break",
    outputs: config.outputs.map((output) =>
      outputFigures(
        from,
        config,
        output,
        moment,
        outputs.get(output.id),
        activeLeg(stats),
        pending.get(output.id) ?? 0,
      ),
    ),
  }
}

export const engineFigures = (
  ledger: EngineLedger,
  { channels, connected, info, number, outdated, restarts, stats }: NumberedState,
): EngineFigures => ({
  number,
  channels: channels.size,
  connected,
  outdated,
  restarts,
  startedAt: connected ? (info?.started_at ?? null) : null,
  cpuSeconds: ledger.sums.cpu_seconds,
  rssBytes: stats?.rss_bytes ?? 0,
  loopPasses: ledger.passes(),
  eventOverflows: ledger.sums.event_overflows,
  faults: {
    output: ledger.sums.output_faults,
    input: ledger.sums.input_faults,
    engine: ledger.sums.engine_faults,
  },
  srtMalformed: ledger.malformed,
  loopDelay: ledger.delay,
})
