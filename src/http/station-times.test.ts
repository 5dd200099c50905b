import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { newCue } from "../effects/testing/cues.ts"
import { makeRealApps } from "./testing/real-app.ts"
import { makeTestApp } from "./testing/test-app.ts"

const apps = makeRealApps()
afterEach(async () => {
  await apps.stopAll()
  // Back to the clock of the other tests.
  makeTestApp()
})

/** Kathmandu has an offset that no other zone has; the engine of the tests began in 1970, when it had another. */
const ZONE = "Asia/Kathmandu"

const station = async () => {
  const real = await apps.start({ config: { timeZone: ZONE } })
  const outputs = [{ name: "cdn", url: "srt://192.0.2.1:9000" }]
  const created = await real.call("POST", "/api/channels", { name: "News", rtp_port: 5000, outputs })
  expect(created.status).toBe(201)
  const at = Date.now() - 86_400_000
  const proof = {
    output: "cdn",
    status: "sent",
    at: new Date(at + 40).toISOString(),
    delay_ms: 40,
    reason: null,
  } as const
  const cue = newCue({ channelId: String(created.body["id"]), at, kind: "out", event_ids: [1], outputs: [proof] })
  await Effect.runPromise(real.store.writeCues([{ id: null, cue }]))
  const event = { kind: "started", severity: "info", message: "" } as const
  await Effect.runPromise(real.store.appendEvents([{ channelId: String(created.body["id"]), at, ...event }]))
  await real.call("POST", "/api/notifications/mutes", { channel: "news", minutes: 60, reason: "test" })
  await real.call("POST", "/api/channels/news/outputs/cdn/partner-links", { label: "them", days: 3 })
  return real
}

describe("times on pages", () => {
  it("are those of the station with their offset, and of UTC under the pointer", async () => {
    const { call } = await station()
    const fewest = {
      "/": 0,
      "/channels/news": 2,
      "/channels/news/events": 1,
      "/channels/news/cues": 1,
      "/channels/news/history?span=7d": 3,
      "/channels/news/as-run": 1,
      "/channels/news/as-run?output=cdn": 3,
      "/events": 1,
      "/cues": 1,
      "/audit": 2,
      "/settings/notifications": 1,
      "/system": 1,
      "/system/log": 0,
      "/wall": 0,
    }
    for (const [path, least] of Object.entries(fewest)) {
      const { status, text } = await call("GET", path)
      expect([path, status]).toEqual([path, 200])
      expect([path, text.includes(`data-zone="${ZONE}"`)]).toEqual([path, true])
      const times = [...text.matchAll(/<time([^>]*)>([^<]*)<\/time>/g)]
      expect([path, times.length >= least]).toEqual([path, true])
      for (const [, attributes, shown] of times) {
        expect([path, shown]).toEqual([
          path,
          expect.stringMatching(/^(?:\d{4}-\d\d-\d\d )?\d\d:\d\d.* UTC\+5:(?:45|30)$/),
        ])
        expect([path, attributes]).toEqual([
          path,
          expect.stringMatching(/ title="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC"/),
        ])
      }
      // No time of UTC stands in the text itself.
      expect([path, text.replace(/ title="[^"]*"/g, "").match(/\d\d:\d\d UTC(?!\+)|times are UTC|\(UTC\)/)]).toEqual([
        path,
        null,
      ])
    }
  })

  it("are asked for by the station's clock, and shown as they were typed", async () => {
    const { call } = await station()
    const found = await call("GET", "/events?since=2026-01-02T03:04&until=2126-01-01T00:00")
    expect([found.status, found.text.includes('value="2026-01-02T03:04:00"')]).toEqual([200, true])
    expect(found.text).toContain(`From (${ZONE})`)
    // The exports have the instant.
    expect(found.text).toContain(`since=${encodeURIComponent("2026-01-01T21:19:00.000Z")}`)
  })

  it("make the day of a report, whose address names the zone where it is another one", async () => {
    const { call } = await station()
    const { body } = await call("GET", "/api/channels/news/as-run?day=2026-11-24")
    expect(body).toMatchObject({ zone: ZONE, since: "2026-11-23T18:15:00.000Z", until: "2026-11-24T18:15:00.000Z" })
    const own = await call("GET", "/channels/news/as-run?day=2026-11-24")
    expect(own.text).toContain('href="/channels/news/as-run?day=2026-11-23"')
    const utc = await call("GET", "/channels/news/as-run?day=2026-11-24&zone=UTC")
    expect(utc.text).toContain('href="/channels/news/as-run?day=2026-11-23&amp;zone=UTC"')
    const csv = await call("GET", "/api/channels/news/as-run?day=2026-11-24&format=csv")
    expect(csv.text.split("\r\n")[0]?.split(",").slice(-5)).toEqual([
      "cue",
      "arrived_local",
      "sent_local",
      "acknowledged_local",
      "utc_offset",
    ])
    const events = await call("GET", "/api/events?format=csv")
    expect(events.text.split("\r\n")[0]).toBe(
      "channel,id,at,kind,severity,source,output,message,at_local,utc_offset,zone",
    )
  })
})
