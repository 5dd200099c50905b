/** The HTTP side as one Hono app: REST, pages, metrics and probes. The WebSocket is mounted by `HttpServer.ts`. */
import { Effect, Option, Runtime } from "effect"
import { Hono } from "hono"
import { setStation } from "../../views/station-time.ts"
import type { AccountsService } from "../effects/accounts/Accounts.ts"
import type { AuditRows } from "../effects/accounts/audit-rows.ts"
import type { AppConfigService } from "../effects/config/AppConfig.ts"
import { type LogLines, makeLogLines } from "../effects/config/log-lines.ts"
import type { ControlPlane } from "../effects/supervisor/ControlPlane.ts"
import { audited, makeAudit } from "./access/audit.ts"
import { type AccessSettings, makeAccess } from "./access/auth.ts"
import type { BoundTo } from "./access/bound.ts"
import { checkRole, divertBound, gate, limitWrites, securityHeaders } from "./access/gate.ts"
import { makeLimits } from "./access/limits.ts"
import { findAddress } from "./access/requester.ts"
import { type LivePages, makeLivePages } from "./live/live-pages.ts"
import { metricsRoutes } from "./metrics/metrics-routes.ts"
import { acrossNodes } from "./nodes/across-nodes.ts"
import { type CallNode, callNode } from "./nodes/call-node.ts"
import { forwardToOwner } from "./nodes/forward.ts"
import { makeOtherNodes, type OtherNodes } from "./nodes/other-nodes.ts"
import { openApiRoutes } from "./openapi/routes.tsx"
import { auditPageRoutes } from "./pages/audit.tsx"
import { changePageRoutes } from "./pages/change-pages.ts"
import { pageRoutes } from "./pages/channel-list.tsx"
import { channelDetailRoutes } from "./pages/channel-page.tsx"
import { channelPageActions } from "./pages/channel-page-actions.ts"
import { crashPageRoutes } from "./pages/crashes.tsx"
import { cuePageRoutes } from "./pages/cue-pages.tsx"
import { cuesPageRoutes } from "./pages/cues.tsx"
import { problemPages } from "./pages/error-pages.tsx"
import { eventsPageRoutes } from "./pages/events.tsx"
import { bulkPageRoutes } from "./pages/forms/bulk-pages.tsx"
import { channelPageRoutes } from "./pages/forms/channel-pages.tsx"
import { outputPageRoutes } from "./pages/forms/output-pages.tsx"
import { removeOutputRoutes } from "./pages/forms/remove-output.tsx"
import { schedulePageRoutes } from "./pages/forms/schedule-pages.tsx"
import { toManyRoutes } from "./pages/forms/to-many-pages.tsx"
import { undoRoutes, withRemoved } from "./pages/forms/undo-pages.ts"
import { themeRoutes } from "./pages/frame.ts"
import { logPageRoutes } from "./pages/log.tsx"
import { nodePageRoutes } from "./pages/nodes.tsx"
import { partnerLinksPageRoutes } from "./pages/partner/partner-links-page.tsx"
import { partnerPageRoutes } from "./pages/partner/partner-page.tsx"
import { asRunRoutes } from "./pages/records/as-run-page.tsx"
import { egressRoutes } from "./pages/records/egress-page.tsx"
import { historyPageRoutes } from "./pages/records/history-page.tsx"
import { sessionRoutes } from "./pages/session.tsx"
import { withLiveNotices } from "./pages/settings/live-notices.tsx"
import { withOpenNotices } from "./pages/settings/notice-count.ts"
import { settingsRoutes } from "./pages/settings/settings-pages.ts"
import { staticRoutes } from "./pages/static.ts"
import { styleguideRoutes } from "./pages/styleguide.tsx"
import { systemPageRoutes } from "./pages/system.tsx"
import { thumbnailRoutes } from "./pages/thumbnail.ts"
import { wallRoutes } from "./pages/wall.tsx"
import { withMediaLive } from "./pages/with-medialive.ts"
import { compressPages } from "./request/compress.ts"
import { makeIdempotency } from "./request/idempotency.ts"
import { makeProblem, problemResponse } from "./request/problem.ts"
import { makeRunner } from "./request/run.ts"
import { accountRoutes } from "./routes/accounts.ts"
import { allChannelsRoutes } from "./routes/all-channels.ts"
import { bulkRoutes } from "./routes/bulk.ts"
import { captureRoutes } from "./routes/captures.ts"
import { channelRoutes } from "./routes/channels.ts"
import { configRoutes } from "./routes/config.ts"
import { configChangeRoutes } from "./routes/config-changes.ts"
import { crashRoutes } from "./routes/crashes.ts"
import { engineRoutes } from "./routes/engines.ts"
import { healthRoutes } from "./routes/health.ts"
import { historyRoutes } from "./routes/history.ts"
import { hlsRoutes } from "./routes/hls.ts"
import { inputRoutes } from "./routes/inputs.ts"
import { internalChannelRoutes } from "./routes/internal-channels.ts"
import { internalLeaseRoutes } from "./routes/internal-leases.ts"
import { nodeRoutes } from "./routes/nodes.ts"
import { notificationRoutes } from "./routes/notifications.ts"
import { outputRoutes } from "./routes/outputs.ts"
import { partnerLinkRoutes } from "./routes/partner-links.ts"
import { scheduleRoutes } from "./routes/schedules.ts"
import { scte35Routes } from "./routes/scte35.ts"
import { supportRoutes } from "./routes/support.ts"
import { systemRoutes } from "./routes/system.ts"
import { templateRoutes } from "./routes/templates.ts"
import { boundServices } from "./services/bound-services.ts"
import { grafanaLinks } from "./services/grafana-links.ts"
import type { MediaLiveWeb } from "./services/medialive-web.ts"
import type { AppServices } from "./services/services.ts"
import { stationOf } from "./services/station.ts"

