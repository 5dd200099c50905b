/** @jsxImportSource hono/jsx */
/** The page of the service itself. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { SystemPage, systemRegions } from "../../../views/system/SystemPage.tsx"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"
import { makeSystemReading } from "./system-reading.ts"

type SystemPageServices = Pick<
  AppServices,
  "access" | "channels" | "crashes" | "grafana" | "live" | "openSockets" | "runner" | "system"
>

export const systemPageRoutes = (app: Hono, services: SystemPageServices): void => {
  const { access, grafana, live, runner } = services
  const readFor = makeSystemReading(services)

  methods(app, "/system", {
    GET: (c) =>
      runner.run(c, readFor(access.callerOf(c)), ({ now, shown }) => {
        const dashboard = grafana?.host(new URL(c.req.url).origin)
        return c.html(<SystemPage frame={frameOf(c, { access })} now={now} shown={shown} dashboard={dashboard} />)
      }),
  })
  methods(app, "/live/system", {
    GET: (c) =>
      live.stream(
        c,
        `system for ${access.callerOf(c)?.role ?? "nobody"}`,
        Effect.map(readFor(access.callerOf(c)), ({ shown }) => systemRegions(shown)),
      ),
  })
}
