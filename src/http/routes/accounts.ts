/** REST routes of users, API keys and the audit log. All of them need the role admin, by the table of `roles.ts`. */
import { Effect } from "effect"
import type { Hono } from "hono"
import { KeyInput, UserChange, UserInput } from "../../effects/accounts/account-bodies.ts"
import { readAuditQuery } from "../request/audit-query.ts"
import { readJson } from "../request/body.ts"
import { methods } from "../request/methods.ts"
import type { AppServices } from "../services/services.ts"

export const accountRoutes = (
  app: Hono,
  { accounts, audit, runner }: Pick<AppServices, "accounts" | "audit" | "runner">,
): void => {
  methods(app, "/api/users", {
    GET: (c) => c.json({ users: accounts.users() }),
    POST: (c) =>
      runner.run(c, Effect.flatMap(readJson(c, UserInput), accounts.createUser), (user) =>
        c.json(user, 201, { Location: `/api/users/${encodeURIComponent(user.name)}` }),
      ),
  })
  methods(app, "/api/users/:name", {
    PUT: (c) =>
      runner.run(
        c,
        Effect.flatMap(readJson(c, UserChange), (change) => accounts.updateUser(c.req.param("name"), change)),
        (user) => c.json(user),
      ),
    DELETE: (c) => runner.run(c, accounts.removeUser(c.req.param("name")), () => c.body(null, 204)),
  })
  methods(app, "/api/keys", {
    GET: (c) => c.json({ keys: accounts.keys() }),
    POST: (c) => runner.run(c, Effect.flatMap(readJson(c, KeyInput), accounts.createKey), (key) => c.json(key, 201)),
  })
  methods(app, "/api/keys/:id", {
    DELETE: (c) => runner.run(c, accounts.removeKey(c.req.param("id")), () => c.body(null, 204)),
  })
  methods(app, "/api/audit", {
    GET: (c) =>
      runner.run(c, Effect.flatMap(readAuditQuery(new URL(c.req.url).searchParams), audit.rows.list), (entries) =>
        c.json({ entries }),
      ),
  })
}
