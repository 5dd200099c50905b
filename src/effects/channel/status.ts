/**
 * What the engine's figures say of a channel: the leg in use, the status and its reason. Pure; it decides, views
 * only show.
 */
import { formatEndpoint } from "../../core/net/address.ts"
import type { ChannelStats, LegStats } from "../../engine/protocol/messages.ts"
import { activeLeg } from "../engine/active-leg.ts"
import type { ChannelConfig, ChannelStatus } from "../model/channel.ts"
import type { ChannelRuntime } from "./runtime/channel-runtime.ts"

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
  if (leg?.receiving === true) return { status: "running", error: leg.dropping ?? null }
  const source = stats?.active_source ?? runtime.source
  const problem = leg?.problem?.message ?? runtime.legProblems.get(source)
  if (problem !== undefined) return { status: "error", error: problem }
  const [ip, port] =
    source === "backup" && config.backup_rtp_ip !== null
      ? [config.backup_rtp_ip, config.backup_rtp_port]
      : [config.rtp_ip, config.rtp_port]
  const where = formatEndpoint(ip, port ?? 0)
  const unusable = leg?.warnings[0]
  if (monotonicMs - runtime.lastInputMs < SILENT_AFTER_MS)
    return { status: "starting", error: unusable ?? `waiting for packets on ${where}` }
  const error =
    unusable === undefined
      ? `no packets on ${where} for ${SILENT_AFTER_MS / 1000} s: check that the encoder sends there and that no firewall drops UDP`
      : `no usable packets on ${where}: ${unusable}`
  return { status: "error", error }
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
