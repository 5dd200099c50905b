/** Forms of the settings whose object somebody else has changed while they were open. */
import { afterEach, describe, expect, it } from "vitest"
import { formsIn } from "../../testing/html-forms.ts"
import { makeRealApps, type RealApp } from "../../testing/real-app.ts"
import { destinations, get, post, SECRET, start, textOf } from "./testing/settings-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

/** The form of a page that is sent to the page itself, as a browser would send it. */
const fieldsOf = async (app: RealApp, path: string) => {
  const found = formsIn(await get(app, path)).find(({ action }) => action === path)
  if (found === undefined) throw new Error(`no form of ${path}`)
  return found.fields
}

describe("two admins at one form", () => {
  it("of a template: what only one has changed is taken over, what both have is shown with both values", async () => {
    const app = await start(apps)
    await post(app, "/settings/templates/add", {
      template: "cdn",
      url: `srt://h:9000?passphrase=${SECRET}&latency=100`,
    })
    const path = "/settings/templates/cdn/edit"
    const fields = await fieldsOf(app, path)
    const first = { ...fields, output_name: "First", url: "srt://h:9000?passphrase=***&latency=200" }
    expect((await post(app, path, first)).status).toBe(303)
    const late = await post(app, path, { ...fields, url: "srt://h:9000?passphrase=***&latency=300" })
    expect(late.status).toBe(412)
    expect(late.text).toContain("from empty to &quot;First&quot;, taken over here")
    expect(late.text).toContain(
      "somebody else has changed this to &quot;srt://h:9000?passphrase=***&amp;latency=200&quot;",
    )
    expect(late.text).not.toContain(SECRET)
    const [again] = formsIn(late.text).filter(({ action }) => action === path)
    expect((await post(app, path, { ...again?.fields })).status).toBe(303)
    expect(await fieldsOf(app, path)).toMatchObject({
      output_name: "First",
      url: "srt://h:9000?passphrase=***&latency=300",
    })
  })

  it("of a destination: its secrets count, and are not shown", async () => {
    const app = await start(apps)
    const hook = { kind: "webhook", name: "Hook", url: "https://hooks.example.com/one", enabled: "true" }
    await post(app, "/settings/notifications/destinations/add", hook)
    const [one] = await destinations(app)
    const path = `/settings/notifications/destinations/${one?.id}/edit`
    const fields = await fieldsOf(app, path)
    expect((await post(app, path, { ...fields, url: `https://hooks.example.com/${SECRET}` })).status).toBe(303)
    const late = await post(app, path, { ...fields, name: "Renamed" })
    expect([late.status, late.text]).toEqual([412, expect.stringContaining("Its secrets were changed, too.")])
    expect(late.text).not.toContain(SECRET)
    const [again] = formsIn(late.text).filter(({ action }) => action === path)
    expect((await post(app, path, { ...again?.fields })).status).toBe(303)
    expect(await fieldsOf(app, path)).toMatchObject({ name: "Renamed" })
  })

  it("of the rules: what the other has saved is told above what was typed", async () => {
    const app = await start(apps)
    const path = "/settings/notifications/rules"
    const fields = await fieldsOf(app, path)
    expect((await post(app, path, { ...fields, "rules[0].channels": "news-more" })).status).toBe(303)
    const late = await post(app, path, { ...fields, repeat_minutes: "30" })
    expect(late.status).toBe(412)
    expect(textOf(late.text)).toContain("Rule 1 is now: every destination: everything on news-more")
    expect(await fieldsOf(app, path)).toMatchObject({ repeat_minutes: "0", "rules[0].channels": "news-more" })
    const [again] = formsIn(late.text).filter(({ action }) => action === path)
    expect((await post(app, path, { ...again?.fields })).status).toBe(303)
    expect(await fieldsOf(app, path)).toMatchObject({ repeat_minutes: "30", "rules[0].channels": "" })
  })
})
