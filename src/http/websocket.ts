/** `/ws` on Node's HTTP server. The only importer of @hono/node-ws, whose successor is built into @hono/node-server 2. */
import { EventEmitter } from "node:events"
import type { IncomingMessage, Server } from "node:http"
import type { Duplex } from "node:stream"
import { createNodeWebSocket } from "@hono/node-ws"
import type { Hono } from "hono"
import type { LiveFeed } from "./LiveFeed.ts"
import { methods } from "./methods.ts"
import { makeProblem, problemResponse } from "./problem.ts"

/** Clients at the same time; each costs a copy of every message. */
export const MAX_CLIENTS = 200
/** Nothing a client sends is used; what is longer than this closes it (1009). */
export const MAX_INCOMING_BYTES = 64 * 1024
/** A client that does not answer our close frame is cut off after this many ms. */
const CLOSE_TIMEOUT_MS = 1000

const PATH = "/ws"

/** What we use of a `ws` socket, which brings no types. */
interface RawSocket {
  readonly bufferedAmount: number
  send(text: string): void
  close(code: number, reason: string): void
  terminate(): void
}

export interface WebSockets {
  readonly attach: (server: Server) => void
  /** Asks all clients to go (1001). */
  readonly close: () => void
  readonly terminate: () => void
}

const refuse = (socket: Duplex, status: string) => {
  socket.on("error", () => undefined)
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Adds `/ws` to the app; the gate in front of it asks for key and origin. */
export const mountWebSocket = (app: Hono, feed: LiveFeed): WebSockets => {
  const { injectWebSocket, upgradeWebSocket, wss } = createNodeWebSocket({ app })
  wss.options.maxPayload = MAX_INCOMING_BYTES
  // The protocol that carries the key is echoed only when the client offers no other: browsers insist on one of theirs.
  wss.options.handleProtocols = (offered: ReadonlySet<string>) =>
    [...offered].find((p) => !p.startsWith("bearer.")) ?? [...offered][0] ?? false

  const upgrade = upgradeWebSocket(() => {
    let leave = () => {}
    return {
      onOpen: (_event, socket) => {
        const raw: RawSocket | undefined = socket.raw
        if (raw === undefined) return
        const close = (code: number, reason: string) => {
          raw.close(code, reason)
          setTimeout(() => raw.terminate(), CLOSE_TIMEOUT_MS).unref()
        }
        // Asked again: many may have come in while this one was shaking hands.
        if (feed.size() >= MAX_CLIENTS) return close(1013, "too many clients")
        leave = feed.add({ bufferedBytes: () => raw.bufferedAmount, send: (text) => raw.send(text), close })
      },
      onClose: () => leave(),
      onError: () => leave(),
    }
  })

  methods(app, PATH, {
    GET: async (c) =>
      (await upgrade(c, async () => undefined)) ??
      problemResponse(
        makeProblem("upgrade-required", "this is a WebSocket; connect with ws:// or wss://", {
          headers: { Upgrade: "websocket", Connection: "Upgrade" },
        }),
        c.req.path,
      ),
  })

  return {
    attach: (server) => {
      // node-ws listens on an emitter of our own, so that nothing reaches it that it does not expect.
      const accepted = new EventEmitter() as Server
      injectWebSocket(accepted)
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        const path = (request.url ?? "").split("?", 1)[0]
        if (path !== PATH) return refuse(socket, "404 Not Found")
        if (feed.size() >= MAX_CLIENTS) return refuse(socket, "503 Service Unavailable")
        socket.on("error", () => socket.destroy())
        accepted.emit("upgrade", request, socket, head)
      })
    },
    close: () => {
      for (const client of wss.clients) client.close(1001, "the service is stopping")
    },
    terminate: () => {
      for (const client of wss.clients) client.terminate()
    },
  }
}
