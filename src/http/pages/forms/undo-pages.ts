/** Removals and the way back: every page that is opened with `?undo=TOKEN` shows what was removed, with a button. */
import { Effect, Either } from "effect"
import type { Context, Hono, MiddlewareHandler } from "hono"
import type { Frame } from "../../../../views/layout/frame.ts"
import { methods } from "../../request/methods.ts"
import { problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { goTo, withPlace } from "./form-fields.ts"

declare module "hono" {
  interface ContextVariableMap {
    removed?: Frame["removed"]
  }
}

/** Looks up what the page is to offer; `frameOf` puts it into the frame. */
export const withRemoved =
  ({ access, runner, undo }: Pick<AppServices, "access" | "runner" | "undo">): MiddlewareHandler =>
  async (c, next) => {
    const token = c.req.method === "GET" ? c.req.query("undo") : undefined
    if (token !== undefined && access.allows(c)) {
      const found = await runner.settle(c, undo.removed(token))
      if (Either.isRight(found) && found.right !== null) c.set("removed", { ...found.right, token })
    }
    return next()
  }

export const undoRoutes = (app: Hono, { runner, undo }: Pick<AppServices, "runner" | "undo">): void => {
  const refused = (c: Context, problem: Parameters<typeof problemResponse>[0]) => problemResponse(problem, c.req.path)
  methods(app, "/undo/:token", {
    POST: async (c) => {
      const undone = await runner.settle(
        c,
        Effect.suspend(() => undo.undo(c.req.param("token"))),
      )
      if (Either.isLeft(undone)) return refused(c, undone.left)
      const { channel, output } = undone.right
      return goTo(c, withPlace("/", { hash: output === null ? `channel-${channel.slug}` : `output-${output.id}` }))
    },
  })
}
