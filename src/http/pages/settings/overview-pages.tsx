/** @jsxImportSource hono/jsx */
/** The overview of the settings, with the reader's own account. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { OverviewPage } from "../../../../views/settings/OverviewPage.tsx"
import { UserChange } from "../../../effects/accounts/account-bodies.ts"
import { InvalidInput } from "../../../effects/model/Errors.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type ApiError, makeProblem, type Problem, Refused } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { type Fields, pageAnswer, stateOf } from "../forms/form-fields.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { doneOf } from "./settings-forms.ts"

const FIELDS = ["current", "password", "again"]
const wrong = (path: string, message: string) => new InvalidInput({ errors: [{ path, message }] })

export const overviewRoutes = (
  app: Hono,
  services: Pick<AppServices, "access" | "accounts" | "limits" | "runner">,
): void => {
  const { access, accounts, limits, runner } = services
  const withForm = makeWithForm(services)
  /** Name of the user who is reading; null for a key or nobody. */
  const userOf = (c: Context): string | null => {
    const subject = access.callerOf(c)?.subject ?? ""
    return subject.startsWith("user:") ? subject.slice("user:".length) : null
  }
  const page = (c: Context, problem?: Problem) => {
    const state = stateOf({}, problem, FIELDS, "")
    const frame = frameOf(c, services)
    return pageAnswer(
      <OverviewPage frame={frame} isKnown={access.required()} user={userOf(c)} state={state} done={doneOf(c)} />,
      problem,
    )
  }

  /**
   * Changes the reader's password. The present one is required, as a session may be somebody else's open browser, and
   * tries are limited as at the login.
   */
  const change = (fields: Fields, user: string): Effect.Effect<void, ApiError> =>
    Effect.gen(function* () {
      const guessed = `user ${user}`
      const wait = limits.logins.waitFor(guessed)
      if (wait > 0) {
        const problem = makeProblem(
          "too-many-requests",
          `Too many wrong passwords were given. Try again in ${wait} s.`,
          {
            headers: { "Retry-After": String(wait) },
          },
        )
        return yield* new Refused({ problem })
      }
      const { password } = yield* decode(UserChange, { password: fields["password"] ?? "" })
      if (password !== fields["again"]) return yield* wrong("again", "is not the same as the new password")
      limits.logins.count(guessed)
      const found = yield* accounts.login(user, (fields["current"] ?? "").slice(0, 1024))
      if (found === null) return yield* wrong("current", "is not your password")
      limits.logins.clear(guessed)
      yield* accounts.updateUser(user, { password })
    })

  methods(app, "/settings", { GET: (c) => page(c) })
  methods(app, "/settings/password", {
    POST: (c) =>
      withForm(c, async (fields) => {
        const user = userOf(c)
        if (user === null)
          return page(
            c,
            makeProblem("bad-request", "Only users have a password; you came in with a key or without any."),
          )
        const changed = await runner.settle(c, change(fields, user))
        if (Either.isLeft(changed)) return page(c, changed.left)
        // The session depends on the password.
        if (access.callerOf(c)?.by === "session") access.login(c, `user:${user}`)
        return c.redirect("/settings?done=password", 303)
      }),
  })
}
