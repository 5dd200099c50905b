import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Conflict, EngineUnavailable } from "../../effects/model/Errors.ts"
import { memoryAccounts } from "../../effects/testing/accounts.ts"
import { fakeHealth } from "../testing/fake-health.ts"
import { fakeOutput } from "../testing/fake-views.ts"
import { makeTestApp, problemBody, withKey } from "../testing/test-app.ts"

const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
const post = (test: ReturnType<typeof makeTestApp>, path: string, fields: Record<string, string>, headers = {}) =>
  test.call("POST", path, new URLSearchParams(fields).toString(), { ...FORM, ...headers })
const textOf = (html: string) => html.replace(/<[^>]*>/g, "")
const pageOf = async (test: ReturnType<typeof makeTestApp>, path = "/") => (await test.call("GET", path)).text()

describe("the status page", () => {
  it("has no inline script, style or handler, and loads only from us", async () => {
    const test = makeTestApp()
    await post(test, "/channels", { name: "A", rtp_port: "5000" })
    const html = await pageOf(test)
    expect(html).toMatch(/^<!doctype html><html lang="en" data-theme="auto" data-zone="UTC">/)
    expect(html.match(/<script[^>]*>/g)).toEqual([
      '<script src="/static/htmx.js" defer="">',
      '<script src="/static/copy.js" type="module">',
      '<script src="/static/connection.js" type="module">',
      '<script src="/static/keys.js" type="module">',
      '<script src="/static/list.js" type="module">',
    ])
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|https?:\/\/(?!receiver)/i)
  })

  it("serves its scripts and stylesheet, and 304 for what the browser has", async () => {
    const { call } = makeTestApp()
    for (const [path, type, text] of [
      ["/static/htmx.js", "text/javascript; charset=utf-8", "htmx"],
      ["/static/copy.js", "text/javascript; charset=utf-8", "[data-copy]"],
      ["/static/style.css", "text/css; charset=utf-8", "table"],
      ["/static/icon.svg", "image/svg+xml", "<svg"],
      ["/static/manifest.webmanifest", "application/manifest+json", "start_url"],
      ["/static/offline.html", "text/html; charset=utf-8", "cannot be reached"],
    ] as const) {
      const response = await call("GET", path)
      expect([response.status, response.headers.get("content-type")]).toEqual([200, type])
      expect(await response.text()).toContain(text)
      const etag = response.headers.get("etag") ?? ""
      expect((await call("GET", path, undefined, { "If-None-Match": etag })).status).toBe(304)
    }
  })

  it("escapes names, URLs and errors", async () => {
    const test = makeTestApp()
    const evil = `<script>alert(1)</script>"'&`
    await test.call("POST", "/api/channels", { name: evil, rtp_port: 5000 })
    test.plane.show("1", {
      status: "error",
      error: evil,
      outputs: [
        fakeOutput({
          id: "o",
          name: evil,
          url: `srt://h:1?streamid=${evil}`,
          status: "error",
          last_error: evil,
          warnings: [evil],
        }),
      ],
    })
    const html = await pageOf(test)
    expect(html).not.toContain("<script>alert")
    expect(html).not.toMatch(/="[^"]*<script/)
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;")
  })

  it("shows the state in words, failing ones first, with what fails, why and when it is tried again", async () => {
    const test = makeTestApp()
    for (const [i, name] of ["Good", "Silent", "Lossy", "Idle"].entries()) {
      await test.call("POST", "/api/channels", { name, rtp_port: 5000 + i })
    }
    const good = fakeOutput({ id: "good", status: "connected", bitrate: 8_020_000, uptime: 3661 })
    const bad = fakeOutput({
      id: "bad",
      name: "CDN",
      status: "retrying",
      last_error: "connection refused",
      next_retry_at: new Date(Date.now() + 4500).toISOString(),
    })
    test.plane.show("1", { status: "running", uptime: 90_061, outputs: [good] })
    test.plane.show("2", { status: "error", error: "no packets on 0.0.0.0:5001 for 10 s" })
    test.plane.show("3", { status: "running", outputs: [good, bad] })
    const html = await pageOf(test)
    const order = ["silent", "lossy", "good", "idle"].map((slug) => html.indexOf(`<tr id="channel-${slug}"`))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order.every((at) => at > 0)).toBe(true)
    const text = textOf(html)
    for (const part of [
      "no packets on 0.0.0.0:5001",
      "CDN connection refused · again in 00:05",
      "1 of 2 down",
      "8.0 Mbit/s",
      "1 d 1 h",
    ]) {
      expect(text).toContain(part)
    }
    expect(text).toContain("1 error1 outputs down1 OK1 stoppedoutputs 2 up, 1 downin 24.1 Mbit/s, out 16.0 Mbit/s")
    expect(html).toContain('href="/channels/lossy?output=bad"')
  })

  it("shows what is wrong with the service, and can be paused", async () => {
    const sentence = 'channel "A" has no input'
    const health = {
      ...fakeHealth,
      problems: ["libsrt is missing: apt-get install it", sentence],
      channel_problems: [sentence],
    }
    const test = makeTestApp({ over: { system: { health: Effect.succeed(health) } } })
    const html = await pageOf(test)
    expect(html).toMatch(/class="banner warning">libsrt is missing: apt-get install it/)
    // Problems shown in the rows do not appear in a banner as well.
    expect(html).not.toContain("has no input")
    expect(html).toContain('hx-sse:connect="/live/channels"')
    expect(await pageOf(test, "/?live=off")).not.toContain("hx-sse:connect")
  })

  it("filters by words and by problems without JavaScript", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "Sports HD", rtp_port: 5000 })
    await test.call("POST", "/api/channels", {
      name: "News",
      rtp_port: 5002,
      outputs: [{ name: "sports-backup", url: "srt://a:1" }],
    })
    test.plane.show("1", { status: "error", error: "silent" })
    const shown = async (query: string) =>
      [...(await pageOf(test, `/?${query}`)).matchAll(/<tr id="channel-([^"]*)"/g)].map(([, slug]) => slug)
    expect(await shown("q=SPORTS")).toEqual(["sports-hd", "news"])
    expect(await shown("q=sports+hd")).toEqual(["sports-hd"])
    expect(await shown("only=problems")).toEqual(["sports-hd"])
    expect(await shown("q=5002&only=problems")).toEqual([])
    const none = await pageOf(test, "/?q=%22%3Cb%3E")
    expect(none).toContain('value="&quot;&lt;b&gt;"')
    expect(none).toMatch(/<p id="nothing" class="empty">/)
  })

  it("offers a viewer nothing that would be refused", async () => {
    const accounts = memoryAccounts({ apiKey: true })
    const { key } = await Effect.runPromise(accounts.createKey({ name: "screen", role: "viewer" }))
    const test = makeTestApp({ settings: withKey("admin-key-0123456789"), accounts })
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 }, { "X-API-Key": "admin-key-0123456789" })
    const html = await (await test.call("GET", "/", undefined, { "X-API-Key": key })).text()
    expect(html).toContain('id="channel-a"')
    expect(html).not.toMatch(/formaction|checkbox" name="channel"|\/add\//)
  })
})

