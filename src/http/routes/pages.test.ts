import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { EngineUnavailable } from "../../effects/Errors.ts"
import { fakeHealth, fakeOutput } from "../testing/FakeDistributor.ts"
import { makeTestApp } from "../testing/test-app.ts"

const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
const post = (test: ReturnType<typeof makeTestApp>, path: string, fields: Record<string, string>, headers = {}) =>
  test.call("POST", path, new URLSearchParams(fields).toString(), { ...FORM, ...headers })
const pageOf = async (test: ReturnType<typeof makeTestApp>, path = "/") => (await test.call("GET", path)).text()

describe("the status page", () => {
  it("has no inline script, style or handler, and loads only from us", async () => {
    const test = makeTestApp()
    await post(test, "/channels", { name: "A", rtp_port: "5000" })
    const html = await pageOf(test)
    expect(html).toMatch(/^<!doctype html><html lang="en">/)
    expect(html.match(/<script[^>]*>/g)).toEqual(['<script src="/static/htmx.js" defer="">'])
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|https?:\/\/(?!receiver)/i)
  })

  it("serves its script and stylesheet, and 304 for what the browser has", async () => {
    const { call } = makeTestApp()
    for (const [path, type, text] of [
      ["/static/htmx.js", "text/javascript; charset=utf-8", "htmx"],
      ["/static/style.css", "text/css; charset=utf-8", "table"],
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
    test.distributor.show("1", {
      status: "error",
      error: evil,
      outputs: [
        fakeOutput({ id: "o", name: evil, url: `srt://h:1?streamid=${evil}`, status: "error", last_error: evil, warnings: [evil] }),
      ],
    })
    const html = await pageOf(test)
    expect(html).not.toContain("<script>alert")
    expect(html).not.toMatch(/="[^"]*<script/)
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;")
  })

  it("shows the state in words, failing ones first", async () => {
    const test = makeTestApp()
    for (const [i, name] of ["Good", "Silent", "Lossy", "Idle"].entries()) {
      await test.call("POST", "/api/channels", { name, rtp_port: 5000 + i })
    }
    const good = fakeOutput({ id: "good", status: "connected", bitrate: 8_020_000, uptime: 3661 })
    const bad = fakeOutput({
      id: "bad",
      status: "retrying",
      last_error: "connection refused",
      next_retry_at: new Date(Date.now() + 4500).toISOString(),
    })
    test.distributor.show("1", { status: "running", uptime: 90_061, outputs: [good] })
    test.distributor.show("2", { status: "error", error: "no packets on 0.0.0.0:5001 for 10 s" })
    test.distributor.show("3", { status: "running", outputs: [good, bad] })
    const html = await pageOf(test, "/fragments/channels")
    const order = ["Silent", "Lossy", "Good", "Idle"].map((name) => html.indexOf(` ${name}</th>`))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order.every((at) => at > 0)).toBe(true)
    for (const text of [
      "no packets on 0.0.0.0:5001",
      "connection refused",
      "next attempt in 5 s",
      "8.02 Mbit/s",
      "01:01:01",
      "1 d 01:01:01",
    ]) {
      expect(html).toContain(text)
    }
    expect(html.indexOf("output-bad")).toBeLessThan(html.lastIndexOf("output-good"))
    expect(html).not.toContain("<html")
  })

  it("shows what is wrong with the service, and can be paused", async () => {
    const test = makeTestApp({ over: { health: Effect.succeed({ ...fakeHealth, problems: ["libsrt is missing: apt-get install it"] }) } })
    expect(await pageOf(test)).toContain("libsrt is missing: apt-get install it")
    expect(await pageOf(test)).toContain('hx-trigger="every 2s"')
    expect(await pageOf(test, "/?live=off")).not.toContain("hx-trigger")
  })
})

