/** The HTTP server: one Hono app on a listening port, closed with its scope. */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { createAdaptorServer } from "@hono/node-server"
import { Context, Effect, Layer, type Scope } from "effect"
import { AppConfig, type AppConfigService } from "../effects/AppConfig.ts"
import { Distributor, type DistributorService } from "../effects/Distributor.ts"
import { StartRefused } from "../effects/Errors.ts"
import { makeApp } from "./App.ts"
import { makeLiveFeed } from "./LiveFeed.ts"
import { makeReporter } from "./run.ts"
import { mountWebSocket, type WebSockets } from "./websocket.ts"

/** Where the server listens, once it does. */
export class HttpServer extends Context.Tag("distributor/HttpServer")<
  HttpServer,
  { readonly port: number /** e.g. `http://127.0.0.1:8000` */; readonly url: string }
>() {}

export type HttpSettings = Pick<AppConfigService, "host" | "port" | "apiKey" | "auth">

/** In ms. Slow senders and forgotten connections must not hold what others need. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 20_000,
  connectionsCheckingInterval: 2_000,
  /** In bytes. */
  maxHeaderSize: 16 * 1024,
} as const
const MAX_CONNECTIONS = 1024
/** What is under way may finish within the first, everything is over after the second. */
const CLOSE_POLITELY_MS = 1000
const CLOSE_WITHIN_MS = 1500

const refusal = ({ host, port }: HttpSettings, error: Error): StartRefused => {
  const code = "code" in error ? error.code : undefined
  const foreign = `HOST: ${host} is not an address of this machine; use 127.0.0.1, 0.0.0.0 or one of its own`
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `PORT: ${port} on ${host} is already in use by another program; stop that program or choose another port, e.g. PORT=${port + 1}`,
    EADDRNOTAVAIL: foreign,
    // Deno's word for it.
    EINVAL: foreign,
    EACCES: `PORT: ${port} needs more rights; choose a port from 1024 on`,
    ENOTFOUND: `HOST: ${host} is not a known name`,
  }
  return new StartRefused({ reason: reasons[String(code)] ?? `HOST/PORT: cannot listen on ${host} port ${port}: ${error.message}` })
}

const listen = (server: Server, settings: HttpSettings) =>
  Effect.async<AddressInfo, StartRefused>((resume) => {
    server.once("error", (error) => resume(refusal(settings, error)))
    server.listen(settings.port, settings.host, () => {
      const address = server.address()
      resume(
        address === null || typeof address === "string" ? refusal(settings, new Error("no address was assigned")) : Effect.succeed(address),
      )
    })
  })

/** Real timers, whatever the clock of the fiber: sockets do not follow a test clock. */
const close = (server: Server, sockets: WebSockets) =>
  Effect.async<void>((resume) => {
    const cutOff = setTimeout(() => {
      sockets.terminate()
      server.closeAllConnections()
    }, CLOSE_POLITELY_MS)
    const giveUp = setTimeout(() => resume(Effect.void), CLOSE_WITHIN_MS)
    server.close(() => {
      clearTimeout(cutOff)
      clearTimeout(giveUp)
      resume(Effect.void)
    })
    sockets.close()
    server.closeIdleConnections()
  })

/** Listens until the scope closes, which takes 1.5 s at most. */
export const serveHttp = (
  settings: HttpSettings,
  distributor: DistributorService,
): Effect.Effect<Context.Tag.Service<HttpServer>, StartRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<never>()
    const app = makeApp({ distributor, settings, runtime })
    const sockets = mountWebSocket(app, yield* makeLiveFeed(distributor))
    const server = createAdaptorServer({ fetch: app.fetch, createServer, serverOptions: LIMITS, overrideGlobalObjects: false }) as Server
    server.maxConnections = MAX_CONNECTIONS
    sockets.attach(server)

    const address = yield* Effect.acquireRelease(listen(server, settings), () => close(server, sockets))
    server.on("error", makeReporter(runtime, "the HTTP server reported an error"))
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address
    const url = `http://${host}:${address.port}`
    yield* Effect.log(`listening on ${url}`)
    return { port: address.port, url }
  })

export const HttpLive: Layer.Layer<HttpServer, StartRefused, AppConfig | Distributor> = Layer.scoped(
  HttpServer,
  Effect.gen(function* () {
    return yield* serveHttp(yield* AppConfig, yield* Distributor)
  }),
)
