import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps } from "../../testing/real-app.ts"
import { get, KEY, PASSWORD, post, sessionOf, start, textOf, user } from "./testing/settings-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("accounts", () => {
  it("are added, changed and removed; the last admin stays, and the page says why", async () => {
    const app = await apps.start()
    const first = await post(app, "/settings/users", { name: "vera", role: "viewer", password: PASSWORD }, {})
    expect([first.status, textOf(first.text)]).toEqual([
      409,
      expect.stringContaining("would leave nobody with the role admin"),
    ])
    expect(first.text).toContain('value="vera"')
    expect(first.text).not.toContain(PASSWORD)
    expect((await post(app, "/settings/users", { name: "ada", role: "admin", password: PASSWORD }, {})).status).toBe(
      303,
    )
    const ada = sessionOf((await post(app, "/login", { user: "ada", password: PASSWORD }, {})).headers)
    expect((await post(app, "/settings/users", { name: "vera", role: "viewer", password: PASSWORD }, ada)).status).toBe(
      303,
    )
    const gone = await post(app, "/settings/users/ada/remove", {}, ada)
    expect([gone.status, textOf(gone.text)]).toEqual([
      409,
      expect.stringContaining("The user ada was not removed: would leave nobody with the role admin"),
    ])
    const lowered = await post(app, "/settings/users/ada/edit", { role: "viewer", password: "" }, ada)
    expect([lowered.status, lowered.text]).toEqual([
      409,
      expect.stringMatching(/id="user-role-error" class="error">would leave nobody/),
    ])
    expect((await post(app, "/settings/users/vera/edit", { role: "operator", password: "" }, ada)).status).toBe(303)
    expect(app.accounts.findUser("vera")?.role).toBe("operator")
    expect(await get(app, "/settings/users/vera/remove", ada)).toContain("Remove the user vera?")
    expect((await post(app, "/settings/users/vera/remove", {}, ada)).status).toBe(303)
    expect(app.accounts.users().map(({ name }) => name)).toEqual(["ada"])
    // Admins who set their own password on the page of users stay logged in.
    const renewed = await post(app, "/settings/users/ada/edit", { role: "admin", password: `${PASSWORD}!` }, ada)
    expect((await app.call("GET", "/settings", undefined, sessionOf(renewed.headers))).status).toBe(200)
    expect((await app.call("GET", "/settings", undefined, ada)).status).toBe(303)
  })

  it("show a new key once, and it lets in until it is removed", async () => {
    const app = await start(apps)
    const made = await post(app, "/settings/keys", { name: "ci", role: "viewer" })
    const [key = ""] = /sd_[\w-]{43}/.exec(made.text) ?? []
    expect([made.status, made.text]).toEqual([201, expect.stringContaining('data-copy="API key"')])
    expect((await app.call("GET", "/api/channels", undefined, { "X-API-Key": key })).status).toBe(200)
    expect(await get(app, "/settings/keys")).not.toContain(key)
    expect((await post(app, "/settings/keys", { name: "ci", role: "viewer" })).text).toContain(
      "there is a key &quot;ci&quot; already",
    )
    const [one] = app.accounts.keys()
    expect((await post(app, `/settings/keys/${one?.id}/remove`)).status).toBe(303)
    expect((await app.call("GET", "/api/channels", undefined, { "X-API-Key": key })).status).toBe(401)
  })

  it("are bound to tags of channels, and the lists say for what a role holds", async () => {
    const app = await start(apps)
    const fields = { name: "tina", role: "viewer", tags: "Sport, east-2 sport", password: PASSWORD }
    expect((await post(app, "/settings/users", fields)).status).toBe(303)
    expect(app.accounts.findUser("tina")?.tags).toEqual(["east-2", "sport"])
    expect(await get(app, "/settings/users")).toContain('<td data-label="For">east-2, sport</td>')
    expect(await get(app, "/settings/users/tina/edit")).toMatch(/name="tags"[^>]*value="east-2, sport"/)
    const raised = await post(app, "/settings/users/tina/edit", { role: "admin", tags: "sport", password: "" })
    expect([raised.status, raised.text]).toEqual([
      400,
      expect.stringContaining('id="user-tags-error" class="error">must be empty for an admin'),
    ])
    expect((await post(app, "/settings/users/tina/edit", { role: "viewer", tags: "", password: "" })).status).toBe(303)
    expect(await get(app, "/settings/users")).toContain('<td data-label="For">all channels</td>')
    const key = await post(app, "/settings/keys", { name: "ci", role: "operator", tags: "sport" })
    expect(key.text).toContain("Key ci, role operator, for sport")
    const wrong = await post(app, "/settings/keys", { name: "cd", role: "operator", tags: "späte" })
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('id="key-tags-error"')])
  })

  it("change their own password with the present one, which is not guessed for long", async () => {
    const app = await start(apps)
    const vera = await user(app, "vera", "viewer")
    const change = (current: string, password: string, again = password, headers = vera) =>
      post(app, "/settings/password", { current, password, again }, headers)
    const wrong = await change("wrong password", "another long one")
    expect([wrong.status, wrong.text]).toEqual([
      400,
      expect.stringContaining('id="password-current-error" class="error">is not your password'),
    ])
    expect((await change(PASSWORD, "another long one", "anther long one")).text).toContain(
      "is not the same as the new password",
    )
    expect((await change(PASSWORD, "short")).text).toContain('id="password-password-error"')
    const done = await change(PASSWORD, "another long one")
    expect([done.status, done.headers.get("location")]).toEqual([303, "/settings?done=password"])
    expect((await app.call("GET", "/settings", undefined, vera)).status).toBe(303)
    const now = sessionOf(done.headers)
    expect(await get(app, "/settings?done=password", now)).toContain("The password was changed.")
    expect((await post(app, "/settings/password", { current: KEY, password: PASSWORD, again: PASSWORD })).status).toBe(
      400,
    )
    const statuses = []
    for (let n = 0; n < 30 && statuses.at(-1) !== 429; n++)
      statuses.push((await change(`wrong ${n}`, "a third long one", undefined, now)).status)
    expect(statuses.at(-1)).toBe(429)
  })
})
