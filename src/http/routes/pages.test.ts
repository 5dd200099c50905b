import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Conflict, EngineUnavailable } from "../../effects/Errors.ts"
import type { ChannelView } from "../../effects/model.ts"
import { fakeCue, fakeEvent, fakeHealth, fakeInput, fakeLeg, fakeOutput, fakeScte35 } from "../testing/FakeDistributor.ts"
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

describe("the input of a channel on the page", () => {
  const backup = fakeLeg({ source: "backup", port: 5001 })
  const show = async (over: Partial<ChannelView>) => {
    const test = makeTestApp()
    const input = { name: "A", rtp_port: 5000, backup_rtp_ip: "0.0.0.0", backup_rtp_port: 5001 }
    await test.call("POST", "/api/channels", input)
    test.distributor.show("1", { status: "running", ...over })
    return { test, html: await pageOf(test, "/fragments/channels") }
  }
  const text = (html: string) => html.replace(/<[^>]*>/g, "")

  it("shows the active source, merge, path difference, redundancy and a switch under way", async () => {
    const legs = [fakeLeg(), backup]
    const { html } = await show({
      input: fakeInput({ legs, merge: "rtp", path_difference_ms: 80.04, redundancy: "ok", switches: 1, pending_source: "backup" }),
    })
    expect(text(html)).toContain(
      "on primary · merged by RTP, backup 80.0 ms later · redundant · backup takes over at its next random access point · 1 switch",
    )
    const other = await show({ active_source: "backup", input: fakeInput({ legs, redundancy: "lost", path_difference_ms: -3 }) })
    expect(text(other.html)).toContain("on backup · not merged · not redundant")
  })

  it("shows verdicts with their reasons, FEC, findings and alarms", async () => {
    const bad = fakeLeg({ verdict: "degraded", reasons: ["3 continuity errors", "no PAT"], pcr_jitter_ms: 4.25 })
    const fec = { columns: 8, rows: 10, latency_ms: 120.4 }
    const findings = [{ code: "no_scte35", message: "no SCTE-35 PID" }]
    const since = new Date(Date.now() - 65_500).toISOString()
    const { html } = await show({
      input: fakeInput({ legs: [bad, { ...backup, fec, findings }] }),
      alarms: [{ kind: "redundancy_lost", severity: "warning", since, message: "the backup could not take over" }],
    })
    const shown = text(html)
    expect(shown).toContain("primary degraded: 3 continuity errors; no PAT · PCR jitter 4.3 ms")
    expect(shown).toContain("backup good · FEC 8×10, 120 ms")
    expect(shown).toContain("backup: no SCTE-35 PID")
    expect(shown).toContain("redundancy lost for 00:01:05: the backup could not take over")
  })

  it("says nothing twice, and nothing of a good single input or of a stopped channel", async () => {
    const error = "no packets on 0.0.0.0:5000"
    const since = new Date().toISOString()
    const silent = fakeLeg({ receiving: false, verdict: "lost", last_error: error })
    const failing = await show({
      status: "error",
      error,
      alarms: [{ kind: "no_input", severity: "critical", since, message: error }],
      input: fakeInput({ legs: [silent, backup] }),
    })
    expect(failing.html.split(error)).toHaveLength(2)
    const single = { backup_rtp_ip: null, backup_rtp_port: null }
    expect(text((await show({ ...single, input: fakeInput() })).html)).not.toMatch(/primary|good|switch|To backup/)
    expect(text((await show({ status: "stopped", input: fakeInput({ legs: [silent, backup] }) })).html)).not.toMatch(
      /lost|merged|To backup/,
    )
  })

  it("escapes what comes from the stream", async () => {
    const evil = `<img src=x onerror=alert(1)>"'&`
    const legs = [fakeLeg({ verdict: "bad", reasons: [evil], findings: [{ code: "x", message: evil }], warnings: [evil] }), backup]
    const { html, test } = await show({
      input: fakeInput({ legs }),
      alarms: [{ kind: "leg_bad", severity: "critical", since: new Date().toISOString(), message: evil }],
    })
    test.distributor.happened("1", fakeEvent({ id: 1, message: evil, output: evil }))
    for (const page of [html, await pageOf(test, "/channels/a/events")]) {
      expect(page).not.toContain("<img")
      expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;")
    }
  })

  it("switches to the other source with a button, and says why not", async () => {
    const { html, test } = await show({ input: fakeInput({ legs: [fakeLeg(), backup] }) })
    const path = /action="(\/channels\/[^"]*\/switch\/backup)"/.exec(html)?.[1] ?? ""
    expect((await test.call("POST", path)).status).toBe(303)
    expect(await pageOf(test)).toContain("/switch/primary")
    const dead = new Conflict({ errors: [{ path: "source", message: "no packets arrive on the backup" }] })
    const refusing = makeTestApp({ over: { switchSource: () => dead } })
    const refused = await refusing.call("POST", "/channels/1/switch/backup")
    expect(refused.status).toBe(409)
    expect(await refused.text()).toMatch(/role="alert"[^>]*>source: no packets arrive on the backup/)
    expect((await test.call("POST", "/channels/1/switch/third")).status).toBe(404)
  })

  it("leaves what the rows say out of the banners", async () => {
    const sentence = 'channel "A" has no input'
    const health = { ...fakeHealth, problems: ["libsrt is missing", sentence], channel_problems: [sentence] }
    const html = await pageOf(makeTestApp({ over: { health: Effect.succeed(health) } }))
    expect(html).toContain("libsrt is missing")
    expect(html).not.toContain("has no input")
  })
})

