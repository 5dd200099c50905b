/** The HTTP side as one Hono app: REST, pages, metrics and probes. The WebSocket is mounted by `HttpServer.ts`. */
import type { Runtime } from "effect"
import { Hono } from "hono"
import type { DistributorService } from "../effects/Distributor.ts"
import { type AccessSettings, makeAccess } from "./auth.ts"
import { gate, securityHeaders } from "./gate.ts"
import { metricsRoutes } from "./metrics.ts"
import { makeProblem, problemResponse } from "./problem.ts"
import { channelRoutes } from "./routes/channels.ts"
import { cuePageRoutes } from "./routes/cue-pages.tsx"
import { healthRoutes } from "./routes/health.ts"
import { outputRoutes } from "./routes/outputs.ts"
import { pageRoutes } from "./routes/pages.tsx"
import { scte35Routes } from "./routes/scte35.ts"
import { sessionRoutes } from "./routes/session.tsx"
import { staticRoutes } from "./routes/static.ts"
import { makeRunner } from "./run.ts"
import type { AppServices } from "./services.ts"

export interface AppDeps {
  readonly distributor: DistributorService
  readonly settings: AccessSettings
  /** Runs the handlers' Effects; brings the logger. */
  readonly runtime: Runtime.Runtime<never>
}

export const makeApp = ({ distributor, settings, runtime }: AppDeps): Hono => {
  const app = new Hono({ strict: false })
  const services: AppServices = { distributor, runner: makeRunner(runtime), access: makeAccess(settings) }

  app.use(securityHeaders)
  app.use(gate(settings, services.access))
  healthRoutes(app, services)
  channelRoutes(app, services)
  outputRoutes(app, services)
  scte35Routes(app, services)
  metricsRoutes(app, services)
  staticRoutes(app)
  sessionRoutes(app, services)
  pageRoutes(app, services)
  cuePageRoutes(app, services)

  app.notFound((c) => problemResponse(makeProblem("not-found", `there is nothing at ${c.req.path}`), c.req.path))
  app.onError(async (error, c) => problemResponse(await services.runner.defect(c, error), c.req.path))
  return app
}
