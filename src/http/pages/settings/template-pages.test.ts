import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps } from "../../testing/real-app.ts"
import { get, post, SECRET, start, textOf } from "./testing/settings-app.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("templates", () => {
  it("are added, shown for a channel, changed with their secrets kept, and become outputs", async () => {
    const app = await start(apps)
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