describe("forms", () => {
  it("add a channel and an output, then go back to the page", async () => {
    const test = makeTestApp()
    const channel = await post(test, "/channels", {
      name: "Main event",
      rtp_ip: "",
      rtp_port: "5000",
      backup_rtp_ip: "",
      backup_rtp_port: "",
    })
    expect([channel.status, channel.headers.get("location")]).toEqual([303, "/#channel-main-event"])
    const output = await post(test, "/outputs", { channel: "main-event", url: " srt://receiver:9000 ", name: "" })
    expect(output.status).toBe(303)
    expect(await pageOf(test)).toContain("srt://receiver:9000</code>")
    expect(await pageOf(test, "/?channel=main-event")).toContain('<option value="main-event" selected')
  })

  it("keep what was typed and say what is wrong beside the field", async () => {
    const test = makeTestApp()
    const response = await post(test, "/channels", { name: 'My "event"', rtp_port: "70000" })
    expect([response.status, response.headers.get("content-type")]).toEqual([400, "text/html; charset=UTF-8"])
    const html = await response.text()
    expect(html).toContain('value="My &quot;event&quot;"')
    expect(html).toMatch(/id="channel-rtp_port"[^>]*value="70000"[^>]*aria-invalid="true"[^>]*aria-describedby="channel-rtp_port-error"/)
    expect(html).toContain('id="channel-rtp_port-error" class="error">must be a whole number from 1 to 65535, got 70000')
  })

  it("say that a port is no number, and that a port is taken", async () => {
    const test = makeTestApp()
    expect(await (await post(test, "/channels", { name: "a", rtp_port: "five" })).text()).toContain("got &quot;five&quot;")
    await post(test, "/channels", { name: "a", rtp_port: "5000" })
    const twin = await post(test, "/channels", { name: "b", rtp_port: "5000" })
    expect(twin.status).toBe(409)
    expect(await twin.text()).toContain("port 5000 is used by another channel</p>")
  })

  it("say what belongs to no field in a banner", async () => {
    const test = makeTestApp()
    await post(test, "/channels", { name: "a", rtp_port: "5000" })
    const gone = await post(test, "/outputs", { channel: "gone", url: "srt://a:1" })
    expect(gone.status).toBe(404)
    expect(await gone.text()).toMatch(/role="alert"[^>]*>there is no channel &quot;gone&quot;/)
  })

  it("refuse other sites, other types and too much", async () => {
    const test = makeTestApp()
    expect((await post(test, "/channels", { name: "a", rtp_port: "5000" }, { Origin: "http://evil.example" })).status).toBe(403)
    expect((await test.call("POST", "/channels", { name: "a", rtp_port: 5000 })).status).toBe(415)
    expect((await post(test, "/channels", { name: "x".repeat(2 << 20) })).status).toBe(413)
  })
})

describe("buttons", () => {
  it("start and stop, with a page behind them or in place", async () => {
    const test = makeTestApp()
    await post(test, "/channels", { name: "a", rtp_port: "5000" })
    await post(test, "/outputs", { channel: "a", url: "srt://a:1", name: "out" })
    const started = await test.call("POST", "/channels/1/start")
    expect([started.status, started.headers.get("location")]).toEqual([303, "/"])
    const stopped = await test.call("POST", "/channels/1/outputs/out/stop", undefined, { "HX-Request": "true" })
    expect(stopped.status).toBe(200)
    const html = await stopped.text()
    expect(html).toMatch(/^<table>/)
    expect(html).toContain("Start output out of a")
    expect((await test.call("POST", "/channels/1/outputs/out/start")).status).toBe(303)
    expect((await test.call("POST", "/channels/1/stop")).status).toBe(303)
    expect((await test.call("GET", "/channels/1/stop")).status).toBe(405)
  })

  it("show a failure on the page", async () => {
    const test = makeTestApp({ over: { start: () => new EngineUnavailable({ reason: "it is starting" }) } })
    await post(test, "/channels", { name: "a", rtp_port: "5000" })
    const response = await test.call("POST", "/channels/1/start")
    expect(response.status).toBe(503)
    expect(await response.text()).toContain("the engine is not available: it is starting")
  })
})
