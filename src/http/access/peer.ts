/**
 * Requests that another node passes on, or asks by itself. A secret that all nodes of an installation share proves it;
 * a header of that name from anybody else is worth nothing.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import type { Context } from "hono"
import { normaliseAddress } from "../../core/net/address.ts"
import type { NodesService } from "../../effects/nodes/Nodes.ts"

/** Carries the secret of the nodes. */
export const PEER_HEADER = "x-distributor-peer"
/** Address of the client that a passed-on request came from. */
export const CLIENT_HEADER = "x-distributor-client"

export type PeerSecret = Pick<NodesService, "peerSecret" | "self">

const sha256 = (text: string) => createHash("sha256").update(text).digest()

/** True for a request that was sent by a node; never on a single machine. */
export const isPeer = (c: Context, { peerSecret, self }: PeerSecret): boolean => {
  const given = c.req.header(PEER_HEADER)
  const secret = Redacted.value(peerSecret)
  if (given === undefined || self === null || secret === "") return false
  return timingSafeEqual(sha256(given), sha256(secret))
}

/** The client's address as the node tells it that has passed the request on; null when no node has. */
export const clientOfPeer = (c: Context, secret: PeerSecret): string | null => {
  const told = c.req.header(CLIENT_HEADER)
  return told === undefined || !isPeer(c, secret) ? null : normaliseAddress(told)
}
