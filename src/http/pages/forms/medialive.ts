/** What to enter in AWS Elemental MediaLive for a channel, and the addresses at which it can reach this machine. */
import type { MediaLiveLeg, MediaLiveProps } from "../../../../views/forms/MediaLive.tsx"
import { isAny, isIPv4, isIPv6, isMulticast } from "../../../core/net/address.ts"
import { FEC_PORTS } from "../../../effects/config/input-policy.ts"
import { ownAddresses } from "../../../effects/config/own-addresses.ts"
import { type Fields, field } from "./form-fields.ts"

const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, "$1")
const isAddress = (host: string): boolean => isIPv4(host) || isIPv6(withoutBrackets(host))
const isLoopback = (name: string): boolean => /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(name)

/**
 * Where others reach an input on `ip`: at the group or the address itself; on every address (empty, 0.0.0.0, `::`)
 * where the reader's browser reached us, unless that is this machine itself or of the other IP version, else at each
 * address of this machine. An input on 0.0.0.0 takes IPv4 alone, one on `::` IPv6 alone. `host` is the header of
 * that name.
 */
export const reachableAt = (ip: string, host: string, own = ownAddresses()): ReadonlyArray<string> => {
  const plain = withoutBrackets(ip)
  if (plain !== "" && !isAny(plain)) return [plain.includes(":") ? `[${plain}]` : plain]
  const name = host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : host.replace(/:\d*$/, "")
  const fits = (one: string) => !isAddress(one) || isIPv6(withoutBrackets(one)) === isIPv6(plain)
  return name !== "" && !isLoopback(name) && fits(name) ? [name] : own.filter(fits)
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

const legOf = (pipeline: string, port: string, hosts: ReadonlyArray<string>): ReadonlyArray<MediaLiveLeg> =>
  isPort(port) ? [{ pipeline, destinations: hosts.map((host) => `rtp://${host}:${Number(port)}`) }] : []

/** For what stands in the form so far. */
export const mediaLiveOf = (fields: Fields, host: string, own?: ReadonlyArray<string>): MediaLiveProps => {
  const at = (name: string) => field(fields, name)
  const addresses = reachableAt(at("rtp_ip"), host, own)
  const hasBackup = at("backup_rtp_port") !== ""
  const withFec = at("input.fec") === "auto"
  const legs = [
    ...legOf(hasBackup ? "Destination A (pipeline 0)" : "Destination", at("rtp_port"), addresses),
    ...legOf("Destination B (pipeline 1)", at("backup_rtp_port"), reachableAt(at("backup_rtp_ip"), host, own)),
  ]
  const media = [at("rtp_port"), at("backup_rtp_port")].filter(isPort).map(Number)
  const ports = [
    ...new Set(media.flatMap((port) => [port, ...(withFec ? FEC_PORTS.map(({ offset }) => port + offset) : [])])),
  ]
  const isGroup = isMulticast(at("rtp_ip"))
  return {
    legs,
    ports: ports.filter((port) => port <= 65_535),
    settings: [
      [
        "Channel class",
        hasBackup ? "STANDARD" : "SINGLE_PIPELINE",
        hasBackup ? "two pipelines, one for each input" : "one pipeline; with a backup input STANDARD",
      ],
      ["Output group", "UDP", "one output in it"],
      [
        "FEC output settings",
        withFec ? "Column and row, column depth 10, row length 10" : "Disabled",
        withFec ? "FEC goes to the port + 2 and + 4" : "or set FEC to auto here, and enable it there",
      ],
      ["Buffer msec", "1000", "the default; it delays the stream by as much"],
      [
        "Input loss action",
        "EMIT_PROGRAM",
        "keeps PAT and PMT going; DROP_PROGRAM sends null packets alone, which count as a loss",
      ],
      ["Rate mode", "CBR, with a bitrate", "even spacing; VBR works"],
      ["Buffer model", "MULTIPLEX", "NONE may send in bursts"],
      ["SCTE-35 control", "PASSTHROUGH", "the default removes the cues"],
      ["PCR control", "PCR_EVERY_PES_PACKET", "or a PCR period of 40 ms"],
    ],
    notes: [
      ...(addresses.length === 0
        ? ["This machine has no address of the input's IP version but its own loopback: others cannot send to it."]
        : []),
      ...(addresses.length > 1 && !isGroup
        ? ["Choose the address that MediaLive can reach; behind NAT it is the public one."]
        : []),
      "MediaLive reaches private addresses from a VPC alone.",
    ],
  }
}
