import type { Hono } from "hono"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { processMetrics } from "./process-metrics.ts"
import { renderMetrics } from "./render.ts"

/** `GET /metrics`: the figures of this moment. */
export const metricsRoutes = (app: Hono, { metrics, runner }: Pick<AppServices, "metrics" | "runner">): void => {
  const ofProcess = processMetrics()
  methods(app, "/metrics", {
    GET: (c) =>
      runner.run(c, metrics.view, async (view) =>
        c.body(`${renderMetrics(view)}${await ofProcess.render()}`, 200, { "Content-Type": ofProcess.contentType }),
      ),
  })
}
