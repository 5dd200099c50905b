import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { newCue } from "../../../effects/testing/cues.ts"
import { LIMITS } from "../../access/limits.ts"
import { RULES } from "../../access/roles.ts"
import { makeRealApps } from "../../testing/real-app.ts"
import { withKey } from "../../testing/test-app.ts"

const KEY = "the-key-of-the-environment"
const ADMIN = { "X-API-Key": KEY }
const FORM = { ...ADMIN, "Content-Type": "application/x-www-form-urlencoded" }
const PATH = "/channels/news/outputs/cdn/partner"
const apps = makeRealApps()
afterEach(apps.stopAll)

const station = async () => {
  const real = await apps.start({ settings: withKey(KEY) })
  const outputs = [
    { name: "CDN", url: "srt://192.0.2.1:9000?passphrase=0123456789abcdef&latency=250" },
    { name: "Second", url: "srt://:9100?mode=listener&streamid=main" },
    { name: "Other", url: "rtmp://192.0.2.3/live", stream_key: "secret-key" },
  ]
  const created = await real.call("POST", "/api/channels", { name: "News", rtp_port: 5000, outputs }, ADMIN)
  expect(created.status).toBe(201)
  const look = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    real.call("GET", path, undefined, headers)
  const make = async (path = PATH, fields: Record<string, string> = { label: "Partner TV", days: "30" }) => {
    const made = await real.call("POST", path, new URLSearchParams(fields).toString(), FORM)
    const token = /\/partner\/([\w-]{43})</.exec(made.text)?.[1] ?? ""
    return { made, token, path: `/partner/${token}` }
  }
  return { ...real, id: String(created.body["id"]), look, make }
}

