/** Who a request is from, as records of changes to a stream name them. */
import { getConnInfo } from "@hono/node-server/conninfo"
import type { Context, MiddlewareHandler } from "hono"
import { normaliseAddress } from "../../core/net/address.ts"
import { isInNetworks, type Network } from "../../core/net/network.ts"
import type { Access } from "./auth.ts"

declare module "hono" {
  interface ContextVariableMap {
    /** Of the client: the socket's, or what a trusted proxy says. */
    address: string | undefined
  }
}

const UNKNOWN = "an unknown address"

/** Only a request that came through a socket has one. */
const ofSocket = (c: Context): string => {
  try {
    return getConnInfo(c).remote.address?.replace(/^::ffff:(?=\d+\.)/, "") ?? UNKNOWN
  } catch {
    return UNKNOWN
  }
}

/** An entry of `X-Forwarded-For`, which some proxies write with a port. */
const ofEntry = (entry: string): string | null =>
  normaliseAddress(
    entry
      .trim()
      .replace(/^\[([^\]]*)\](?::\d+)?$/, "$1")
      .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1"),
  )

/**
 * The client behind proxies: from the socket's end of `X-Forwarded-For`, the first address that is no trusted proxy. What stands before it
 * the client may have written itself.
 */
export const clientAddress = (socket: string, forwarded: string | undefined, trusted: ReadonlyArray<Network>): string => {
  let address = socket
  for (const entry of (forwarded ?? "").split(",").reverse()) {
    if (!isInNetworks(trusted, address)) return address
    const before = ofEntry(entry)
    if (before === null) return address
    address = before
  }
  return address
}

/** Finds out for all others who is asking. `untrusted` is told of the first proxy that is not trusted, and no more. */
export const findAddress = (trusted: ReadonlyArray<Network>, untrusted: (proxy: string) => void): MiddlewareHandler => {
  let told = false
  return (c, next) => {
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

/** Who asks; behind a proxy that is not trusted it is the proxy. */
export const addressOf = (c: Context): string => c.get("address") ?? ofSocket(c)

/** The address of the client, and how the request was authorised: the user or key, where it is a stored one. */
export const requesterOf = (c: Context, access: Access): string => {
  const caller = access.callerOf(c)
  const ofKey = caller?.by === "session" ? "with a session of the pages" : "with the API key"
  const named = caller?.subject === "env" ? ofKey : caller?.name
  const how = caller === null || caller.by === "nothing" ? "without a key, as none is needed" : named
  return `${addressOf(c)} (${how})`
}
