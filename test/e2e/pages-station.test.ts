/** The pages of a station of 50 channels in Chromium, over fakes: no streams, but every state at once. */
import { readFile } from "node:fs/promises"
import type { Browser } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { makeStation } from "../../src/http/testing/fake-station.ts"
import { fakeCue } from "../../src/http/testing/fake-views.ts"
import type { TestApp } from "../../src/http/testing/test-app.ts"
import { type AppServer, serveApp } from "./app-server.ts"
import { openPage, startBrowser } from "./browser.ts"

let browser: Browser
let station: TestApp
let server: AppServer

beforeAll(async () => {
  ;[browser, station] = await Promise.all([startBrowser(), makeStation()])
  server = await serveApp(station.app)
})
afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

afterEach(() => server.revive())

const open = (path: string, options?: Parameters<typeof openPage>[2]) =>
  openPage(browser, `${server.url}${path}`, options)

describe("a service that is gone", () => {
  it("is told on the page, with the age of what it shows; nothing can be done until it is back", async () => {
    const { close, expectProblem, page } = await open("/")
    expectProblem(/net::ERR|fetch|network error/i)
    await page.locator("#channel-rows > tr").first().waitFor()
    await server.kill()
    const banner = page.locator("#connection")
    await banner.waitFor()
    expect(await banner.textContent()).toMatch(/^Connection lost, data from \d\d:\d\d:\d\d UTC\./)
    expect(await page.evaluate("getComputedStyle(document.querySelector('main')).filter")).toBe("grayscale(1)")
    const add = page.getByRole("link", { name: "Add channel" })
    expect(await add.getAttribute("aria-disabled")).toBe("true")
    // Playwright waits for what says it is disabled; people click.
    await add.click({ force: true })
    const answer = page.locator(".said-there")
    await answer.waitFor()
    expect(await answer.textContent()).toMatch(/^Connection lost/)
    const [at, asked] = [await answer.boundingBox(), await add.boundingBox()]
    expect(Math.abs((at?.y ?? 0) - ((asked?.y ?? 0) + (asked?.height ?? 0)))).toBeLessThan(20)
    expect(new URL(page.url()).pathname).toBe("/")
    await server.revive()
    await banner.waitFor({ state: "detached" })
    expect(await add.getAttribute("aria-disabled")).toBeNull()
    await add.click()
    await page.getByRole("heading", { name: "Add a channel" }).waitFor()
    await close()
  })

  it("is told where Save was clicked, and what was typed stays", async () => {
    const { close, expectProblem, page } = await open("/channels/8/outputs/partner-1/edit")
    expectProblem(/net::ERR|fetch|network error/i)
    const name = page.getByLabel("Name", { exact: true })
    await name.fill("Half typed")
    await server.kill()
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByRole("alert").getByText("The service cannot be reached: nothing was changed.").waitFor()
    expect(await name.inputValue()).toBe("Half typed")
    await close()
  })
})

describe("two people at one form", () => {
  it("are both heard: the second sees what the first has changed before anything is replaced", async () => {
    const path = "/channels/9/outputs/partner-2/edit"
    const [first, second] = await Promise.all([open(path), open(path)])
    second.expectProblem(/status of 412/)
    const name = ({ page }: typeof first) => page.getByLabel("Name", { exact: true })
    const url = ({ page }: typeof first) => page.getByLabel("URL", { exact: true })
    await name(first).fill("Affiliate")
    await first.page.getByRole("button", { name: "Save" }).click()
    await first.page.waitForURL((to) => !to.pathname.endsWith("/edit"))
    await url(second).fill("srt://203.0.113.7:9100")
    await second.page.getByRole("button", { name: "Save" }).click()
    await second.page.getByRole("alert").getByText("changed by somebody else while the form was open").waitFor()
    expect(await name(second).inputValue()).toBe("Affiliate")
    await second.page.getByText('was changed by somebody else from "Partner 2" to "Affiliate"').waitFor()
    expect(await url(second).inputValue()).toBe("srt://203.0.113.7:9100")
    await second.page.getByRole("button", { name: "Save" }).click()
    await second.page.waitForURL((to) => !to.pathname.endsWith("/edit"))
    const saved = await (await station.call("GET", "/api/channels/9/outputs/partner-2")).json()
    expect(saved).toMatchObject({ name: "Affiliate", url: "srt://203.0.113.7:9100" })
    expect([...first.problems, ...second.problems]).toEqual([])
    await Promise.all([first.close(), second.close()])
  })
})

describe("cues as CSV", () => {
  it("hold all 500 that the page lists the first 50 of", async () => {
    station.plane.cued("8", ...Array.from({ length: 500 }, (_, n) => fakeCue({ id: 500 - n })))
    const { close, page, problems } = await open("/cues")
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
    const { close, page, problems } = await open("/channels/8")
    await page.addInitScript(NOTE_TEXTS)
    await page.reload()
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
