/** Is it alive, is it ready, how is it: for load balancers, orchestrators and people. */
import { Duration, Effect, Option } from "effect"
import type { Hono } from "hono"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"

/** Probes ask every few seconds; an answer that takes longer is a no. */
const READY_WITHIN = Duration.seconds(2)

export const healthRoutes = (app: Hono, { runner, system }: Pick<AppServices, "runner" | "system">): void => {
  methods(app, "/api/health", {
    GET: (c) => runner.run(c, system.health, (health) => c.json(health)),
  })
  methods(app, "/livez", {
    GET: (c) => c.json({ status: "ok" }),
  })
  methods(app, "/readyz", {
    GET: (c) =>
      runner.run(c, Effect.timeoutOption(system.health, READY_WITHIN), (health) => {
        const checks = Option.match(health, {
          onNone: () => ({ store: false, engine: false }),
          // An engine that is away takes no others with it: the service can be used.
          onSome: ({ engines, store }) => ({ store: store.ok, engine: engines.some(({ connected }) => connected) }),
        })
        const ready = checks.store && checks.engine
        return c.json({ status: ready ? "ready" : "not ready", ...checks }, ready ? 200 : 503)
      }),
  })
}
