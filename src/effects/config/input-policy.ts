/** The input settings' bounds and defaults, in one place, and what the engine is told of them. */
import { isIPv6, isMulticast } from "../../core/net/address.ts"
import { type BreakPolicy, DEFAULT_BREAK_POLICY } from "../../core/scte35/break-state.ts"
import type { ChannelSpec, InputPolicy, LegSpec } from "../../engine/protocol/messages.ts"
import type { ChannelConfig, InputSettings } from "../model/channel.ts"

/** Lowest and highest value of each numeric setting, both allowed. */
export const INPUT_BOUNDS = {
  failover_after_ms: [50, 60_000],
  failback_after_s: [1, 86_400],
  reorder_ms: [0, 1000],
  merge_window_ms: [10, 2000],
  rcvbuf: [65_536, 1_073_741_824],
  scte35_min_preroll_s: [0, 60],
  scte35_max_break_s: [10, 86_400],
  scte35_silent_after_h: [0, 720],
  scte35_pid: [32, 8190],
} as const

export const MAX_ALLOWED_SENDERS = 8

/** SMPTE 2022-1 (2007) 7.2: column FEC arrives on the media port + 2, row FEC on + 4. */
export const FEC_PORTS = [
  { kind: "column", offset: 2 },
  { kind: "row", offset: 4 },
] as const

export const INPUT_DEFAULTS: InputPolicy = {
  mode: "auto",
  failover_after_ms: 500,
  failback: "auto",
  failback_after_s: 30,
  switch: "clean",
  reorder_ms: 50,
  merge_window_ms: 200,
  fec: "off",
  allowed_senders: [],
  scte35_pid: null,
}

/** The settings with defaults for what is left out. */
export const policyOf = (settings: InputSettings): InputPolicy => ({
  mode: settings.mode ?? INPUT_DEFAULTS.mode,
  failover_after_ms: settings.failover_after_ms ?? INPUT_DEFAULTS.failover_after_ms,
  failback: settings.failback ?? INPUT_DEFAULTS.failback,
  failback_after_s: settings.failback_after_s ?? INPUT_DEFAULTS.failback_after_s,
  switch: settings.switch ?? INPUT_DEFAULTS.switch,
  reorder_ms: settings.reorder_ms ?? INPUT_DEFAULTS.reorder_ms,
  merge_window_ms: settings.merge_window_ms ?? INPUT_DEFAULTS.merge_window_ms,
  fec: settings.fec ?? INPUT_DEFAULTS.fec,
  allowed_senders: [...(settings.allowed_senders ?? INPUT_DEFAULTS.allowed_senders)],
  scte35_pid: settings.scte35_pid ?? INPUT_DEFAULTS.scte35_pid,
})

/** The settings of the watch over SCTE-35, which the engine knows nothing of, with defaults for what is left out. */
export const scte35SettingsOf = (settings: InputSettings) => ({
  scte35_min_preroll_s: settings.scte35_min_preroll_s ?? DEFAULT_BREAK_POLICY.minPrerollS,
  scte35_max_break_s: settings.scte35_max_break_s ?? DEFAULT_BREAK_POLICY.maxBreakS,
  scte35_silent_after_h: settings.scte35_silent_after_h ?? DEFAULT_BREAK_POLICY.silentAfterH,
})

/** The same as the limits of the watch. */
export const breakPolicyOf = (settings: InputSettings): BreakPolicy => {
  const { scte35_max_break_s, scte35_min_preroll_s, scte35_silent_after_h } = scte35SettingsOf(settings)
  return { ...DEFAULT_BREAK_POLICY, minPrerollS: scte35_min_preroll_s, maxBreakS: scte35_max_break_s, silentAfterH: scte35_silent_after_h }
}

/** The legs of a channel. What the backup leaves out is as for the primary; a source filter needs a multicast group of its IP version. */
export const legsOf = ({ backup_rtp_ip, backup_rtp_port, input, rtp_ip, rtp_port }: ChannelConfig): Array<LegSpec> => {
  const leg = (name: LegSpec["name"], ip: string, port: number, via: string | undefined, from: string | undefined): LegSpec => ({
    name,
    ip,
    port,
    ...(via === undefined ? {} : { interface: via }),
    ...(from === undefined || !isMulticast(ip) || isIPv6(from) !== isIPv6(ip) ? {} : { source: from }),
    ...(input.rcvbuf === undefined ? {} : { rcvbuf: input.rcvbuf }),
  })
  const primary = leg("primary", rtp_ip, rtp_port, input.interface, input.source)
  if (backup_rtp_ip === null || backup_rtp_port === null) return [primary]
  const via = input.backup_interface ?? input.interface
  return [primary, leg("backup", backup_rtp_ip, backup_rtp_port, via, input.backup_source ?? input.source)]
}

/** What the engine is told of a channel. */
export const specOf = (config: ChannelConfig): ChannelSpec => ({
  id: config.id,
  label: config.slug,
  legs: legsOf(config),
  policy: policyOf(config.input),
})