describe("a partner link", () => {
  it("is made with two clicks from the channel's page, and shown this once", async () => {
    const { call, look, make } = await station()
    const channel = await call("GET", "/channels/news?output=cdn", undefined, ADMIN)
    expect(channel.text).toContain(`href="${PATH}"`)
    expect(channel.text).toContain(`action="${PATH}"`)
    const form = await call("GET", PATH, undefined, ADMIN)
    expect(form.text).toContain("Make a link")
    const { made, path, token } = await make()
    expect(made.status).toBe(200)
    expect(made.text).toContain(`http://localhost${path}`)
    const list = await call("GET", PATH, undefined, ADMIN)
    expect(list.text).toContain("Partner TV")
    expect(list.text).not.toContain(token)
    expect((await look(path)).status).toBe(200)
  })

  it("shows its output alone: how it is, its cues, and what to set, without a secret", async () => {
    const { id, look, make, store } = await station()
    const sent = { status: "sent", at: new Date().toISOString(), delay_ms: 41, reason: null } as const
    const missed = { status: "missed", at: null, delay_ms: null, reason: "not connected" } as const
    const cue = newCue({
      channelId: id,
      at: Date.now(),
      description: "out of the programme",
      outputs: [
        { output: "cdn", ...sent },
        { output: "other", ...missed },
      ],
    })
    await Effect.runPromise(store.writeCues([{ id: null, cue }]))
    const { path } = await make()
    const { headers, status, text } = await look(path)
    expect([status, headers.get("cache-control"), headers.get("x-robots-tag")]).toEqual([200, "no-store", "noindex"])
    expect(text).toContain("News: CDN")
    expect(text).toContain("out of the programme")
    expect(text).toContain("sent after 41 ms")
    // It calls a listener of the partner's.
    expect(text).toContain("We call you")
    expect(text).toContain("srt://0.0.0.0:9000?mode=listener&amp;latency=250000&amp;passphrase=PASSPHRASE")
    for (const program of ["ffmpeg", "srt-live-transmit", "vMix", "OBS", "Zixi", "Haivision"])
      expect(text).toContain(program)
    for (const none of ["0123456789abcdef", "Other", "other", "Second", "192.0.2.3", "Settings", "/channels/"])
      expect([none, text.includes(none)]).toEqual([none, false])
    const part = await look(`${path}?part=now`)
    expect([part.status, part.text.includes("<html"), part.text.includes("Bit rate")]).toEqual([200, false, true])
    const listener = await make("/channels/news/outputs/second/partner")
    const help = (await look(listener.path)).text
    expect(help).toContain("You call us")
    expect(help).toContain("srt://localhost:9100?mode=caller&amp;latency=120&amp;streamid=main")
  })

  it("opens nothing else: on every route its token counts as no key", async () => {
    const { accounts, app, make } = await station()
    const { path, token } = await make()
    const ways: ReadonlyArray<Readonly<Record<string, string>>> = [
      { "X-API-Key": token },
      { Authorization: `Bearer ${token}` },
      { Cookie: `distributor_session=${token}` },
      { Referer: `http://localhost${path}`, Cookie: `partner=${token}` },
    ]
    const ask = async (method: string, at: string, headers: Readonly<Record<string, string>>) => {
      const { headers: answered, status } = await app.request(at, { method, headers })
      return [status, answered.get("location"), answered.get("set-cookie")]
    }
    expect(accounts.keyOf(token)).toBeUndefined()
    const values = { id: "news", output: "cdn", token, file: "style.css", link: token, version: "1" }
    let tried = 0
    for (const { method, path: route, role } of RULES) {
      if (route === "/ws" || role === "free") continue
      const at = route.replace(/:(\w+)/g, (_, name: string) => values[name as keyof typeof values] ?? token)
      const nobody = await ask(method, at, {})
      expect([route, [401, 303].includes(Number(nobody[0]))]).toEqual([route, true])
      // Wrong keys are counted; the two that are none go on.
      for (const way of tried < LIMITS.keys / 2 ? ways : ways.slice(2)) {
        expect([route, way, await ask(method, at, way)]).toEqual([route, way, nobody])
      }
      expect([route, await ask(method, `${at}?token=${token}`, {})]).toEqual([route, nobody])
      tried++
    }
    expect(tried).toBeGreaterThan(100)
    for (const below of ["", "/", "/../../", "/edit"]) {
      const { status } = await app.request(`${path}${below}`, { method: "POST" })
      expect([401, 404, 405]).toContain(status)
    }
  })

  it("ends when it is revoked, and says so; so it does for an output that was deleted", async () => {
    const { call, look, make } = await station()
    const first = await make()
    const second = await make()
    const list = await call("GET", PATH, undefined, ADMIN)
    const [, revoke = ""] = /action="([^"]+\/revoke)"/.exec(list.text) ?? []
    // The newest stands first.
    expect((await call("POST", revoke, "", FORM)).status).toBe(303)
    const states = [await look(first.path), await look(second.path)].map(({ status }) => status).sort()
    expect(states).toEqual([200, 410])
    expect((await call("POST", revoke, "", FORM)).status).toBe(404)
    const works = (await look(first.path)).status === 200 ? first : second
    const revoked = works === first ? second : first
    expect((await look(revoked.path)).text).toContain("has been revoked")
    expect((await call("DELETE", "/api/channels/news/outputs/cdn", undefined, ADMIN)).status).toBe(204)
    const gone = await look(works.path)
    expect([gone.status, gone.text.includes("The output CDN of News is gone: it was deleted")]).toEqual([410, true])
    expect((await call("DELETE", "/api/channels/news", undefined, ADMIN)).status).toBe(204)
    expect((await look(works.path)).text).toContain("was deleted")
    const audit = await call("GET", "/api/audit?text=partner", undefined, ADMIN)
    expect((audit.body["entries"] as ReadonlyArray<{ what: string }>).map(({ what }) => what)).toEqual(
      expect.arrayContaining(["make a partner link on the page", "revoke a partner link on the page"]),
    )
    expect(audit.text).not.toContain(works.token)
  })

  it("expires after its days, and is refused without a name or with too many of them", async () => {
    const { call, look, make, store } = await station()
    const { path } = await make()
    await Effect.runPromise(
      store.access.change("age", store.access.sql`UPDATE partner_links SET expires_at = ${Date.now()}`),
    )
    const expired = await look(path)
    expect([expired.status, expired.text.includes("has expired")]).toEqual([410, true])
    for (const [fields, message] of [
      [{ label: "", days: "3" }, "must be 1 to 100 characters"],
      [{ label: "x", days: "0" }, "must be a whole number from 1 to 366"],
      [{ label: "x", days: "367" }, "must be a whole number from 1 to 366"],
      [{ label: "x", days: "soon" }, "must be a whole number from 1 to 366"],
    ] as const) {
      const refused = await make(PATH, fields)
      expect([refused.made.status, refused.made.text.includes(message)]).toEqual([400, true])
    }
    expect((await call("GET", "/channels/news/outputs/nobody/partner", undefined, ADMIN)).status).toBe(404)
    const key = await call("POST", "/api/keys", { name: "eyes", role: "viewer" }, ADMIN)
    expect((await call("POST", PATH, "label=x&days=1", { ...FORM, "X-API-Key": String(key.body["key"]) })).status).toBe(
      403,
    )
  })

  it("is rate limited: tokens that are none by their address, and views by their link", async () => {
    const { look, make } = await station()
    const { path } = await make()
    for (let i = 0; i < LIMITS.partnerViews; i++) await look(`${path}?part=now`)
    const limited = await look(path)
    expect([limited.status, limited.headers.get("retry-after") !== null]).toEqual([429, true])
    expect(limited.text).not.toContain(path)
    const other = await make()
    for (let i = 0; i < LIMITS.partnerTries; i++) expect((await look(`/partner/${"A".repeat(43)}`)).status).toBe(404)
    expect((await look(other.path)).status).toBe(429)
  })
})

