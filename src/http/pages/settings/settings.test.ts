/**
 * The settings pages over the real control plane: what each role sees and may do, what is stored, and what is never
 * shown.
 */
import { Effect } from "effect"
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import { propertyRuns } from "../../../../test/property-runs.ts"
import type { AuditEntry } from "../../../effects/accounts/audit-rows.ts"
import { startHttpReceiver } from "../../../effects/testing/receivers.ts"
import { makeRealApps, type RealApp } from "../../testing/real-app.ts"
import { withKey } from "../../testing/test-app.ts"
import { makePendingDocuments } from "./pending-documents.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const KEY = "the-environment-key"
const ADMIN = { "X-API-Key": KEY }
const PASSWORD = "correct horse battery"
const SECRET = "Planted4711Secret"
const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
type Headers = Record<string, string>

const start = async () => {
  const app = await apps.start({ settings: withKey(KEY) })
  await app.call("POST", "/api/channels", { name: "News & more", rtp_ip: "127.0.0.1", rtp_port: 5000 }, ADMIN)
  return app
}
const post = (app: RealApp, path: string, fields: Record<string, string> = {}, headers: Headers = ADMIN) =>
  app.call("POST", path, new URLSearchParams(fields).toString(), { ...FORM, ...headers })
const get = async (app: RealApp, path: string, headers: Headers = ADMIN) =>
  (await app.call("GET", path, undefined, headers)).text
const upload = (app: RealApp, document: string, headers: Headers = ADMIN) => {
  const body = `--x\r\nContent-Disposition: form-data; name="document"\r\n\r\n${document}\r\n--x--\r\n`
  return app.call("POST", "/settings/config/diff", body, {
    "Content-Type": "multipart/form-data; boundary=x",
    ...headers,
  })
}
const sessionOf = (headers: globalThis.Headers): Headers => ({
  Cookie: (headers.get("set-cookie") ?? "").split(";")[0] ?? "",
})
const user = async (app: RealApp, name: string, role: string): Promise<Headers> => {
  expect((await post(app, "/settings/users", { name, role, password: PASSWORD })).status).toBe(303)
  return sessionOf((await post(app, "/login", { user: name, password: PASSWORD }, {})).headers)
}
const textOf = (html: string) => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
const destinations = async (app: RealApp) =>
  (
    await app.call<{ destinations: ReadonlyArray<{ id: string }> }>(
      "GET",
      "/api/notifications/destinations",
      undefined,
      ADMIN,
    )
  ).body.destinations

