/** @jsxImportSource hono/jsx */
/** The page of an engine's crash, and the button that lets a channel into the engine again. */
import { Effect, Either } from "effect"
import type { Hono } from "hono"
import { CrashPage } from "../../../views/system/CrashPage.tsx"
import { methods } from "../request/methods.ts"
import { problemResponse } from "../request/problem.ts"
import { crashOf, release } from "../routes/crashes.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"

export const crashPageRoutes = (
  app: Hono,
  services: Pick<AppServices, "access" | "channels" | "crashes" | "live" | "runner">,
): void => {
  const { access, channels, live, runner } = services
  methods(app, "/system/crashes/:crash", {
    GET: (c) =>
      runner.run(c, Effect.all([crashOf(services, c.req.param("crash")), channels.list]), ([crash, all]) =>
        c.html(<CrashPage frame={frameOf(c, { access })} crash={crash} channels={all} />),
      ),
  })
  methods(app, "/channels/:id/release", {
    POST: async (c) => {
      const done = await runner.settle(c, release(services, c.req.param("id")))
      live.refresh()
      return Either.isLeft(done) ? problemResponse(done.left, c.req.path) : c.redirect("/system", 303)
    },
  })
}