export interface AppDeps {
  /** What this node has; what other nodes have is put to it here. */
  readonly plane: ControlPlane
  /** The other nodes; made here when left out. Whoever tells WebSockets as well passes them in. */
  readonly others?: OtherNodes
  /** How other nodes are asked; tests put their own in its place. */
  readonly call?: CallNode
  readonly settings: AccessSettings & Partial<Pick<AppConfigService, "thumbnails" | "timeZone" | "trustedProxies">>
  readonly accounts: AccountsService
  readonly audit: AuditRows
  /** Live pages; made here when left out. Whoever closes the server passes them in, to be able to end their streams. */
  readonly livePages?: LivePages
  /** The service's log, and below, the number of open WebSockets; empty and 0 when left out. */
  readonly log?: LogLines
  readonly openSockets?: () => number
  /** Address of Grafana, to whose dashboards pages then link. */
  readonly grafanaUrl?: Option.Option<string>
  /** What there is of MediaLive; none when left out. */
  readonly medialiveWeb?: MediaLiveWeb | null
  /** Runtime for the handlers' Effects, with the logger. */
  readonly runtime: Runtime.Runtime<never>
}

/** What routes work with, over the control plane of `deps`. */
const makeServices = ({
  accounts,
  audit: auditRows,
  grafanaUrl = Option.none(),
  livePages,
  log,
  medialiveWeb = null,
  openSockets,
  others,
  plane,
  settings,
  runtime,
}: AppDeps & Required<Pick<AppDeps, "livePages" | "others">>): AppServices => {
  const access = makeAccess(settings, accounts)
  const limits = makeLimits()
  const audit = makeAudit(auditRows, runtime)
  const runner = makeRunner(runtime, (c) => access.callerOf(c)?.name ?? null)
  return {
    ...acrossNodes(plane, others),
    others,
    runner,
    access,
    accounts,
    audit,
    limits,
    idempotency: makeIdempotency(),
    live: withLiveNotices(livePages, plane),
    log: log ?? makeLogLines(),
    medialiveWeb,
    openSockets: openSockets ?? (() => 0),
    stationZone: settings.timeZone ?? "UTC",
    pictures: (settings.thumbnails ?? 0) > 0,
    grafana: Option.getOrNull(Option.map(grafanaUrl, grafanaLinks)),
  }
}

/** What a request passes, in this order, on the way to its route. */
const useGates = (app: Hono, services: AppServices, { call = callNode, runtime, settings }: AppDeps): void => {
  const { access, audit, limits, nodes } = services
  const untrusted = (proxy: string) =>
    void Runtime.runFork(runtime)(
      Effect.logWarning(
        `a request came through a proxy at ${proxy}: while TRUSTED_PROXIES does not name it, all its clients count as one when wrong keys and logins are counted`,
      ),
    )
  app.use(findAddress(settings.trustedProxies ?? [], untrusted, nodes))
  app.use(compressPages)
  app.use(securityHeaders)
  app.use(problemPages(access))
  app.use(gate(settings, access, limits, audit, nodes))
  if (nodes.self !== null) {
    app.use((c, next) => {
      c.set("hasNodes", true)
      return next()
    })
    app.use(forwardToOwner(services, call))
  }
  app.use(limitWrites(access, limits, audit))
  app.use(audited(audit, access))
  app.use(checkRole(access))
  app.use(withRemoved(services))
  app.use(withOpenNotices(services))
  app.use(withMediaLive(services))
}

