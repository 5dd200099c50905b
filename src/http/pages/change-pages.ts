/** The button that takes a change of a channel back, on its page. */
import { Effect, Either } from "effect"
import type { Hono } from "hono"
import { requesterOf } from "../access/requester.ts"
import { methods } from "../request/methods.ts"
import { changeNumber, REVERTED_WITHIN } from "../routes/config-changes.ts"
import { afterAction, type ChannelPageServices } from "./channel-page.tsx"

export const changePageRoutes = (app: Hono, services: ChannelPageServices): void => {
  const { access, channels, configuration, live, runner } = services
  methods(app, "/channels/:id/changes/:change/revert", {
    POST: async (c) => {
      const ref = c.req.param("id")
      const revert = Effect.flatMap(changeNumber(c.req.param("change")), (id) =>
        configuration.revert(id, { dryRun: false, by: requesterOf(c, access) }),
      )
      const done = await runner.settle(c, revert, REVERTED_WITHIN)
      live.refresh()
      if (Either.isLeft(done)) return afterAction(services, c, ref, { problem: done.left })
      // A channel whose creation was taken back is gone.
      const there = await runner.settle(c, channels.get(ref))
      return c.redirect(Either.isLeft(there) ? "/" : `/channels/${there.right.slug}#changes`, 303)
    },
  })
}
