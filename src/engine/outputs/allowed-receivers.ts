/** Reads the list of receivers that an SRT listener output serves. */
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
  return (peer) =>
    networks.length === 0 || isInNetworks(networks, peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"))
}
