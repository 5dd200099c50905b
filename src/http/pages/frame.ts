/** The frame of a page for its reader, and the cookie with the colours that the reader chose. */

import { Either } from "effect"
import type { Context, Hono } from "hono"
import { getCookie, setCookie } from "hono/cookie"
import manifest from "../../../package.json" with { type: "json" }
import { type Frame, THEMES, type Theme } from "../../../views/layout/frame.ts"
import { readForm } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import { problemResponse } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"
import { localPath } from "./local-path.ts"

declare module "hono" {
  interface ContextVariableMap {
    /** True on one of several machines, whose pages then show nodes. */
    hasNodes: boolean | undefined
  }
}

const COOKIE = "distributor_theme"
const A_YEAR_S = 365 * 24 * 3600

const isTheme = (text: string | undefined): text is Theme => THEMES.some((theme) => theme === text)

export const frameOf = (c: Context, { access }: Pick<AppServices, "access">): Frame => {
  const url = new URL(c.req.url)
  const caller = access.callerOf(c)
  const theme = getCookie(c, COOKIE)
  return {
    theme: isTheme(theme) ? theme : "auto",
    here: `${url.pathname}${url.search}`,
    version: manifest.version,
    caller: caller === null ? null : { name: caller.name, role: caller.role, tags: caller.tags },
    canLogOut: caller?.by === "session",
    live: c.req.query("live") !== "off",
    removed: c.get("removed"),
    openNotices: c.get("openNotices"),
    medialive: c.get("medialive") === true,
    hasNodes: c.get("hasNodes"),
  }
}

export const themeRoutes = (app: Hono, { runner }: Pick<AppServices, "runner">): void =>
  methods(app, "/theme", {
    POST: async (c) => {
      const form = await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const theme = form.right["theme"]
      if (isTheme(theme)) setCookie(c, COOKIE, theme, { path: "/", maxAge: A_YEAR_S, sameSite: "Lax", httpOnly: true })
      return c.redirect(localPath(form.right["back"]), 303)
    },
  })
