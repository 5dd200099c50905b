/** Engines that go on since before an upgrade are replaced when somebody asks for it, by request or on the System page. */
import { Effect, Either } from "effect"
import type { Hono } from "hono"
import { NotFound } from "../../effects/model/Errors.ts"
import { methods } from "../request/methods.ts"
import { problemResponse } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"

const replace = ({ system }: Pick<AppServices, "system">, ref: string) =>
  /^[1-9]\d{0,3}$/.test(ref) ? system.replaceEngine(Number(ref)) : Effect.fail(new NotFound({ kind: "engine", ref }))

export const engineRoutes = (app: Hono, services: Pick<AppServices, "live" | "runner" | "system">): void => {
  const { live, runner } = services
  methods(app, "/api/engines/:engine/replace", {
    POST: (c) => runner.run(c, replace(services, c.req.param("engine")), (engine) => c.json(engine)),
  })
  methods(app, "/system/engines/:engine/replace", {
    POST: async (c) => {
      const done = await runner.settle(c, replace(services, c.req.param("engine")))
      live.refresh()
      return Either.isLeft(done) ? problemResponse(done.left, c.req.path) : c.redirect("/system", 303)
    },
  })
}
