/**
 * Number of open notices that nobody has acknowledged, for the head of every page. It is kept in memory, so no page
 * asks the store for it.
 */
import { Effect, Either } from "effect"
import type { MiddlewareHandler } from "hono"
import type { Frame } from "../../../../views/layout/frame.ts"
import type { AppServices } from "../../services/services.ts"

declare module "hono" {
  interface ContextVariableMap {
    openNotices?: Frame["openNotices"]
  }
}

const isPage = (path: string) =>
  !/^\/(?:api\/(?!docs)|ws|preview|metrics|hls|live|livez|readyz|static|fragments|login|theme)(?:\/|$)/.test(path)

/** Counts the open notices for `frameOf`, which puts the number into the frame. */
export const withOpenNotices =
  ({ access, notifications, runner }: Pick<AppServices, "access" | "notifications" | "runner">): MiddlewareHandler =>
  async (c, next) => {
    if (isPage(c.req.path) && access.allows(c)) {
      const open = Effect.map(notifications.notices, (notices) =>
        notices.filter(({ acknowledged_at, state }) => state === "open" && acknowledged_at === null),
      )
      const found = await runner.settle(c, open)
      if (Either.isRight(found))
        c.set("openNotices", {
          count: found.right.length,
          isCritical: found.right.some(({ severity }) => severity === "critical"),
        })
    }
    return next()
  }
