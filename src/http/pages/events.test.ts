import { describe, expect, it } from "vitest"
import { fakeEvent } from "../testing/fake-views.ts"
import { makeTestApp } from "../testing/test-app.ts"

const pageOf = async (test: ReturnType<typeof makeTestApp>, path = "/") => (await test.call("GET", path)).text()

describe("the events page", () => {
  it("escapes what comes from the stream", async () => {
    const evil = `<img src=x onerror=alert(1)>"'&`
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 })
    test.plane.happened("1", fakeEvent({ id: 1, message: evil, output: evil }))
    const page = await pageOf(test, "/channels/a/events")
    expect(page).not.toContain("<img")
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;")
  })

  it("shows what happened with its time and place, and leads to older events", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "A", rtp_port: 5000 })
    expect(await pageOf(test, "/channels/a/events")).toContain("Nothing has happened yet.")
    test.plane.happened(
      "a",
      fakeEvent({
        id: 12,
        kind: "redundancy_lost",
        severity: "warning",
        source: "backup",
        message: "the backup is silent",
      }),
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
