/** Local UDP ports the configuration claims, and claims that contradict each other. */
import { bindsOverlap } from "../../core/net/address.ts"
import { takenAddress } from "../../core/output/taken-address.ts"
import type { ChannelConfig, OutputConfig, SourceName } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import { FEC_PORTS, policyOf } from "./input-policy.ts"
import { LEG_FIELDS, srtTargetOf } from "./leg-address.ts"
import { readOutput } from "./output-place.ts"

export interface UsedPort {
  readonly ip: string
  readonly port: number
  /** SRT callers may send from one local port together (libsrt shares the socket). */
  readonly shareable: boolean
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
    return target.localPort === null ? [] : [{ ip: "", port: target.localPort, shareable: false, ...common }]
  }
  if (target.protocol !== "srt") return []
  if (target.mode === "listener") return [{ ip: takenAddress(target), port: target.port, shareable: false, ...common }]
  const port = target.localPort ?? (target.mode === "rendezvous" ? target.port : null)
  return port === null ? [] : [{ ip: target.localHost ?? "", port, shareable: true, ...common }]
}

/** Ports of a channel; `pathOf` names the request's field that holds an output's URL. */
export const usedPorts = (
  channel: Omit<ChannelConfig, "number">,
  pathOf: (output: OutputConfig) => string,
): ReadonlyArray<UsedPort> => {
  const claim = (ip: string, port: number, path: string, what: string): UsedPort => ({
    ip,
    port,
    shareable: false,
    path,
    isInput: true,
    owner: `the ${what} of channel "${channel.name}"`,
  })
  const withFec = policyOf(channel.input).fec === "auto"
  const leg = (which: SourceName, ip: string, port: number): ReadonlyArray<UsedPort> => {
    const { port: field, url } = LEG_FIELDS[which]
    const srt = srtTargetOf(channel, which)
    if (srt !== null) {
      if (srt.mode === "listener") return [claim(takenAddress(srt), srt.port, url, `${which} input`)]
      const own = { ...claim(srt.localHost ?? "", srt.localPort ?? 0, url, `${which} input`), shareable: true }
      return srt.localPort === null ? [] : [own]
    }
    return [
      claim(ip, port, field, `${which} input`),
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

const clash = (a: UsedPort, b: UsedPort) => !(a.shareable && b.shareable) && bindsOverlap(a, b)

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
    const other = held.get(port.port)?.find((claim) => clash(port, claim))
    hold(port)
    if (other === undefined) return []
    const what = port.path === "input.fec" ? `"auto" needs UDP port ${port.port}, which is` : `UDP port ${port.port} is`
    return [{ path: port.path, message: `${what} already used by ${other.owner}` }]
  })
}