/** Declares what programs ask for: probes, the REST API with its documentation, and metrics. */
const apiRoutes = (app: Hono, services: AppServices, { plane }: AppDeps): void => {
  healthRoutes(app, services)
  // Declared before the channels, or `bulk` would be taken for one.
  bulkRoutes(app, services)
  channelRoutes(app, services)
  allChannelsRoutes(app, services)
  outputRoutes(app, services)
  captureRoutes(app, services)
  historyRoutes(app, services)
  scheduleRoutes(app, services)
  partnerLinkRoutes(app, services)
  templateRoutes(app, services)
  configRoutes(app, services)
  configChangeRoutes(app, services)
  scte35Routes(app, services)
  accountRoutes(app, services)
  inputRoutes(app, services)
  notificationRoutes(app, services)
  systemRoutes(app, services)
  crashRoutes(app, services)
  engineRoutes(app, services)
  supportRoutes(app, services)
  nodeRoutes(app, services)
  metricsRoutes(app, services)
  openApiRoutes(app, services)
  internalChannelRoutes(app, services, plane)
  internalLeaseRoutes(app, services)
}

/** Declares what browsers and players ask for: pages, their files and actions, and HLS. */
const browserRoutes = (app: Hono, services: AppServices): void => {
  staticRoutes(app)
  hlsRoutes(app, services)
  themeRoutes(app, services)
  sessionRoutes(app, services)
  // Declared before the list's actions, which have the same paths.
  channelPageActions(app, services)
  outputPageRoutes(app, services)
  removeOutputRoutes(app, services)
  bulkPageRoutes(app, services)
  toManyRoutes(app, services)
  channelPageRoutes(app, services)
  changePageRoutes(app, services)
  undoRoutes(app, services)
  pageRoutes(app, services)
  wallRoutes(app, services)
  styleguideRoutes(app, services)
  channelDetailRoutes(app, services)
  schedulePageRoutes(app, services)
  historyPageRoutes(app, services)
  partnerLinksPageRoutes(app, services)
  partnerPageRoutes(app, services)
  asRunRoutes(app, services)
  egressRoutes(app, services)
  thumbnailRoutes(app, services)
  cuePageRoutes(app, services)
  settingsRoutes(app, services)
  cuesPageRoutes(app, services)
  eventsPageRoutes(app, services)
  auditPageRoutes(app, services)
  systemPageRoutes(app, services)
  crashPageRoutes(app, services)
  nodePageRoutes(app, services)
  logPageRoutes(app, services)
}

/** Declares all gates and routes over the services. */
const declareAll = (app: Hono, services: AppServices, deps: AppDeps): Hono => {
  useGates(app, services, deps)
  apiRoutes(app, services, deps)
  browserRoutes(app, services)
  services.medialiveWeb?.routes(app, services)

  app.notFound((c) => problemResponse(makeProblem("not-found", `there is nothing at ${c.req.path}`), c.req.path))
  app.onError(async (error, c) => problemResponse(await services.runner.defect(c, error), c.req.path))
  return app
}

/** Apps for so many different sets of tags are kept; the one that was asked longest ago goes. */
const MAX_BOUND_APPS = 50

/**
 * Makes the apps of those who are bound to tags, one for each set of them, when it is asked for the first time. Open
 * pages are the same for all readers with the same tags, and for no others.
 */
const makeBoundApps = (services: AppServices, deps: AppDeps, live: LivePages): ((tags: BoundTo) => Hono) => {
  const apps = new Map<string, Hono>()
  return (tags) => {
    const key = tags.join(" ")
    let app = apps.get(key)
    if (app === undefined) {
      const bound = boundServices(services, tags)
      // What stands in front cannot be what a reader has put into the key of a page.
      const pages: LivePages = { ...live, stream: (c, page, view) => live.stream(c, `bound to ${key}: ${page}`, view) }
      app = declareAll(new Hono({ strict: false }), { ...bound, live: withLiveNotices(pages, bound) }, deps)
    }
    // Asked last, so it stands last.
    apps.delete(key)
    apps.set(key, app)
    for (const oldest of apps.keys()) {
      if (apps.size <= MAX_BOUND_APPS) break
      apps.delete(oldest)
    }
    return app
  }
}

/** The app with all its routes; anything else is answered with a problem document, or with a page to a browser. */
export const makeApp = (given: AppDeps): Hono => {
  const livePages = given.livePages ?? makeLivePages(given.runtime)
  const others = given.others ?? makeOtherNodes(given.plane.nodes, given.call ?? callNode)
  const deps = { ...given, livePages, others }
  const services = makeServices(deps)
  setStation(stationOf(services.stationZone))
  const app = new Hono({ strict: false })
  app.use(divertBound(services.access, makeBoundApps(services, deps, livePages)))
  return declareAll(app, services, deps)
}
