import { Effect } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import type { CueProof } from "../../../effects/model/cue.ts"
import { newCue } from "../../../effects/testing/cues.ts"
import { makeRealApps, type RealApp } from "../../testing/real-app.ts"
import { withKey } from "../../testing/test-app.ts"

const KEY = "the-key-of-the-environment"
const ADMIN = { "X-API-Key": KEY }
const apps = makeRealApps()
afterEach(apps.stopAll)

const DAY_MS = 86_400_000
/** Yesterday's begin in UTC. */
const YESTERDAY = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const proof = (output: string, atMs: number, over: Partial<CueProof> = {}): CueProof => ({
  output,
  status: "sent",
  at: new Date(atMs + 40).toISOString(),
  delay_ms: 40,
  reason: null,
  ...over,
})
const missed = { status: "missed", at: null, delay_ms: null, reason: "the output was not connected" } as const

const station = async () => {
  const real = await apps.start({ settings: withKey(KEY) })
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = ADMIN) =>
    real.call(method, path, body, headers)
  const outputs = [
    { name: "cdn", url: "srt://192.0.2.1:9000" },
    { name: "partner", url: "srt://192.0.2.2:9000" },
  ]
  const created = await call("POST", "/api/channels", { name: "News", rtp_port: 5000, outputs })
  expect(created.status).toBe(201)
  return { real, call, id: String(created.body["id"]) }
}
/** Cues of a channel: outs and ins by turns, `apartMs` apart. */
const cue = ({ store }: RealApp, channelId: string, cues: ReadonlyArray<Parameters<typeof newCue>[0]>) =>
  Effect.runPromise(store.writeCues(cues.map((one) => ({ id: null, cue: newCue({ channelId, ...one }) }))))

const links = (text: string) =>
  [...text.matchAll(/<a href="([^"]+)"[^>]*>([^<]*)<\/a>/g)].map(([, href = "", name = ""]) => ({
    href: href.replaceAll("&amp;", "&"),
    name: name.trim(),
  }))
const linkTo = (text: string, name: string): string => {
  const found = links(text).find((one) => one.name === name)
  if (found === undefined)
    throw new Error(
      `no link "${name}" among ${links(text)
        .map((one) => one.name)
        .join(", ")}`,
    )
  return found.href
}

describe("records of a channel", () => {
  it("show last night's misses of a partner after two clicks, and changes with who made them", async () => {
    const { call, id, real } = await station()
    const now = Date.now()
    const outputs = [proof("cdn", now - 60_000), proof("partner", now - 60_000, missed)]
    await cue(real, id, [
      { at: now - 120_000, kind: "in", description: "back to the programme", outputs: [proof("partner", now)] },
      { at: now - 60_000, description: "out of the programme", outputs },
    ])
    await call("POST", "/channels/news/outputs/partner/stop", undefined, {
      ...ADMIN,
      "Content-Type": "application/x-www-form-urlencoded",
    })
    // The channel's page, and the two clicks.
    const channel = await call("GET", "/channels/news")
    const history = await call("GET", linkTo(channel.text, "History"))
    expect(history.text).toContain("out of the programme")
    expect(history.text).toMatch(/stop an output on the page<\/td><td>the API key</)
    const misses = await call("GET", linkTo(history.text, "partner: 1 missed"))
    expect(misses.status).toBe(200)
    expect(misses.text).toContain("partner missed it: the output was not connected")
    expect(misses.text).not.toContain("back to the programme")
    expect(misses.text).not.toContain("stop an output")
  })

  it("show who changed what to operators alone", async () => {
    const { call } = await station()
    const key = await call("POST", "/api/keys", { name: "eyes", role: "viewer" })
    const seen = await call("GET", "/channels/news/history", undefined, { "X-API-Key": String(key.body["key"]) })
    expect(seen.text).toContain("Changes and who made them are shown to operators")
    expect(seen.text).not.toContain("create a channel")
  })

  it("refuse times that are none, and outputs that are not there", async () => {
    const { call } = await station()
    for (const [path, status] of [
      ["/api/channels/news/figures?span=week", 400],
      ["/api/channels/news/figures?since=2026-11-24T12:00:00Z&span=7d", 400],
      ["/api/channels/news/figures?since=2026-11-24T12:00:00Z&until=2026-11-24T11:00:00Z", 400],
      ["/api/channels/news/figures?zone=Mars/Olympus", 400],
      ["/api/channels/news/figures?output=nobody", 404],
      ["/api/channels/nobody/figures", 404],
      ["/api/channels/news/figures?span=400d&output=cdn", 200],
      ["/channels/news/history?span=400d&zone=Europe/Berlin", 200],
      ["/api/channels/news/as-run?day=2026-02-30", 400],
      ["/api/channels/news/as-run?day=2026-02-03&month=2026-02", 400],
      ["/channels/news/as-run?month=2026-02&zone=Asia/Kathmandu", 200],
      ["/api/egress?month=2026-13", 400],
    ] as const)
      expect([path, (await call("GET", path)).status]).toEqual([path, status])
  })
})

