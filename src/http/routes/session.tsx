/** @jsxImportSource hono/jsx */
/** Login with the API key for people, who get a session cookie for it. */
import { Either } from "effect"
import type { Hono } from "hono"
import { LoginPage } from "../../../views/LoginPage.tsx"
import { readForm } from "../body.ts"
import { methods } from "../methods.ts"
import { problemResponse } from "../problem.ts"
import type { AppServices } from "../services.ts"

/** A path of ours, never another site: `//host` and `/\host` would be one. */
const localPath = (path: string | undefined): string => (path !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : "/")

export const sessionRoutes = (app: Hono, { access, runner }: AppServices): void => {
  methods(app, "/login", {
    GET: (c) => {
      const next = localPath(c.req.query("next"))
      return access.required && !access.allows(c) ? c.html(<LoginPage next={next} />) : c.redirect(next, 303)
    },
    POST: async (c) => {
      const form = await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const next = localPath(form.right["next"])
      if (access.required && !access.isKey(form.right["key"] ?? "")) {
        return c.html(<LoginPage next={next} problem="This is not the API key of this service." />, 401)
      }
      access.login(c)
      return c.redirect(next, 303)
    },
  })
  methods(app, "/logout", {
    POST: (c) => {
      access.logout(c)
      return c.redirect("/login", 303)
    },
  })
}