describe("what is shown of the settings", () => {
  it("is what the reader may open and do", async () => {
    const app = await start()
    const links = async (headers: Headers) =>
      [...(await get(app, "/settings", headers)).matchAll(/<h2><a href="\/settings\/(\w+)"/g)].map(([, name]) => name)
    const viewer = await user(app, "vera", "viewer")
    const operator = await user(app, "otto", "operator")
    expect(await links(viewer)).toEqual(["notifications", "config"])
    expect(await links(operator)).toEqual(["notifications", "config", "templates"])
    expect(await links(ADMIN)).toEqual(["notifications", "config", "templates", "users", "keys"])
    for (const path of ["/settings/notifications", "/settings/config"]) {
      const actions = async (headers: Headers) =>
        [...(await get(app, path, headers)).matchAll(/<form method="post" action="\/settings\/([^"]+)"/g)].map(
          ([, action]) => action,
        )
      expect(await actions(viewer)).toEqual([])
      expect(await actions(operator)).toEqual(path === "/settings/config" ? [] : ["notifications/mutes"])
      expect((await get(app, path, viewer)).includes("Changes here take the role admin")).toBe(true)
    }
    expect((await post(app, "/settings/keys", { name: "x", role: "admin" }, operator)).status).toBe(403)
  })

  it("is written down when it changes, with who did it, and without secrets", async () => {
    const app = await start()
    const viewer = await user(app, "vera", "viewer")
    await post(app, "/settings/users/vera/remove", {}, viewer)
    await post(app, "/settings/keys", { name: "ci", role: "viewer" })
    const { body } = await app.call<{ entries: ReadonlyArray<AuditEntry> }>("GET", "/api/audit", undefined, ADMIN)
    expect(body.entries.map(({ actor, outcome, what }) => [actor, what, outcome]).slice(0, 2)).toEqual([
      ["the API key", "create a key on the page", "done"],
      ["user vera", "delete a user on the page", "refused"],
    ])
    expect(JSON.stringify(body)).not.toContain(PASSWORD)
  })
})

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
    const app = await start()
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

  it("change their own password with the present one, which is not guessed for long", async () => {
    const app = await start()
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

describe("templates", () => {
  it("are added, shown for a channel, changed with their secrets kept, and become outputs", async () => {
    const app = await start()
    const fields = {
      template: "cdn",
      url: `srt://cdn{number}.example.com:9000?streamid={channel}/{name}&passphrase=${SECRET}`,
    }
    const wrong = await post(app, "/settings/templates/add", { ...fields, template: "My CDN" })
    expect([wrong.status, wrong.text]).toEqual([
      400,
      expect.stringMatching(/id="template-template-error"[^>]*>must be lower case/),
    ])
    expect(wrong.text).toContain('value="My CDN"')
    expect(
      (await post(app, "/settings/templates/add", { ...fields, output_name: "CDN of {name}", enabled: "false" }))
        .status,
    ).toBe(303)
    const list = await get(app, "/settings/templates?channel=news-more")
    expect(list).toContain("srt://cdn1.example.com:9000?streamid=news-more/News%20%26%20more&amp;passphrase=***")
    expect(list).toContain("→ CDN of News &amp; more")
    const change = { url: fields.url.replace(SECRET, "***"), output_name: "CDN", enabled: "false", settings_of: "srt" }
    expect((await post(app, "/settings/templates/cdn/edit", change)).status).toBe(303)
    const typed = { channel: "news-more", template: "cdn", url: "" }
    expect(await get(app, "/add/output?channel=news-more&template=cdn")).toContain(
      '<option value="cdn" selected="">cdn</option>',
    )
    const understood = await post(app, "/fragments/interpret", typed)
    expect(textOf(understood.text)).toContain("Interpreted as: SRT caller to cdn1.example.com:9000")
    expect((await post(app, "/outputs", typed)).status).toBe(303)
    const [stored] = (await Effect.runPromise(app.store.load)) ?? []
    expect(stored?.outputs).toMatchObject([
      {
        name: "CDN",
        enabled: false,
        url: `srt://cdn1.example.com:9000?streamid=news-more/News%20%26%20more&passphrase=${SECRET}`,
      },
    ])
    const unknown = await post(app, "/outputs", { ...typed, template: "none" })
    expect([unknown.status, unknown.text]).toEqual([
      400,
      expect.stringContaining("there is no template &quot;none&quot;"),
    ])
    for (const { text } of [wrong, understood, unknown]) expect(text).not.toContain(SECRET)
    expect(list).not.toContain(SECRET)
    expect((await post(app, "/settings/templates/cdn/remove")).status).toBe(303)
    expect(await get(app, "/settings/templates")).toContain("There are no templates.")
  })
})

describe("notifications", () => {
  it("have destinations that are added, tested, changed with their secrets kept, and removed", async () => {
    const app = await start()
    const hook = await startHttpReceiver()
    const fields = { kind: "webhook", name: "<Hook>", url: `${hook.url}/${SECRET}`, secret: SECRET, enabled: "true" }
    const refused = await post(app, "/settings/notifications/destinations/add", { ...fields, name: "" })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('id="destination-name-error"')])
    expect((await post(app, "/settings/notifications/destinations/add", fields)).status).toBe(303)
    const [one] = await destinations(app)
    const path = `/settings/notifications/destinations/${one?.id}`
    const tested = await post(app, `${path}/test`)
    expect([tested.status, textOf(tested.text)]).toEqual([
      200,
      expect.stringContaining("The test of &lt;Hook&gt; went well: HTTP 200: ok"),
    ])
    expect(hook.received.map((received) => received.path)).toEqual([`/${SECRET}`])
    expect((await post(app, `${path}/edit`, { name: "Hook", url: "", secret: "", enabled: "false" })).status).toBe(303)
    expect((await post(app, `${path}/test`)).text).toContain("went well")
    expect((await get(app, "/settings/notifications")).includes("switched off")).toBe(true)
    for (const text of [
      refused.text,
      tested.text,
      await get(app, `${path}/edit`),
      await get(app, "/settings/notifications"),
    ])
      expect(text).not.toContain(SECRET)
    await hook.close()
    expect((await post(app, `${path}/test`)).text).toMatch(/banner error[\s\S]*The test of Hook failed/)
    expect((await post(app, `${path}/remove`)).status).toBe(303)
    expect(await destinations(app)).toEqual([])
  })

  it("have rules, which are told in words, and mutes", async () => {
    const app = await start()
    const mail = {
      kind: "email",
      name: "Ops",
      host: "mail.example.com",
      from: "a@example.com",
      to: "b@example.com, c@example.com",
    }
    expect((await post(app, "/settings/notifications/destinations/add", mail)).status).toBe(303)
    const [one] = await destinations(app)
    const rules = {
      count: "2",
      "rules[0].remove": "true",
      "rules[1].add": "true",
      "rules[1].severities.critical": "true",
      "rules[1].kinds.input_lost": "true",
      [`rules[1].destinations.${one?.id}`]: "true",
      "rules[1].resolved": "false",
    }
    const wrong = await post(app, "/settings/notifications/rules", {
      ...rules,
      "rules[1].channels": "none",
      repeat_minutes: "x",
    })
    expect(wrong.status).toBe(400)
    const unknown = await post(app, "/settings/notifications/rules", { ...rules, "rules[1].channels": "none" })
    // The removed rule is not part of the request, yet the message appears where the faulty value was typed.
    expect(unknown.text).toContain(
      'id="rules-rules[1].channels-error" class="error">there is no channel &quot;none&quot;',
    )
    expect(
      (await post(app, "/settings/notifications/rules", { ...rules, "rules[1].channels": "news-more" })).status,
    ).toBe(303)
    expect(textOf(await get(app, "/settings/notifications"))).toContain(
      "Ops: no input that is critical on news-more, and not when it is over",
    )
    const form = await get(app, "/settings/notifications/rules")
    expect(form).toContain('name="rules[0].kinds.input_lost" value="true" checked=""')
    expect(form).toContain('name="count" value="2"')

    const bad = await post(app, "/settings/notifications/mutes", {
      channel: "news-more",
      output: "none",
      minutes: "60",
    })
    expect([bad.status, bad.text]).toEqual([400, expect.stringContaining('id="mute-output-error"')])
    expect(
      (await post(app, "/settings/notifications/mutes", { channel: "news-more", output: "", minutes: "60" })).status,
    ).toBe(303)
    const [, end = ""] =
      /action="(\/settings\/notifications\/mutes\/[^"]+\/end)"/.exec(await get(app, "/settings/notifications")) ?? []
    expect((await post(app, end)).status).toBe(303)
    expect(await get(app, "/settings/notifications")).toContain("Nothing is muted.")
    expect((await post(app, "/settings/notifications/none/acknowledge")).status).toBe(404)
  })
})

