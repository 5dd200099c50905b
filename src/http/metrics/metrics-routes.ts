import type { Hono } from "hono"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { renderNodeMetrics } from "./node-metrics.ts"
import { processMetrics } from "./process-metrics.ts"
import { renderMetrics } from "./render.ts"

/** `GET /metrics`: the figures of this moment. */
export const metricsRoutes = (
  app: Hono,
  { metrics, nodes, runner }: Pick<AppServices, "metrics" | "nodes" | "runner">,
): void => {
  const ofProcess = processMetrics()
  methods(app, "/metrics", {
    GET: (c) =>
      runner.run(c, metrics.view, async (view) => {
        // A channel that runs elsewhere is told by that node; what it lacks here is no fault.
        const channels = view.channels.filter(({ config }) => nodes.roleOf(config.id) === "owner")
        const text = `${renderMetrics({ ...view, channels })}${renderNodeMetrics(nodes)}${await ofProcess.render()}`
        return c.body(text, 200, { "Content-Type": ofProcess.contentType })
      }),
  })
}
