/** Reads the list of receivers that an SRT listener output serves. */
import { hostOfEndpoint } from "../../core/net/address.ts"
import { isInNetworks, parseNetwork } from "../../core/net/network.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"

/** Whether a peer (`203.0.113.5:9000`, `[2001:db8::1]:9000`) may receive. */
export type MayReceive = (peer: string) => boolean

/** Without entries anyone may. Throws SetupFailure when one cannot be read: nobody is let in by mistake. */
export const receiversAllowed = (list: ReadonlyArray<string>): MayReceive => {
  const networks = list.map((entry) => {
    const network = parseNetwork(entry)
    if (network !== null) return network
    const message = `settings.allowed_receivers: "${entry}" is neither an IP address nor a network; write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32`
    throw new SetupFailure({ code: "allowed_receivers", message, transient: false })
  })
  return (peer) => networks.length === 0 || isInNetworks(networks, hostOfEndpoint(peer))
}

/** Reject codes (access_control.h) of callers that a listener turns away, and why, for the operator. */
const FORBIDDEN = 1403
const NOT_FOUND = 1404
export const TURNED_AWAY: Readonly<Record<number, string>> = {
  [FORBIDDEN]: "its address is not one of allowed_receivers",
  [NOT_FOUND]: "its stream id is not the one this listener serves",
}

/** The reject code, one of TURNED_AWAY, of a caller that a listener does not serve, or null. */
export type Admission = (peer: string, streamId: string) => number | null

/** Who a listener serves: those of `allowed` that ask for the stream id `wanted`, null for any. Throws SetupFailure as `receiversAllowed` does. */
export const admission = (allowed: ReadonlyArray<string>, wanted: string | null): Admission => {
  const mayReceive = receiversAllowed(allowed)
  return (peer, streamId) => {
    if (!mayReceive(peer)) return FORBIDDEN
    return wanted !== null && streamId !== wanted ? NOT_FOUND : null
  }
}
