import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { ownAddresses } from "../../../effects/config/own-addresses.ts"
import { memoryAccounts } from "../../../effects/testing/accounts.ts"
import { makeTestApp, withKey } from "../../testing/test-app.ts"
import { reachableAt } from "./medialive.ts"

const FORM = { "Content-Type": "application/x-www-form-urlencoded" }
type Test = ReturnType<typeof makeTestApp>
const post = (test: Test, path: string, fields: Record<string, string>, headers = {}) =>
  test.call("POST", path, new URLSearchParams(fields).toString(), { ...FORM, ...headers })
const pageOf = async (test: Test, path: string, headers = {}) =>
  (await test.call("GET", path, undefined, headers)).text()
const textOf = (html: string) => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
const withChannel = async () => {
  const test = makeTestApp()
  await test.call("POST", "/api/channels", {
    name: "a",
    rtp_port: 5000,
    outputs: [{ name: "out", url: "srt://h:9000" }],
  })
  return test
}

describe("the forms", () => {
  it("add a channel and an output, then go back to the page they were opened from", async () => {
    const test = makeTestApp()
    const fields = { name: "Main event", rtp_ip: "", rtp_port: "5000", backup_rtp_ip: "", backup_rtp_port: "" }
    const channel = await post(test, "/channels", fields)
    expect([channel.status, channel.headers.get("location")]).toEqual([303, "/#channel-main-event"])
    const output = await post(test, "/outputs", {
      channel: "main-event",
      url: " srt://receiver:9000 ",
      name: "",
      back: "/channels/main-event",
    })
    const [added] = (await Effect.runPromise(test.plane.channels.get("1"))).outputs
    expect([output.status, output.headers.get("location")]).toEqual([303, `/channels/main-event#output-${added?.id}`])
    expect(added).toMatchObject({ url: "srt://receiver:9000", enabled: true })
  })

  it("come back to the page they were opened from, and to no other site", async () => {
    const test = await withChannel()
    const back = async (headers: Record<string, string>, query = "") =>
      /hx-select[\s\S]*name="back" value="([^"]*)"/.exec(
        await pageOf(test, `/add/output?channel=a${query}`, headers),
      )?.[1]
    expect(await back({ referer: "http://localhost/channels/a?undo=x" })).toBe("/channels/a")
    expect(await back({ referer: "http://localhost/add/channel" })).toBe("/")
    expect(await back({ referer: "http://evil.example/channels/a" })).toBe("/")
    expect(await back({}, "&back=//evil.example")).toBe("/")
  })

  it("tell htmx where to go, since its request would follow a redirect into the form", async () => {
    const test = makeTestApp()
    const answer = await post(test, "/channels", { name: "a", rtp_port: "5000" }, { "HX-Request": "true" })
    expect([answer.status, answer.headers.get("hx-redirect")]).toEqual([204, "/#channel-a"])
  })

  it("keep what was typed, say what is wrong beside the field, and start there", async () => {
    const test = makeTestApp()
    const response = await post(test, "/channels", {
      name: 'My "event"',
      rtp_port: "70000",
      "input.failover_after_ms": "1",
    })
    expect([response.status, response.headers.get("content-type")]).toEqual([400, "text/html; charset=UTF-8"])
    const html = await response.text()
    expect(html).toContain('value="My &quot;event&quot;"')
    expect(html).toMatch(
      /id="channel-rtp_port" name="rtp_port" autofocus=""[^>]*aria-invalid="true"[^>]*aria-describedby="channel-rtp_port-hint channel-rtp_port-error"[^>]*value="70000"/,
    )
    expect(html).toContain(
      'id="channel-rtp_port-error" class="error">must be a whole number from 1 to 65535 or null, got 70000',
    )
    expect(html).toContain(
      'id="channel-input.failover_after_ms-error" class="error">must be a whole number from 50 to 60000 or null, got 1',
    )
    expect(html.match(/autofocus/g)).toHaveLength(1)
    // What is wrong inside is not hidden.
    expect(html).toMatch(/<details open=""><summary>Input settings/)
  })

  it("say that a port is no number, that it is taken, and what belongs to no field", async () => {
    const test = makeTestApp()
    expect(await (await post(test, "/channels", { name: "a", rtp_port: "five" })).text()).toContain(
      "got &quot;five&quot;",
    )
    await post(test, "/channels", { name: "a", rtp_port: "5000" })
    const twin = await post(test, "/channels", { name: "b", rtp_port: "5000" })
    expect(twin.status).toBe(409)
    expect(await twin.text()).toContain("port 5000 is used by another channel</p>")
    const gone = await post(test, "/outputs", { channel: "gone", url: "srt://a:1" })
    expect(gone.status).toBe(404)
    expect(await gone.text()).toMatch(/role="alert"[^>]*>there is no channel &quot;gone&quot;/)
  })

  it("refuse other sites, other types and too much", async () => {
    const test = makeTestApp()
    for (const path of [
      "/channels",
      "/outputs",
      "/outputs/many",
      "/outputs/test",
      "/fragments/interpret",
      "/fragments/check-channel",
    ]) {
      expect((await post(test, path, { name: "a", rtp_port: "5000" }, { Origin: "http://evil.example" })).status).toBe(
        403,
      )
      expect((await test.call("POST", path, { name: "a", rtp_port: 5000 })).status).toBe(415)
      expect((await post(test, path, { name: "x".repeat(2 << 20) })).status).toBe(413)
    }
  })

  it("are not for viewers", async () => {
    const accounts = memoryAccounts({ apiKey: true })
    const { key } = await Effect.runPromise(accounts.createKey({ name: "v", role: "viewer" }))
    const test = makeTestApp({ settings: withKey("s3cret-admin-key"), accounts })
    const headers = { "X-API-Key": key }
    for (const path of [
      "/add/channel",
      "/add/output",
      "/add/outputs",
      "/channels/a/edit",
      "/channels/a/clone",
      "/channels/a/outputs/b/edit",
    ]) {
      expect([path, (await test.call("GET", path, undefined, headers)).status]).toEqual([path, 403])
    }
    for (const path of [
      "/channels/a/remove",
      "/channels/a/outputs/b/remove",
      "/channels/a/outputs/b/duplicate",
      "/undo/x",
      "/fragments/interpret",
    ]) {
      expect([path, (await post(test, path, {}, headers)).status]).toEqual([path, 403])
    }
  })

  it("have no inline script, style or handler", async () => {
    const test = await withChannel()
    const pages = [
      "/add/channel",
      "/add/output?channel=a",
      "/add/outputs",
      "/channels/a/edit",
      "/channels/a/clone",
      "/channels/a/outputs/out/edit",
    ]
    for (const path of pages) {
      const response = await test.call("GET", path)
      expect(response.status).toBe(200)
      const html = await response.text()
      expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i)
      expect(html).toContain('src="/static/forms.js"')
    }
    for (const path of ["/channels/x/edit", "/channels/x/clone", "/channels/a/outputs/x/edit"]) {
      expect((await test.call("GET", path)).status).toBe(404)
    }
  })
})