describe("the as-run report", () => {
  it("of yesterday is one click from the channel: a matrix of breaks and outputs, and lines of one output", async () => {
    const { call, id, real } = await station()
    const at = YESTERDAY + 12 * 3_600_000
    const acknowledged = { acknowledged_at: new Date(at + 90).toISOString(), acknowledged_ms: 90 }
    await cue(real, id, [
      { at: YESTERDAY - 1000, kind: "out", event_ids: [1], outputs: [proof("cdn", at)] },
      {
        at,
        kind: "out",
        event_id: 7,
        event_ids: [7],
        preroll_s: 4.5,
        outputs: [proof("cdn", at, acknowledged), proof("partner", at, missed)],
      },
      {
        at: at + 30_000,
        kind: "in",
        event_id: 7,
        event_ids: [7],
        preroll_s: 2,
        outputs: [proof("cdn", at), proof("partner", at)],
      },
      { at: YESTERDAY + DAY_MS, kind: "out", event_ids: [8], outputs: [proof("cdn", at)] },
    ])
    const channel = await call("GET", "/channels/news")
    const report = await call("GET", linkTo(channel.text, "As run"))
    expect(report.text).toContain(`As run: News, ${day(YESTERDAY)}`)
    expect(report.text).toContain("3 of 4")
    expect(report.text).toMatch(/✓ 90 ms ack/)
    expect(report.text).not.toContain("may have been let go of")
    const partner = await call("GET", linkTo(report.text, "partner"))
    expect(partner.text).toContain("the output was not connected")
    expect(partner.text).toContain(`${day(YESTERDAY)} 12:00:04`)
    const json = await call("GET", `/api/channels/news/as-run?day=${day(YESTERDAY)}`)
    expect(json.body).toMatchObject({ channel: "news", zone: "UTC", complete: true })
    expect(json.body["lines"]).toHaveLength(4)
    expect((json.body["lines"] as ReadonlyArray<object>)[0]).toMatchObject({
      output: "cdn",
      due_at: new Date(at + 4500).toISOString(),
      status: "sent",
      acknowledged_ms: 90,
    })
    // East of Greenwich yesterday began earlier.
    const berlin = await call("GET", `/api/channels/news/as-run?day=${day(YESTERDAY)}&zone=Asia/Tokyo`)
    expect(berlin.body["lines"]).toHaveLength(5)
  })

  it("of a month as CSV has every cue of every output, however many", async () => {
    const { call, id, real } = await station()
    const month = Date.UTC(2026, 1)
    const cues = Array.from({ length: 1100 }, (_, n) => {
      const at = month + n * 60_000
      return { at, cue: n, outputs: [proof("cdn", at), proof("partner", at, n === 1099 ? missed : {})] }
    })
    await cue(real, id, cues)
    const csv = await call("GET", "/api/channels/news/as-run?month=2026-02&format=csv")
    const lines = csv.text.trimEnd().split("\r\n")
    expect(lines).toHaveLength(1 + 2200)
    expect(lines.at(-1)).toContain("missed")
    expect(csv.headers.get("content-disposition")).toContain("news-as-run-2026-02.csv")
    const one = await call("GET", "/api/channels/news/as-run?month=2026-02&format=csv&output=partner")
    expect(one.text.trimEnd().split("\r\n")).toHaveLength(1 + 1100)
    const page = await call("GET", "/channels/news/as-run?month=2026-02")
    expect(page.text).toContain("100 more rows are in the CSV")
    expect(page.text).toContain("may have been let go of")
  })
})

describe("egress", () => {
  it("has a price that an admin sets, and is refused what is none", async () => {
    const { call } = await station()
    const form = { ...ADMIN, "Content-Type": "application/x-www-form-urlencoded" }
    const set = (usd: string) =>
      call("POST", "/egress/price", new URLSearchParams({ usd_per_gb: usd, month: "2026-11" }).toString(), form)
    expect((await call("GET", "/api/egress")).body).toMatchObject({ usd_per_gb: null, outputs: [] })
    expect((await set("0.085")).headers.get("location")).toBe("/egress?month=2026-11")
    expect((await call("GET", "/api/egress?month=2026-11")).body).toMatchObject({ month: "2026-11", usd_per_gb: 0.085 })
    for (const wrong of ["cheap", "-1", "101"]) {
      const refused = await set(wrong)
      expect([refused.status, refused.text.includes("must be a price in USD")]).toEqual([400, true])
    }
    await set("")
    expect((await call("GET", "/egress")).text).toContain("Nothing was sent")
    expect((await call("GET", "/api/egress")).body["usd_per_gb"]).toBeNull()
  })
})
