/**
 * Passes a request about a channel on to the node that runs it, with the caller's own credentials: that node lets the
 * caller in or not, counts the request and records it. What a node has passed on is never passed on again.
 */
import { Either, Redacted } from "effect"
import type { Context, MiddlewareHandler } from "hono"
import type { NodesService } from "../../effects/nodes/Nodes.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import { CLIENT_HEADER, isPeer, PEER_HEADER } from "../access/peer.ts"
import { addressOf } from "../access/requester.ts"
import { makeProblem, problemResponse } from "../request/problem.ts"
import type { Runner } from "../request/run.ts"
import { type CallNode, type NodeCall, nodeAddress } from "./call-node.ts"
import { channelOfPath } from "./channel-of-path.ts"

interface Services extends Pick<ControlPlane, "channels" | "nodes"> {
  readonly runner: Runner
}

/** The node that runs the channel, when that is another one. */
const ownerOf = async ({ channels, nodes, runner }: Services, c: Context, ref: string): Promise<string | null> => {
  const found = await runner.settle(c, channels.get(ref))
  return Either.isRight(found) ? nodes.ownerAddress(found.right.id) : null
}

/** Headers of a request that is passed on: the caller's, as they came, and who passes it on for whom. */
export const headersFor = (headers: Headers, client: string, { peerSecret }: Pick<NodesService, "peerSecret">) => {
  const sent = new Headers(headers)
  for (const name of [...sent.keys()]) if (name.startsWith("x-distributor-")) sent.delete(name)
  sent.set(PEER_HEADER, Redacted.value(peerSecret))
  sent.set(CLIENT_HEADER, client)
  // This node compresses for the client.
  sent.delete("accept-encoding")
  return sent
}

/** A body of so many bytes is kept, so that it can be sent again; a longer one is passed on as it comes. */
const KEPT_BYTES = 1024 * 1024
/** A channel that was just made here is not known there until that node has read the database again: within a second. */
const AGAIN_MS = 250
const TRIES = 8

/** True for the answer of a node that does not know the channel, in JSON or as a page. */
const isUnknownThere = async (answer: Response): Promise<boolean> =>
  answer.status === 404 && /there is no channel/i.test(await answer.clone().text())

/** Asks the owner, again while it does not know the channel yet. */
const askOwner = async (call: CallNode, address: URL, asked: NodeCall): Promise<Response> => {
  const { body, headers } = asked
  const length = headers.get("content-length")
  if (body !== null && (length === null || Number(length) > KEPT_BYTES)) return call(address, asked)
  const kept = body === null ? null : await new Response(body).arrayBuffer()
  for (let tries = 1; ; tries++) {
    const answer = await call(address, { ...asked, body: kept === null ? null : new Response(kept.slice(0)).body })
    if (tries === TRIES || asked.signal.aborted || !(await isUnknownThere(answer))) return answer
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

const unreachable = (c: Context, why: string): Response =>
  problemResponse(
    makeProblem("node-unreachable", `the channel runs on another node, and ${why}; try again, or move the channel`, {
      headers: { "Retry-After": "2" },
    }),
    c.req.path,
  )

/** To stand behind the gate, and before everything that counts or records requests. */
export const forwardToOwner = (services: Services, call: CallNode): MiddlewareHandler => {
  const { nodes } = services
  return async (c, next) => {
    const ref = nodes.self === null || c.req.method === "OPTIONS" ? null : channelOfPath(c.req.path)
    if (ref === null || isPeer(c, nodes)) return next()
    const owner = await ownerOf(services, c, ref)
    if (owner === null) return next()
    const looks = c.req.method === "GET" || c.req.method === "HEAD"
    const address = nodeAddress(owner)
    if (address === null) return unreachable(c, `its address ${owner} is not one: set NODE_ADDRESS there`)
    const { pathname, search } = new URL(c.req.url)
    const { body, headers, method, signal } = c.req.raw
    try {
      return await askOwner(call, address, {
        method,
        path: `${pathname}${search}`,
        headers: headersFor(headers, addressOf(c), nodes),
        body: looks ? null : body,
        signal,
      })
    } catch (error) {
      // What this node knows is better than nothing to look at.
      if (looks) return next()
      return unreachable(c, error instanceof Error ? error.message : String(error))
    }
  }
}
