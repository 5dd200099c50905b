/**
 * `/ws` and `/preview/{id}` on Node's HTTP server. The only importer of @hono/node-ws, whose successor is built into
 * @hono/node-server 2.
 */
import { EventEmitter } from "node:events"
import type { IncomingMessage, Server } from "node:http"
import type { Duplex } from "node:stream"
import { createNodeWebSocket } from "@hono/node-ws"
import type { Context, Hono } from "hono"
import { methods } from "../request/methods.ts"
import { makeProblem, problemResponse } from "../request/problem.ts"
import type { LiveFeed } from "./LiveFeed.ts"

/** The number of clients of `/ws` at the same time; each costs a copy of every message. */
export const MAX_CLIENTS = 200
/**
 * The longest message a client may send, in bytes: no message is used, and a longer one closes the connection (1009).
 */
export const MAX_INCOMING_BYTES = 64 * 1024
/** Time in ms after which a client that does not answer our close frame is cut off. */
const CLOSE_TIMEOUT_MS = 1000

/** Time in ms between two checks that the caller still has its rights. */
const RIGHT_CHECK_MS = 2000

const PATH = "/ws"

/** The parts of a `ws` socket that we use; it comes without types. */
export interface RawSocket {
  readonly bufferedAmount: number
  send(data: string | Uint8Array): void
  close(code: number, reason: string): void
  terminate(): void
}

/** Handles one connection; returns the function to call when it has gone. */
export type Connected = (raw: RawSocket, close: (code: number, reason: string) => void) => () => void

/** A path whose WebSockets are of a kind of their own. */
export interface SocketRoute {
  /** The path as Hono declares it. */
  readonly path: string
  readonly matches: (path: string) => boolean
  readonly connect: (c: Context) => Connected
}

/** Takes an upgrade over, if it is for another node. */
export type Elsewhere = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<boolean>

export interface WebSockets {
  /** `elsewhere` takes an upgrade that another node is to answer; false leaves it to this one. */
  readonly attach: (server: Server, elsewhere?: Elsewhere) => void
  /** Closes all connections as going away (1001). */
  readonly close: () => void
  readonly terminate: () => void
  /** Number of connections of all kinds. */
  readonly size: () => number
}

const refuse = (socket: Duplex, status: string) => {
  socket.on("error", () => undefined)
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

type Mounted = Pick<SocketRoute, "path" | "connect">

/** `/ws`: each client is told what the feed has to tell. */
const feedRoute = (feed: LiveFeed): Mounted => ({
  path: PATH,
  connect: (c) => (raw, close) => {
    const [lasts, tags] = [c.get("lasting"), c.get("tags")]
    // Asked again: many may have come in while this one was shaking hands.
    if (feed.size() < MAX_CLIENTS) {
      return feed.add({ bufferedBytes: () => raw.bufferedAmount, send: (text) => raw.send(text), lasts, tags, close })
    }
    close(1013, "too many clients")
    return () => undefined
  },
})

/** Adds a path that becomes a WebSocket, which is closed (1008) once its caller may no longer use it. */
const mountRoute = (
  app: Hono,
  upgradeWebSocket: ReturnType<typeof createNodeWebSocket>["upgradeWebSocket"],
  { connect, path }: Mounted,
) => {
  const upgrade = upgradeWebSocket((c) => {
    const connected = connect(c)
    const lasts = c.get("lasting")
    let leave = () => {}
    let watch: ReturnType<typeof setInterval> | undefined
    const gone = () => {
      clearInterval(watch)
      leave()
    }
    return {
      onOpen: (_event, socket) => {
        const raw: RawSocket | undefined = socket.raw
        if (raw === undefined) return
        const close = (code: number, reason: string) => {
          raw.close(code, reason)
          setTimeout(() => raw.terminate(), CLOSE_TIMEOUT_MS).unref()
        }
        leave = connected(raw, close)
        watch = setInterval(() => {
          if (lasts?.() === false) close(1008, "what this connection was opened with is no longer valid")
        }, RIGHT_CHECK_MS).unref()
      },
      onClose: gone,
      onError: gone,
    }
  })
  methods(app, path, {
    GET: async (c) =>
      (await upgrade(c, async () => undefined)) ??
      problemResponse(
        makeProblem("upgrade-required", "this is a WebSocket; connect with ws:// or wss://", {
          headers: { Upgrade: "websocket", Connection: "Upgrade" },
        }),
        c.req.path,
      ),
  })
}

/** Adds `/ws` and the others to the app; the gate in front of them asks for key and origin. */
export const mountWebSocket = (app: Hono, feed: LiveFeed, others: ReadonlyArray<SocketRoute> = []): WebSockets => {
  const { injectWebSocket, upgradeWebSocket, wss } = createNodeWebSocket({ app })
  wss.options.maxPayload = MAX_INCOMING_BYTES
  // The protocol that carries the key is echoed only when the client offers no other, since browsers insist on one of
  // theirs.
  wss.options.handleProtocols = (offered: ReadonlySet<string>) =>
    [...offered].find((p) => !p.startsWith("bearer.")) ?? [...offered][0] ?? false

  for (const route of [feedRoute(feed), ...others]) mountRoute(app, upgradeWebSocket, route)

  return {
    attach: (server, elsewhere) => {
      // node-ws listens on an emitter of our own, so that nothing unexpected reaches it.
      const accepted = new EventEmitter() as Server
      injectWebSocket(accepted)
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        const path = (request.url ?? "").split("?", 1)[0] ?? ""
        if (path !== PATH && !others.some(({ matches }) => matches(path))) return refuse(socket, "404 Not Found")
        if (path === PATH && feed.size() >= MAX_CLIENTS) return refuse(socket, "503 Service Unavailable")
        socket.on("error", () => socket.destroy())
        if (elsewhere === undefined || path === PATH) {
          accepted.emit("upgrade", request, socket, head)
          return
        }
        void elsewhere(request, socket, head)
          .catch(() => false)
          .then((isTaken) => isTaken || accepted.emit("upgrade", request, socket, head))
      })
    },
    close: () => {
      for (const client of wss.clients) client.close(1001, "the service is stopping")
    },
    size: () => wss.clients.size,
    terminate: () => {
      for (const client of wss.clients) client.terminate()
    },
  }
}
