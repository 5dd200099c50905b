/** What is wrong with a channel's inputs beyond the bounds of each field. Pure; errors carry the request's paths. */

import { BACKUP_SETTINGS } from "../../core/input/input-settings.ts"
import {
  bindsOverlap,
  formatEndpoint,
  isAny,
  isIPv4,
  isIPv6,
  isMulticast,
  needsZone,
  zoneOf,
  zoneProblem,
} from "../../core/net/address.ts"
import { parseNetwork } from "../../core/net/network.ts"
import { takenAddress } from "../../core/output/taken-address.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import { FEC_PORTS, policyOf, relayPortOf } from "./input-policy.ts"
import { LEG_FIELDS, type LegAddresses, srtTargetOf } from "./leg-address.ts"

export type InputConfig = LegAddresses & Pick<ChannelConfig, "input">

interface Leg {
  readonly name: "primary" | "backup"
  readonly ip: string
  readonly port: number
  readonly isSrt: boolean
}

/** Legs that have a port of this machine: all but SRT callers. */
const listeningLegs = (channel: InputConfig): ReadonlyArray<Leg> =>
  (["primary", "backup"] as const).flatMap((name): ReadonlyArray<Leg> => {
    const [ip, port] = [channel[LEG_FIELDS[name].ip], channel[LEG_FIELDS[name].port]]
    if (ip === null || port === null) return []
    const srt = srtTargetOf(channel, name)
    if (srt === null) return [{ name, ip, port, isSrt: false }]
    return srt.mode === "listener" ? [{ name, ip: takenAddress(srt), port, isSrt: true }] : []
  })

/** What is wrong with an address of IPv4 or IPv6, as a sentence without its subject; null when nothing is. */
const addressProblem = (ip: string): string | null => {
  if (isIPv4(ip)) return null
  if (!isIPv6(ip)) return `must be an IP address such as 0.0.0.0, 239.1.1.1, :: or ff15::1, not "${ip}"`
  // The sockets of IPv6 take IPv6 alone.
  if (ip.includes(".")) return `must be written as the IPv4 address that it stands for, not "${ip}"`
  const wrong = zoneProblem(ip)
  return wrong === null ? null : `is wrong: ${wrong}`
}

const checkAddress = (ip: string | null, path: string): ReadonlyArray<FieldError> => {
  const message = ip === null ? null : addressProblem(ip)
  return message === null ? [] : [{ path, message }]
}

/** Where a leg listens: an address that is one on each interface needs its zone, and no other interface beside it. */
const checkPlace = (
  ip: string | null,
  path: string,
  named: string | undefined,
  field: string,
): ReadonlyArray<FieldError> => {
  const errors = checkAddress(ip, path)
  if (ip === null || errors.length > 0) return errors
  const zone = zoneOf(ip)
  if (needsZone(ip) && zone === null)
    return [
      {
        path,
        message: `is an address on each interface: write which one, as in ${ip}%${named === undefined || isAny(named) ? "eth0" : named}`,
      },
    ]
  return zone === null || named === undefined || isAny(named) || named === zone
    ? []
    : [{ path: field, message: `names ${named}, but the zone of ${ip} names ${zone}: leave one of them out` }]
}

const checkBackup = ({ backup_rtp_ip, backup_rtp_port, input }: InputConfig): ReadonlyArray<FieldError> => {
  if (backup_rtp_ip === null && backup_rtp_port !== null) {
    return [{ path: "backup_rtp_ip", message: "is needed with backup_rtp_port: give both or neither" }]
  }
  if (backup_rtp_ip !== null && backup_rtp_port === null) {
    return [{ path: "backup_rtp_port", message: "is needed with backup_rtp_ip: give both or neither" }]
  }
  if (backup_rtp_ip !== null) return []
  const needs = "needs a backup input: give backup_rtp_ip and backup_rtp_port, or backup_input_url"
  return [
    ...(input.mode === "merge" ? [{ path: "input.mode", message: `"merge" ${needs}, or take "auto"` }] : []),
    ...BACKUP_SETTINGS.filter((name) => input[name] !== undefined).map((name) => ({
      path: `input.${name}`,
      message: needs,
    })),
  ]
}

/** Only what is sent to one address by RTP or UDP can be passed on between nodes: anything else reaches both. */
const checkRelay = (channel: InputConfig): ReadonlyArray<FieldError> => {
  if (relayPortOf(channel.input) === null) return []
  if (listeningLegs(channel).some(({ ip, isSrt }) => !isSrt && !isMulticast(ip))) return []
  const message =
    "needs a source that is sent to one address by RTP or UDP: leave it out, for SRT and multicast are not passed on"
  return [{ path: "input.relay_port", message }]
}

