/** Forms whose object was changed while they were open. */
import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps } from "../../testing/real-app.ts"
import { add, outputs, post, start } from "./testing/real-forms.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

const openedIn = (html: string) =>
  (/name="opened" value="([^"]*)"/.exec(html)?.[1] ?? "").replaceAll("&quot;", '"').replaceAll("&amp;", "&")

describe("a form that somebody else has overtaken", () => {
  it("is not saved: what only they changed is taken over, what both changed is shown with both values", async () => {
    const app = await start(apps)
    await add(app, { name: "cdn", url: "srt://h:9000?passphrase=s3cret-s3cret&latency=200" })
    const path = "/channels/news/outputs/cdn/edit"
    const page = await app.call("GET", path)
    const opened = openedIn(page.text)
    expect(opened).toContain("passphrase=***")
    const fields = { name: "cdn", url: "srt://h:9000?passphrase=***&latency=200", settings_of: "srt", opened }
    expect(
      (await post(app, path, { ...fields, name: "Renamed", url: "srt://h:9000?passphrase=***&latency=300" })).status,
    ).toBe(303)
    const late = await post(app, path, { ...fields, url: "srt://h:9000?passphrase=***&latency=400" })
    expect(late.status).toBe(412)
    expect(late.text).toContain('value="Renamed"')
    expect(late.text).toContain("from &quot;cdn&quot; to &quot;Renamed&quot;, taken over here")
    expect(late.text).toContain('value="srt://h:9000?passphrase=***&amp;latency=400"')
    expect(late.text).toMatch(
      /somebody else has changed this to &quot;srt:\/\/h:9000\?passphrase=\*\*\*&amp;latency=300&quot;/,
    )
    const again = {
      ...fields,
      name: "Renamed",
      url: "srt://h:9000?passphrase=***&latency=400",
      opened: openedIn(late.text),
    }
    expect((await post(app, path, again)).status).toBe(303)
    expect(await outputs(app)).toMatchObject([
      { name: "Renamed", url: "srt://h:9000?passphrase=s3cret-s3cret&latency=400" },
    ])
  })

  it("tells of secrets that were changed, and shows none", async () => {
    const app = await start(apps)
    await add(app, { name: "yt", url: "rtmp://h/live", stream_key: "old-key" })
    const path = "/channels/news/outputs/yt/edit"
    const opened = openedIn((await app.call("GET", path)).text)
    const fields = { name: "yt", url: "rtmp://h/live", settings_of: "rtmp", opened }
    expect((await post(app, path, { ...fields, stream_key: "new-key" })).status).toBe(303)
    const late = await post(app, path, { ...fields, name: "YouTube" })
    expect([late.status, late.text]).toEqual([412, expect.stringContaining("Its secrets were changed, too.")])
    expect(late.text).not.toMatch(/(?:old|new)-key/)
  })

  it("goes on for a channel whose outputs alone were changed, and not for one that was renamed", async () => {
    const app = await start(apps)
    const page = await app.call("GET", "/channels/news/edit")
    const opened = openedIn(page.text)
    const body = Object.fromEntries(
      [...page.text.matchAll(/<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"/g)].map(([, name = "", value = ""]) => [
        name,
        value,
      ]),
    )
    await add(app, { name: "cdn", url: "srt://h:9000" })
    const fields = { ...body, opened, input_kind: "rtp", backup_input_kind: "none" }
    expect((await post(app, "/channels/news/edit", { ...fields, name: "News A" })).status).toBe(303)
    expect((await post(app, "/channels/news/edit", { ...fields, name: "News B" })).status).toBe(412)
  })
})