describe("the live list", () => {
  it("is sent whole, and then row by row", async () => {
    const test = makeTestApp()
    for (const name of ["A", "B"])
      await test.call("POST", "/api/channels", { name, rtp_port: name === "A" ? 5000 : 5002 })
    const response = await test.call("GET", "/live/channels")
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"])
    const reader = response.body?.getReader()
    const next = async () => new TextDecoder().decode((await reader?.read())?.value)
    const whole = await next()
    expect(whole).toContain('<hx-partial hx-target="#channel-rows" hx-swap="innerMorph"><tr id="channel-a"')
    test.plane.show("2", { name: "B2" })
    const changed = await next()
    expect(changed).toContain('<hx-partial hx-target="#channel-b" hx-swap="outerMorph"><tr id="channel-b"')
    expect(changed).not.toContain("channel-a")
    await reader?.cancel()
  })
})

describe("buttons", () => {
  const SCRIPT = { "HX-Request": "true" }
  const statuses = async (test: ReturnType<typeof makeTestApp>) =>
    (await Effect.runPromise(test.plane.channels.list)).map(({ status }) => status)

  it("start and stop, and lead back to where they were pressed or answer scripts with a sentence", async () => {
    const test = makeTestApp()
    await post(test, "/channels", { name: "a", rtp_port: "5000" })
    await post(test, "/outputs", { channel: "a", url: "srt://receiver:9000", name: "out" })
    const started = await test.call("POST", "/channels/1/start", undefined, { Referer: "http://localhost/?q=a" })
    expect([started.status, started.headers.get("location")]).toEqual([303, "/?q=a"])
    const stopped = await test.call("POST", "/channels/1/outputs/out/stop", undefined, SCRIPT)
    expect([stopped.status, await stopped.text()]).toEqual([200, "out stopped"])
    expect((await test.call("POST", "/channels/1/outputs/out/start")).status).toBe(303)
    expect(await statuses(test)).toEqual(["running"])
    expect((await test.call("POST", "/channels/1/stop")).headers.get("location")).toBe("/")
    expect((await test.call("POST", "/channels/1/stop?back=//evil.example")).headers.get("location")).toBe("/")
    expect(await statuses(test)).toEqual(["stopped"])
    expect((await test.call("GET", "/channels/1/start")).status).toBe(405)
  })

  it("switch the source, and say why not", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", {
      name: "a",
      rtp_port: 5000,
      backup_rtp_ip: "0.0.0.0",
      backup_rtp_port: 5001,
    })
    expect((await test.call("POST", "/channels/1/switch/backup")).status).toBe(303)
    expect((await Effect.runPromise(test.plane.channels.get("1"))).active_source).toBe("backup")
    const dead = new Conflict({ errors: [{ path: "source", message: "no packets arrive on the backup" }] })
    const refusing = makeTestApp({ over: { channels: { switchSource: () => dead } } })
    const refused = await refusing.call("POST", "/channels/1/switch/backup")
    expect(refused.status).toBe(409)
    expect(await refused.text()).toMatch(/role="alert"[^>]*>source: no packets arrive on the backup/)
    expect((await test.call("POST", "/channels/1/switch/third")).status).toBe(404)
  })

  it("ask on a page before a channel is stopped, naming the outputs that lose the stream", async () => {
    const test = makeTestApp()
    await post(test, "/channels", { name: "a", rtp_port: "5000" })
    const outputs = [fakeOutput({ id: "on", status: "connected" }), fakeOutput({ id: "off", status: "retrying" })]
    test.plane.show("1", { status: "running", outputs })
    const html = await (
      await test.call("GET", "/channels/a/stop", undefined, { Referer: "http://localhost/?q=a" })
    ).text()
    expect(html).toContain("Stop a? These outputs lose the stream:")
    expect(html.match(/<li>[^<]*/g)).toEqual(["<li>on"])
    expect(html).toContain('action="/channels/a/stop?back=%2F%3Fq%3Da"')
    expect(await statuses(test)).toEqual(["running"])
    expect((await test.call("GET", "/channels/b/stop")).status).toBe(404)
  })

  it("show a failure on the page, and tell it to scripts", async () => {
    const test = makeTestApp({
      over: { channels: { start: () => new EngineUnavailable({ reason: "it is starting" }) } },
    })
    await post(test, "/channels", { name: "a", rtp_port: "5000" })
    const response = await test.call("POST", "/channels/1/start")
    expect(response.status).toBe(503)
    expect(await response.text()).toContain("the engine is not available: it is starting")
    const script = await test.call("POST", "/channels/1/start", undefined, SCRIPT)
    expect([script.status, (await problemBody(script)).detail]).toEqual([
      503,
      "the engine is not available: it is starting",
    ])
  })

  it("act on all selected channels, and ask before that stops any", async () => {
    const test = makeTestApp()
    for (const [i, name] of ["a", "b", "c"].entries())
      await post(test, "/channels", { name, rtp_port: String(5000 + i) })
    const bulk = (body: string, headers = {}) => test.call("POST", "/channels/bulk", body, { ...FORM, ...headers })
    const started = await bulk("channel=a&channel=c&action=start&back=%2F%3Fq%3Dx")
    expect([started.status, started.headers.get("location")]).toEqual([303, "/?q=x"])
    expect(await statuses(test)).toEqual(["running", "stopped", "running"])
    const asked = await bulk("channel=a&channel=c&action=stop")
    expect(asked.status).toBe(200)
    const question = await asked.text()
    expect(question).toMatch(/<input type="hidden" name="channel" value="c"[\s\S]*name="confirmed" value="yes"/)
    // It says how many, names them, and Enter answers no.
    expect(question).toContain("<h1>Stop 2 channels? Their outputs lose the stream.</h1><ul><li>a</li><li>c</li></ul>")
    expect(question).toMatch(/<a class="button" href="[^"]*" autofocus="">Cancel<\/a>/)
    expect(await statuses(test)).toEqual(["running", "stopped", "running"])
    const stopped = await bulk("channel=a&channel=c&action=stop&confirmed=yes", SCRIPT)
    expect([stopped.status, await stopped.text()]).toEqual([200, "2 channels stopped"])
    expect(await statuses(test)).toEqual(["stopped", "stopped", "stopped"])
    const some = await bulk("channel=a&channel=gone&action=start", SCRIPT)
    expect([some.status, (await problemBody(some)).detail]).toEqual([409, 'gone: there is no channel "gone"'])
    expect(await statuses(test)).toEqual(["running", "stopped", "stopped"])
    expect(await (await bulk("action=start")).text()).toContain("no channel is selected")
    expect((await bulk("channel=a&action=explode")).status).toBe(400)
  })
})
