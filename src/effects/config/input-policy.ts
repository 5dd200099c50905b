/** The input settings with their defaults, and what the engine is told of them. */

import { POLICY_SETTINGS, WATCH_SETTINGS, type WatchSettings } from "../../core/input/input-settings.ts"
import { INPUT_SETTINGS } from "../../core/input/setting-table.ts"
import { isIPv6, isMulticast } from "../../core/net/address.ts"
import { type BreakPolicy, DEFAULT_BREAK_POLICY } from "../../core/scte35/break-state.ts"
import type { ChannelSpec, InputPolicy, LegSpec, RelaySpec } from "../../engine/protocol/messages.ts"
import type { ChannelConfig, InputSettings } from "../model/channel.ts"
import type { OutputHost } from "./output-place.ts"
import { usedLeg } from "./used-leg.ts"

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

/** Port for what is relayed of the primary; null where nothing is. */
export const relayPortOf = (settings: InputSettings): number | null => watchSettingsOf(settings).relay_port

/** What legs go by of the settings of the service. */
export type LegHost = Pick<OutputHost, "allowPrivateTargets" | "ingest" | "retry">

/** What the engine is told of a leg that is received by SRT; null for the others. */
const srtPart = (
  config: ChannelConfig,
  name: LegSpec["name"],
  { allowPrivateTargets, ingest, retry }: LegHost,
): Pick<LegSpec, "url" | "public_only" | "retry_delay_ms"> | null => {
  const leg = usedLeg(config, name, ingest)
  if (leg === null) return null
  if (leg.target.mode === "listener") return { url: leg.url }
  return { url: leg.url, retry_delay_ms: retry.delayMs, ...(allowPrivateTargets ? {} : { public_only: true }) }
}

/**
 * The legs of a channel. What the backup leaves out is as for the primary; a source filter needs a multicast group of
 * its IP version.
 */
export const legsOf = (config: ChannelConfig, host: LegHost): Array<LegSpec> => {
  const { backup_rtp_ip, backup_rtp_port, input, rtp_ip, rtp_port } = config
  const leg = (
    name: LegSpec["name"],
    ip: string,
    port: number,
    via: string | undefined,
    from: string | undefined,
  ): LegSpec => {
    const srt = srtPart(config, name, host)
    return {
      name,
      ip,
      port,
      ...srt,
      ...(via === undefined || srt !== null ? {} : { interface: via }),
      ...(from === undefined || !isMulticast(ip) || isIPv6(from) !== isIPv6(ip) ? {} : { source: from }),
      ...(input.rcvbuf === undefined ? {} : { rcvbuf: input.rcvbuf }),
    }
  }
  const primary = leg("primary", rtp_ip, rtp_port, input.interface, input.source)
  if (backup_rtp_ip === null || backup_rtp_port === null) return [primary]
  const via = input.backup_interface ?? input.interface
  const from = input.backup_source ?? input.source
  return [primary, leg("backup", backup_rtp_ip, backup_rtp_port, via, from)]
}

/**
 * What the engine is told of a channel.
 *
 * @param relay hosts between which its legs are relayed, where it has a port for that
 */
export const specOf = (
  config: ChannelConfig,
  host: LegHost,
  relay: Omit<RelaySpec, "port"> | null = null,
): ChannelSpec => {
  const port = relayPortOf(config.input)
  return {
    id: config.id,
    label: config.slug,
    legs: legsOf(config, host),
    policy: policyOf(config.input),
    ...(relay === null || port === null ? {} : { relay: { ...relay, port } }),
  }
}
