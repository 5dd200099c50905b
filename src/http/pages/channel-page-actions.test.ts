import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Conflict, EngineUnavailable } from "../../effects/model/Errors.ts"
import { memoryAccounts } from "../../effects/testing/accounts.ts"
import { BACKUP, PAGE, page, shown, start, text } from "../testing/channel-page.ts"
import { fakeInput, fakeLeg, fakeOutput } from "../testing/fake-views.ts"
import { makeTestApp, withKey } from "../testing/test-app.ts"

describe("buttons of the channel's page", () => {
  const HTMX = { "HX-Request": "true" }

  it("are not shown to viewers, whose page has all else", async () => {
    const accounts = memoryAccounts({ apiKey: true })
    const { key } = await Effect.runPromise(accounts.createKey({ name: "screen", role: "viewer" }))
    const test = makeTestApp({ settings: withKey("admin-key-of-this-test"), accounts })
    const admin = { "X-API-Key": "admin-key-of-this-test" }
    const input = {
      name: "A",
      rtp_port: 5000,
      backup_rtp_ip: "0.0.0.0",
      backup_rtp_port: 5001,
      outputs: [{ url: "srt://192.0.2.1:9" }],
    }
    await test.call("POST", "/api/channels", input, admin)
    test.plane.show("a", { status: "running", input: fakeInput({ legs: [fakeLeg(), BACKUP] }) })
    const html = await (await test.call("GET", PAGE, undefined, { "X-API-Key": key })).text()
    expect(html).toContain("srt://192.0.2.1:9")
    expect(html).not.toMatch(/<form method="post"[^>]*action="\/channels|href="[^"]*\/(?:edit|clone)"|add\/output/)
    expect(await (await test.call("GET", PAGE, undefined, admin)).text()).toMatch(
      /<form method="post"[^>]*action="\/channels/,
    )
    const refused = await test.call("POST", "/channels/a/stop?on=channel", undefined, { "X-API-Key": key })
    expect(refused.status).toBe(403)
  })

  it.each([
    { who: "an admin", role: "admin" as const, may: true },
    { who: "an operator", role: "operator" as const, may: false },
    { who: "a viewer", role: "viewer" as const, may: false },
  ])("offer captures to $who: $may", async ({ may, role }) => {
    const accounts = memoryAccounts({ apiKey: true })
    const { key } = await Effect.runPromise(accounts.createKey({ name: "who", role }))
    const test = makeTestApp({ settings: withKey("admin-key-of-this-test"), accounts })
    const admin = { "X-API-Key": "admin-key-of-this-test" }
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 }, admin)
    const outputs = [
      fakeOutput({ id: "o", slug: "own", protocol: "srt", srt_stack: "own" }),
      fakeOutput({ id: "r", slug: "retrying", protocol: "srt", srt_stack: null }),
      fakeOutput({ id: "p", slug: "rtmp", protocol: "rtmp", srt_stack: null }),
      fakeOutput({ id: "q", slug: "libsrt", protocol: "srt", srt_stack: "libsrt" }),
    ]
    const links = async (status: "running" | "stopped") => {
      test.plane.show("a", { status, input: fakeInput({ legs: [fakeLeg()] }), outputs })
      const pages = ["own", "retrying", "rtmp", "libsrt"].map(async (output) => {
        const html = await (await test.call("GET", `${PAGE}?output=${output}`, undefined, { "X-API-Key": key })).text()
        expect(html).toContain(`id="panel-`)
        return html.match(/href="[^"]*\/capture[^"]*"/g) ?? []
      })
      return [...new Set((await Promise.all(pages)).flat())]
    }
    const all = [
      'href="/api/channels/a/legs/primary/capture?seconds=10"',
      'href="/api/channels/a/outputs/own/capture?seconds=10"',
      'href="/api/channels/a/outputs/retrying/capture?seconds=10"',
    ]
    expect((await links("running")).sort()).toEqual(may ? all : [])
    expect(await links("stopped")).toEqual([])
  })

  it.each([
    ["/channels/a/stop", "stopped"],
    ["/channels/a/switch/backup", "on backup"],
    ["/channels/a/outputs/o/stop", "o srt stopped"],
  ])("%s comes back to the page, or answers with what changed", async (path, says) => {
    const test = await start({ outputs: [fakeOutput({ id: "o" })] })
    expect(await page(test)).toContain(`action="${path}?on=channel"`)
    const plain = await test.call("POST", `${path}?on=channel`)
    expect([plain.status, plain.headers.get("location")]).toEqual([303, PAGE])
    const inPlace = await test.call("POST", `${path}?on=channel`, undefined, HTMX)
    const html = await inPlace.text()
    expect(html).toMatch(/^<hx-partial hx-target="#page-alert" hx-swap="innerMorph"><\/hx-partial>/)
    expect(text(html)).toContain(says)
    // The buttons of the list are not those of this page.
    expect((await test.call("POST", path)).headers.get("location")).toBe("/")
  })

  it("ask before a running channel is stopped, and say what ends", async () => {
    const outputs = [fakeOutput({ id: "o", status: "connected" }), fakeOutput({ id: "p", status: "connected" })]
    expect(await shown({ outputs })).toMatch(
      /<details class="confirm"[^>]*><summary>Stop …<\/summary><p>2 outputs streaming now will end/,
    )
    expect(await shown({ status: "stopped" })).not.toContain('class="confirm"')
  })

  it("say why a switch is refused, and offer it all the same", async () => {
    const message =
      'no packets arrive on the backup (127.0.0.1:5001): the outputs would stop; send "force": true to switch all the same'
    const forced: Array<boolean | undefined> = []
    const test = await start(
      {},
      {
        over: {
          channels: {
            switchSource: (_, __, force) => {
              forced.push(force)
              return new Conflict({ errors: [{ path: "source", message }] })
            },
          },
        },
      },
    )
    for (const headers of [{}, HTMX]) {
      const refused = await test.call("POST", "/channels/a/switch/backup?on=channel", undefined, headers)
      expect(refused.status).toBe(409)
      const html = await refused.text()
      expect(html).toMatch(
        /role="alert"><p>no packets arrive on the backup \(127\.0\.0\.1:5001\): the outputs would stop<\/p>/,
      )
      expect(html).toContain('action="/channels/a/switch/backup?on=channel&amp;force=yes"')
    }
    await test.call("POST", "/channels/a/switch/backup?on=channel&force=yes")
    expect(forced).toEqual([false, false, true])
  })

  it("say what else went wrong, without an offer", async () => {
    const test = await start(
      { status: "stopped" },
      { over: { channels: { start: () => new EngineUnavailable({ reason: "it is <starting>" }) } } },
    )
    const refused = await test.call("POST", "/channels/a/start?on=channel")
    expect(refused.status).toBe(503)
    const html = await refused.text()
    expect(html).toContain("the engine is not available: it is &lt;starting&gt;")
    expect(html).not.toContain("all the same")
    expect((await test.call("POST", "/channels/none/start?on=channel")).status).toBe(404)
  })
})

describe("the event stream of the page", () => {
  it("sends everything once, and then only what has changed", async () => {
    const output = fakeOutput({ id: "o", status: "connected", uptime: 60, bitrate: 1_000_000 })
    const test = await start({ outputs: [output, fakeOutput({ id: "p" })] })
    const answer = await test.call("GET", "/live/channels/a")
    expect(answer.headers.get("content-type")).toBe("text/event-stream")
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    const next = async () => (await reader?.read())?.value ?? ""
    const first = await next()
    for (const id of ["channel-head", "legs", "output-rows", "urls", "breaks", "cue-rows", "event-rows"]) {
      expect(first).toContain(`hx-target="#${id}" hx-swap="innerMorph"`)
    }
    // A second on: the uptime alone is no news, since the browser counts it.
    test.plane.show("a", {
      uptime: 6,
      outputs: [{ ...output, uptime: 61.2, bitrate: 2_000_000 }, fakeOutput({ id: "p" })],
    })
    const second = await next()
    expect(second.match(/hx-target="[^"]*"/g)).toEqual(['hx-target="#output-o"'])
    expect(second).toContain("2.00 Mbit/s")
    await reader?.cancel()
  })
})
