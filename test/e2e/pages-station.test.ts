/** The pages of a station of 50 channels in Chromium, over fakes: no streams, but every state at once. */
import { readFile } from "node:fs/promises"
import { gzipSync } from "node:zlib"
import type { Browser } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { OutputView } from "../../src/effects/model/channel.ts"
import { makeStation } from "../../src/http/testing/fake-station.ts"
import { fakeCue } from "../../src/http/testing/fake-views.ts"
import type { TestApp } from "../../src/http/testing/test-app.ts"
import { type AppServer, serveApp } from "./app-server.ts"
import { axe, openPage, showPart, startBrowser } from "./browser.ts"

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
    // Chromium does not always take the fragment up when a page is loaded anew while it goes there.
    await page.goto("about:blank")
    await page.goto(`${server.url}/channels/8#history`)
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

const WIDTHS = [768, 900, 1024, 1150, 1250, 1400] as const

describe("the list of 50 channels", () => {
  it("shows 18 rows on 1400 x 900, each of one height, with what fails and why", async () => {
    const { close, page, problems } = await open("/")
    const rows = await page
      .locator("#channel-rows > tr")
      .evaluateAll((all) =>
        all.map((row) => ({ height: row.getBoundingClientRect().height, bottom: row.getBoundingClientRect().bottom })),
      )
    expect(rows).toHaveLength(50)
    expect(rows.filter(({ bottom }) => bottom <= 900).length).toBeGreaterThanOrEqual(18)
    expect(new Set(rows.map(({ height }) => Math.round(height))).size).toBe(1)
    expect(await page.locator("#channel-rows > tr").first().textContent()).toContain("no packets on 0.0.0.0 port 5000")
    const down = page.locator("#channel-rows > tr[data-state=outputs_down]").first()
    expect(await down.locator(".reason").textContent()).toMatch(/^Partner 1 .*SRT reject code 16/)
    // Rows that explain themselves do so within themselves.
    expect(
      await page.evaluate(`[...document.querySelectorAll(".reason")].every((reason) => {
      const [own, row] = [reason.getBoundingClientRect(), reason.closest("tr").getBoundingClientRect()]
      return own.top >= row.top && own.bottom <= row.bottom + 1
    })`),
    ).toBe(true)
    expect(problems).toEqual([])
    await close()
  })

  it.each(WIDTHS)("fits %d pixels, and splits no word", async (width) => {
    const { close, page } = await open("/", { viewport: { width, height: 900 } })
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width)
    const { height, right, words } = await page.evaluate<{ height: number; right: number; words: number }>(`(() => {
      const rows = [...document.querySelectorAll("#channel-rows > tr")]
      const cells = rows.flatMap((row) => [...row.children])
      return {
        height: Math.max(...rows.map((row) => row.getBoundingClientRect().height)),
        right: Math.max(...cells.map((cell) => cell.getBoundingClientRect().right)),
        words: Math.max(...rows.map((row) => row.querySelector("th > a").getClientRects().length)),
      }
    })()`)
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
        /^7 channels: no input since 03:00 UTC/,
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
    const html = await (await station.call("GET", "/")).text()
    const files = [...html.matchAll(/(?:src|href)="(\/static\/[^"]+)"/g)].map(([, path = ""]) => path)
    const sizes = await Promise.all(
      files.map(async (path) => gzipSync(await (await station.call("GET", path)).text()).byteLength),
    )
    const weight = gzipSync(html).byteLength + sizes.reduce((sum, size) => sum + size, 0)
    expect(weight).toBeLessThanOrEqual(45_000)
  })
})

describe("the page of a channel", () => {
  it("says what matters first on one screen, and each output in one line of 36 pixels", async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { close, page, problems } = await open("/channels/8", { javaScriptEnabled })
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
    const { close, page } = await open("/channels/13")
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
})

describe("pages and their readers", () => {
  it("go to the filter by / while a box has the focus, and follow the number of notices", async () => {
    const { close, page } = await open("/")
    await page.locator("#channel-rows input").first().focus()
    await page.keyboard.press("/")
    expect(await page.evaluate("document.activeElement.id")).toBe("q")
    const chip = page.locator("#open-notices")
    const before = await chip.textContent()
    await station.call(
      "POST",
      "/notices/acknowledge",
      new URLSearchParams({ key: "output_down:culture-2:partner-3" }).toString(),
      {
        "Content-Type": "application/x-www-form-urlencoded",
      },
    )
    await expect.poll(() => chip.textContent()).not.toBe(before)
    await close()
  })

  it("find a half-filled form as they left it when they come back, but for secrets", async () => {
    const { close, page, problems } = await open("/add/output?channel=culture-2")
    await page.getByLabel("URL", { exact: true }).fill("srt://203.0.113.7:9100?latency=300")
    await page.getByLabel("Name", { exact: true }).fill("Half typed")
    await page.getByLabel("Stream key", { exact: true }).fill("s3cret-key")
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

  it.each(["/add/channel", "/add/output?channel=8", "/cues", "/events", "/settings/notifications"])(
    "have no need to scroll sideways on a phone: %s",
    async (path) => {
      const { close, page } = await open(path, { viewport: { width: 390, height: 800 } })
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390)
      await close()
    },
  )

  it("print what is told, without what can be pressed", async () => {
    const { close, page } = await open("/channels/8")
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

describe("the style guide", () => {
  it("shows the parts of all pages without barriers, light and dark, and on a phone", async () => {
    const { close, page, problems } = await open("/styleguide", { colorScheme: "light" })
    await page.getByRole("heading", { name: "Style guide" }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.emulateMedia({ colorScheme: "dark" })
    expect(await axe(page)).toEqual([])
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390)
    expect(problems).toEqual([])
    await close()
  })
})

describe("the pages as an app", () => {
  it("can be installed, and say that the service is away where the browser would show an error", async () => {
    const { close, expectProblem, page } = await open("/")
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
