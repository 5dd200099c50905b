/** Our side of the wire, and which output of MediaLive sends to which leg. */
import { isAny, normaliseAddress } from "../net/address.ts"
import type { Destination, DestinationGroup, MediaLiveSummary } from "./model.ts"

export interface OurLeg {
  readonly source: "primary" | "backup"
  /** The address it is received on; an any-address, or "", for all of this machine. */
  readonly ip: string
  readonly port: number
  readonly by: "rtp" | "srt"
}

/** What is needed of a channel of ours. */
export interface OurChannel {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly legs: ReadonlyArray<OurLeg>
  /** True when FEC is received. */
  readonly fec: boolean
  /** Networks and addresses that may send; empty for everybody. */
  readonly allowedSenders: ReadonlyArray<string>
  /** PID of SCTE-35 that is set by hand; null where it is found. */
  readonly scte35Pid: number | null
  /** True when it has an RTMP output that is enabled. */
  readonly hasRtmp: boolean
}

/** An output of MediaLive that sends to a leg of ours. */
export interface LegMatch {
  readonly channel: OurChannel
  readonly leg: OurLeg
  readonly destination: Destination
  /** Id of MediaLive's destination. */
  readonly group: string
}

/** True for one destination, told twice. */
export const isSame = (a: Destination, b: Destination): boolean => a.pipeline === b.pipeline && a.url === b.url

const plain = (host: string): string => {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase()
  return normaliseAddress(bare) ?? bare
}

const SCHEMES = { rtp: ["rtp", "udp"], srt: ["srt"] } as const

/**
 * True when a destination is the address of a leg. `addresses` are those at which others reach this machine: a leg that
 * listens on all addresses, or behind NAT, is reached at them.
 */
export const isAtLeg = (destination: Destination, leg: OurLeg, addresses: ReadonlyArray<string>): boolean => {
  if (destination.port !== leg.port || !SCHEMES[leg.by].some((scheme) => scheme === destination.scheme)) return false
  const host = plain(destination.host)
  const own = plain(leg.ip)
  if (own !== "" && !isAny(own) && own === host) return true
  return addresses.some((address) => plain(address) === host)
}

/** All legs that the destinations of a MediaLive channel send to. */
export const matchesOf = (
  { destinations }: Pick<MediaLiveSummary, "destinations">,
  channels: ReadonlyArray<OurChannel>,
  addresses: ReadonlyArray<string>,
): ReadonlyArray<LegMatch> =>
  destinations.flatMap(({ id, pipelines }) =>
    pipelines.flatMap((destination) =>
      channels.flatMap((channel) =>
        channel.legs
          .filter((leg) => isAtLeg(destination, leg, addresses))
          .map((leg) => ({ channel, leg, destination, group: id })),
      ),
    ),
  )

/**
 * Where else a MediaLive channel sends to, as URLs, or as ids of destinations without one (MediaPackage): others may
 * depend on it.
 */
export const elsewhere = (
  { destinations }: Pick<MediaLiveSummary, "destinations">,
  matches: ReadonlyArray<LegMatch>,
): ReadonlyArray<string> => {
  const ours = new Set(matches.map(({ destination }) => destination))
  return destinations.flatMap(({ id, pipelines }: DestinationGroup) =>
    pipelines.length === 0 ? [id] : pipelines.filter((one) => !ours.has(one)).map(({ url }) => url),
  )
}
