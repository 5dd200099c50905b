/**
 * Passes the WebSocket of a preview on to the node that runs the channel: bytes both ways, from the upgrade on. That
 * node looks at the key and at the origin itself, so the secret of the nodes, which would spare it that, is not sent.
 */
import type { IncomingMessage } from "node:http"
import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import type { Duplex } from "node:stream"
import type { NodesService } from "../../effects/nodes/Nodes.ts"
import { nodeAddress } from "./call-node.ts"
import { channelOfPath } from "./channel-of-path.ts"

/** Marks what has been passed on, and must not be again. */
const TUNNELLED = "x-distributor-tunnelled"
/** Time in ms for the other node to agree. */
const AGREE_MS = 5000

/** What the tunnel asks: UUID of a channel by any of its names; null when there is none. */
export interface TunnelDeps {
  readonly nodes: Pick<NodesService, "ownerAddress" | "self">
  readonly idOf: (ref: string) => Promise<string | null>
}

const headLines = ({ rawHeaders, statusCode, statusMessage }: IncomingMessage): string => {
  const lines = [`HTTP/1.1 ${statusCode ?? 502} ${statusMessage ?? ""}`]
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  return `${lines.join("\r\n")}\r\n\r\n`
}

/** The address to which an upgrade has to go; null when this node answers it, as what a node has passed on already. */
export const tunnelTo = async ({ idOf, nodes }: TunnelDeps, request: IncomingMessage): Promise<URL | null> => {
  // A header that somebody has made up only has it answered here.
  if (nodes.self === null || request.headers[TUNNELLED] !== undefined) return null
  const ref = channelOfPath((request.url ?? "").split("?", 1)[0] ?? "")
  const id = ref === null ? null : await idOf(ref)
  const owner = id === null ? null : nodes.ownerAddress(id)
  return owner === null ? null : nodeAddress(owner)
}

/** Connects the client with the node; the node asks for the client's key, and for its origin by the entrance's name. */
export const tunnel = (address: URL, request: IncomingMessage, client: Duplex, head: Buffer): void => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one)
  headers.set(TUNNELLED, "1")
  const send = address.protocol === "https:" ? requestHttps : requestHttp
  const outgoing = send(new URL(request.url ?? "/", address), { headers: Object.fromEntries(headers), setHost: false })
  const refuse = () => {
    clearTimeout(late)
    outgoing.destroy()
    client.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
  }
  const late = setTimeout(refuse, AGREE_MS)
  client.on("error", () => outgoing.destroy())
  client.on("close", () => outgoing.destroy())
  outgoing.on("error", refuse)
  outgoing.on("response", (answer) => {
    // Not agreed: the answer says why.
    clearTimeout(late)
    client.write(headLines(answer))
    answer.pipe(client)
  })
  outgoing.on("upgrade", (answer, far, farHead) => {
    clearTimeout(late)
    far.on("error", () => client.destroy())
    far.on("close", () => client.destroy())
    client.on("close", () => far.destroy())
    client.write(headLines(answer))
    if (farHead.length > 0) client.write(farHead)
    if (head.length > 0) far.write(head)
    far.pipe(client)
    client.pipe(far)
  })
  outgoing.end()
}
