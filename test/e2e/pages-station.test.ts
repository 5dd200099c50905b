/**
 * The pages of a station of 50 channels in Chromium, over fakes: no streams, but every state at once. The pages of one
 * of its channels are in `pages-records.test.ts`.
 */
import type { Browser } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { makeStation } from "../../src/http/testing/fake-station.ts"
import { OPEN, type TestApp } from "../../src/http/testing/test-app.ts"
import { type AppServer, serveApp } from "./app-server.ts"
import { axe, openPage, startBrowser } from "./browser.ts"
import { reasonsFit, rowBoxes, rowExtent, weightOf } from "./page-measures.ts"

let browser: Browser
let station: TestApp
let server: AppServer

beforeAll(async () => {
  const settings = { ...OPEN, timeZone: "Asia/Kathmandu" }
  ;[browser, station] = await Promise.all([startBrowser(), makeStation(undefined, { settings })])
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
    // The station's clock counts, wherever the reader sits.
    const { close, expectProblem, page } = await open("/", { timezoneId: "America/New_York" })
    expectProblem(/net::ERR|fetch|network error/i)
    await page.locator("#channel-rows > tr").first().waitFor()
    await server.kill()
    const banner = page.locator("#connection")
    await banner.waitFor()
    expect(await banner.textContent()).toMatch(/^Connection lost, data from \d\d:\d\d:\d\d UTC\+5:45\./)
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

const WIDTHS = [768, 900, 1024, 1150, 1250, 1400] as const

describe("the list of 50 channels", () => {
  it("shows 18 rows on 1400 x 900, each of one height, with what fails and why", async () => {
    const { close, page, problems } = await open("/")
    const rows = await rowBoxes(page)
    expect(rows).toHaveLength(50)
    expect(rows.filter(({ bottom }) => bottom <= 900).length).toBeGreaterThanOrEqual(18)
    expect(new Set(rows.map(({ height }) => Math.round(height))).size).toBe(1)
    expect(await page.locator("#channel-rows > tr").first().textContent()).toContain("no packets on 0.0.0.0 port 5000")
    const down = page.locator("#channel-rows > tr[data-state=outputs_down]").first()
    expect(await down.locator(".reason").textContent()).toMatch(/^Partner 1 .*SRT reject code 16/)
    // Rows that explain themselves do so within themselves.
    expect(await reasonsFit(page)).toBe(true)
    expect(problems).toEqual([])
    await close()
  })

  it.each(WIDTHS)("fits %d pixels, and splits no word", async (width) => {
    const { close, page } = await open("/", { viewport: { width, height: 900 } })
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width)
    const { height, right, words } = await rowExtent(page)
    expect([height <= 42, right <= width, words]).toEqual([true, true, 1])
    await close()
  })

  it("filters by its counters, with and without JavaScript, and by one cause a line says what is the matter", async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { close, page } = await open("/", { javaScriptEnabled })
      const shown = () => page.locator("#channel-rows > tr:visible").count()
      await page.getByRole("link", { name: "5 outputs down" }).click()
      await expect.poll(shown).toBe(5)
      expect(new URL(page.url()).search).toBe("?state=outputs_down")
      await page.getByRole("link", { name: "5 outputs down" }).click()
      await expect.poll(shown).toBe(50)
      expect(await page.locator("#attention > li").count()).toBe(2)
      expect(await page.locator("#attention > li").first().textContent()).toMatch(
        /^7 channels: no input since 08:45 UTC\+5:45/,
      )
      await close()
    }
  })

  it("acknowledges a cause with one click, and adds an output to 20 channels with five", async () => {
    const { click, close, count, expectProblem, page, problems } = await open("/")
    expectProblem(/status of 400/)
    await click(page.getByRole("button", { name: "Ack 7 channels: no input" }))
    await page.getByRole("status").getByText("7 notices acknowledged").waitFor()
    await expect.poll(() => page.locator("#attention > li").count()).toBe(1)
    await station.call("POST", "/api/templates", { name: "cdn", url: "srt://cdn.example:9000?streamid={channel}" })
    count.clicks = 0
    await page.locator("#q").fill("1")
    await page.locator("#q").fill("")
    for (const row of (await page.locator("#channel-rows > tr[data-state=stopped] input").all()).slice(0, 20))
      await row.check()
    await page.getByText("20 channels selected").waitFor()
    await click(page.getByRole("button", { name: "Add an output…" }))
    await page.getByRole("heading", { name: "Add an output to 20 channels" }).waitFor()
    count.clicks++
    await page.getByLabel("Template").selectOption("cdn")
    await page.getByText("20 channels, 0 with something wrong").waitFor()
    await click(page.getByRole("button", { name: "Add to 20 channels" }))
    await page.waitForURL((to) => to.pathname === "/")
    // Two more select all of a counter's channels.
    expect(count.clicks + 2).toBeLessThanOrEqual(5)
    const { outputs } = (await (await station.call("GET", "/api/channels/24")).json()) as { outputs: unknown[] }
    expect(outputs).toHaveLength(9)
    expect(problems).toEqual([])
    await close()
  })

  it("has nothing that axe-core finds, and weighs at most 45 kB", async () => {
    const { close, page } = await open("/")
    await page.locator("#channel-rows input").first().check()
    expect(await axe(page)).toEqual([])
    await page.emulateMedia({ colorScheme: "dark" })
    expect(await axe(page, ["color-contrast"])).toEqual([])
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await axe(page)).toEqual([])
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390)
    await close()
    expect(await weightOf(station, "/")).toBeLessThanOrEqual(45_000)
  })
})

