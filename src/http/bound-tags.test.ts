/** Accounts that are bound to tags: who may be, what they may do to tags, and what follows when tags change. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type BoundStation, namesOthers, OWN_CHANNEL, startBoundStation } from "./testing/bound-station.ts"
import { makeRealApps } from "./testing/real-app.ts"

const apps = makeRealApps()
/** All tests use it, in their order. */
let station: BoundStation
beforeAll(async () => {
  station = await startBoundStation(apps)
})
afterAll(apps.stopAll)

describe("an account that is bound to tags", () => {
  it("is no admin, whether it is made so or becomes one", async () => {
    const { admin } = station
    const user = { name: "ada", password: "correct horse battery" }
    const message = expect.stringContaining("must be empty for an admin")
    for (const [path, body] of [
      ["/api/users", { ...user, role: "admin", tags: ["sport"] }],
      ["/api/keys", { name: "root", role: "admin", tags: ["sport"] }],
    ] as const) {
      const refused = await admin("POST", path, body)
      expect([refused.status, refused.text]).toEqual([400, message])
    }
    expect((await admin("POST", "/api/users", { ...user, role: "operator", tags: ["sport"] })).status).toBe(201)
    const raised = await admin("PUT", "/api/users/ada", { role: "admin" })
    expect([raised.status, raised.text]).toEqual([400, message])
    expect((await admin("PUT", "/api/users/ada", { role: "admin", tags: [] })).status).toBe(200)
    expect((await admin("POST", "/api/keys", { name: "ci", role: "viewer", tags: ["No Tag"] })).status).toBe(400)
    const audit = (await admin("GET", "/api/audit?limit=20")).text
    for (const words of ["user ada: role operator, tags sport", "role from operator to admin; tags from sport to none"])
      expect(audit).toContain(words)
  })

  it("follows a change of its tags and of its channels' at once, on open pages too", async () => {
    const { accounts, admin, app, hidden, own, send } = station
    const made = await send("POST", "/api/keys", { name: "eyes", role: "viewer", tags: ["sport", "sport"] })
    expect(made.body).toMatchObject({ role: "viewer", tags: ["sport"] })
    await admin("POST", "/api/users", {
      name: "vera",
      password: "correct horse battery",
      role: "viewer",
      tags: ["sport"],
    })
    const login = await app.request("/login", {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: "user=vera&password=correct+horse+battery",
    })
    const headers = { Cookie: (login.headers.get("set-cookie") ?? "").split(";")[0] ?? "" }
    const names = async () => {
      const { channels } = (await (await app.request("/api/channels", { headers })).json()) as {
        readonly channels: ReadonlyArray<{ readonly id: string }>
      }
      return channels.map(({ id }) => id)
    }
    expect(await names()).toEqual([own.id])
    const stream = (await app.request("/live/channels", { headers })).body?.getReader()
    const text = new TextDecoder()
    expect(text.decode((await stream?.read())?.value)).toContain(OWN_CHANNEL)
    await admin("PUT", "/api/users/vera", { tags: ["news"] })
    expect(await names()).toEqual([hidden.id])
    // The stream ends, and the browser opens another with the tags of now.
    let rest = ""
    for (;;) {
      const { done, value } = (await stream?.read()) ?? { done: true, value: undefined }
      if (done) break
      rest += text.decode(value)
    }
    expect(namesOthers(rest)).toBe(false)
    await admin("PUT", `/api/channels/${hidden.id}`, { tags: [] })
    expect(await names()).toEqual([])
    await admin("PUT", "/api/users/vera", { tags: [] })
    expect((await names()).length).toBe(3)
    expect(accounts.findUser("vera")?.tags).toEqual([])
  })

  it("makes channels with its tags only, keeps the last of them, and takes a port of another without a name", async () => {
    const { admin, ask, keys, own, send } = station
    const create = (body: object) =>
      send("POST", "/api/channels", { name: "Second", rtp_port: 5300, ...body }, keys.operator)
    for (const tags of [undefined, [], ["news"], ["sport", "news"]]) {
      const refused = await create(tags === undefined ? {} : { tags })
      expect([refused.status, refused.text]).toEqual([
        400,
        expect.stringContaining("that your role is bound to (sport)"),
      ])
    }
    expect((await create({ tags: ["sport"] })).status).toBe(201)
    const taken = await create({ name: "Third", rtp_port: 5100, tags: ["sport"] })
    expect([taken.status, taken.text]).toEqual([409, expect.stringContaining("a channel that you do not see")])
    expect(namesOthers(taken.text)).toBe(false)
    const tag = (tags: ReadonlyArray<string>) => send("PUT", `/api/channels/${own.id}`, { tags }, keys.operator)
    expect((await tag([])).text).toContain("must keep one of the tags that your role is bound to (sport)")
    expect((await tag(["sport", "news"])).text).toContain("and not in news")
    expect((await tag(["sport"])).status).toBe(200)
    // Who is told of all channels may change all tags; what is taken back would change them as well.
    expect((await admin("PUT", `/api/channels/${own.id}`, { tags: ["sport", "news"] })).body["tags"]).toEqual([
      "news",
      "sport",
    ])
    expect((await tag(["sport"])).text).toContain("and not in news")
    const [latest] = (await admin("GET", "/api/config/changes?limit=1")).body["changes"] as ReadonlyArray<{
      id: number
    }>
    expect((await send("POST", `/api/config/changes/${latest?.id}/revert`, {}, keys.operator)).status).toBe(400)
    // The form offers the tag, and says what is wrong beside it.
    expect((await ask("GET", "/add/channel", keys.operator)).text).toMatch(/name="tags"[^>]*value="sport"/)
    const typed = await ask("POST", "/channels", keys.operator, { name: "Fourth", rtp_port: "5400", tags: "News" })
    expect([typed.status, typed.text]).toEqual([
      400,
      expect.stringMatching(/id="channel-tags-error" class="error">may hold/),
    ])
    expect(
      (await ask("POST", "/channels", keys.operator, { name: "Fourth", rtp_port: "5400", tags: "Sport" })).status,
    ).toBe(303)
    // What it removed itself, it brings back.
    const gone = await ask("POST", `/channels/${own.id}/remove`, keys.operator, { confirmed: "yes" })
    const token = /undo=([\w-]+)/.exec(gone.headers.get("location") ?? "")?.[1] ?? ""
    expect((await ask("GET", `/?undo=${token}`, keys.operator)).text).toContain(OWN_CHANNEL)
    expect((await ask("POST", `/undo/${token}`, keys.operator, "form")).status).toBe(303)
    expect((await ask("GET", `/api/channels/${own.id}`, keys.operator)).status).toBe(200)
  })

  it("shows nothing of another channel that had the name before", async () => {
    const { admin, ask, keys, send } = station
    const made = await admin("POST", "/api/keys", { name: "planted4711-hand", role: "operator" })
    expect(made.status).toBe(201)
    const hand = String(made.body["key"])
    const before = {
      name: "Cup",
      rtp_port: 5500,
      tags: ["news"],
      outputs: [{ name: "cdn", url: "srt://192.0.2.7:55" }],
    }
    expect((await send("POST", "/api/channels", before, hand)).status).toBe(201)
    const mute = { channel: "cup", minutes: 60, reason: "Planted4711 works" }
    expect((await send("POST", "/api/notifications/mutes", mute, hand)).status).toBe(201)
    const ofOutput = { channel: "cup", output: "cdn", minutes: 60 }
    expect((await send("POST", "/api/notifications/mutes", ofOutput, hand)).status).toBe(201)
    expect((await send("POST", "/api/channels/cup/outputs/cdn/stop", {}, hand)).status).toBe(200)
    expect((await ask("GET", "/channels/cup/history?span=24h", keys.whole)).text).toContain("planted4711-hand")
    expect((await send("DELETE", "/api/channels/cup", undefined, hand)).status).toBe(204)
    const after = { name: "Cup", rtp_port: 5600, tags: ["sport"] }
    expect((await send("POST", "/api/channels", after, keys.operator)).status).toBe(201)
    for (const path of [
      "/channels/cup",
      "/channels/cup/history?span=24h",
      "/api/notifications/mutes",
      "/settings/notifications",
    ])
      for (const key of [keys.operator, keys.viewer]) {
        const { status, text } = await ask("GET", path, key)
        expect([path, status, namesOthers(text)]).toEqual([path, 200, false])
      }
    // It is not theirs for those who see all, either, and mutes go with what they were made for.
    expect((await ask("GET", "/channels/cup/history?span=24h", keys.whole)).text).not.toContain("planted4711-hand")
    const { mutes } = (await send("GET", "/api/notifications/mutes", undefined, keys.whole)).body as {
      readonly mutes: ReadonlyArray<Readonly<Record<string, unknown>>>
    }
    expect(mutes.filter(({ channel }) => channel === "cup")).toEqual([])
  })
})
