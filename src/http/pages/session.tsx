/** @jsxImportSource hono/jsx */
/** Login for people, as a user or with an API key, in exchange for a session cookie. */
import { Either } from "effect"
import type { Context, Hono } from "hono"
import { LoginPage } from "../../../views/layout/LoginPage.tsx"
import type { Subject } from "../access/auth.ts"
import { addressOf } from "../access/requester.ts"
import { readForm } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import { type Problem, problemResponse } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"
import { frameOf } from "./frame.ts"
import { localPath } from "./local-path.ts"

/** Longest user name, in characters; a longer one belongs to nobody and would fill the audit log. */
const MAX_NAME = 64

export const sessionRoutes = (
  app: Hono,
  { access, accounts, audit, limits, runner }: Pick<AppServices, "access" | "accounts" | "audit" | "limits" | "runner">,
): void => {
  const frame = (c: Context) => frameOf(c, { access })
  /** The subject who sent the form; null when the password or key is nobody's. */
  const subjectOf = async (
    c: Context,
    form: Readonly<Record<string, string>>,
  ): Promise<Either.Either<Subject | null, Problem>> => {
    const user = form["user"] ?? ""
    if (user === "") return Either.right(access.subjectOfKey(form["key"] ?? ""))
    const found = await runner.settle(
      c,
      accounts.login(user.slice(0, MAX_NAME + 1), (form["password"] ?? "").slice(0, 1024)),
    )
    return Either.map(found, (one): Subject | null => (one === null ? null : `user:${one.name}`))
  }

  methods(app, "/login", {
    GET: (c) => {
      const next = localPath(c.req.query("next"))
      return access.allows(c) ? c.redirect(next, 303) : c.html(<LoginPage frame={frame(c)} next={next} />)
    },
    POST: async (c) => {
      const form = await runner.settle(c, readForm(c))
      if (Either.isLeft(form)) return problemResponse(form.left, c.req.path)
      const next = localPath(form.right["next"])
      if (!access.required()) return c.redirect(next, 303)

      const user = (form.right["user"] ?? "").trim().slice(0, MAX_NAME)
      const who = user === "" ? "an API key" : `user ${user}`
      const tries = [`address ${addressOf(c)}`, ...(user === "" ? [] : [`user ${user}`])]
      const wait = Math.max(...tries.map(limits.logins.waitFor))
      if (wait > 0) {
        await audit.refused(c, who, "log in", 429)
        const problem = `Too many logins failed. Try again in ${wait} s.`
        return c.html(<LoginPage frame={frame(c)} next={next} user={user} problem={problem} />, 429, {
          "Retry-After": String(wait),
        })
      }
      // Counted before the slow check, so that many at once do not all get through.
      for (const one of tries) limits.logins.count(one)
      const found = await subjectOf(c, { ...form.right, user })
      if (Either.isLeft(found)) return problemResponse(found.left, c.req.path)
      if (found.right === null) {
        await audit.record(c, who, "log in", 401)
        const problem =
          user === "" ? "This is not an API key of this service." : "There is no such user, or the password is wrong."
        return c.html(<LoginPage frame={frame(c)} next={next} user={user} problem={problem} />, 401)
      }
      for (const one of tries) limits.logins.clear(one)
      access.login(c, found.right)
      await audit.record(c, who, "log in", 303)
      return c.redirect(next, 303)
    },
  })
  methods(app, "/logout", {
    POST: async (c) => {
      const caller = access.callerOf(c)
      if (caller?.by === "session") await audit.record(c, caller.name, "log out", 303)
      access.logout(c)
      return c.redirect("/login", 303)
    },
  })
}
