/** The input settings with their defaults, and what the engine is told of them. */

import { POLICY_SETTINGS, WATCH_SETTINGS, type WatchSettings } from "../../core/input/input-settings.ts"
import { INPUT_SETTINGS } from "../../core/input/setting-table.ts"
import { isIPv6, isMulticast } from "../../core/net/address.ts"
import { type BreakPolicy, DEFAULT_BREAK_POLICY } from "../../core/scte35/break-state.ts"
import type { ChannelSpec, InputPolicy, LegSpec } from "../../engine/protocol/messages.ts"
import type { ChannelConfig, InputSettings } from "../model/channel.ts"

/** SMPTE 2022-1 (2007) 7.2: column FEC arrives on the media port + 2, row FEC on + 4. */
export const FEC_PORTS = [
  { kind: "column", offset: 2 },
  { kind: "row", offset: 4 },
] as const

const withDefaults = (settings: InputSettings, names: typeof POLICY_SETTINGS | typeof WATCH_SETTINGS) =>
  Object.fromEntries(names.map((name) => [name, settings[name] ?? INPUT_SETTINGS[name].default]))

/** What the engine is told of how the legs become one stream, with defaults for what is left out. */
export const policyOf = (settings: InputSettings): InputPolicy => withDefaults(settings, POLICY_SETTINGS) as InputPolicy

/** What the control plane goes by itself, with defaults for what is left out. */
export const watchSettingsOf = (settings: InputSettings): WatchSettings =>
  withDefaults(settings, WATCH_SETTINGS) as WatchSettings

/** The limits of the watch over SCTE-35, with defaults for what is left out. */
export const breakPolicyOf = (settings: InputSettings): BreakPolicy => {
  const { scte35_max_break_s, scte35_min_preroll_s, scte35_silent_after_h } = watchSettingsOf(settings)
  return {
    ...DEFAULT_BREAK_POLICY,
    minPrerollS: scte35_min_preroll_s,
    maxBreakS: scte35_max_break_s,
    silentAfterH: scte35_silent_after_h,
  }
}

/**
 * The legs of a channel. What the backup leaves out is as for the primary; a source filter needs a multicast group of
 * its IP version.
 */
export const legsOf = (config: ChannelConfig): Array<LegSpec> => {
  const { backup_input_url, backup_rtp_ip, backup_rtp_port, input, input_url, rtp_ip, rtp_port } = config
  const leg = (
    name: LegSpec["name"],
    ip: string,
    port: number,
    via: string | undefined,
    from: string | undefined,
    url: string | null,
  ): LegSpec => ({
    name,
    ip,
    port,
    ...(url === null ? {} : { url }),
    ...(via === undefined || url !== null ? {} : { interface: via }),
    ...(from === undefined || !isMulticast(ip) || isIPv6(from) !== isIPv6(ip) ? {} : { source: from }),
    ...(input.rcvbuf === undefined ? {} : { rcvbuf: input.rcvbuf }),
  })
  const primary = leg("primary", rtp_ip, rtp_port, input.interface, input.source, input_url)
  if (backup_rtp_ip === null || backup_rtp_port === null) return [primary]
  const via = input.backup_interface ?? input.interface
  const from = input.backup_source ?? input.source
  return [primary, leg("backup", backup_rtp_ip, backup_rtp_port, via, from, backup_input_url)]
}

/** What the engine is told of a channel. */
export const specOf = (config: ChannelConfig): ChannelSpec => ({
  id: config.id,
  label: config.slug,
  legs: legsOf(config),
  policy: policyOf(config.input),
})