const checkSamePort = ([primary, backup]: ReadonlyArray<Leg>): ReadonlyArray<FieldError> => {
  // Two SRT listeners may share a port: `used-ports.ts` says when.
  if (primary === undefined || backup === undefined || (primary.isSrt && backup.isSrt)) return []
  if (!bindsOverlap(primary, backup)) return []
  const { port } = primary
  const [any, other] = isAny(primary.ip) ? [primary, backup] : [backup, primary]
  const why =
    primary.ip === backup.ip
      ? `both on ${formatEndpoint(primary.ip, port)}`
      : `${formatEndpoint(any.ip, port)} takes what is sent to ${other.ip} as well`
  return [
    {
      path: backup.isSrt ? "backup_input_url" : "backup_rtp_port",
      message: `primary and backup listen on the same port: ${why}; give the backup a port of its own`,
    },
  ]
}

/** A source filter: the address of a single sender, on a multicast group. */
const checkSource = (
  source: string | undefined,
  group: string | null,
  path: string,
  field: string,
): ReadonlyArray<FieldError> => {
  if (source === undefined || group === null) return []
  const errors = [...checkAddress(source, path)]
  if (isMulticast(source) || isAny(source))
    errors.push({ path, message: `must be the sender's own address, not ${source}` })
  if (!isMulticast(group)) errors.push({ path, message: `needs a multicast group in ${field}` })
  else if (errors.length === 0 && isIPv6(source) !== isIPv6(group))
    errors.push({ path, message: `is not of the same IP version as the group ${group}` })
  return errors
}

/** Null when `entry` is an address or a network of IPv4 or IPv6, else what is wrong with it. */
export const senderProblem = (entry: string): string | null => {
  const [ip = ""] = entry.split("/", 1)
  if (parseNetwork(entry) === null) {
    return `must be an IP address such as 192.0.2.7 or a network such as 10.0.0.0/8 or 2001:db8::/32, not "${entry}"`
  }
  return isMulticast(ip)
    ? `must be the address the packets come from, not the multicast group ${ip} they are sent to`
    : null
}

const checkSenders = (senders: ReadonlyArray<string>): ReadonlyArray<FieldError> =>
  senders.flatMap((entry, index) => {
    const message = senderProblem(entry)
    return message === null ? [] : [{ path: `input.allowed_senders[${index}]`, message }]
  })

/** FEC arrives on ports that nobody wrote down: they must exist, and not be the other leg's. */
const checkFec = (legs: ReadonlyArray<Leg>): ReadonlyArray<FieldError> =>
  legs
    .filter(({ isSrt }) => !isSrt)
    .flatMap((leg): ReadonlyArray<FieldError> => {
      const field = leg.name === "primary" ? "rtp_port" : "backup_rtp_port"
      const highest = 65_535 - Math.max(...FEC_PORTS.map(({ offset }) => offset))
      if (leg.port > highest) {
        return [
          {
            path: field,
            message: `must be ${highest} at most with input.fec "auto": FEC arrives on the ports + 2 and + 4`,
          },
        ]
      }
      const other = legs.find(({ name }) => name !== leg.name)
      return FEC_PORTS.flatMap(({ kind, offset }): ReadonlyArray<FieldError> => {
        const port = leg.port + offset
        if (other === undefined || !bindsOverlap({ ip: leg.ip, port }, other)) return []
        const message = `"auto" receives the ${kind} FEC of the ${leg.name} on port ${port}, which is the ${other.name}'s own port (${field} ${leg.port} + ${offset}): move one of them, or set fec to "off"`
        return [{ path: "input.fec", message }]
      })
    })

/** All that is wrong with the inputs of a channel taken for itself; ports of others are `used-ports.ts`'s. */
export const checkInput = (channel: InputConfig): ReadonlyArray<FieldError> => {
  const { backup_input_url, backup_rtp_ip, input, input_url, rtp_ip } = channel
  const legs = listeningLegs(channel)
  return [
    ...checkPlace(input_url === null ? rtp_ip : null, "rtp_ip", input.interface, "input.interface"),
    ...checkPlace(
      backup_input_url === null ? backup_rtp_ip : null,
      "backup_rtp_ip",
      input.backup_interface,
      "input.backup_interface",
    ),
    ...checkBackup(channel),
    ...checkSamePort(legs),
    ...checkRelay(channel),
    ...checkSource(input.source, rtp_ip, "input.source", "rtp_ip"),
    ...checkSource(input.backup_source, backup_rtp_ip, "input.backup_source", "backup_rtp_ip"),
    ...checkSenders(input.allowed_senders ?? []),
    ...(policyOf(input).fec === "auto" ? checkFec(legs) : []),
  ]
}
