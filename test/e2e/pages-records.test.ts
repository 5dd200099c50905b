/**
 * What was, on the pages in Chromium: history, as-run report, partner link, cues; and the clicks that each takes. Then
 * the page of a channel of the station of `pages-station.test.ts`, by the browser that runs already.
 */
import { readFile } from "node:fs/promises"
import { Effect } from "effect"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { OutputView } from "../../src/effects/model/channel.ts"
import { newCue } from "../../src/effects/testing/cues.ts"
import { channelStats, engineStats, legStats, outputStats } from "../../src/effects/testing/FakeEngine.ts"
import { makeStation } from "../../src/http/testing/fake-station.ts"
import { fakeCue } from "../../src/http/testing/fake-views.ts"
import { makeRealApps, type RealApp } from "../../src/http/testing/real-app.ts"
import type { TestApp } from "../../src/http/testing/test-app.ts"
import { type AppServer, serveApp } from "./app-server.ts"
import { axe, openPage, showPart, startBrowser } from "./browser.ts"

const DAY_MS = 86_400_000
const apps = makeRealApps()
let browser: Browser
let real: RealApp
let server: AppServer
let station: TestApp
let stationServer: AppServer
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
  ;[browser, real, station] = await Promise.all([startBrowser(), apps.start(), makeStation()])
  const made = await real.call("POST", "/api/channels", {
    name: "News",
    rtp_port: 5000,
    backup_rtp_ip: "0.0.0.0",
    backup_rtp_port: 5002,
    tags: ["east"],
    outputs: [
      { name: "cdn", url: "srt://:9100?mode=listener" },
      { name: "partner", url: "srt://192.0.2.2:9000" },
    ],
  })
  id = String(made.body["id"])
  outputs = made.body["outputs"] as typeof outputs
  await real.call("POST", "/api/channels/news/start")
  const proof = { output: "partner", status: "missed", at: null, delay_ms: null, reason: "not connected" } as const
  // Last night begins at 18:00, so noon of yesterday is never in it, whenever this runs.
  const noonOfYesterday = (Math.floor(Date.now() / DAY_MS) - 0.5) * DAY_MS
  const cues = [Date.now() - 60_000, noonOfYesterday].map((at) => newCue({ channelId: id, at, outputs: [proof] }))
  await Effect.runPromise(real.store.writeCues(cues.map((cue) => ({ id: null, cue }))))
  await feed()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await feed()
  ;[server, stationServer] = await Promise.all([serveApp(real.app), serveApp(station.app)])
})
afterAll(async () => {
  await Promise.all([browser?.close(), server?.kill(), stationServer?.kill()])
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

const openStation = (path: string, options?: Parameters<typeof openPage>[2]) =>
  openPage(browser, `${stationServer.url}${path}`, options)

describe("the tasks of a round", () => {
  it("take the clicks that docs/pages.md names, from the list on", async () => {
    const { click, close, count, page, problems } = await openPage(browser, `${server.url}/`)
    const done: Record<string, number> = {}
    const finish = async (task: string) => {
      done[task] = count.clicks
      await page.goto(`${server.url}/`)
      count.clicks = 0
    }
    const openNews = () => click(page.locator("#channel-rows").getByRole("link", { name: "News", exact: true }))
    await openNews()
    await click(page.getByRole("link", { name: "As run", exact: true }))
    await page.getByRole("table", { name: /Breaks and outputs/ }).waitFor()
    await finish("as-run of yesterday")
    await openNews()
    await click(page.getByRole("navigation", { name: "Parts of the page" }).getByRole("link", { name: "Outputs" }))
    await click(page.getByRole("button", { name: "Stop output cdn" }))
    await page.getByRole("button", { name: "Start output cdn" }).waitFor()
    await finish("stop an output")
    await openNews()
    await click(page.getByRole("button", { name: /^Switch to backup/ }))
    await finish("switch the leg")
    await click(page.getByRole("link", { name: "Cues", exact: true }))
    const file = page.waitForEvent("download")
    await click(page.getByRole("link", { name: "CSV", exact: true }))
    expect((await file).suggestedFilename()).toBe("cues.csv")
    await finish("export the cues")
    await page.keyboard.press("/")
    await page.keyboard.type("east")
    await page.locator("#channel-rows > tr:visible").waitFor()
    await page.keyboard.press("Enter")
    await page.waitForURL("**/?q=east*")
    await finish("find a channel by its tag")
    expect(done).toEqual({
      "as-run of yesterday": 2,
      "stop an output": 3,
      "switch the leg": 2,
      "export the cues": 2,
      "find a channel by its tag": 0,
    })
    expect(problems).toEqual([])
    await close()
  })
})

describe("cues as CSV", () => {
  it("hold all 500 that the page lists the first 50 of", async () => {
    station.plane.cued("8", ...Array.from({ length: 500 }, (_, n) => fakeCue({ id: 500 - n })))
    const { close, page, problems } = await openStation("/cues")
    expect(await page.locator("#cue-rows > tr").count()).toBe(50)
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click(),
    ])
    const lines = (await readFile(await download.path(), "utf8")).trimEnd().split("\r\n")
    expect(lines).toHaveLength(501)
    expect(problems).toEqual([])
    await close()
  })
})

