/** @jsxImportSource hono/jsx */
/** Pages of users and API keys. All of them need the admin role, by the table in `roles.ts`. */
import { Effect, Either } from "effect"
import type { Context, Hono } from "hono"
import { ConfirmPage } from "../../../../views/channels/ConfirmPage.tsx"
import { KeysPage, type KeysProps, UserPage, UsersPage } from "../../../../views/settings/AccountPages.tsx"
import { KeyInput, UserChange, UserInput } from "../../../effects/accounts/account-bodies.ts"
import { NotFound } from "../../../effects/model/Errors.ts"
import { decode } from "../../request/body.ts"
import { methods } from "../../request/methods.ts"
import { type Problem, problemOf, problemResponse } from "../../request/problem.ts"
import type { AppServices } from "../../services/services.ts"
import { type Fields, field, pageAnswer, shownAgain, stateOf, tagsIn } from "../forms/form-fields.ts"
import { makeWithForm } from "../forms/with-form.ts"
import { frameOf } from "../frame.ts"
import { doneOf, told } from "./settings-forms.ts"

/** The services that these pages use. */
type AccountPageServices = Pick<AppServices, "access" | "accounts" | "runner">

const USER_FIELDS = ["name", "role", "tags", "password"]
const shown = (fields: Fields) => shownAgain(fields, ["password"], [])

const missing = (c: Context, kind: "user" | "key", ref: string) =>
  problemResponse(problemOf(new NotFound({ kind, ref })), c.req.path)

/** The properties that the lists of users and of keys share. */
const listProps = (c: Context, services: AccountPageServices) => ({
  frame: frameOf(c, services),
  done: doneOf(c),
  isOpen: !services.access.required(),
})

/** The list of users, which adds one, and the page that removes one, which falls back to the list. */
const userListRoutes = (app: Hono, services: AccountPageServices): void => {
  const { access, accounts, runner } = services
  const withForm = makeWithForm(services)
  const usersPage = (c: Context, fields: Fields = {}, problem?: Problem) => {
    const state = stateOf(shown(fields), problem, USER_FIELDS, "")
    return pageAnswer(<UsersPage {...listProps(c, services)} users={accounts.users()} state={state} />, problem)
  }
  methods(app, "/settings/users", {
    GET: (c) => usersPage(c),
    POST: (c) =>
      withForm(c, async (fields) => {
        const account = { name: field(fields, "name"), role: field(fields, "role"), tags: tagsIn(fields) }
        const input = { ...account, password: fields["password"] ?? "" }
        const created = await runner.settle(c, Effect.flatMap(decode(UserInput, input), accounts.createUser))
        return Either.isLeft(created)
          ? usersPage(c, fields, created.left)
          : c.redirect(`/settings/users#user-${created.right.name}`, 303)
      }),
  })
  methods(app, "/settings/users/:name/remove", {
    GET: (c) => {
      const user = accounts.findUser(c.req.param("name"))
      if (user === undefined) return missing(c, "user", c.req.param("name"))
      const isOwn = access.callerOf(c)?.subject === `user:${user.name}`
      const items = [
        `It has the role ${user.role}; its sessions end at once.`,
        ...(isOwn ? ["It is you: you will have to log in as another."] : []),
      ]
      const path = `/settings/users/${encodeURIComponent(user.name)}/remove`
      return c.html(
        <ConfirmPage
          frame={frameOf(c, services)}
          question={`Remove the user ${user.name}?`}
          items={items}
          to={path}
          fields={[]}
          yes={`Remove ${user.name}`}
          back="/settings/users"
        />,
      )
    },
    POST: async (c) => {
      const name = c.req.param("name")
      const removed = await runner.settle(c, accounts.removeUser(name))
      if (Either.isRight(removed)) return c.redirect("/settings/users?done=removed", 303)
      return removed.left.kind === "not-found"
        ? problemResponse(removed.left, c.req.path)
        : usersPage(c, {}, told(removed.left, `The user ${name} was not removed`))
    },
  })
}