describe("the events page", () => {
  it("shows what happened with its time and place, and leads to older events", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 })
    expect(await pageOf(test, "/channels/a/events")).toContain("Nothing has happened yet.")
    test.distributor.happened(
      "a",
      fakeEvent({ id: 12, kind: "redundancy_lost", severity: "warning", source: "backup", message: "the backup is silent" }),
      fakeEvent({ id: 11, kind: "output_failed", severity: "critical", output: "cdn", at: "2026-01-02T03:04:05.678Z" }),
    )
    const html = await pageOf(test, "/channels/a/events?limit=2")
    for (const part of [
      "redundancy lost (warning)",
      "<td>backup</td>",
      "the backup is silent",
      "2026-01-02 03:04:05.678",
      "<td>cdn</td>",
    ]) {
      expect(html).toContain(part)
    }
    expect(html).toMatch(/href="\/channels\/[^"]*\/events\?before=11"/)
    expect(await pageOf(test, "/channels/a/events")).not.toContain("Older")
    expect((await test.call("GET", "/channels/a/events?limit=x")).status).toBe(400)
    expect((await test.call("GET", "/channels/b/events")).status).toBe(404)
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

describe("ad breaks on the page", () => {
  const show = async (over: Parameters<typeof fakeScte35>[0], status: ChannelView["status"] = "running") => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 })
    test.distributor.show("1", { status, scte35: fakeScte35(over) })
    return (await pageOf(test, "/fragments/channels")).replace(/<[^>]*>/g, "")
  }

  it("show how much of a break is left", async () => {
    expect(await show({ state: "in_break", event_id: 4711, ends_in_s: 83.4 })).toContain("in an ad break, event 4711, 01:24 left")
    expect(await show({ state: "announced", event_id: null, ends_in_s: 34 })).toContain("ad break announced, over in 00:34")
    expect(await show({ state: "in_break", event_id: 1 })).toContain("in an ad break, event 1")
  })

  it("show nothing while the programme is on, or the channel is stopped", async () => {
    expect(await show({ state: "idle" })).not.toContain("ad break")
    expect(await show({ state: "in_break" }, "stopped")).not.toContain("ad break")
  })
})

describe("the cues of a channel", () => {
  it("are listed with their proof and their bytes, escaped, and link to older ones", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 })
    const missed = { output: "udp", status: "missed", at: null, delay_ms: null, reason: "<b>refused</b>" } as const
    const sent = { output: "cdn", status: "sent", at: null, delay_ms: 12.4, reason: null } as const
    test.distributor.cued("1", fakeCue({ id: 9, outputs: [sent, missed], repeats: 2 }), fakeCue({ id: 4, errors: ["CRC_32 is wrong"] }))
    const html = await pageOf(test, "/channels/a/cues?limit=2&type=out")
    for (const text of [
      "out × 3",
      "4.50 s",
      "cdn sent after 12 ms",
      "udp missed: &lt;b&gt;refused",
      "CRC_32 is wrong",
      "/DAlAAAA",
      "fc3025",
    ]) {
      expect(html).toContain(text)
    }
    expect(html).toContain('href="/channels/a/cues?limit=2&amp;type=out&amp;before=4"')
    expect(html).not.toMatch(/<b>|\sstyle=|\son\w+=/)
    expect(await pageOf(test, "/channels/a/cues")).not.toContain("Older")
    expect(await pageOf(test)).toMatch(/href="\/channels\/[^"]*\/cues" aria-label="Cues of A"/)
  })

  it("may be none, and a bad query is told", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 })
    expect(await pageOf(test, "/channels/a/cues")).toContain("There are no cues here")
    expect((await test.call("GET", "/channels/a/cues?type=x")).status).toBe(400)
    expect((await test.call("GET", "/channels/b/cues")).status).toBe(404)
  })
})
