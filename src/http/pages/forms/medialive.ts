/** What to enter in AWS Elemental MediaLive for a channel, and the addresses at which it can reach this machine. */
import { networkInterfaces } from "node:os"
import type { MediaLiveLeg, MediaLiveProps } from "../../../../views/forms/MediaLive.tsx"
import { isAny, isMulticast } from "../../../core/address.ts"
import { FEC_PORTS } from "../../../effects/config/input-policy.ts"
import { type Fields, field } from "./form-fields.ts"

const isLoopback = (name: string): boolean => /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(name)

/** Addresses of this machine that others may reach: IPv4 first, none that works on one link alone. */
export const ownAddresses = (interfaces = networkInterfaces()): ReadonlyArray<string> =>
  Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ address, internal }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
    .sort((a, b) => a.family.localeCompare(b.family))
    .map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address))

/** Where the reader's browser reached us, unless that is this machine itself. `host` is the header of that name. */
export const reachableAt = (host: string, own = ownAddresses()): ReadonlyArray<string> => {
  const name = host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : host.replace(/:\d*$/, "")
  return name !== "" && !isLoopback(name) ? [name] : own
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

const legOf = (pipeline: string, ip: string, port: string, addresses: ReadonlyArray<string>): ReadonlyArray<MediaLiveLeg> => {
  if (!isPort(port)) return []
  // A group, or an address of ours, is where the packets go; `any` is every address.
  const bracketed = ip.includes(":") && !ip.startsWith("[") ? `[${ip}]` : ip
  const hosts = ip === "" || isAny(ip) ? addresses : [bracketed]
  return [{ pipeline, destinations: hosts.map((host) => `rtp://${host}:${Number(port)}`) }]
}

/** For what stands in the form so far. */
export const mediaLiveOf = (fields: Fields, host: string, own?: ReadonlyArray<string>): MediaLiveProps => {
  const addresses = reachableAt(host, own)
  const at = (name: string) => field(fields, name)
  const hasBackup = at("backup_rtp_port") !== ""
  const withFec = at("input.fec") === "auto"
  const legs = [
    ...legOf(hasBackup ? "Destination A (pipeline 0)" : "Destination", at("rtp_ip"), at("rtp_port"), addresses),
    ...legOf("Destination B (pipeline 1)", at("backup_rtp_ip"), at("backup_rtp_port"), addresses),
  ]
  const media = [at("rtp_port"), at("backup_rtp_port")].filter(isPort).map(Number)
  const ports = [...new Set(media.flatMap((port) => [port, ...(withFec ? FEC_PORTS.map(({ offset }) => port + offset) : [])]))]
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
      ["Input loss action", "EMIT_PROGRAM", "keeps PAT and PMT going; DROP_PROGRAM sends null packets alone, which count as a loss"],
      ["Rate mode", "CBR, with a bitrate", "even spacing; VBR works"],
      ["Buffer model", "MULTIPLEX", "NONE may send in bursts"],
      ["SCTE-35 control", "PASSTHROUGH", "the default removes the cues"],
      ["PCR control", "PCR_EVERY_PES_PACKET", "or a PCR period of 40 ms"],
    ],
    notes: [
      ...(addresses.length === 0 ? ["This machine has no address but its own loopback: others cannot send to it."] : []),
      ...(addresses.length > 1 && !isGroup ? ["Choose the address that MediaLive can reach; behind NAT it is the public one."] : []),
      "MediaLive reaches private addresses from a VPC alone.",
    ],
  }
}
