/** REST routes of a channel's schedule. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { ScheduleInput } from "../../effects/schedule/schedule-bodies.ts"
import { readJson } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"

export const scheduleRoutes = (
  app: Hono,
  { channels, runner, schedules }: Pick<AppServices, "channels" | "runner" | "schedules">,
): void =>
  methods(app, "/api/channels/:id/schedule", {
    GET: (c) => runner.run(c, schedules.get(c.req.param("id")), (schedule) => c.json(schedule)),
    PUT: (c) => {
      const ref = c.req.param("id")
      const set = Effect.flatMap(Effect.zipRight(channels.get(ref), readJson(c, ScheduleInput)), (input) =>
        schedules.set(ref, input),
      )
      return runner.run(c, set, (schedule) => c.json(schedule))
    },
    DELETE: (c) => runner.run(c, schedules.remove(c.req.param("id")), () => c.body(null, 204)),
  })
