/** What was, on the pages in Chromium: history, as-run report, partner link; and the clicks that each takes. */
import { Effect } from "effect"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { newCue } from "../../src/effects/testing/cues.ts"
import { channelStats, engineStats, legStats, outputStats } from "../../src/effects/testing/FakeEngine.ts"
import { makeRealApps, type RealApp } from "../../src/http/testing/real-app.ts"
import { type AppServer, serveApp } from "./app-server.ts"
import { axe, openPage, startBrowser } from "./browser.ts"

const DAY_MS = 86_400_000
const apps = makeRealApps()
let browser: Browser
let real: RealApp
let server: AppServer
let id = ""
let outputs: ReadonlyArray<{ readonly id: string }> = []

/** Figures of a second; the counters go on from call to call. */
let second = 0
const feed = async (of: Partial<Parameters<typeof outputStats>[0]> = {}) => {
  second++
  const [cdn] = outputs
  const one = outputStats({ id: cdn?.id ?? "", session: "s", url: "", bytes_sent: second * 1_000_000, ...of })
  const legs = [legStats({ counters: { bytes: second * 1_000_000 } })]
  await Effect.runPromise(real.engine.stats(engineStats([channelStats({ id, legs, outputs: [one] })], second * 1000)))
}

beforeAll(async () => {
  ;[browser, real] = await Promise.all([startBrowser(), apps.start()])
  const made = await real.call("POST", "/api/channels", {
    name: "News",
    rtp_port: 5000,
    outputs: [
      { name: "cdn", url: "srt://:9100?mode=listener" },
      { name: "partner", url: "srt://192.0.2.2:9000" },
    ],
  })
  id = String(made.body["id"])
  outputs = made.body["outputs"] as typeof outputs
  await real.call("POST", "/api/channels/news/start")
  const proof = { output: "partner", status: "missed", at: null, delay_ms: null, reason: "not connected" } as const
  const cues = [Date.now() - 60_000, Date.now() - DAY_MS].map((at) => newCue({ channelId: id, at, outputs: [proof] }))
  await Effect.runPromise(real.store.writeCues(cues.map((cue) => ({ id: null, cue }))))
  await feed()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await feed()
  server = await serveApp(real.app)
})
afterAll(async () => {
  await Promise.all([browser?.close(), server?.kill()])
  await apps.stopAll()
})

describe("what was", () => {
  it("is two clicks away: last night's misses of one partner; and it is plotted", async () => {
    const { click, close, count, page, problems } = await openPage(browser, `${server.url}/channels/news`)
    await click(page.getByRole("navigation", { name: "Channel", exact: true }).getByRole("link", { name: "History" }))
    const plot = page.locator('[data-plot="bitrate"]')
    await plot.locator("canvas").waitFor()
    expect(Number(await plot.getAttribute("data-points"))).toBeGreaterThan(60)
    expect(await page.locator('[data-plot="down"]').count()).toBe(1)
    expect(await axe(page)).toEqual([])
    await click(page.getByRole("link", { name: "partner: 1 missed" }))
    await page.getByText("partner missed it: not connected").waitFor()
    expect(await page.locator("table.timeline tbody tr").count()).toBe(1)
    expect(count.clicks).toBe(2)
    await page.getByRole("link", { name: "400 days" }).click()
    await plot.locator("canvas").waitFor()
    expect(Number(await plot.getAttribute("data-points"))).toBeLessThan(500)
    expect(problems).toEqual([])
    await close()
  })

  it("is reported as run after one click, on paper without the links", async () => {
    const { click, close, page, problems } = await openPage(browser, `${server.url}/channels/news`)
    await click(page.getByRole("link", { name: "As run", exact: true }))
    await page.getByRole("table", { name: /Breaks and outputs/ }).waitFor()
    expect(await axe(page)).toEqual([])
    const exports = page.locator(".exports")
    expect(await exports.isVisible()).toBe(true)
    await page.emulateMedia({ media: "print" })
    expect(await exports.isVisible()).toBe(false)
    expect(problems).toEqual([])
    await close()
  })
})

describe("a partner link", () => {
  it("is made with two clicks, opens for somebody outside, and is kept up to date there", async () => {
    const { click, close, count, page, problems } = await openPage(browser, `${server.url}/channels/news#outputs`)
    await click(page.getByRole("link", { name: "cdn", exact: true }))
    await click(page.getByRole("button", { name: "Make a partner link" }))
    const link = (await page.locator(".banner code").textContent()) ?? ""
    expect([count.clicks, link]).toEqual([2, expect.stringMatching(/\/partner\/[\w-]{43}$/)])
    expect(await axe(page)).toEqual([])
    const outside = await openPage(browser, link)
    await outside.page.getByText("You call us").waitFor()
    expect(await outside.page.getByRole("navigation").count()).toBe(0)
    expect(await axe(outside.page)).toEqual([])
    const now = outside.page.locator("#partner-now")
    const before = await now.textContent()
    await feed()
    await expect.poll(() => now.textContent(), { timeout: 30_000 }).not.toBe(before)
    expect([...problems, ...outside.problems]).toEqual([])
    await outside.close()
    await close()
  })
})
