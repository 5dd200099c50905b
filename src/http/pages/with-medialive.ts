/** Tells the frame of pages whether there is anything of MediaLive to link to. */
import type { MiddlewareHandler } from "hono"
import type { AppServices } from "../services/services.ts"

declare module "hono" {
  interface ContextVariableMap {
    medialive?: boolean
  }
}

export const withMediaLive =
  ({ medialiveWeb }: Pick<AppServices, "medialiveWeb">): MiddlewareHandler =>
  (c, next) => {
    c.set("medialive", medialiveWeb !== null)
    return next()
  }
