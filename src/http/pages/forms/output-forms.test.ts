/** The forms of outputs over the real control plane: what they store, keep and remove. */
import { afterEach, describe, expect, it } from "vitest"
import { makeRealApps } from "../../testing/real-app.ts"
import { add, outputs, post, start, stored, textOf } from "./testing/real-forms.ts"

const apps = makeRealApps()
afterEach(apps.stopAll)

describe("an output", () => {
  it("is added with its settings, enabled or not", async () => {
    const app = await start(apps)
    const fields = {
      url: "rtmp://h/live",
      stream_key: " key ",
      "settings.cue_points": "elemental",
      "settings.codecs.hevc": "true",
    }
    expect((await add(app, { ...fields, "settings.verify_tls": "false", save: "disabled", name: "cdn" })).status).toBe(
      303,
    )
    expect(await outputs(app)).toMatchObject([
      {
        name: "cdn",
        stream_key: "key",
        enabled: false,
        settings: { cue_points: "elemental", codecs: ["hevc"], verify_tls: false },
      },
    ])
  })

  it("keeps its secrets while it is changed, and loses what is taken away", async () => {
    const app = await start(apps)
    await add(app, { name: "cdn", url: "srt://h:9000?passphrase=s3cret-s3cret&latency=200" })
    const page = await app.call("GET", "/channels/news/outputs/cdn/edit")
    expect(page.text).toContain('value="srt://h:9000?passphrase=***&amp;latency=200"')
    const changed = { name: "CDN", url: "srt://h:9000?passphrase=***&latency=500", settings_of: "srt" }
    expect((await post(app, "/channels/news/outputs/cdn/edit", changed)).status).toBe(303)
    expect(await outputs(app)).toMatchObject([
      { name: "CDN", slug: "cdn", url: "srt://h:9000?passphrase=s3cret-s3cret&latency=500" },
    ])
    const elsewhere = await post(app, "/channels/news/outputs/cdn/edit", {
      ...changed,
      url: "srt://evil:9000?passphrase=***",
    })
    expect([elsewhere.status, elsewhere.text]).toEqual([400, expect.stringContaining("srt://evil:9000?passphrase=***")])
    const rtmp = {
      name: "CDN",
      url: "rtmp://h/live",
      stream_key: "k3y-k3y",
      "settings.audio": "silence",
      settings_of: "rtmp",
    }
    expect((await post(app, "/channels/news/outputs/cdn/edit", rtmp)).status).toBe(303)
    const { "settings.audio": _, stream_key: __, ...emptied } = rtmp
    expect((await post(app, "/channels/news/outputs/cdn/edit", emptied)).status).toBe(303)
    expect(await outputs(app)).toMatchObject([{ url: "rtmp://h/live", stream_key: "k3y-k3y", settings: {} }])
    const none = { ...emptied, stream_key_none: "true", url: "rtmp://h/live/new-key" }
    expect((await post(app, "/channels/news/outputs/cdn/edit", none)).status).toBe(303)
    expect(await outputs(app)).toMatchObject([{ url: "rtmp://h/live/new-key", stream_key: null }])
  })

  it("is copied with its secrets and not started; what cannot be there twice begins another one", async () => {
    const app = await start(apps)
    await add(app, { name: "cdn", url: "rtmp://h/live", stream_key: "s3cret-key" })
    for (const slug of ["cdn-copy", "cdn-copy-2"]) {
      const answer = await post(app, "/channels/news/outputs/cdn/duplicate", {})
      expect([answer.status, answer.headers.get("location")]).toEqual([303, `/channels/news/outputs/${slug}/edit`])
    }
    expect(
      (await outputs(app)).map(({ enabled, name, number, stream_key }) => [name, number, enabled, stream_key]),
    ).toEqual([
      ["cdn", 1, true, "s3cret-key"],
      ["cdn copy", 2, false, "s3cret-key"],
      ["cdn copy 2", 3, false, "s3cret-key"],
    ])
    await add(app, { name: "listener", url: "srt://:9100" })
    const refused = await post(app, "/channels/news/outputs/listener/duplicate", {})
    expect([refused.status, textOf(refused.text)]).toEqual([
      409,
      expect.stringContaining('UDP port 9100 is already used by output "listener"'),
    ])
    expect(refused.text).toContain('value="srt://:9100"')
    expect(await outputs(app)).toHaveLength(4)
  })
})

