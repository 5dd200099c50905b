/** Figures for `/metrics`: a service without channels, and channels to put into it. */

import { MALFORMED } from "../../core/srt/protocol/packet.ts"
import { newChannelTally, newOutputTally } from "../../effects/channel/runtime/tally.ts"
import {
  type ChannelFigures,
  type EngineFigures,
  LEG_SUMS,
  type LegFigures,
  LOOP_DELAY_BUCKETS,
  type MetricsView,
  OUTPUT_SUMS,
  type OutputFigures,
  SRT_LEG_SUMS,
  SRT_SUMS,
  type SrtFigures,
  type SrtLegFigures,
} from "../../effects/metrics/metrics-model.ts"
import { channelConfig, outputConfig } from "../../effects/testing/configs.ts"
import { fakeHealth } from "./fake-health.ts"

const zeros = <const K extends string>(names: ReadonlyArray<K>) =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>

export const fakeLegFigures = (over: Partial<LegFigures> = {}, sums: Partial<LegFigures["sums"]> = {}): LegFigures => ({
  source: "primary",
  receiving: true,
  active: true,
  verdict: "good",
  lastPacketAt: 1_700_000_000_000,
  jitterMs: 0,
  pcrJitterMs: 0,
  pcrJitterMaxMs: 0,
  maxGapMs: 0,
  receiveBufferBytes: 8_388_608,
  sums: { ...zeros(LEG_SUMS), ...sums },
  srt: null,
  ...over,
})

export const fakeSrtLegFigures = (
  over: Partial<SrtLegFigures> = {},
  sums: Partial<SrtLegFigures["sums"]> = {},
): SrtLegFigures => ({
  sums: { ...zeros(SRT_LEG_SUMS), ...sums },
  connected: true,
  rttMs: 12.5,
  latencyMs: 120,
  receiveBufferMs: 110,
  bandwidthMbps: 80,
  ...over,
})

export const fakeSrtFigures = (over: Partial<SrtFigures> = {}, sums: Partial<SrtFigures["sums"]> = {}): SrtFigures => ({
  sums: { ...zeros(SRT_SUMS), ...sums },
  stack: "libsrt",
  connections: 1,
  rttMs: 12.5,
  latencyMs: 120,
  sendBufferPackets: 0,
  sendBufferMs: 0,
  flightPackets: 0,
  bandwidthMbps: 80,
  backup: null,
  ...over,
})

export const fakeOutputFigures = (
  over: Partial<OutputFigures> = {},
  sums: Partial<OutputFigures["sums"]> = {},
): OutputFigures => ({
  config: outputConfig(),
  desired: true,
  state: "connected",
  carrying: true,
  stateSince: 1_700_000_000_000,
  sums: { ...zeros(OUTPUT_SUMS), ...sums },
  tally: newOutputTally(),
  cuesPending: 0,
  queueBytes: 0,
  receivers: 1,
  srt: null,
  ...over,
})

export const fakeChannelFigures = (over: Partial<ChannelFigures> = {}): ChannelFigures => ({
  config: channelConfig({ should_run: true }),
  status: "running",
  alarms: [],
  input: {
    merge: "off",
    path_difference_ms: null,
    merge_lost: 0,
    merge_mismatches: 0,
    switches: 0,
    pending_source: null,
    redundancy: "none",
  },
  mergeLost: 0,
  mergeMismatches: 0,
  legs: [fakeLegFigures()],
  tally: newChannelTally(),
  inBreak: false,
  outputs: [],
  ...over,
})

export const fakeEngineFigures = (over: Partial<EngineFigures> = {}): EngineFigures => ({
  number: 1,
  channels: 0,
  connected: true,
  outdated: false,
  restarts: 0,
  startedAt: 1_700_000_000_000,
  cpuSeconds: 1.5,
  rssBytes: 50_000_000,
  loopPasses: 0,
  eventOverflows: 0,
  faults: { output: 0, input: 0, engine: 0 },
  srtMalformed: zeros(MALFORMED),
  loopDelay: { buckets: LOOP_DELAY_BUCKETS.map(() => 0), count: 0, sum: 0 },
  ...over,
})

export const fakeMetrics = (channels: ReadonlyArray<ChannelFigures> = []): MetricsView => ({
  health: fakeHealth,
  engines: [fakeEngineFigures()],
  store: { errors: { configuration: 0, events: 0, cues: 0 }, dropped: { events: 0, cues: 0 } },
  configVersion: 0,
  controlDeathFoundAt: null,
  channels,
  medialive: null,
})
