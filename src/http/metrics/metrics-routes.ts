import { Effect } from "effect"
import type { Hono } from "hono"
import { mutingAt } from "../../effects/notifications/mute.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"
import { renderMutes } from "./mute-metrics.ts"
import { renderNodeMetrics } from "./node-metrics.ts"
import { processMetrics } from "./process-metrics.ts"
import { renderMetrics } from "./render.ts"

/** `GET /metrics`: the figures of this moment. */
export const metricsRoutes = (
  app: Hono,
  { metrics, nodes, notifications, runner }: Pick<AppServices, "metrics" | "nodes" | "notifications" | "runner">,
): void => {
  const ofProcess = processMetrics()
  methods(app, "/metrics", {
    GET: (c) =>
      runner.run(c, Effect.all([metrics.view, notifications.mutes]), async ([view, mutes]) => {
        // A channel that runs elsewhere is told by that node; what it lacks here is no fault.
        const channels = view.channels.filter(({ config }) => nodes.roleOf(config.id) === "owner")
        const muted = renderMutes({ channels, muting: mutingAt(mutes, Date.now()) })
        const shown = `${renderMetrics({ ...view, channels })}${muted}${renderNodeMetrics(nodes)}`
        const text = `${shown}${await ofProcess.render()}`
        return c.body(text, 200, { "Content-Type": ofProcess.contentType })
      }),
  })
}
