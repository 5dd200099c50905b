/** Why nothing arrives on a leg, and what to look at, as sentences for people. Pure; what the engine said is repeated. */
import { formatEndpoint } from "../../../core/net/address.ts"
import type { LegStats } from "../../../engine/protocol/messages.ts"
import { LEG_FIELDS, srtTargetOf } from "../../config/leg-address.ts"
import type { ChannelConfig, SourceName } from "../../model/channel.ts"

type SrtInputStats = NonNullable<LegStats["srt"]>

/** Where a leg is received: an address and port of ours, or the far end that is called. */
export const placeOfLeg = (config: ChannelConfig, name: SourceName): string => {
  const { ip, port } = LEG_FIELDS[config[LEG_FIELDS[name].ip] === null ? "primary" : name]
  return formatEndpoint(config[ip] ?? config.rtp_ip, config[port] ?? config.rtp_port)
}

const listening = (where: string, srt: SrtInputStats | null): string => {
  const refused = srt?.last_refused ?? null
  if (refused !== null) return `no SRT sender on ${where}: the last one was refused: ${refused}`
  const error = srt?.last_error?.message
  return error === undefined
    ? `no SRT sender on ${where}: check that the encoder calls this port and that no firewall drops UDP`
    : `no SRT sender on ${where}: ${error}`
}

const connecting = (where: string, srt: SrtInputStats | null): string => {
  const error = srt?.last_error?.message
  return error === undefined ? `connecting to ${where} by SRT` : `not connected to ${where} by SRT: ${error}`
}

/**
 * What is wrong with an SRT leg on which nothing arrives; null for a leg that is received by RTP or UDP. `leg` are its
 * figures, undefined while the engine reports none.
 */
export const srtSilence = (config: ChannelConfig, name: SourceName, leg: LegStats | undefined): string | null => {
  const target = srtTargetOf(config, name)
  if (target === null) return null
  const where = placeOfLeg(config, name)
  const srt = leg?.srt ?? null
  if (srt?.state === "connected") return `SRT sender ${srt.peer ?? where} is connected, but no packets arrive from it`
  return target.mode === "listener" ? listening(where, srt) : connecting(where, srt)
}
