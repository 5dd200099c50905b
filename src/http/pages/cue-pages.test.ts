import { describe, expect, it } from "vitest"
import { fakeCue } from "../testing/fake-views.ts"
import { makeTestApp } from "../testing/test-app.ts"

const pageOf = async (test: ReturnType<typeof makeTestApp>, path = "/") => (await test.call("GET", path)).text()

describe("the cues of a channel", () => {
  it("are listed with their proof and their bytes, escaped, and link to older ones", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 })
    const missed = { output: "udp", status: "missed", at: null, delay_ms: null, reason: "<b>refused</b>" } as const
    const sent = { output: "cdn", status: "sent", at: null, delay_ms: 12.4, reason: null } as const
    const acknowledged = { ...sent, output: "srt", acknowledged_at: "2026-01-02T03:04:05.100Z", acknowledged_ms: 43.2 }
    test.plane.cued(
      "1",
      fakeCue({ id: 9, outputs: [sent, acknowledged, missed], repeats: 2 }),
      fakeCue({ id: 4, errors: ["CRC_32 is wrong"] }),
    )
    const html = await pageOf(test, "/channels/a/cues?limit=2&type=out")
    for (const text of [
      "out × 3",
      "4.50 s",
      "cdn sent after 12 ms<",
      "srt sent after 12 ms, acknowledged after 43 ms<",
      "udp missed: &lt;b&gt;refused",
      "CRC_32 is wrong",
      "/DAlAAAA",
      "fc3025",
    ]) {
      expect(html).toContain(text)
    }
    expect(html).toContain('href="/channels/a/cues?limit=2&amp;type=out&amp;before=4"')
    expect(html).not.toMatch(/<b>|\sstyle=|\son\w+=/)
    // Each text has a button beside it, in the parent element where copy.js looks.
    for (const [name, text] of [
      ["base64", "/DAlAAAA"],
      ["hex", "fc3025"],
    ]) {
      const pattern = `<p><code[^>]*>${text}[^<]*</code> <button type="button" data-copy="${name}">Copy ${name}</button></p>`
      expect(html.match(new RegExp(pattern, "g"))).toHaveLength(2)
    }
    expect(await pageOf(test, "/channels/a/cues")).not.toContain("Older")
  })

  it("may be none, and a bad query is told", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 })
    expect(await pageOf(test, "/channels/a/cues")).toContain("There are no cues here")
    expect((await test.call("GET", "/channels/a/cues?type=x")).status).toBe(400)
    expect((await test.call("GET", "/channels/b/cues")).status).toBe(404)
  })
})
