/**
 * Number of open notices that nobody has acknowledged, for the head of every page. It is kept in memory, so no page
 * asks the store for it.
 */
import { Either } from "effect"
import type { MiddlewareHandler } from "hono"
import type { Frame } from "../../../../views/layout/frame.ts"
import { unattended } from "../../../effects/notifications/causes.ts"
import type { NoticeView } from "../../../effects/notifications/notification-bodies.ts"
import type { AppServices } from "../../services/services.ts"

declare module "hono" {
  interface ContextVariableMap {
    openNotices?: Frame["openNotices"]
  }
}

const isPage = (path: string) =>
  !/^\/(?:api\/(?!docs)|ws|preview|metrics|hls|live|livez|readyz|static|fragments|login|theme|partner)(?:\/|$)/.test(
    path,
  )

/** What the head of every page says of the notices. */
export const countNotices = (notices: ReadonlyArray<NoticeView>): NonNullable<Frame["openNotices"]> => {
  const open = unattended(notices)
  return { count: open.length, isCritical: open.some(({ severity }) => severity === "critical") }
}

/** Counts the open notices for `frameOf`, which puts the number into the frame. */
export const withOpenNotices =
  ({ access, notifications, runner }: Pick<AppServices, "access" | "notifications" | "runner">): MiddlewareHandler =>
  async (c, next) => {
    if (isPage(c.req.path) && access.allows(c)) {
      const found = await runner.settle(c, notifications.notices)
      if (Either.isRight(found)) c.set("openNotices", countNotices(found.right))
    }
    return next()
  }
