import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { makeAccountRows } from "../effects/accounts/account-rows.ts"
import { LIMITS } from "./access/limits.ts"
import { RULES, ruleFor } from "./access/roles.ts"
import { makeRealApps } from "./testing/real-app.ts"
import { makeTestApp, problemBody, withKey } from "./testing/test-app.ts"

const KEY = "the-key-of-the-environment"
const ADMIN = { "X-API-Key": KEY }
const PASSWORD = "correct horse battery"
const form = { "Content-Type": "application/x-www-form-urlencoded" }
const apps = makeRealApps()
afterEach(apps.stopAll)

const cookieOf = (headers: Headers) => ({ Cookie: (headers.get("set-cookie") ?? "").split(";")[0] ?? "" })
const secured = async (dataDir?: string) => {
  const app = await apps.start({ settings: withKey(KEY), ...(dataDir === undefined ? {} : { dataDir }) })
  const login = (user: string, password: string) =>
    app.call("POST", "/login", new URLSearchParams({ user, password }).toString(), form)
  return { ...app, login }
}

describe("the table of roles", () => {
  const routes = [
    { method: "GET", path: "/ws" },
    { method: "GET", path: "/preview/:id" },
    ...makeTestApp().app.routes.filter(
      ({ method, path }) => /^(GET|POST|PUT|PATCH|DELETE)$/.test(method) && path !== "/*",
    ),
  ]

  it("has every route, and no other", () => {
    const table = RULES.map(({ method, path }) => `${method} ${path}`)
    const served = routes.map(({ method, path }) => `${method} ${path.replace(/^\/static\/.*/, "/static/:file")}`)
    expect([...new Set(served)].sort()).toEqual([...table].sort())
  })

  it("asks for more than looking wherever something changes, and names it", () => {
    // Requests that prepare a change without making it.
    const isPreparation = (path: string) => /^\/(?:add|fragments|settings)\/|\/(?:edit|clone|remove)$/.test(path)
    for (const { method, path, role, what } of RULES) {
      const isChange =
        method !== "GET" && !["/login", "/logout", "/theme", "/scte35", "/api/scte35/decode"].includes(path)
      // Another node asks for its lease, with the secret that nodes share.
      if (path === "/internal/leases") continue
      // Users change their own.
      if (path === "/settings/password") continue
      if (what === null && method === "GET" && /^\/medialive\/channels\/:id\/\w+$/.test(path)) continue
      if (what === null && isPreparation(path)) continue
      expect([path, role === "operator" || (role === "admin" && method !== "GET")]).toEqual([path, isChange])
      expect([path, what !== null]).toEqual([path, isChange])
    }
  })

  it("finds the rule of each route, and none that is weaker", () => {
    for (const one of RULES)
      expect([one.path, ruleFor(one.method, one.path.replace(/:\w+/g, "x"))]).toEqual([one.path, one])
    expect(ruleFor("HEAD", "/api/users").role).toBe("admin")
    expect(ruleFor("GET", "/api/users/").role).toBe("admin")
    expect(ruleFor("POST", "/api/nothing").role).toBe("admin")
  })

  it.each(["viewer", "operator", "admin"] as const)("holds for a %s on every route", async (role) => {
    const { call } = makeTestApp({ settings: withKey(KEY) })
    const { key } = (await (await call("POST", "/api/keys", { name: role, role }, ADMIN)).json()) as { key: string }
    const rank = ["free", "viewer", "operator", "admin"]
    for (const rule of RULES.filter(({ path }) => path !== "/login" && path !== "/logout" && path !== "/ws")) {
      const response = await call(
        rule.method,
        rule.path.replace(/:\w+/g, "none"),
        rule.method === "GET" ? undefined : {},
        {
          "X-API-Key": key,
        },
      )
      const isRefused = rank.indexOf(rule.role) > rank.indexOf(role)
      expect([rule.method, rule.path, response.status === 403]).toEqual([rule.method, rule.path, isRefused])
      if (isRefused)
        expect((await problemBody(response)).detail).toBe(
          `this needs the role ${rule.role}; key ${role} has the role ${role}`,
        )
    }
  })
})

