/** The HTTP server: one Hono app on a listening port, closed with its scope. */
import { readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { createSecureContext } from "node:tls"
import { createAdaptorServer } from "@hono/node-server"
import { Context, Effect, Layer, Option, Runtime, type Scope } from "effect"
import { Accounts, type AccountsService } from "../effects/accounts/Accounts.ts"
import { Audit } from "../effects/accounts/Audit.ts"
import type { AuditRows } from "../effects/accounts/audit-rows.ts"
import { AppConfig, type AppConfigService } from "../effects/config/AppConfig.ts"
import { type LogLines, ServiceLog } from "../effects/config/log-lines.ts"
import { StartRefused } from "../effects/model/Errors.ts"
import { type ControlPlane, type ControlPlaneServices, controlPlane } from "../effects/supervisor/ControlPlane.ts"
import { makeApp } from "./App.ts"
import { makeLiveFeed } from "./live/LiveFeed.ts"
import { followChanges, type LivePages, makeLivePages } from "./live/live-pages.ts"
import { makePreviewRoute } from "./live/preview.ts"
import { mountWebSocket, type WebSockets } from "./live/websocket.ts"
import { acrossNodes } from "./nodes/across-nodes.ts"
import { callNode } from "./nodes/call-node.ts"
import { makeOtherNodes } from "./nodes/other-nodes.ts"
import { tunnel, tunnelTo } from "./nodes/tunnel.ts"
import { makeReporter } from "./request/run.ts"

/** Where the server listens, once it does. */
export class HttpServer extends Context.Tag("distributor/HttpServer")<
  HttpServer,
  { readonly port: number /** e.g. `http://127.0.0.1:8000` */; readonly url: string }
>() {}

export type HttpSettings = Pick<AppConfigService, "host" | "port" | "apiKey" | "auth"> &
  Partial<Pick<AppConfigService, "tls" | "thumbnails" | "timeZone" | "grafanaUrl">>

/** Limits, in ms, so that slow senders and forgotten connections do not hold on to what others need. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 20_000,
  connectionsCheckingInterval: 2_000,
  /** Largest header block, in bytes. */
  maxHeaderSize: 16 * 1024,
} as const
const MAX_CONNECTIONS = 1024
/** Grace in ms for requests under way, and below, the time after which every connection is cut. */
const CLOSE_POLITELY_MS = 1000
const CLOSE_WITHIN_MS = 1500

const refusal = ({ host, port }: HttpSettings, error: Error): StartRefused => {
  const code = "code" in error ? error.code : undefined
  const foreign = `HOST: ${host} is not an address of this machine; use 127.0.0.1, 0.0.0.0 or one of its own`
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `PORT: ${port} on ${host} is already in use by another program; stop that program or choose another port, e.g. PORT=${port + 1}`,
    EADDRNOTAVAIL: foreign,
    // Deno uses this code.
    EINVAL: foreign,
    EACCES: `PORT: ${port} needs more rights; choose a port from 1024 on`,
    ENOTFOUND: `HOST: ${host} is not a known name`,
  }
  return new StartRefused({
    reason: reasons[String(code)] ?? `HOST/PORT: cannot listen on ${host} port ${port}: ${error.message}`,
  })
}

const listen = (server: Server, settings: HttpSettings) =>
  Effect.async<AddressInfo, StartRefused>((resume) => {
    server.once("error", (error) => resume(refusal(settings, error)))
    server.listen(settings.port, settings.host, () => {
      const address = server.address()
      resume(
        address === null || typeof address === "string"
          ? refusal(settings, new Error("no address was assigned"))
          : Effect.succeed(address),
      )
    })
  })

/** Closes the server. It uses real timers whatever the fiber's clock, as sockets do not follow a test clock. */
const close = (server: Server, sockets: WebSockets, livePages: LivePages) =>
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
    livePages.close()
    server.closeIdleConnections()
  })

/** Reads the certificate and its key; null for plain HTTP. Renewed files are read at the next start. */
const readCertificate = ({ tls = Option.none() }: HttpSettings) =>
  Effect.try({
    try: () => {
      if (Option.isNone(tls)) return null
      const pair = { cert: readFileSync(tls.value.cert), key: readFileSync(tls.value.key) }
      createSecureContext(pair)
      return pair
    },
    catch: (error) =>
      new StartRefused({
        reason: `TLS_CERT, TLS_KEY: cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      }),
  })

/** Listens until the scope closes, which takes 1.5 s at most. */
export const serveHttp = (
  settings: HttpSettings,
  plane: ControlPlane,
  { accounts, audit, log }: { readonly accounts: AccountsService; readonly audit: AuditRows; readonly log?: LogLines },
): Effect.Effect<Context.Tag.Service<HttpServer>, StartRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<never>()
    const livePages = makeLivePages(runtime)
    yield* Effect.forkScoped(followChanges(livePages, plane.changeFeed))
    const openSockets = () => sockets.size()
    const others = makeOtherNodes(plane.nodes, callNode)
    const grafanaUrl = settings.grafanaUrl ?? Option.none()
    const { service } = plane.medialive
    const medialiveWeb =
      service === null
        ? null
        : (yield* Effect.promise(() => import("./pages/medialive/medialive-web.ts"))).medialiveWeb(service)
    const app = makeApp({
      plane,
      others,
      medialiveWeb,
      accounts,
      audit,
      livePages,
      openSockets,
      settings,
      grafanaUrl,
      runtime,
      ...(log === undefined ? {} : { log }),
    })
    const sockets: WebSockets = mountWebSocket(app, yield* makeLiveFeed(acrossNodes(plane, others)), [
      yield* makePreviewRoute(plane),
    ])
    const pair = yield* readCertificate(settings)
    const options = { fetch: app.fetch, overrideGlobalObjects: false }
    const server = (
      pair === null
        ? createAdaptorServer({ ...options, createServer, serverOptions: LIMITS })
        : createAdaptorServer({
            ...options,
            createServer: createTlsServer,
            serverOptions: { ...LIMITS, ...pair, minVersion: "TLSv1.2" },
          })
    ) as Server
    server.maxConnections = MAX_CONNECTIONS
    const { channels, nodes } = plane
    const idOf = (ref: string) =>
      Runtime.runPromise(runtime)(
        Effect.orElseSucceed(
          Effect.map(channels.get(ref), ({ id }) => id),
          () => null,
        ),
      )
    if (nodes.self === null) sockets.attach(server)
    else
      sockets.attach(server, async (request, socket, head) => {
        const address = await tunnelTo({ idOf, nodes }, request)
        if (address !== null) tunnel(address, request, socket, head)
        return address !== null
      })

    const address = yield* Effect.acquireRelease(listen(server, settings), () => close(server, sockets, livePages))
    server.on("error", makeReporter(runtime, "the HTTP server reported an error"))
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address
    const url = `${pair === null ? "http" : "https"}://${host}:${address.port}`
    yield* Effect.log(`listening on ${url}`)
    return { port: address.port, url }
  })

export const HttpLive: Layer.Layer<
  HttpServer,
  StartRefused,
  AppConfig | ControlPlaneServices | Accounts | Audit | ServiceLog
> = Layer.scoped(
  HttpServer,
  Effect.gen(function* () {
    const others = { accounts: yield* Accounts, audit: yield* Audit, log: yield* ServiceLog }
    return yield* serveHttp(yield* AppConfig, yield* controlPlane, others)
  }),
)
