/**
 * The settings pages over the real control plane: what each role sees and may do, what is stored, and what is never
 * shown.
 */
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import { propertyRuns } from "../../../../test/property-runs.ts"
import type { AuditEntry } from "../../../effects/accounts/audit-rows.ts"
import { makeRealApps } from "../../testing/real-app.ts"
import {
  ADMIN,
  destinations,
  get,
  type Headers,
  PASSWORD,
  post,
  SECRET,
  start,
  upload,
  user,
} from "./testing/settings-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("what is shown of the settings", () => {
  it("is what the reader may open and do", async () => {
    const app = await start(apps)
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
    const app = await start(apps)
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

describe("whatever is typed", () => {
  it("is never a failure of the service, is escaped, and shows no secret again", async () => {
    const app = await start(apps)
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
        ["/settings/notifications/mutes", ["channel", "output", "minutes", "starts", "zone", "days.mon", "weeks"], []],
        ["/settings/notifications/acknowledge", ["key"], []],
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
  })
})
