/** A channel of ours that takes what an output of MediaLive sends, for the form that adds one. */
import { isIPv4, isIPv6 } from "../net/address.ts"
import type { Destination, MediaLiveChannel, MediaLiveOutput } from "./model.ts"

/** The fields of a channel of ours that follow; what is left out has its default. */
export interface ChannelDraft {
  readonly name: string
  readonly rtp_ip?: string
  readonly rtp_port?: number
  readonly input_url?: string
  readonly backup_rtp_ip?: string
  readonly backup_rtp_port?: number
  readonly backup_input_url?: string
  readonly input: {
    readonly fec?: "auto"
    readonly allowed_senders?: ReadonlyArray<string>
    readonly scte35_pid?: number
  }
}

export interface Drafted {
  readonly draft: ChannelDraft
  /** Sentences: what to look at. */
  readonly notes: ReadonlyArray<string>
}

const MAX_NAME = 128
const ANY = { 4: "0.0.0.0", 6: "::" } as const

type Leg = Readonly<Partial<Record<"ip" | "port" | "url", string | number>>>

/** Two legs at one port need an address each; otherwise all addresses of the machine will do. */
const legFor = ({ host, port, scheme }: Destination, shared: boolean): Leg => {
  if (port === null) return {}
  if (scheme === "srt") return { url: `srt://:${port}?mode=listener` }
  if (shared && (isIPv4(host) || isIPv6(host))) return { ip: host, port }
  return { ip: ANY[isIPv6(host) ? 6 : 4], port }
}

/** Names that tell a channel and its outputs apart. */
const nameOf = (media: MediaLiveChannel, output: MediaLiveOutput): string => {
  const alone = media.outputs.filter(({ kind }) => kind !== "other").length <= 1
  return (alone ? media.name : `${media.name} ${output.name}`).slice(0, MAX_NAME)
}

/**
 * @param addresses at which MediaLive reaches this machine: where one of them is among the destinations, those of other
 * machines are left out
 */
export const draftOf = (
  media: MediaLiveChannel,
  output: MediaLiveOutput,
  addresses: ReadonlyArray<string>,
): Drafted => {
  const usable = output.destinations.filter(({ port }) => port !== null)
  const ours = usable.filter(({ host }) => addresses.includes(host))
  const [first, second] = ours.length > 0 ? ours : usable
  const shared = first !== undefined && second !== undefined && first.port === second.port
  const primary = first === undefined ? {} : legFor(first, shared)
  const backup = second === undefined ? {} : legFor(second, shared)
  const notes: string[] = []
  if (first === undefined) notes.push("This output names no address and port: type the port that it is to send to.")
  else if (ours.length === 0)
    notes.push(
      `No destination of this output is an address of this machine (${usable.map(({ url }) => url).join(", ")}): check that it leads here.`,
    )
  else if (usable.length > ours.length)
    notes.push("Only one of its pipelines sends to this machine: there is no backup here.")
  if (media.channelClass === "STANDARD" && output.destinations.length < 2)
    notes.push("The second pipeline has no destination: give it one at MediaLive, and add a backup here.")
  const pid = output.ts?.scte35Control === "PASSTHROUGH" ? output.ts.scte35Pid : null
  const isRtp = output.kind === "udp"
  const fields = (leg: Leg, prefix: string) =>
    Object.fromEntries(
      Object.entries(leg).map(([name, value]) => [`${prefix}${name === "url" ? "input_url" : `rtp_${name}`}`, value]),
    )
  return {
    draft: {
      name: nameOf(media, output),
      ...fields(primary, ""),
      ...fields(backup, "backup_"),
      input: {
        ...(output.fec === null ? {} : { fec: "auto" as const }),
        // SRT callers are told apart by what their listener asks for, and NAT may stand between.
        ...(isRtp && media.egressIps.length > 0 ? { allowed_senders: media.egressIps } : {}),
        ...(pid === null ? {} : { scte35_pid: pid }),
      },
    },
    notes,
  }
}