describe("pages and their readers", () => {
  it("go to the filter by / while a box has the focus, and follow the number of notices", async () => {
    const { close, page } = await open("/")
    await page.locator("#channel-rows input").first().focus()
    await page.keyboard.press("/")
    expect(await page.evaluate("document.activeElement.id")).toBe("q")
    const chip = page.locator("#open-notices")
    const before = await chip.textContent()
    const notice = new URLSearchParams({ key: "output_down:culture-2:partner-3" }).toString()
    await station.call("POST", "/notices/acknowledge", notice, { "Content-Type": "application/x-www-form-urlencoded" })
    await expect.poll(() => chip.textContent()).not.toBe(before)
    await close()
  })

  it("find a half-filled form as they left it when they come back, but for secrets", async () => {
    const { close, page, problems } = await open("/add/output?channel=culture-2")
    await page.getByLabel("Stream key", { exact: true }).fill("s3cret-key") // SRT's URL hides the field.
    await page.getByLabel("URL", { exact: true }).fill("srt://203.0.113.7:9100?latency=300")
    await page.getByLabel("Name", { exact: true }).fill("Half typed")
    await page.getByRole("link", { name: "Events", exact: true }).click()
    await page.getByRole("heading", { name: "Events" }).waitFor()
    expect(await page.evaluate("JSON.stringify({ ...sessionStorage })")).not.toContain("s3cret")
    await page.goBack()
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Half typed")
    expect(await page.getByLabel("URL", { exact: true }).inputValue()).toBe("srt://203.0.113.7:9100?latency=300")
    expect(await page.getByLabel("Stream key", { exact: true }).inputValue()).toBe("")
    // Nothing comes back of one that was sent, or left for another page and opened anew.
    await page.goto(`${server.url}/add/output?channel=culture-2`)
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("")
    expect(problems).toEqual([])
    await close()
  })

  it.each([
    ...["/add/channel", "/add/output?channel=8", "/cues", "/events", "/settings/notifications"],
    ...["/channels/8/history", "/channels/8/as-run"],
  ])("have no need to scroll sideways on a phone, and their tables' captions lie in lines: %s", async (path) => {
    const { close, page } = await open(path, { viewport: { width: 390, height: 800 } })
    const tall = "[...document.querySelectorAll('caption')].filter((one) => one.offsetHeight > 100).length"
    expect(await page.evaluate(`[document.documentElement.scrollWidth, ${tall}]`)).toEqual([390, 0])
    await close()
  })
})

describe("the wall", () => {
  it("shows what fails and why among 50 channels without a click or a scroll, follows them, and has no barriers", async () => {
    const { close, page, problems } = await open("/wall", { viewport: { width: 1920, height: 1080 } })
    const tiles = page.locator("#wall-tiles > li")
    expect(await tiles.count()).toBe(50)
    expect(await page.evaluate("document.documentElement.scrollHeight")).toBeLessThanOrEqual(1080)
    expect(await page.locator("header.top").count()).toBe(0)
    expect(await tiles.first().textContent()).toMatch(/no input.*no packets on 0\.0\.0\.0 port 5000/)
    expect(await page.locator("#tile-kids-2").textContent()).toMatch(/3 of 8 down.*Partner 1: Connection timeout/)
    expect(await axe(page)).toEqual([])
    station.plane.show("14", { status: "error", error: "the port is in use" })
    await tiles.filter({ hasText: "the port is in use" }).waitFor()
    expect(problems).toEqual([])
    await close()
  })
})

describe("keys", () => {
  it("go to pages, from row to row, and are shown by ?; an update leaves the focus where it is", async () => {
    const { close, page, problems } = await open("/")
    const focused = () => page.evaluate<string>("document.activeElement.textContent ?? ''")
    await page.keyboard.press("/")
    await page.keyboard.press("ArrowDown")
    const first = await page.locator("#channel-rows tr:first-child th a").textContent()
    expect(await focused()).toBe(first)
    await page.keyboard.press("ArrowDown")
    const second = await page.locator("#channel-rows tr:nth-child(2) th a").textContent()
    expect(await focused()).toBe(second)
    station.plane.show("15", { status: "error", error: "the port is taken" })
    await page.locator("#channel-rows tr").filter({ hasText: "the port is taken" }).waitFor()
    expect(await focused()).toBe(second)
    await page.keyboard.press("ArrowUp")
    expect(await focused()).not.toBe(second)
    await page.keyboard.press("?")
    const keys = page.getByRole("dialog", { name: "Keys" })
    await keys.getByText("Next and previous row").waitFor()
    expect(await axe(page)).toEqual([])
    await page.keyboard.press("Escape")
    await keys.waitFor({ state: "hidden" })
    // While something is typed, letters are letters.
    await page.locator("#q").fill("")
    await page.locator("#q").pressSequentially("ge")
    expect(await page.locator("#q").inputValue()).toBe("ge")
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("e")
    await page.waitForURL("**/events")
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await page.waitForURL(`${server.url}/`)
    expect(problems).toEqual([])
    await close()
  })
})

describe("the pages as an app", () => {
  it("can be installed, and say that the service is away where the browser would show an error", async () => {
    // The station's clock counts, wherever the reader sits.
    const { close, expectProblem, page } = await open("/", { timezoneId: "America/New_York" })
    expectProblem(/net::ERR|fetch|network error/i)
    const session = await page.context().newCDPSession(page)
    const { errors } = await session.send("Page.getAppManifest")
    expect(errors).toEqual([])
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors")
    // Chromium without windows tells of itself alone.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual([])
    await page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    await server.kill()
    await page.goto(`${server.url}/events`)
    await page.getByRole("heading", { name: "The service cannot be reached" }).waitFor()
    expect(await page.evaluate("getComputedStyle(document.body).fontFamily")).toContain("system-ui")
    await close()
  })
})