describe("users", () => {
  it("log in, act by their role, and are out when they are removed", async () => {
    const { call, login } = await secured()
    const created = await call("POST", "/api/users", { name: "ada", password: PASSWORD, role: "viewer" }, ADMIN)
    expect([created.status, created.headers.get("location")]).toEqual([201, "/api/users/ada"])
    expect(created.body).toEqual({
      name: "ada",
      role: "viewer",
      tags: [],
      created_at: expect.any(String),
      changed_at: expect.any(String),
    })
    const session = cookieOf((await login("ada", PASSWORD)).headers)
    expect((await call("GET", "/api/channels", undefined, session)).status).toBe(200)
    const refused = await call("POST", "/api/channels", { name: "a", rtp_port: 5000 }, session)
    expect([refused.status, refused.body["detail"]]).toEqual([
      403,
      "this needs the role operator; user ada has the role viewer",
    ])
    await call("PUT", "/api/users/ada", { role: "operator" }, ADMIN)
    expect((await call("POST", "/api/channels", { name: "a", rtp_port: 5000 }, session)).status).toBe(201)
    expect((await call("GET", "/api/users", undefined, session)).status).toBe(403)
    expect((await call("DELETE", "/api/users/ada", undefined, ADMIN)).status).toBe(204)
    expect((await call("GET", "/api/channels", undefined, session)).status).toBe(401)
    expect((await login("ada", PASSWORD)).status).toBe(401)
  })

  it("are out when the password changes, and keep their session over a restart otherwise", async () => {
    const first = await secured()
    await first.call("POST", "/api/users", { name: "ada", password: PASSWORD, role: "admin" }, ADMIN)
    const session = cookieOf((await first.login("ada", PASSWORD)).headers)
    await first.stop()
    const { call, login } = await secured(first.dataDir)
    expect((await call("GET", "/api/users", undefined, session)).status).toBe(200)
    expect((await call("PUT", "/api/users/ada", { password: "another horse battery" }, session)).status).toBe(200)
    expect((await call("GET", "/api/users", undefined, session)).status).toBe(401)
    expect((await login("ada", PASSWORD)).status).toBe(401)
    expect((await login("ada", "another horse battery")).status).toBe(303)
  })

  it("cannot be forged: the name and the expiry of a session are signed", async () => {
    const { call, login } = await secured()
    await call("POST", "/api/users", { name: "ada", password: PASSWORD, role: "viewer" }, ADMIN)
    const [expires, , signature] = (cookieOf((await login("ada", PASSWORD)).headers).Cookie.split("=")[1] ?? "").split(
      ".",
    )
    const env = Buffer.from("env").toString("base64url")
    const ada = Buffer.from("user:ada").toString("base64url")
    for (const forged of [
      `${expires}.${env}.${signature}`,
      `${Number(expires) + 1}.${ada}.${signature}`,
      `${expires}.${ada}.`,
    ]) {
      expect((await call("GET", "/api/channels", undefined, { Cookie: `distributor_session=${forged}` })).status).toBe(
        401,
      )
    }
  })

  it("close the open service, whose first one must be an admin, as must the last", async () => {
    const { call } = await apps.start()
    const refused = await call("POST", "/api/users", { name: "v", password: PASSWORD, role: "viewer" })
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining("nobody with the role admin")])
    expect((await call("POST", "/api/users", { name: "ada", password: PASSWORD, role: "admin" })).status).toBe(201)
    expect((await call("GET", "/api/channels")).status).toBe(401)
    const login = await call(
      "POST",
      "/login",
      new URLSearchParams({ user: "ada", password: PASSWORD }).toString(),
      form,
    )
    const session = cookieOf(login.headers)
    await call("POST", "/api/users", { name: "v", password: PASSWORD, role: "viewer" }, session)
    expect((await call("PUT", "/api/users/ada", { role: "viewer" }, session)).status).toBe(409)
    expect((await call("DELETE", "/api/users/ada", undefined, session)).status).toBe(409)
    expect((await call("POST", "/api/users", { name: "ada", password: PASSWORD, role: "admin" }, session)).status).toBe(
      409,
    )
    expect((await call("PUT", "/api/users/nobody", { role: "viewer" }, session)).status).toBe(404)
  })
})

describe("keys", () => {
  it("are shown once, work until they are deleted, and are stored as hashes", async () => {
    const { call, store } = await secured()
    const created = await call<{ id: string; key: string; prefix: string }>(
      "POST",
      "/api/keys",
      { name: "ci", role: "operator" },
      ADMIN,
    )
    const { id, key, prefix } = created.body
    expect(key).toMatch(/^sd_[\w-]{43}$/)
    expect(key.startsWith(prefix)).toBe(true)
    const mine = { Authorization: `Bearer ${key}` }
    expect((await call("POST", "/api/channels", { name: "a", rtp_port: 5000 }, mine)).status).toBe(201)
    expect((await call("GET", "/api/config?secrets=1", undefined, mine)).status).toBe(403)
    expect((await call("GET", "/api/keys", undefined, ADMIN)).text).not.toContain(key)
    expect(JSON.stringify(await Effect.runPromise(makeAccountRows(store.access).load))).not.toContain(key)
    const login = await call("POST", "/login", new URLSearchParams({ key }).toString(), form)
    expect((await call("GET", "/api/channels", undefined, cookieOf(login.headers))).status).toBe(200)
    expect((await call("DELETE", `/api/keys/${id}`, undefined, ADMIN)).status).toBe(204)
    expect((await call("GET", "/api/channels", undefined, mine)).status).toBe(401)
    expect((await call("GET", "/api/channels", undefined, cookieOf(login.headers))).status).toBe(401)
  })
})

