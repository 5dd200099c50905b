/** What a stored channel's input needs to follow it to the node that takes over. */

import { formatEndpoint, isMulticast } from "../../core/net/address.ts"
import { type InputNeeds, inputNeeds, type LegOfChannel, type LegWay } from "../../core/placement/input-needs.ts"
import type { PlacementRow } from "../../core/placement/model.ts"
import { relayPortOf } from "../config/input-policy.ts"
import { usedLeg } from "../config/used-leg.ts"
import type { ChannelConfig, SourceName } from "../model/channel.ts"

const wayOf = (config: ChannelConfig, name: SourceName, ip: string): LegWay => {
  const leg = usedLeg(config, name, null)
  if (leg !== null) return leg.target.mode === "listener" ? "srt-listener" : "srt-caller"
  return isMulticast(ip) ? "multicast" : "unicast"
}

const legOf = (config: ChannelConfig, name: SourceName, ip: string | null, port: number | null): LegOfChannel[] =>
  ip === null || port === null ? [] : [{ name, way: wayOf(config, name, ip), endpoint: formatEndpoint(ip, port) }]

/** How each leg of a channel comes. */
export const legsOfChannel = (config: ChannelConfig): ReadonlyArray<LegOfChannel> => [
  ...legOf(config, "primary", config.rtp_ip, config.rtp_port),
  ...legOf(config, "backup", config.backup_rtp_ip, config.backup_rtp_port),
]

/** True for a channel whose sender is called by us: by its owner alone, since a sender may take one caller. */
export const isCalled = (config: ChannelConfig): boolean =>
  legsOfChannel(config).some(({ way }) => way === "srt-caller")

/** Null for a channel that nobody has placed. */
export const inputNeedsOf = (config: ChannelConfig, row: PlacementRow | undefined, hook: boolean): InputNeeds | null =>
  row === undefined
    ? null
    : inputNeeds(legsOfChannel(config), {
        home: row.owner,
        partner: row.partner,
        relayed: relayPortOf(config.input) !== null,
        hook,
      })