/** Notes what is written on canvases, with its edges in their pixels. */
const NOTE_TEXTS = `
  globalThis.written = []
  const { fillText } = CanvasRenderingContext2D.prototype
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const { actualBoundingBoxLeft: left, actualBoundingBoxRight: right } = this.measureText(text)
    const from = this.getTransform().e + x
    const plot = this.canvas.closest("[data-plot]").dataset.plot
    written.push({ plot, text, left: from - left, right: from + right, width: this.canvas.width })
    return fillText.apply(this, arguments)
  }
`
interface Written {
  readonly plot: string
  readonly text: string
  readonly left: number
  readonly right: number
  readonly width: number
}

describe("the plots of a channel", () => {
  it("have whole labels, one time axis, and one zero where there is nothing to measure by", async () => {
    const { close, page, problems } = await openStation("/channels/8")
    await page.addInitScript(NOTE_TEXTS)
    // Chromium does not always take the fragment up when a page is loaded anew while it goes there.
    await page.goto("about:blank")
    await page.goto(`${stationServer.url}/channels/8#history`)
    await page.locator('[data-plot="errors"] canvas').waitFor()
    await expect.poll(() => page.evaluate("written.length")).toBeGreaterThan(20)
    const written = await page.evaluate<ReadonlyArray<Written>>("written")
    expect(written.filter(({ left, right, width }) => left < 0 || right > width)).toEqual([])
    expect(written.map(({ text }) => text)).toContain("10 Mbit/s")
    const labels = written.filter(({ plot, text }) => plot === "errors" && !/:/.test(text)).map(({ text }) => text)
    expect(new Set(labels)).toEqual(new Set(["0", ""]))
    const places = await page
      .locator("[data-plot] .u-over")
      .evaluateAll((plots) =>
        plots.map((plot) => [plot.getBoundingClientRect().left, plot.getBoundingClientRect().width]),
      )
    expect(places).toHaveLength(3)
    expect(new Set(places.map(String)).size).toBe(1)
    expect(problems).toEqual([])
    await close()
  })
})

describe("the page of a channel", () => {
  it("says what matters first on one screen, and each output in one line of 36 pixels", async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { close, page, problems } = await openStation("/channels/8", { javaScriptEnabled })
      const seen = async (selector: string) => {
        const box = await page.locator(selector).first().boundingBox()
        return box !== null && box.y + box.height <= 900
      }
      expect(await page.locator("#channel-state").textContent()).toMatch(/^3 of 8 down/)
      expect(await page.locator("#channel-state .cause").textContent()).toMatch(/^3 of 8 outputs are down: Connection/)
      for (const part of ["#channel-state", "#leg-primary-summary", "#leg-backup-summary", "#output-rows"])
        expect([part, await seen(part)]).toEqual([part, true])
      const heights = await page
        .locator("#output-rows > tr")
        .evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().height)))
      expect(Math.max(...heights)).toBeLessThanOrEqual(37)
      await page.locator("#output-rows").getByRole("link", { name: "Partner 1", exact: true }).click()
      await page.locator("#output-panel").getByRole("heading", { name: "Partner 1" }).waitFor()
      // Chromium looks for the fragment when it has read more of the page than the panel.
      await page.locator("#overview").waitFor({ state: "hidden" })
      await showPart(page, "Input")
      await page.locator("#leg-primary-figures").waitFor()
      expect(await page.locator("#output-panel").isVisible()).toBe(false)
      if (javaScriptEnabled) expect(await page.locator(".tabs [aria-current=true]").textContent()).toBe("Input")
      expect(problems).toEqual([])
      await close()
    }
  })

  it("keeps its head in sight, fits a tablet and a phone, and stays short with 30 outputs", async () => {
    const { outputs } = (await (await station.call("GET", "/api/channels/13")).json()) as { outputs: OutputView[] }
    const [one] = outputs
    if (one === undefined) throw new Error("the channel has outputs")
    const many = Array.from({ length: 30 }, (_, n) => ({
      ...one,
      id: `many-${n}`,
      slug: `many-${n}`,
      name: `Many ${n}`,
    }))
    station.plane.show("13", { outputs: many })
    const { close, page } = await openStation("/channels/13")
    // Before, 8 990 pixels with 5 outputs and 20 687 with 30.
    expect(await page.evaluate<number>("document.documentElement.scrollHeight")).toBeLessThan(2200)
    await page.mouse.wheel(0, 600)
    await expect.poll(async () => (await page.locator("h1").boundingBox())?.y ?? -1).toBeGreaterThanOrEqual(0)
    for (const width of [1024, 768, 390]) {
      await page.setViewportSize({ width, height: 800 })
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width)
    }
    await close()
  })

  it("prints what is told, without what can be pressed", async () => {
    const { close, page } = await openStation("/channels/8")
    await page.emulateMedia({ media: "print" })
    for (const hidden of ["header.top", ".tabs", "#output-rows button"])
      expect([hidden, await page.locator(hidden).first().isVisible()]).toEqual([hidden, false])
    for (const told of ["#channel-state", "#output-rows", "#leg-primary-figures", "#cue-rows", "#event-rows"])
      expect([
        told,
        await page.evaluate(`getComputedStyle(document.querySelector("${told}").closest(".tab, .sticky")).display`),
      ]).toEqual([told, "block"])
    await close()
  })
})
