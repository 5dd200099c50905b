/** Reads the list of senders that may use a leg. */
import { ALLOWED_MAX } from "../../core/assembly/layout.ts"
import { ipv4Number } from "../network-interface.ts"
import { SetupFailure } from "../setup-failure.ts"

/** An IPv4 network in host order: a sender is of it when `(sender & mask) === address`, both unsigned. */
export interface Network {
  readonly address: number
  readonly mask: number
}

const PREFIX = /^(?:[0-9]|[12][0-9]|3[0-2])$/

const refuse = (message: string): never => {
  throw new SetupFailure({ code: "allowed_senders", message: `input.allowed_senders: ${message}`, transient: false })
}

const parseNetwork = (text: string): Network => {
  const slash = text.indexOf("/")
  const prefix = slash < 0 ? "32" : text.slice(slash + 1)
  const address = ipv4Number(slash < 0 ? text : text.slice(0, slash))
  if (address === null || !PREFIX.test(prefix))
    return refuse(`"${text}" is neither an IPv4 address nor a network; write 10.1.2.3 or 10.0.0.0/8`)
  // Arithmetic, not shifts: a shift by 32 is one by 0.
  const mask = 2 ** 32 - 2 ** (32 - Number(prefix))
  return { address: (address & mask) >>> 0, mask }
}

/**
 * IPv4 addresses and networks (RFC 4632 3.1, `10.0.0.0/8`) as the packet core takes them; bits of the address beyond the prefix are
 * cleared. Throws SetupFailure when an entry cannot be read or there are more than the core holds.
 */
export const parseAllowedSenders = (list: ReadonlyArray<string>): Network[] => {
  if (list.length > ALLOWED_MAX)
    refuse(`${list.length} entries are too many, at most ${ALLOWED_MAX} are allowed: use networks such as 10.0.0.0/8`)
  return list.map(parseNetwork)
}
