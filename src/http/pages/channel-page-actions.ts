/**
 * Buttons of a channel's page. They are posted to the routes of the list's buttons, with `?on=channel`, so that rights
 * and audit are the same; the answer is the channel's page, or with htmx the parts of it that have changed.
 */
import { type Effect, Either } from "effect"
import type { Context, Handler, Hono } from "hono"
import type { ApiError } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"
import { afterAction, type ChannelPageServices } from "./channel-page.tsx"
import { muteForAnHour } from "./mute-hour.ts"

const ON_CHANNEL = "channel"

/** Declares the routes before those of the list, to which requests not meant for this page are passed on. */
export const channelPageActions = (app: Hono, services: ChannelPageServices & Pick<AppServices, "outputs">): void => {
  const { channels, live, outputs, runner } = services
  const post = (
    path: string,
    act: (c: Context, ref: string) => Effect.Effect<unknown, ApiError>,
    source?: "primary" | "backup",
  ) => {
    const handler: Handler = async (c, next) => {
      if (c.req.query("on") !== ON_CHANNEL) return next()
      const ref = c.req.param("id") ?? ""
      const done = await runner.settle(c, act(c, ref))
      // Others who have the page open see the change as soon as this reader does.
      live.refresh()
      return afterAction(services, c, ref, { problem: Either.isLeft(done) ? done.left : undefined, source })
    }
    app.post(path, handler)
  }
  const output = (c: Context) => c.req.param("output") ?? ""
  post("/channels/:id/start", (_, ref) => channels.start(ref))
  post("/channels/:id/stop", (_, ref) => channels.stop(ref))
  for (const source of ["primary", "backup"] as const) {
    post(
      `/channels/:id/switch/${source}`,
      (c, ref) => channels.switchSource(ref, source, c.req.query("force") === "yes"),
      source,
    )
  }
  post("/channels/:id/mute", (_, ref) => muteForAnHour(services, ref))
  post("/channels/:id/outputs/:output/mute", (c, ref) => muteForAnHour(services, ref, output(c)))
  post("/channels/:id/outputs/:output/start", (c, ref) => outputs.start(ref, output(c)))
  post("/channels/:id/outputs/:output/stop", (c, ref) => outputs.stop(ref, output(c)))
}