describe("the audit log", () => {
  it("tells who asked for what, refused changes and failed logins included, and no secret", async () => {
    const { call, login } = await secured()
    await call("POST", "/api/users", { name: "ada", password: PASSWORD, role: "viewer" }, ADMIN)
    await login("ada", "a wrong password")
    const session = cookieOf((await login("ada", PASSWORD)).headers)
    await call("POST", "/api/channels", { name: "a", rtp_port: 5000 }, session)
    await call("GET", "/api/channels", undefined, session)
    const { body, text } = await call<{ entries: ReadonlyArray<Record<string, unknown>> }>(
      "GET",
      "/api/audit",
      undefined,
      ADMIN,
    )
    expect(
      body.entries.map(({ actor, method, outcome, path, status, what }) => [
        actor,
        method,
        path,
        what,
        status,
        outcome,
      ]),
    ).toEqual([
      ["user ada", "POST", "/api/channels", "create a channel", 403, "refused"],
      ["user ada", "POST", "/login", "log in", 303, "done"],
      ["user ada", "POST", "/login", "log in", 401, "refused"],
      ["the API key", "POST", "/api/users", "create a user", 201, "done"],
    ])
    for (const secret of [PASSWORD, "a wrong password", KEY]) expect(text).not.toContain(secret)
    const older = await call<{ entries: ReadonlyArray<unknown> }>(
      "GET",
      "/api/audit?limit=1&before=2",
      undefined,
      ADMIN,
    )
    expect(older.body.entries).toHaveLength(1)
    expect((await call("GET", "/api/audit?limit=0", undefined, ADMIN)).status).toBe(400)
  })

  it("has logouts, and wrong keys and what limits refused once a minute for each", async () => {
    const { call } = makeTestApp({ settings: withKey(KEY) })
    const login = (key: string) => call("POST", "/login", new URLSearchParams({ key }).toString(), form)
    await call("POST", "/logout", undefined, cookieOf((await login(KEY)).headers))
    // Nobody was logged in.
    await call("POST", "/logout")
    for (let n = 0; n < 3; n++) await call("GET", "/api/channels", undefined, { "X-API-Key": "PLANTED-wrong" })
    for (let n = 0; n < LIMITS.writes + 3; n++) await call("POST", "/api/channels/none/stop", undefined, ADMIN)
    for (let n = 0; n < LIMITS.logins + 3; n++) await login("PLANTED-key")
    const text = await (await call("GET", "/api/audit?limit=1000", undefined, ADMIN)).text()
    const { entries } = JSON.parse(text) as { readonly entries: ReadonlyArray<Record<string, unknown>> }
    const lines = entries.map(({ actor, status, what }) => `${actor}: ${what} ${status}`)
    const times = (line: string) => lines.filter((one) => one === line).length
    expect([
      times("the API key: log out 303"),
      times("an API key: use an API key 401"),
      times("the API key: stop a channel 429"),
      times("an API key: log in 401"),
      times("an API key: log in 429"),
    ]).toEqual([1, 1, 1, LIMITS.logins, 1])
    expect(text).not.toContain("PLANTED")
  })

  it("has its names in the events of a channel", async () => {
    const { call } = await secured()
    await call("POST", "/api/channels", { name: "a", rtp_port: 5000 }, ADMIN)
    const { key } = (await call<{ key: string }>("POST", "/api/keys", { name: "ci", role: "operator" }, ADMIN)).body
    await call("POST", "/api/channels/a/start", undefined, { "X-API-Key": key })
    await expect
      .poll(async () => (await call("GET", "/api/channels/a/events", undefined, ADMIN)).text)
      .toContain("started by key ci")
  })
})

describe("limits", () => {
  it("refuse logins after ten that failed, the right password included, with Retry-After", async () => {
    const { call } = makeTestApp({ settings: withKey(KEY) })
    const login = (key: string) => call("POST", "/login", new URLSearchParams({ key }).toString(), form)
    for (let i = 0; i < LIMITS.logins; i += 1) expect((await login("wrong")).status).toBe(401)
    const refused = await login(KEY)
    expect([refused.status, Number(refused.headers.get("retry-after")) > 50]).toEqual([429, true])
  })

  it("refuse guessed keys, and let stored ones through", async () => {
    const { call } = makeTestApp({ settings: withKey(KEY) })
    const { key } = (await (await call("POST", "/api/keys", { name: "ci", role: "viewer" }, ADMIN)).json()) as {
      key: string
    }
    const status = async (tried: string) =>
      (await call("GET", "/api/channels", undefined, { "X-API-Key": tried })).status
    for (let i = 0; i < LIMITS.keys; i += 1) expect(await status(`guess ${i}`)).toBe(401)
    expect([await status("guess"), await status(KEY), await status(key)]).toEqual([429, 429, 200])
  })

  it("refuse writes above the bound, and no reads", async () => {
    const { call } = makeTestApp({ settings: withKey(KEY) })
    for (let i = 0; i < LIMITS.writes; i += 1)
      expect((await call("POST", "/api/channels/none/stop", undefined, ADMIN)).status).toBe(404)
    const refused = await call("POST", "/api/channels/none/stop", undefined, ADMIN)
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true])
    expect((await call("GET", "/api/channels", undefined, ADMIN)).status).toBe(200)
  })
})