describe("partner links of the API", () => {
  const LINKS = "/api/channels/news/outputs/cdn/partner-links"

  it("are made, listed without their tokens, and revoked; a viewer only sees them, and all of it is in the audit log", async () => {
    const { call, look } = await station()
    const viewer = await call("POST", "/api/keys", { name: "watch", role: "viewer" }, ADMIN)
    const VIEWER = { "X-API-Key": String(viewer.body["key"]) }
    expect((await call("POST", LINKS, { label: "TV", days: 1 }, VIEWER)).status).toBe(403)
    const made = await call("POST", LINKS, { label: "Partner TV", days: 30 }, ADMIN)
    expect(made.status).toBe(201)
    const { id, path, token, ...rest } = made.body as { id: string; path: string; token: string; standing: string }
    expect(path).toBe(`/partner/${token}`)
    expect(rest).toMatchObject({ label: "Partner TV", standing: "works", revoked_at: null })
    expect((await look(path)).status).toBe(200)
    const listed = await call("GET", LINKS, undefined, VIEWER)
    expect(listed.text).not.toContain(token)
    expect(listed.body).toMatchObject({ partner_links: [{ id, standing: "works" }] })
    expect((await call("DELETE", `${LINKS}/${id}`, undefined, VIEWER)).status).toBe(403)
    expect((await call("DELETE", `${LINKS}/${id}`, undefined, ADMIN)).status).toBe(204)
    expect((await call("DELETE", `${LINKS}/${id}`, undefined, ADMIN)).status).toBe(404)
    expect((await look(path)).text).not.toContain("192.0.2.1")
    expect((await call("GET", LINKS, undefined, ADMIN)).body).toMatchObject({
      partner_links: [{ standing: "revoked" }],
    })
    const audit = await call("GET", "/api/audit", undefined, ADMIN)
    for (const what of ["make a partner link", "revoke a partner link"]) expect(audit.text).toContain(what)
    expect(audit.text).not.toContain(token)
  })

  it.each([
    [{ label: "", days: 30 }, "label"],
    [{ label: "TV", days: 367 }, "days"],
    [{ label: "TV" }, "days"],
  ])("are refused as %j, by the field", async (body, field) => {
    const { call } = await station()
    const refused = await call("POST", LINKS, body, ADMIN)
    expect(refused.status).toBe(400)
    expect(refused.text).toContain(`"${field}"`)
  })
})