describe("the form of a channel", () => {
  it("suggests a port and shows what to enter in MediaLive, with the address that the browser used", async () => {
    const test = makeTestApp()
    const html = await pageOf(test, "/add/channel", { host: "192.0.2.9:8000" })
    expect(html).toContain('value="5000"')
    expect(textOf(html)).toContain("rtp://192.0.2.9:5000")
    expect(textOf(html)).toMatch(
      /FEC output settings Disabled .* SCTE-35 control PASSTHROUGH .* must let in UDP 5000\./,
    )
  })

  it("follows what is typed: both pipelines, FEC, a group, and a port that is taken", async () => {
    const test = await withChannel()
    const fields = {
      name: "",
      rtp_port: "5000",
      backup_rtp_port: "5010",
      backup_rtp_ip: "239.1.1.1",
      "input.fec": "auto",
    }
    const answer = await post(test, "/fragments/check-channel", fields, { host: "live.example:8000" })
    // A name is for those who have a key.
    expect(answer.status).toBe(403)
    const shown = textOf(await (await post(test, "/fragments/check-channel", fields, { host: "198.51.100.7" })).text())
    expect(shown).toContain("port 5000 is used by another channel")
    expect(shown).toContain("Destination A (pipeline 0) rtp://198.51.100.7:5000")
    expect(shown).toContain("Destination B (pipeline 1) rtp://239.1.1.1:5010")
    expect(shown).toContain("must let in UDP 5000, 5002, 5004, 5010, 5012, 5014.")
    expect(shown).toContain("Channel class STANDARD")
    // The form of the channel itself: its own port is none that is taken.
    expect(
      textOf(await (await post(test, "/fragments/check-channel", { ...fields, channel: "a" })).text()),
    ).not.toContain("is used by")
  })

  it("names the machine's own addresses to a browser that came by loopback", () => {
    const ipv4 = { address: "10.0.0.5", family: "IPv4", internal: false } as const
    const ipv6 = { address: "2001:db8::5", family: "IPv6", internal: false } as const
    const rest = { netmask: "", mac: "", cidr: null }
    const own = ownAddresses({
      lo: [{ ...rest, address: "127.0.0.1", family: "IPv4", internal: true }],
      eth0: [
        { ...rest, ...ipv6, scopeid: 0 },
        { ...rest, ...ipv4 },
        { ...rest, ...ipv6, address: "fe80::1", scopeid: 2 },
        { ...rest, ...ipv4, address: "169.254.1.1" },
      ],
    })
    expect(own).toEqual(["10.0.0.5", "[2001:db8::5]"])
    for (const host of ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", ""]) {
      // A socket on 0.0.0.0 takes IPv4 alone, one on :: IPv6 alone: nothing is offered that nobody listens to.
      expect(reachableAt("", host, own)).toEqual(["10.0.0.5"])
      expect(reachableAt("0.0.0.0", host, own)).toEqual(["10.0.0.5"])
      expect(reachableAt("::", host, own)).toEqual(["[2001:db8::5]"])
    }
    expect(reachableAt("::", "[2001:db8::9]:8000", own)).toEqual(["[2001:db8::9]"])
    expect(reachableAt("0.0.0.0", "[2001:db8::9]:8000", own)).toEqual(["10.0.0.5"])
    expect(reachableAt("::", "198.51.100.7:8000", own)).toEqual(["[2001:db8::5]"])
    expect(reachableAt("0.0.0.0", "live.example", own)).toEqual(["live.example"])
    expect(reachableAt("::", "live.example", own)).toEqual(["live.example"])
    expect(reachableAt("[ff15::1]", "live.example", own)).toEqual(["[ff15::1]"])
    expect(reachableAt("239.1.1.1", "live.example", own)).toEqual(["239.1.1.1"])
  })
})

describe("a test of a destination", () => {
  it("shows its steps, in place and on a page, and asks for the key again", async () => {
    const test = await withChannel()
    const fields = { channel: "a", url: "rtmp://h/live", stream_key: "s3cret-key", name: "mine" }
    const inPlace = await post(test, "/outputs/test", fields, { "HX-Request": "true" })
    expect(await inPlace.text()).toMatch(/^<section class="banner good"[^>]*>.*connected to 203\.0\.113\.5 port 1935/)
    const page = await (await post(test, "/outputs/test", fields)).text()
    expect(page).toContain("connected to 203.0.113.5 port 1935")
    expect(page).toContain('value="mine"')
    expect(page).toContain("Secrets are not sent back")
    expect(page).not.toContain("s3cret-key")
    expect((await Effect.runPromise(test.plane.channels.get("a"))).outputs).toHaveLength(1)
    const existing = await test.call("POST", "/channels/a/outputs/out/test")
    expect([existing.status, textOf(await existing.text())]).toEqual([
      200,
      expect.stringContaining("Test of output out of a"),
    ])
    expect((await test.call("POST", "/channels/a/outputs/x/test")).status).toBe(404)
  })
})