/** The page that changes a user. */
const userRoutes = (app: Hono, services: AccountPageServices): void => {
  const { access, accounts, runner } = services
  const withForm = makeWithForm(services)
  const userPage = (c: Context, name: string, fields?: Fields, problem?: Problem) => {
    const user = accounts.findUser(name)
    if (user === undefined) return missing(c, "user", name)
    const state = stateOf(
      shown(fields ?? { role: user.role, tags: user.tags.join(", ") }),
      problem,
      USER_FIELDS,
      "role",
    )
    return pageAnswer(<UserPage frame={frameOf(c, services)} name={user.name} state={state} />, problem)
  }
  methods(app, "/settings/users/:name/edit", {
    GET: (c) => userPage(c, c.req.param("name")),
    POST: (c) =>
      withForm(c, async (fields) => {
        const name = c.req.param("name")
        const password = fields["password"] ?? ""
        const account = { role: field(fields, "role"), tags: tagsIn(fields) }
        const change = { ...account, ...(password === "" ? {} : { password }) }
        const subject = access.callerOf(c)?.subject
        const changed = await runner.settle(
          c,
          Effect.flatMap(decode(UserChange, change), (one) => accounts.updateUser(name, one)),
        )
        if (Either.isLeft(changed))
          return changed.left.kind === "not-found"
            ? problemResponse(changed.left, c.req.path)
            : userPage(c, name, fields, changed.left)
        // Whoever changes their own password here stays logged in here.
        if (subject === `user:${name}` && access.callerOf(c)?.by === "session") access.login(c, subject)
        return c.redirect(`/settings/users?done=saved#user-${changed.right.name}`, 303)
      }),
  })
}

/** The list of keys, which adds one, and the page that removes one. */
const keyRoutes = (app: Hono, services: AccountPageServices): void => {
  const { accounts, runner } = services
  const withForm = makeWithForm(services)
  const keysPage = (
    c: Context,
    more: { readonly fields?: Fields; readonly problem?: Problem; readonly created?: KeysProps["created"] },
  ) => {
    const { created, fields = {}, problem } = more
    const state = stateOf(shown(fields), problem, ["name", "role", "tags"], "")
    const html = <KeysPage {...listProps(c, services)} keys={accounts.keys()} created={created} state={state} />
    return created === undefined ? pageAnswer(html, problem) : c.html(html, 201)
  }
  methods(app, "/settings/keys", {
    GET: (c) => keysPage(c, {}),
    POST: (c) =>
      withForm(c, async (fields) => {
        const input = { name: field(fields, "name"), role: field(fields, "role"), tags: tagsIn(fields) }
        const created = await runner.settle(c, Effect.flatMap(decode(KeyInput, input), accounts.createKey))
        // The answer itself shows the key; to show it after a redirect it would have to be kept.
        return Either.isLeft(created)
          ? keysPage(c, { fields, problem: created.left })
          : keysPage(c, { created: created.right })
      }),
  })
  methods(app, "/settings/keys/:id/remove", {
    GET: (c) => {
      const key = accounts.findKey(c.req.param("id"))
      if (key === undefined) return missing(c, "key", c.req.param("id"))
      return c.html(
        <ConfirmPage
          frame={frameOf(c, services)}
          question={`Remove the key ${key.name}?`}
          items={[
            `It has the role ${key.role} and begins with ${key.prefix}.`,
            "Programs that use it are refused from then on.",
          ]}
          to={`/settings/keys/${key.id}/remove`}
          fields={[]}
          yes={`Remove ${key.name}`}
          back="/settings/keys"
        />,
      )
    },
    POST: async (c) => {
      const key = accounts.findKey(c.req.param("id"))
      const removed = await runner.settle(c, accounts.removeKey(c.req.param("id")))
      if (Either.isRight(removed)) return c.redirect("/settings/keys?done=removed", 303)
      return removed.left.kind === "not-found"
        ? problemResponse(removed.left, c.req.path)
        : keysPage(c, { problem: told(removed.left, `The key ${key?.name ?? ""} was not removed`) })
    },
  })
}

export const accountPageRoutes = (app: Hono, services: AccountPageServices): void => {
  userListRoutes(app, services)
  userRoutes(app, services)
  keyRoutes(app, services)
}