describe("the configuration", () => {
  const outputs = (passphrase: string) => `
      - slug: cdn
        url: srt://192.0.2.1:9000?passphrase=${passphrase}
`
  const document = (rest: string) =>
    `version: 1\nchannels:\n  - slug: news-more\n    name: News\n    rtp_port: 5000\n    outputs:${rest}`
  const tokenOf = (html: string) => /name="token" value="([^"]+)"/.exec(html)?.[1] ?? ""

  it("is compared, applied once it was seen, and rolled back", async () => {
    const app = await start()
    const compared = await upload(app, document(outputs(SECRET)))
    expect(compared.status).toBe(200)
    expect(textOf(compared.text)).toMatch(/name: News &amp; more → News .*\+ added output/)
    expect(compared.text).not.toContain(SECRET)
    // Somebody else's token does not work.
    const { text } = await upload(app, document(outputs(SECRET)))
    const other = await user(app, "ada", "admin")
    expect((await post(app, "/settings/config/apply", { token: tokenOf(text) }, other)).status).toBe(409)
    const applied = await post(app, "/settings/config/apply", { token: tokenOf(compared.text) })
    expect([applied.status, applied.headers.get("location")]).toEqual([303, "/settings/config?done=applied"])
    expect((await post(app, "/settings/config/apply", { token: tokenOf(compared.text) })).status).toBe(409)
    // The configuration that the preview was compared with no longer exists.
    const again = await post(app, "/settings/config/apply", { token: tokenOf(text) })
    expect([again.status, textOf(again.text)]).toEqual([409, expect.stringContaining("was changed meanwhile")])

    expect((await get(app, "/settings/config")).match(/Version \d/g)).toEqual(["Version 2", "Version 1"])
    const version = await get(app, "/settings/config/versions/1")
    expect(textOf(version)).toMatch(/name: News → News &amp; more .*removed output/)
    expect(version).toContain("Go back to version 1")
    expect((await post(app, "/settings/config/versions/1/rollback")).status).toBe(303)
    const back = (await Effect.runPromise(app.store.load)) ?? []
    expect(back).toMatchObject([{ name: "News & more", outputs: [] }])
    expect((await app.call("GET", "/settings/config/versions/99", undefined, ADMIN)).status).toBe(404)
  })

  it("says what begins anew, and that a secret is another one", async () => {
    const app = await start()
    const first = await upload(app, document(outputs(`${SECRET}-1`)))
    await post(app, "/settings/config/apply", { token: tokenOf(first.text) })
    const second = textOf((await upload(app, document(outputs(`${SECRET}-2`)))).text)
    expect(second).toMatch(/1 output is begun anew .* its secret is another one/)
    expect(second).not.toContain(SECRET)
    expect(textOf((await upload(app, await get(app, "/api/config?format=yaml"))).text)).toContain("Nothing changes")
  })

  it("is shown again without its secrets when it is wrong, and nothing is changed", async () => {
    const app = await start()
    for (const wrong of [
      document(outputs(SECRET)).replace("5000", "70000"),
      `${document(outputs(SECRET))}  [`,
      `stream_key: ${SECRET}`,
    ]) {
      const answer = await upload(app, wrong)
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('role="alert"')
      expect(answer.text).toContain("***")
      expect(answer.text).not.toContain(SECRET)
    }
    const hidden = await upload(app, `stream_key: |\n  ${SECRET}`)
    expect([hidden.status, textOf(hidden.text)]).toEqual([
      400,
      expect.stringContaining("may hold secrets and is not sent back"),
    ])
    expect(hidden.text).not.toContain(SECRET)
    expect((await upload(app, "")).text).toContain("is empty: paste a configuration or choose a file")
    expect((await upload(app, "x".repeat(2 << 20))).status).toBe(413)
    expect((await get(app, "/settings/config")).includes("No configuration was applied yet")).toBe(true)
  })

  it("waits for its yes for 10 minutes", () => {
    let now = 0
    const pending = makePendingDocuments(() => now)
    const one = { document: { version: 1 as const, channels: [] }, subject: "env", seen: "[]" }
    const token = pending.keep(one)
    expect(pending.find(token, "env")).toMatchObject(one)
    expect(pending.find(token, "user:ada")).toBeUndefined()
    now = 10 * 60_000
    expect(pending.find(token, "env")).toBeUndefined()
    const many = Array.from({ length: 25 }, () => pending.keep(one))
    expect(many.filter((token) => pending.find(token, "env") !== undefined)).toHaveLength(20)
  })
})

