/** Serves an app over HTTP on a free port of this machine, for pages in Chromium that need no streams. */
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { createAdaptorServer } from "@hono/node-server"
import type { Hono } from "hono"

export interface AppServer {
  readonly url: string
  /** Ends it as a kill would: every connection is cut. */
  readonly kill: () => Promise<void>
  /** Listens again on the same port, unless it does. */
  readonly revive: () => Promise<void>
}

/** Starts listening; whoever starts it kills it. */
export const serveApp = async (app: Hono): Promise<AppServer> => {
  let port = 0
  let server: Server | null = null
  const listen = async () => {
    const made = createAdaptorServer({ fetch: app.fetch }) as Server
    await new Promise<void>((resolve, reject) => {
      made.once("error", reject)
      made.listen(port, "127.0.0.1", () => resolve())
    })
    port = (made.address() as AddressInfo).port
    server = made
  }
  const kill = async () => {
    const ending = server
    server = null
    if (ending === null) return
    const ended = new Promise<void>((resolve) => ending.close(() => resolve()))
    ending.closeAllConnections()
    await ended
  }
  await listen()
  return { url: `http://127.0.0.1:${port}`, kill, revive: () => (server === null ? listen() : Promise.resolve()) }
}
