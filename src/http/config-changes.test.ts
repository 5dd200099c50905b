/** Single changes over the real control plane: who made them, from what to what, and taking them back. */
import { afterEach, describe, expect, it } from "vitest"
import type { ChangeEntry } from "../effects/declarative/change-rows.ts"
import { makeRealApps, type RealApp } from "./testing/real-app.ts"
import { withKey } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const KEY = "the-environment-key"
const ADMIN = { "X-API-Key": KEY }
const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
const SECRET = "Planted4711Secret"

const start = async () => {
  const app = await apps.start({ settings: withKey(KEY) })
  const cdn = { name: "CDN", url: `srt://one.example:9000?passphrase=${SECRET}` }
  await app.call("POST", "/api/channels", { name: "News", rtp_port: 5000, outputs: [cdn] }, ADMIN)
  return app
}
const changesOf = async (app: RealApp, query = "") =>
  (await app.call<{ changes: ChangeEntry[] }>("GET", `/api/config/changes${query}`, undefined, ADMIN)).body.changes
const output = async (app: RealApp) =>
  (await app.call<Record<string, unknown>>("GET", "/api/channels/news/outputs/cdn", undefined, ADMIN)).body
const put = (app: RealApp, body: Record<string, unknown>) =>
  app.call("PUT", "/api/channels/news/outputs/cdn", body, ADMIN)

describe("a change", () => {
  it("has a line with its author and what differs, is named by the audit log, and is taken back by one click", async () => {
    const app = await start()
    expect((await put(app, { url: `srt://two.example:9000?passphrase=${SECRET}-2` })).status).toBe(200)
    expect((await put(app, { name: "Main CDN" })).status).toBe(200)
    const [renamed, moved, created] = await changesOf(app, "?channel=news")
    expect(created?.change).toMatchObject({ action: "created", slug: "news" })
    expect(moved).toMatchObject({
      by: expect.stringMatching(/API key|key/),
      change: {
        action: "updated",
        outputs: [{ action: "updated", changes: [{ field: "url", from: "srt://one.example:9000?passphrase=***" }] }],
      },
    })
    const page = await app.call("GET", "/channels/news", undefined, ADMIN)
    const button = `/channels/news/changes/${moved?.id}/revert`
    expect(page.text).toContain(`action="${button}"`)
    expect((await app.call("POST", button, "", { ...FORM, ...ADMIN })).headers.get("location")).toBe(
      "/channels/news#changes",
    )
    // What came after it stays.
    expect(await output(app)).toMatchObject({ name: "Main CDN", url: "srt://one.example:9000?passphrase=***" })
    const audit = await app.call<{ entries: Array<{ what: string; detail: string }> }>(
      "GET",
      "/api/audit?text=two.example",
      undefined,
      ADMIN,
    )
    expect(audit.body.entries.map(({ detail }) => detail)).toEqual([
      "News: output Main CDN: url srt://two.example:9000?passphrase=*** → srt://one.example:9000?passphrase=***",
      "News: output CDN: url srt://one.example:9000?passphrase=*** → srt://two.example:9000?passphrase=***",
    ])
    const shown = await app.call("GET", "/audit?text=two.example", undefined, ADMIN)
    expect(shown.text).toContain("output CDN: url srt://one.example")
    for (const { text } of [page, audit, shown]) expect(text).not.toContain(SECRET)
    // Taking that back is a change as any other.
    const [back] = await changesOf(app)
    expect(back?.id).toBeGreaterThan(renamed?.id ?? 0)
    expect((await app.call("POST", `/api/config/changes/${back?.id}/revert`, undefined, ADMIN)).status).toBe(200)
    expect(await output(app)).toMatchObject({ url: "srt://two.example:9000?passphrase=***" })
  })

  it("that was overtaken is refused with the field, a dry run changes nothing, and an unknown one is not found", async () => {
    const app = await start()
    await put(app, { name: "First" })
    await put(app, { name: "Second" })
    const [second, first] = await changesOf(app)
    const revert = (id: number | undefined, query = "") =>
      app.call<{ errors: Array<{ path: string }> }>(
        "POST",
        `/api/config/changes/${id}/revert${query}`,
        undefined,
        ADMIN,
      )
    const refused = await revert(first?.id)
    expect([refused.status, refused.body.errors.map(({ path }) => path)]).toEqual([409, ["outputs.cdn.name"]])
    const page = await app.call("POST", `/channels/news/changes/${first?.id}/revert`, "", { ...FORM, ...ADMIN })
    expect([page.status, page.text]).toEqual([409, expect.stringContaining("was changed again since")])
    expect(await revert(second?.id, "?dry_run=1")).toMatchObject({ status: 200, body: { dry_run: true } })
    expect(await output(app)).toMatchObject({ name: "Second" })
    expect((await revert(999_999)).status).toBe(404)
    expect((await app.call("POST", "/api/config/changes/none/revert", undefined, ADMIN)).status).toBe(404)
  })

  it("that removed a channel brings it back with its secrets; starting and stopping are none", async () => {
    const app = await start()
    const before = await output(app)
    expect((await app.call("DELETE", "/api/channels/news", undefined, ADMIN)).status).toBe(204)
    const [removed] = await changesOf(app)
    expect(removed?.change).toMatchObject({ action: "removed", slug: "news" })
    expect((await app.call("POST", `/api/config/changes/${removed?.id}/revert`, undefined, ADMIN)).status).toBe(200)
    expect(await output(app)).toMatchObject({ url: before["url"] })
    const { length } = await changesOf(app)
    await app.call("POST", "/api/channels/news/start", undefined, ADMIN)
    await app.call("POST", "/api/channels/news/stop", undefined, ADMIN)
    expect(await changesOf(app)).toHaveLength(length)
  })
})