describe("whatever is typed", () => {
  it("is never a failure of the service, is escaped, and shows no secret again", async () => {
    const app = await start()
    await post(app, "/settings/templates/add", { template: "cdn", url: "srt://h:9000" })
    await post(app, "/settings/notifications/destinations/add", {
      kind: "slack",
      name: "Chat",
      url: "http://127.0.0.1:9/x",
    })
    const [one] = await destinations(app)
    const paths: ReadonlyArray<readonly [path: string, fields: ReadonlyArray<string>, secrets: ReadonlyArray<string>]> =
      [
        ["/settings/password", ["user"], ["current", "password", "again"]],
        ["/settings/users", ["name", "role"], ["password"]],
        ["/settings/users/nobody/edit", ["role"], ["password"]],
        ["/settings/keys", ["name", "role"], []],
        [
          "/settings/templates/add",
          ["template", "url", "output_name", "preset", "enabled", "settings.segment_s"],
          ["stream_key"],
        ],
        ["/settings/templates/cdn/edit", ["url", "output_name", "preset", "settings_of"], ["stream_key"]],
        ["/settings/notifications/mutes", ["channel", "output", "minutes"], []],
        [
          "/settings/notifications/destinations/add",
          ["kind", "name", "host", "port", "security", "to", "enabled"],
          ["url", "secret", "password"],
        ],
        [`/settings/notifications/destinations/${one?.id}/edit`, ["name", "enabled"], ["url"]],
        ["/settings/notifications/rules", ["count", "rules[0].add", "rules[0].channels", "group_wait_s"], []],
        ["/settings/config/apply", ["token"], []],
      ]
    const nasty = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("<script>alert(1)</script>", '"><img>', "true", "1", "email", "\0"),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.array(nasty, { minLength: 8, maxLength: 8 }),
        async ([path, names, secrets], values) => {
          const fields = Object.fromEntries([
            ...names.map((name, n) => [name, values[n] ?? ""]),
            ...secrets.map((name, n) => [name, `${values[n] ?? ""}${SECRET}`]),
          ])
          const answer = await post(app, path, fields)
          expect([path, answer.status < 500]).toEqual([path, true])
          expect(answer.text).not.toMatch(/<script>alert|"><img>/)
          expect(answer.text).not.toContain(SECRET)
        },
      ),
      { numRuns: propertyRuns(40) },
    )
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => void expect((await upload(app, text)).status).toBeLessThan(500)),
      { numRuns: propertyRuns(15) },
    )
    expect(app.errors).toEqual([])
  }, 60_000)
})
