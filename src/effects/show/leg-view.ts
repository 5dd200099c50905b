/** What the API shows of a channel's input: each leg, and how they are joined. Pure. */
import type { ChannelStats, LegStats } from "../../engine/protocol/messages.ts"
import type { ChannelRuntime } from "../channel/runtime/channel-runtime.ts"
import { scte35PidsOf } from "../channel/status.ts"
import type { InputState, LegView, SourceName } from "../model/channel.ts"
import type { SrtLeg } from "./srt-leg-view.ts"

/**
 * bit/s between two byte counts; a counter that fell belongs to a new session. `seconds` that make no sense count
 * as one.
 */
export const bitRate = (bytes: number, before: number | undefined, seconds: number): number => {
  if (before === undefined || bytes < before) return 0
  const span = seconds > 0.2 && seconds < 10 ? seconds : 1
  return Math.round(((bytes - before) * 8) / span)
}

export interface LegPlace {
  readonly name: SourceName
  readonly ip: string
  readonly port: number
  readonly srt: SrtLeg
}

const hidden = ({ hide }: SrtLeg, text: string | null) => (text === null ? null : hide(text))

/**
 * The API's view of a leg. `leg` and `before` are the engine's last two figures, `seconds` apart, undefined while it
 * reports none for the leg; the last argument is the leg's totals.
 */
export const legView = (
  { ip, name, port, srt }: LegPlace,
  runtime: ChannelRuntime | null,
  leg: LegStats | undefined,
  before: LegStats | undefined,
  seconds: number,
  { kernel_drops = 0, ...counters }: Readonly<Record<string, number>>,
): LegView => ({
  source: name,
  ip,
  port,
  url: srt.url,
  srt: srt.srt,
  receiving: leg?.receiving ?? false,
  framing: leg?.framing ?? "none",
  sender: leg?.source ?? null,
  bitrate: leg === undefined ? 0 : bitRate(leg.counters["bytes"] ?? 0, before?.counters["bytes"], seconds),
  last_error: hidden(srt, leg?.problem?.message ?? runtime?.legProblems.get(name) ?? srt.srt?.last_error ?? null),
  warnings: [...srt.warnings, ...(leg?.warnings ?? []).map(srt.hide)],
  verdict: leg?.verdict ?? "lost",
  reasons: (leg?.reasons ?? []).map(srt.hide),
  findings: leg?.findings ?? [],
  fec: leg?.fec ?? null,
  jitter_ms: leg?.jitter_ms ?? 0,
  pcr_jitter_ms: leg?.pcr_jitter_ms ?? 0,
  pcr_jitter_max_ms: leg?.pcr_jitter_max_ms ?? 0,
  max_gap_ms: leg?.max_gap_ms ?? 0,
  pcr_bitrate: leg?.pcr_bitrate ?? 0,
  access_point_interval_ms: leg?.access_point_interval_ms ?? null,
  rcvbuf_bytes: leg?.rcvbuf_bytes ?? 0,
  kernel_drops,
  pids: leg?.pids ?? [],
  programmes: leg?.programmes ?? [],
  scte35_pids: scte35PidsOf(leg),
  counters,
})

/** How the legs are joined; without figures the state of a single leg. */
export const inputState = (stats: ChannelStats | undefined): InputState => ({
  merge: stats?.merge ?? "off",
  path_difference_ms: stats?.path_difference_ms ?? null,
  merge_lost: stats?.merge_lost ?? 0,
  merge_mismatches: stats?.merge_mismatches ?? 0,
  switches: stats?.switches ?? 0,
  pending_source: stats?.pending_source ?? null,
  redundancy: stats?.redundancy ?? "none",
})
