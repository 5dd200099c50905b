/**
 * Host names to addresses, afresh for every attempt: destinations move, and a name that failed once may work next time.
 */
import { lookup as systemLookup } from "node:dns/promises"
import { isIP } from "node:net"
import { zoneOf } from "../../core/net/address.ts"
import { privateTargetProblem } from "../../core/net/private-address.ts"
import { scopeOfZone } from "../ffi/sockaddr.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"

/** A resolver that does not answer must not hold an attempt for ever. */
const DNS_TIMEOUT_MS = 5000

/** Asks for one address of a name; the system's resolver but for tests. */
export type Lookup = (host: string) => Promise<{ readonly address: string; readonly family: number }>

/**
 * Throws a SetupFailure (`private_target`) for an address of this machine or of a private network. `host` is what it
 * was resolved from, `use` what would go there.
 */
export const checkPublic = (address: string, host: string, use: "output" | "input" = "output"): void => {
  const message = privateTargetProblem(address, host, use)
  if (message !== null) throw new SetupFailure({ code: "private_target", message, transient: false })
}

/**
 * Resolves a host name afresh; rejects with a SetupFailure whose code is `dns`, or `ENODEV` for the zone of an
 * interface that is not there. With `publicOnly` it rejects as `checkPublic` does: the address that it returns is the
 * one to connect to, since the name may mean another one the next moment.
 */
export const resolve = async (
  host: string,
  publicOnly: boolean,
  lookup: Lookup = systemLookup,
  use: "output" | "input" = "output",
): Promise<{ address: string; family: 4 | 6 }> => {
  const found = await addressOf(host, lookup)
  if (publicOnly) checkPublic(found.address, host, use)
  return found
}

const addressOf = async (host: string, lookup: Lookup): Promise<{ address: string; family: 4 | 6 }> => {
  const literal = isIP(host.split("%")[0] ?? "")
  if (literal !== 0) {
    // Said here for all: a resolver's own words for a zone that is none are "not found".
    const zone = zoneOf(host)
    if (zone !== null) scopeOfZone(zone, host)
    return { address: host, family: literal === 6 ? 6 : 4 }
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${DNS_TIMEOUT_MS / 1000} s`)), DNS_TIMEOUT_MS)
  })
  try {
    const { address, family } = await Promise.race([lookup(host), timeout])
    return { address, family: family === 6 ? 6 : 4 }
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw new SetupFailure({
      code: "dns",
      message: `the host name ${host} cannot be resolved: ${detail}`,
      transient: true,
    })
  } finally {
    clearTimeout(timer)
  }
}
