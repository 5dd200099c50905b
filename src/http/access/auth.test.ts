import { Option } from "effect"
import { Hono } from "hono"
import { describe, expect, it } from "vitest"
import { memoryAccounts } from "../../effects/testing/accounts.ts"
import { makeTestApp, OPEN, withKey } from "../testing/test-app.ts"
import { makeAccess } from "./auth.ts"

const KEY = "a-long/key+with=signs"
const form = { "Content-Type": "application/x-www-form-urlencoded" }
const guarded = () => makeTestApp({ settings: withKey(KEY) })
const cookieOf = (response: Response) => (response.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
const login = (call: ReturnType<typeof guarded>["call"], key: string, next = "/") =>
  call("POST", "/login", new URLSearchParams({ key, next }).toString(), form)

describe("with an API key", () => {
  it.each([
    ["nothing", {}, 401],
    ["X-API-Key", { "X-API-Key": KEY }, 200],
    ["Bearer", { Authorization: `Bearer ${KEY}` }, 200],
    ["bearer in lower case", { Authorization: `bearer ${KEY}` }, 200],
    ["a wrong key", { "X-API-Key": `${KEY}x` }, 401],
    ["a prefix of the key", { "X-API-Key": KEY.slice(0, -1) }, 401],
    ["an empty key", { "X-API-Key": "" }, 401],
    ["Basic", { Authorization: `Basic ${btoa(`x:${KEY}`)}` }, 401],
    ["a wrong key beside a right one", { "X-API-Key": "wrong", Authorization: `Bearer ${KEY}` }, 200],
    ["a made-up session", { Cookie: "distributor_session=9999999999.AAAA" }, 401],
  ])("%s: %j gives %d", async (_what, headers, status) => {
    const { call } = guarded()
    for (const path of ["/api/channels", "/api/health", "/metrics"])
      expect((await call("GET", path, undefined, headers)).status).toBe(status)
  })

  it("says how with 401", async () => {
    const response = await guarded().call("GET", "/api/channels")
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="stream-distributor"')
    expect(response.headers.get("content-type")).toBe("application/problem+json")
  })

  it("does not tell strangers which paths exist", async () => {
    expect((await guarded().call("GET", "/api/nothing")).status).toBe(401)
  })

  it.each(["/livez", "/readyz", "/login", "/static/style.css"])("leaves %s free", async (path) => {
    expect((await guarded().call("GET", path)).status).toBe(200)
  })

  it("refuses the key in the URL even when it is right", async () => {
    const response = await guarded().call("GET", `/api/channels?api_key=${encodeURIComponent(KEY)}`, undefined, {
      "X-API-Key": KEY,
    })
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain(KEY)
  })

  it("sends people to the login form and back", async () => {
    const { call } = guarded()
    const away = await call("GET", "/")
    expect([away.status, away.headers.get("location")]).toEqual([303, "/login?next=%2F"])
    expect(await (await call("GET", "/login?next=%2F")).text()).toContain('name="key"')
    const wrong = await login(call, "wrong")
    expect([wrong.status, wrong.headers.get("set-cookie")]).toEqual([401, null])
    const right = await login(call, KEY)
    expect([right.status, right.headers.get("location")]).toEqual([303, "/"])
    expect(right.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict/)
    expect(right.headers.get("set-cookie")).not.toContain(KEY)
    const inside = await call("GET", "/", undefined, { Cookie: cookieOf(right) })
    expect(inside.status).toBe(200)
    expect((await call("GET", "/api/channels", undefined, { Cookie: cookieOf(right) })).status).toBe(200)
    expect((await call("POST", "/logout", undefined, { Cookie: cookieOf(right) })).headers.get("set-cookie")).toContain(
      "Max-Age=0",
    )
  })

  it.each(["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\r\nb"])(
    "never sends anybody to %j",
    async (next) => {
      expect((await login(guarded().call, KEY, next)).headers.get("location")).toBe("/")
    },
  )

  it("tells htmx to go to the login form", async () => {
    const response = await guarded().call("GET", "/live/channels", undefined, { "HX-Request": "true" })
    expect([response.status, response.headers.get("hx-redirect")]).toEqual([401, "/login"])
  })

  it("marks the cookie Secure behind TLS", async () => {
    const { call } = guarded()
    const body = new URLSearchParams({ key: KEY }).toString()
    const response = await call("POST", "/login", body, { ...form, "X-Forwarded-Proto": "https" })
    expect(response.headers.get("set-cookie")).toContain("Secure")
  })

  it("ends a session after 7 days", async () => {
    let now = 1_000_000
    const access = makeAccess(withKey(KEY), memoryAccounts(), () => now)
    const app = new Hono()
    app.get("/in", (c) => {
      access.login(c, "env")
      return c.text("")
    })
    app.get("/", (c) => c.text(String(access.allows(c))))
    const headers = { Cookie: cookieOf(await app.request("/in")) }
    now += 7 * 86_400_000 - 1000
    expect(await (await app.request("/", { headers })).text()).toBe("true")
    now += 2000
    expect(await (await app.request("/", { headers })).text()).toBe("false")
  })

  it("ends sessions when the key changes", async () => {
    const session = cookieOf(await login(guarded().call, KEY))
    const changed = makeTestApp({ settings: withKey("another") })
    expect((await changed.call("GET", "/api/channels", undefined, { Cookie: session })).status).toBe(401)
  })
})

describe("without", () => {
  it("is open on loopback, and with AUTH=off whatever the key", async () => {
    expect((await makeTestApp().call("GET", "/api/channels")).status).toBe(200)
    const off = makeTestApp({ settings: { ...withKey(KEY), auth: false } })
    expect((await off.call("GET", "/api/channels")).status).toBe(200)
    expect((await off.call("GET", "/login")).status).toBe(303)
  })

  it.each([
    ["localhost:8000", 200],
    ["127.0.0.1:8000", 200],
    ["[::1]:8000", 200],
    ["192.168.1.5", 200],
    ["box.localhost", 200],
    ["evil.example", 403],
    ["localhost.evil.example:8000", 403],
    ["127.0.0.1.evil.example", 403],
  ])("answers the host name %s with %d against DNS rebinding", async (host, status) => {
    expect((await makeTestApp().call("GET", "/api/channels", undefined, { Host: host })).status).toBe(status)
  })

  it("answers any host name with AUTH=off or the name in HOST", async () => {
    const off = makeTestApp({ settings: { ...OPEN, auth: false } })
    expect((await off.call("GET", "/api/channels", undefined, { Host: "dist.example" })).status).toBe(200)
    const named = makeTestApp({ settings: { host: "Dist.example", apiKey: Option.none(), auth: true } })
    expect((await named.call("GET", "/api/channels", undefined, { Host: "dist.example:8000" })).status).toBe(200)
  })
})

describe("origin", () => {
  const create = { name: "a", rtp_port: 5000 }
  it.each([
    ["no browser", {}, 201],
    ["our own page", { Origin: "http://localhost" }, 201],
    ["another site", { Origin: "http://evil.example" }, 403],
    ["another port", { Origin: "http://localhost:3000" }, 403],
    ["a sandboxed page", { Origin: "null" }, 403],
    ["no URL", { Origin: "%%" }, 403],
    ["a cross-site fetch", { "Sec-Fetch-Site": "cross-site" }, 403],
    ["a sibling site", { "Sec-Fetch-Site": "same-site", Origin: "http://localhost" }, 403],
    ["our page behind a proxy", { Origin: "https://dist.example", "X-Forwarded-Host": "dist.example" }, 201],
    ["our page, as the browser says", { Origin: "https://dist.example", "Sec-Fetch-Site": "same-origin" }, 201],
  ])("%s: a POST with %j gives %d", async (_what, headers, status) => {
    expect((await makeTestApp().call("POST", "/api/channels", create, headers)).status).toBe(status)
  })

  it("does not stop reading, which browsers keep from the other site", async () => {
    const response = await makeTestApp().call("GET", "/api/channels", undefined, { Origin: "http://evil.example" })
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, null])
  })
})

describe("security headers", () => {
  it.each(["/", "/api/channels", "/nothing", "/static/style.css", "/livez", "/login"])("are on %s", async (path) => {
    const { headers } = await makeTestApp().call("GET", path)
    const policy = headers.get("content-security-policy") ?? ""
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain("unsafe")
    expect(headers.get("x-content-type-options")).toBe("nosniff")
    expect(headers.get("cache-control")).toBe(path.startsWith("/static/") ? "no-cache" : "no-store")
  })
})
