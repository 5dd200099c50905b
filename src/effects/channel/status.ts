/**
 * What the engine's figures say of a channel: the leg in use, the status and its reason. Pure; it decides, views
 * only show.
 */
import type { ChannelStats, LegStats } from "../../engine/protocol/messages.ts"
import { hideOfLeg } from "../config/used-leg.ts"
import { activeLeg } from "../engine/active-leg.ts"
import type { ChannelConfig, ChannelStatus, SourceName } from "../model/channel.ts"
import type { ChannelRuntime } from "./runtime/channel-runtime.ts"
import { placeOfLeg, srtSilence } from "./runtime/leg-silence.ts"

/** Input that is away for longer than this, in ms, is an error. */
export const SILENT_AFTER_MS = 5000

const SCTE35_STREAM_TYPE = 0x86

/** Status of a channel with the reason when it is not `running`, or runs and drops much of what arrives. */
export const channelStatus = (
  config: ChannelConfig,
  runtime: ChannelRuntime | null,
  stats: ChannelStats | undefined,
  monotonicMs: number,
): { readonly status: ChannelStatus; readonly error: string | null } => {
  if (runtime === null) return { status: "stopped", error: null }
  if (runtime.refused !== null) return { status: "error", error: runtime.refused }
  const leg = activeLeg(stats)
  const source = stats?.active_source ?? runtime.source
  const { error, status } = legStatus(config, runtime, source, leg, monotonicMs)
  return { status, error: error === null ? null : hideOfLeg(config, source, runtime.ingest)(error) }
}

/** Status of a started channel by the leg in use. */
const legStatus = (
  config: ChannelConfig,
  runtime: ChannelRuntime,
  source: SourceName,
  leg: LegStats | undefined,
  monotonicMs: number,
): { readonly status: ChannelStatus; readonly error: string | null } => {
  if (leg?.receiving === true) return { status: "running", error: leg.dropping ?? null }
  const problem = leg?.problem?.message ?? runtime.legProblems.get(source)
  if (problem !== undefined) return { status: "error", error: problem }
  const where = placeOfLeg(config, source)
  const unusable = leg?.warnings[0]
  const srt = srtSilence(config, source, leg)
  if (monotonicMs - runtime.lastInputMs < SILENT_AFTER_MS)
    return { status: "starting", error: unusable ?? srt ?? `waiting for packets on ${where}` }
  if (unusable !== undefined) return { status: "error", error: `no usable packets on ${where}: ${unusable}` }
  const error = `no packets on ${where} for ${SILENT_AFTER_MS / 1000} s: check that the encoder sends there and that no firewall drops UDP`
  return { status: "error", error: srt ?? error }
}

/** The PIDs that the PMTs of a leg declare as SCTE-35 (stream type 0x86, SCTE 35 clause 8.1). */
export const scte35PidsOf = (leg: LegStats | undefined): ReadonlyArray<number> =>
  (leg?.programmes ?? []).flatMap((p) =>
    p.streams.filter((s) => s.stream_type === SCTE35_STREAM_TYPE).map((s) => s.pid),
  )

/**
 * True while something goes out; `leg` is the one in use. A datagram goes to whoever is there, so that a socket is open
 * says nothing.
 */
export const isCarrying = (status: string, leg: LegStats | undefined): boolean =>
  status === "connected" && leg?.receiving === true
