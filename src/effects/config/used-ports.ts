/** Local UDP ports the configuration claims, and claims that contradict each other. */
import { bindsOverlap, isMulticast } from "../../core/net/address.ts"
import { takenAddress } from "../../core/output/taken-address.ts"
import type { ChannelConfig, OutputConfig, SourceName } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import type { Ingest } from "./ingest.ts"
import { FEC_PORTS, policyOf, relayPortOf } from "./input-policy.ts"
import { LEG_FIELDS } from "./leg-address.ts"
import { readBackupOf, readOutput } from "./output-place.ts"
import { type ListenerShare, listenerShare, sharingProblem } from "./shared-listener.ts"
import { usedLeg } from "./used-leg.ts"

export interface UsedPort {
  readonly ip: string
  readonly port: number
  /**
   * What may have the port beside it: SRT callers may send from one local port together (libsrt shares the socket), and
   * inputs may wait at one port for senders with different stream ids; `listeners` leaves room for any of those. Null
   * for nothing.
   */
  readonly shared: "callers" | "listeners" | ListenerShare | null
  /** Field of the request that claims it. */
  readonly path: string
  /** Claimed by the input, not by an output. */
  readonly isInput: boolean
  /** As in `the primary input of channel "News"`. */
  readonly owner: string
}

const ofOutput = (output: OutputConfig, path: string, channel: string): ReadonlyArray<UsedPort> => {
  const parsed = readOutput(output)
  if (!parsed.ok) return []
  const { target } = parsed
  const common = { path, isInput: false, owner: `output "${output.name}" of channel "${channel}"` }
  if (target.protocol === "udp" || target.protocol === "rtp") {
    return target.localPort === null ? [] : [{ ip: "", port: target.localPort, shared: null, ...common }]
  }
  if (target.protocol !== "srt") return []
  if (target.mode === "listener") return [{ ip: takenAddress(target), port: target.port, shared: null, ...common }]
  const port = target.localPort ?? (target.mode === "rendezvous" ? target.port : null)
  const own: ReadonlyArray<UsedPort> =
    port === null ? [] : [{ ip: target.localHost ?? "", port, shared: "callers", ...common }]
  const backup = readBackupOf(output)
  if (backup?.ok !== true || backup.target.localPort === null) return own
  const { localHost, localPort } = backup.target
  const ofBackup = { ...common, path: path.replace(/url$/, "settings.backup_url") }
  return [...own, { ip: localHost ?? "", port: localPort, shared: "callers", ...ofBackup }]
}

/** Ports of a channel; `pathOf` names the request's field that holds an output's URL. */
export const usedPorts = (
  channel: Omit<ChannelConfig, "number">,
  pathOf: (output: OutputConfig) => string,
  ingest: Ingest | null,
): ReadonlyArray<UsedPort> => {
  const claim = (
    ip: string,
    port: number,
    path: string,
    what: string,
    shared: UsedPort["shared"] = null,
  ): UsedPort => ({ ip, port, shared, path, isInput: true, owner: `the ${what} of channel "${channel.name}"` })
  const withFec = policyOf(channel.input).fec === "auto"
  const leg = (which: SourceName, ip: string, port: number): ReadonlyArray<UsedPort> => {
    const { port: field, url } = LEG_FIELDS[which]
    const srt = usedLeg(channel, which, ingest)?.target ?? null
    if (srt !== null) {
      if (srt.mode === "listener")
        return [claim(takenAddress(srt), srt.port, url, `${which} input`, listenerShare(srt))]
      return srt.localPort === null ? [] : [claim(srt.localHost ?? "", srt.localPort, url, `${which} input`, "callers")]
    }
    const relay = relayPortOf(channel.input)
    return [
      claim(ip, port, field, `${which} input`),
      ...(relay === null || isMulticast(ip)
        ? []
        : [claim("", which === "primary" ? relay : relay + 1, "input.relay_port", `${which} input's relay`)]),
      ...(withFec
        ? FEC_PORTS.map(({ kind, offset }) => claim(ip, port + offset, "input.fec", `${which} input's ${kind} FEC`))
        : []),
    ]
  }
  const { backup_rtp_ip, backup_rtp_port } = channel
  return [
    ...leg("primary", channel.rtp_ip, channel.rtp_port),
    ...(backup_rtp_ip !== null && backup_rtp_port !== null ? leg("backup", backup_rtp_ip, backup_rtp_port) : []),
    ...channel.outputs.flatMap((output) => ofOutput(output, pathOf(output), channel.name)),
  ]
}

/** What the service itself keeps for inputs: the ingest port. */
export const reservedPorts = (ingest: Ingest | null): ReadonlyArray<UsedPort> =>
  ingest === null
    ? []
    : [
        {
          ip: "",
          port: ingest.port,
          shared: "listeners",
          path: "",
          isInput: true,
          owner: "the SRT inputs of all channels (SRT_INGEST_PORT)",
        },
      ]

/** Why two claims of one port contradict each other: "" where there is nothing to explain; null when they do not. */
const clash = (a: UsedPort, b: UsedPort): string | null => {
  if (!bindsOverlap(a, b)) return null
  const [one, other] = [a.shared, b.shared]
  if (one === "callers" || other === "callers") return one === other ? null : ""
  if (one === null || other === null) return ""
  return one === "listeners" || other === "listeners" ? null : sharingProblem(one, other)
}

/** One error per claim of `ours` that another of `ours`, made before it, or one of `theirs` already holds. */
export const portConflicts = (
  ours: ReadonlyArray<UsedPort>,
  theirs: ReadonlyArray<UsedPort>,
): ReadonlyArray<FieldError> => {
  // Whole configurations are compared, with thousands of claims on either side: each is held against those of its own
  // port alone.
  const held = new Map<number, UsedPort[]>()
  const hold = (claim: UsedPort) => {
    const same = held.get(claim.port)
    if (same === undefined) held.set(claim.port, [claim])
    else same.push(claim)
  }
  theirs.forEach(hold)
  return ours.flatMap((port) => {
    const found = held.get(port.port)?.find((claim) => clash(port, claim) !== null)
    hold(port)
    if (found === undefined) return []
    const why = clash(port, found)
    const what = port.path === "input.fec" ? `"auto" needs UDP port ${port.port}, which is` : `UDP port ${port.port} is`
    const message = `${what} already used by ${found.owner}${why === "" ? "" : `: ${why}`}`
    return [{ path: port.path, message }]
  })
}
