/** Reads the list of senders that may use a leg. */

import { ALLOWED_MAX } from "../../core/assembly/memory/layout.ts"
import { addressWords } from "../../core/net/address.ts"
import { parseNetwork } from "../../core/net/network.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"

/** A network as the packet core compares it. */
export interface AllowedNetwork {
  /** Address in host order, IPv4 in its mapped form (RFC 4291 2.5.5.2); bits beyond the prefix do not matter. */
  readonly words: readonly [number, number, number, number]
  /** Leading bits that must agree, 0 to 128; those of IPv4 begin at 96. */
  readonly prefix: number
}

const refuse = (message: string): never => {
  throw new SetupFailure({ code: "allowed_senders", message: `input.allowed_senders: ${message}`, transient: false })
}

const networkOf = (text: string): AllowedNetwork => {
  const network = parseNetwork(text)
  const words = addressWords(text.split("/", 1)[0] ?? "")
  if (network === null || words === null)
    return refuse(`"${text}" is neither an IP address nor a network; write 10.1.2.3, 10.0.0.0/8 or 2001:db8::/32`)
  return { words, prefix: network.prefix + (network.length === 32 ? 96 : 0) }
}

/**
 * Addresses and networks of IPv4 (RFC 4632 3.1, `10.0.0.0/8`) and IPv6 (RFC 4291 2.3, `2001:db8::/32`) as the packet
 * core takes them. Throws SetupFailure when an entry cannot be read or there are more than the core holds.
 */
export const parseAllowedSenders = (list: ReadonlyArray<string>): AllowedNetwork[] => {
  if (list.length > ALLOWED_MAX)
    refuse(`${list.length} entries are too many, at most ${ALLOWED_MAX} are allowed: use networks such as 10.0.0.0/8`)
  return list.map(networkOf)
}
