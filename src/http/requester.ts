/** Who a request is from, as records of changes to a stream name them. */
import { getConnInfo } from "@hono/node-server/conninfo"
import type { Context } from "hono"
import type { Access } from "./auth.ts"

/** Only a request that came through a socket has one. Behind a proxy it is the proxy's. */
export const addressOf = (c: Context): string => {
  try {
    return getConnInfo(c).remote.address?.replace(/^::ffff:(?=\d+\.)/, "") ?? "an unknown address"
  } catch {
    return "an unknown address"
  }
}

/** The address of the socket, which is the proxy's behind one, and how the request was authorised: the user or key, where it is a stored one. */
export const requesterOf = (c: Context, access: Access): string => {
  const caller = access.callerOf(c)
  const ofKey = caller?.by === "session" ? "with a session of the pages" : "with the API key"
  const named = caller?.subject === "env" ? ofKey : caller?.name
  const how = caller === null || caller.by === "nothing" ? "without a key, as none is needed" : named
  return `${addressOf(c)} (${how})`
}