describe("a removal", () => {
  const undoOf = (location: string | null) => new URL(location ?? "", "http://h").searchParams.get("undo") ?? ""

  it("of an output is told on the next page and undone, whole, and once", async () => {
    const app = await start(apps)
    await add(app, { name: "first", url: "srt://a:1" })
    await add(app, {
      name: "cdn",
      url: "rtmp://h/live",
      stream_key: "s3cret-key",
      "settings.audio": "silence",
      save: "disabled",
    })
    const before = await stored(app)
    const removed = await post(app, "/channels/news/outputs/cdn/remove", { back: "/channels/news?x=1" })
    const location = removed.headers.get("location") ?? ""
    expect([removed.status, location]).toEqual([
      303,
      expect.stringMatching(/^\/channels\/news\?x=1&undo=[0-9a-f-]{36}$/),
    ])
    expect((await outputs(app)).map(({ name }) => name)).toEqual(["first"])
    const token = undoOf(location)
    const page = await app.call("GET", `/?undo=${token}`)
    expect(textOf(page.text)).toContain("Output cdn of News removed. Undo")
    expect(page.text).toContain(`<form method="post" action="/undo/${token}">`)
    const undone = await post(app, `/undo/${token}`, {})
    expect([undone.status, undone.headers.get("location")]).toEqual([303, `/#output-${before[0]?.outputs[1]?.id}`])
    expect(await stored(app)).toEqual(before)
    const again = await post(app, `/undo/${token}`, {})
    expect([again.status, again.text]).toEqual([409, expect.stringContaining("it is too late")])
    expect(textOf((await app.call("GET", `/?undo=${token}`)).text)).not.toContain("removed.")
  })

  it("of an output that carries the stream is asked about first, with or without a page that knew it", async () => {
    const app = await start(apps)
    await add(app, { name: "cdn", url: "srt://cdn.example:9000?passphrase=s3cret-s3cret" })
    const there = async () => (await outputs(app)).length
    const path = "/channels/news/outputs/cdn/remove"
    const shown = async () => (await app.call("GET", "/channels/news?output=cdn")).text
    // A stopped channel's is removed at once, by a form.
    expect(await shown()).toContain(`<form method="post" action="${path}">`)
    expect((await app.call("POST", "/api/channels/news/start")).status).toBe(200)
    const page = await shown()
    expect(page).toContain(`<a class="button danger" href="${path}?back=%2Fchannels%2Fnews">`)
    expect(page).not.toContain(`action="${path}"`)
    expect((await app.call("GET", "/channels/news/outputs/cdn/edit")).text).toContain(
      `<a class="button danger" href="${path}?back=%2F">`,
    )
    const asked = await app.call("GET", `${path}?back=/channels/news`)
    expect(asked.status).toBe(200)
    expect(textOf(asked.text)).toMatch(
      /Remove output cdn of News\?.*It is switched on, and connecting now\..*undone for 10 minutes.*Remove cdn.*Cancel/,
    )
    expect(asked.text).not.toContain("s3cret")
    expect(asked.text).toMatch(/name="back" value="\/channels\/news".*name="confirmed" value="yes"/)
    // From a page that was shown before the channel was started.
    const old = await post(app, path, { back: "/channels/news" })
    expect([old.status, textOf(old.text)]).toEqual([409, expect.stringContaining("Remove output cdn of News?")])
    expect(await there()).toBe(1)
    const removed = await post(app, path, { back: "/channels/news", confirmed: "yes" })
    expect([removed.status, removed.headers.get("location")]).toEqual([
      303,
      expect.stringMatching(/^\/channels\/news\?undo=/),
    ])
    expect(await there()).toBe(0)
    expect((await app.call("GET", path)).status).toBe(404)
    await post(app, `/undo/${undoOf(removed.headers.get("location"))}`, {})
    expect(await there()).toBe(1)
  })

  it("of a channel is undone with its outputs, and it runs again if it ran", async () => {
    const app = await start(apps)
    await add(app, { name: "cdn", url: "srt://h:9000?passphrase=s3cret-s3cret" })
    await add(app, { name: "gone", url: "srt://h:9001" })
    await post(app, "/channels/news/outputs/gone/remove", {})
    await app.call("POST", "/api/channels/news/start")
    const before = await stored(app)
    expect(before).toMatchObject([{ should_run: true, last_output_number: 2 }])
    const removed = await post(app, "/channels/news/remove", {})
    expect(await stored(app)).toEqual([])
    const undone = await post(app, `/undo/${undoOf(removed.headers.get("location"))}`, {})
    expect([undone.status, undone.headers.get("location")]).toEqual([303, "/#channel-news"])
    expect(await stored(app)).toEqual(before)
    const shown = await app.call<{ status: string }>("GET", "/api/channels/news")
    expect(shown.body.status).not.toBe("stopped")
  })

  it("is refused with what is in its way, and can be tried again", async () => {
    const app = await start(apps)
    const removed = await post(app, "/channels/news/remove", {})
    const token = undoOf(removed.headers.get("location"))
    await app.call("POST", "/api/channels", { name: "Other", rtp_ip: "127.0.0.1", rtp_port: 5000 })
    const taken = await post(app, `/undo/${token}`, {})
    expect([taken.status, taken.text]).toEqual([
      409,
      expect.stringContaining("UDP port 5000 is already used by the primary input"),
    ])
    await app.call("DELETE", "/api/channels/other")
    await app.call("POST", "/api/channels", { name: "News", rtp_ip: "127.0.0.1", rtp_port: 5010 })
    expect((await post(app, `/undo/${token}`, {})).text).toContain("exists already")
    await app.call("DELETE", "/api/channels/news")
    expect((await post(app, `/undo/${token}`, {})).status).toBe(303)
    expect(await stored(app)).toMatchObject([{ slug: "news", rtp_port: 5000, number: 1 }])
  })

  it("of an output whose channel went after it says so", async () => {
    const app = await start(apps)
    await add(app, { name: "cdn", url: "srt://h:9000" })
    const output = await post(app, "/channels/news/outputs/cdn/remove", {})
    await post(app, "/channels/news/remove", {})
    const answer = await post(app, `/undo/${undoOf(output.headers.get("location"))}`, {})
    expect([answer.status, answer.text]).toEqual([409, expect.stringContaining("is gone: bring it back first")])
  })
})
