/** Who sent a request, as named in records of changes. */
import { getConnInfo } from "@hono/node-server/conninfo"
import type { Context, MiddlewareHandler } from "hono"
import { normaliseAddress } from "../../core/net/address.ts"
import { isInNetworks, type Network } from "../../core/net/network.ts"
import type { Access } from "./auth.ts"
import { clientOfPeer, type PeerSecret } from "./peer.ts"

declare module "hono" {
  interface ContextVariableMap {
    /** Address of the client: the socket's, or the one that a trusted proxy reports. */
    address: string | undefined
  }
}

const UNKNOWN = "an unknown address"

/** Remote address of the socket; only a request that came through one has it. */
const ofSocket = (c: Context): string => {
  try {
    return getConnInfo(c).remote.address?.replace(/^::ffff:(?=\d+\.)/, "") ?? UNKNOWN
  } catch {
    return UNKNOWN
  }
}

/** Address in an entry of `X-Forwarded-For`, which some proxies write with a port. */
const ofEntry = (entry: string): string | null =>
  normaliseAddress(
    entry
      .trim()
      .replace(/^\[([^\]]*)\](?::\d+)?$/, "$1")
      .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1"),
  )

/**
 * Address of the client behind proxies: read from the end of `X-Forwarded-For`, the first address that is not a trusted
 * proxy. Anything before it may have been written by the client itself.
 */
export const clientAddress = (
  socket: string,
  forwarded: string | undefined,
  trusted: ReadonlyArray<Network>,
): string => {
  let address = socket
  for (const entry of (forwarded ?? "").split(",").reverse()) {
    if (!isInNetworks(trusted, address)) return address
    const before = ofEntry(entry)
    if (before === null) return address
    address = before
  }
  return address
}

/**
 * Middleware that finds the client's address for all later handlers; of what a node passes on, that node tells it. `untrusted` is called for the first untrusted
 * proxy only.
 */
export const findAddress = (
  trusted: ReadonlyArray<Network>,
  untrusted: (proxy: string) => void,
  peer: PeerSecret,
): MiddlewareHandler => {
  let told = false
  return (c, next) => {
    const ofPeer = clientOfPeer(c, peer)
    if (ofPeer !== null) {
      c.set("address", ofPeer)
      return next()
    }
    const socket = ofSocket(c)
    const forwarded = c.req.header("x-forwarded-for")
    c.set("address", clientAddress(socket, forwarded, trusted))
    if (forwarded !== undefined && !told && !isInNetworks(trusted, socket)) {
      told = true
      untrusted(socket)
    }
    return next()
  }
}

/** Address of the client; behind an untrusted proxy, that of the proxy. */
export const addressOf = (c: Context): string => c.get("address") ?? ofSocket(c)

/** Address of the client, and the stored user or key that authorised the request. */
export const requesterOf = (c: Context, access: Access): string => {
  const caller = access.callerOf(c)
  const ofKey = caller?.by === "session" ? "with a session of the pages" : "with the API key"
  const named = caller?.subject === "env" ? ofKey : caller?.name
  const how = caller === null || caller.by === "nothing" ? "without a key, as none is needed" : named
  return `${addressOf(c)} (${how})`
}
