/** Reads the list of senders that may use a leg. */
import { ALLOWED_MAX } from "../../core/assembly/layout.ts"
import { parseIPv4Network } from "../../core/network.ts"
import { SetupFailure } from "../setup-failure.ts"

/** An IPv4 network in host order: a sender is of it when `(sender & mask) === address`, both unsigned. */
export interface Network {
  readonly address: number
  readonly mask: number
}

const refuse = (message: string): never => {
  throw new SetupFailure({ code: "allowed_senders", message: `input.allowed_senders: ${message}`, transient: false })
}

const networkOf = (text: string): Network => {
  const network = parseIPv4Network(text)
  if (network === null) return refuse(`"${text}" is neither an IPv4 address nor a network; write 10.1.2.3 or 10.0.0.0/8`)
  // Arithmetic, not shifts: a shift by 32 is one by 0.
  const mask = 2 ** 32 - 2 ** (32 - network.prefix)
  return { address: (Number(network.bits) & mask) >>> 0, mask }
}

/**
 * IPv4 addresses and networks (RFC 4632 3.1, `10.0.0.0/8`) as the packet core takes them; bits of the address beyond the prefix are
 * cleared. Throws SetupFailure when an entry cannot be read or there are more than the core holds.
 */
export const parseAllowedSenders = (list: ReadonlyArray<string>): Network[] => {
  if (list.length > ALLOWED_MAX)
    refuse(`${list.length} entries are too many, at most ${ALLOWED_MAX} are allowed: use networks such as 10.0.0.0/8`)
  return list.map(networkOf)
}
