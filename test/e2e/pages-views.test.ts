/** Pages that look across channels, in Chromium, on the running product with ad breaks. */
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { namesOthers, OWN_CHANNEL, startBoundStation } from "../../src/http/testing/bound-station.ts"
import { makeRealApps } from "../../src/http/testing/real-app.ts"
import { serveApp } from "./app-server.ts"
import { axe, type OpenPage, openPage, showPart, startBrowser } from "./browser.ts"
import { Feed, programmeOptions } from "./channel-feed.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { UdpReceiver } from "./receivers.ts"

const BREAKS = { breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 0 }

let product: Product
let feed: Feed
let udp: UdpReceiver
let browser: Browser
let cues: OpenPage
let events: OpenPage
let system: OpenPage
let channel: OpenPage

beforeAll(async () => {
  ;[product, feed, udp, browser] = await Promise.all([
    Product.start(),
    Feed.start([]),
    UdpReceiver.open(),
    startBrowser(),
  ])
  await feed.ask({ cmd: "programme", id: "A", options: programmeOptions("A", BREAKS) })
  const { port } = await feed.leg("A")
  const outputs = [{ name: "studio", url: `udp://127.0.0.1:${udp.port}` }]
  await product.channel({ name: "Main event", rtp_ip: "127.0.0.1", rtp_port: port, outputs })
  await product.api("POST", "/api/channels", { name: "Spare", rtp_ip: "127.0.0.1", rtp_port: await freeUdpPort() })
  ;[cues, events, system, channel] = await Promise.all([
    openPage(browser, `${product.url}/cues`),
    openPage(browser, `${product.url}/events`),
    openPage(browser, `${product.url}/system`),
    openPage(browser, `${product.url}/channels/main-event`),
  ])
})
afterAll(async () => {
  await browser?.close()
  await feed?.kill()
  udp?.close()
  await product?.dispose()
})

/** Nothing but colours is another in the dark. */
const clean = async ({ page }: OpenPage) => {
  await page.emulateMedia({ colorScheme: "light" })
  expect(await axe(page), page.url()).toEqual([])
  await page.emulateMedia({ colorScheme: "dark" })
  expect(await axe(page, ["color-contrast"]), `${page.url()}, dark`).toEqual([])
}
/** Rules checked on the page of the API, which is too long for all of them. */
const LANDMARKS = ["region", "landmark-one-main", "page-has-heading-one", "heading-order", "bypass", "document-title"]

describe("the pages across channels", () => {
  it("show a new cue with its channel and its proof as it comes", async () => {
    const rows = cues.page.locator("#cue-rows > tr")
    await rows.getByText("studio sent after").first().waitFor()
    const before = await rows.first().getAttribute("id")
    await eventually("a newer cue", async () => (await rows.first().getAttribute("id")) !== before || null)
    expect(await rows.first().getByRole("link", { name: "Main event" }).getAttribute("href")).toBe(
      "/channels/main-event",
    )
    // By its id: the next cue may be the first row at any moment.
    const row = cues.page.locator(`#${await rows.first().getAttribute("id")}`)
    await row.getByText("Bytes").click()
    await row.getByRole("button", { name: "Copy base64" }).waitFor()
  })

  it("show what happens on another channel as it happens", async () => {
    const rows = events.page.locator("#event-rows > tr")
    await rows.getByText("started").first().waitFor()
    await product.api("POST", "/api/channels/spare/start")
    await rows.filter({ hasText: "Spare" }).getByText("started").first().waitFor()
  })

  it("show the log of a channel beside its events, and of all", async () => {
    await showPart(channel.page, "Log")
    await channel.page.locator("#log-rows > tr").getByText("started").first().waitFor()
    await channel.page.locator("#log").getByLabel("Level").selectOption("error")
    await channel.page.locator("#log").getByRole("button", { name: "Show" }).click()
    await channel.page.waitForURL(/level=error/)
    expect(await channel.page.locator("#log-rows > tr").count()).toBe(0)
    await channel.page.locator("section.preview").first().waitFor({ state: "attached" })
  })

  it("show what the service is made of", async () => {
    const text = async () => (await system.page.locator("#system-parts").textContent()) ?? ""
    for (const part of ["SQLite", "answers", "Bun", "libsrt", "ffmpeg", "DATA_DIR", "Event-loop delay", "MIT"]) {
      expect(await text()).toContain(part)
    }
    // Four pages are open, and the figures come by themselves.
    await system.page
      .locator("#system-machine")
      .getByText(/^[3-9]$/)
      .first()
      .waitFor()
    const before = await text()
    await eventually("other figures", async () => (await text()) !== before || null)
  })

  it("say in words what there is not", async () => {
    const none = await openPage(browser, `${product.url}/channels/nowhere`)
    expect(await none.page.getByRole("heading", { level: 1 }).textContent()).toBe("Not found")
    await none.close()
  })

  it("have nothing that axe-core finds, light and dark", async () => {
    const log = await openPage(browser, `${product.url}/system/log`)
    const audit = await openPage(browser, `${product.url}/audit`)
    await audit.page.getByText("start a channel").first().waitFor()
    for (const page of [cues, events, system, log, audit]) await clean(page)
    for (const path of ["/nothing", "/channels/main-event/events?limit=5", "/cues?event_id=x"]) {
      await log.page.goto(`${product.url}${path}`)
      await clean(log)
    }
    await log.page.goto(`${product.url}/api/docs`)
    expect(await axe(log.page, LANDMARKS)).toEqual([])
  })

  it("work without JavaScript: filters keep what was typed, and name the field", async () => {
    const { close, page } = await openPage(browser, `${product.url}/cues`, { javaScriptEnabled: false })
    await page.getByLabel("Event id").fill("none")
    await page.getByRole("button", { name: "Show" }).click()
    expect(await page.getByLabel("Event id").inputValue()).toBe("none")
    await page.getByText("must be a number from 0").waitFor()
    await page.getByLabel("Event id").fill("")
    await page.getByLabel("Channel").selectOption("spare")
    await page.getByRole("button", { name: "Show" }).click()
    await page.getByText("No cue is like that.").waitFor()
    await page.getByRole("link", { name: "Show all" }).click()
    await page.locator("#cue-rows > tr").first().waitFor()
    await close()
  })

  it("have their parts in a style guide without barriers, light and dark, and on a phone", async () => {
    const { close, page, problems } = await openPage(browser, `${product.url}/styleguide`, { colorScheme: "light" })
    await page.getByRole("heading", { name: "Style guide" }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.emulateMedia({ colorScheme: "dark" })
    expect(await axe(page)).toEqual([])
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390)
    expect(problems).toEqual([])
    await close()
  })

  it("had no error, warning or violation of the content security policy", () => {
    for (const { problems } of [cues, events, system, channel]) expect(problems).toEqual([])
  })

  it("ask who one is from the first user on, on a page that axe-core finds nothing on", async () => {
    for (const { context } of [cues, events, system, channel]) await context.close()
    const user = { name: "ada", password: "correct horse battery", role: "admin" }
    expect((await product.api("POST", "/api/users", user)).status).toBe(201)
    const login = await openPage(browser, `${product.url}/audit`)
    expect(new URL(login.page.url()).pathname).toBe("/login")
    await clean(login)
    await login.page.locator("#user").fill(user.name)
    await login.page.locator("#password").fill(user.password)
    await login.page.getByRole("button", { name: "Log in", exact: true }).click()
    await login.page.getByText("create a user").first().waitFor()
  })
})

describe("an operator who is bound to a tag", () => {
  const apps = makeRealApps()
  afterAll(apps.stopAll)

  it("sees his channels on list, wall, cues and events, and no other anywhere", async () => {
    const station = await startBoundStation(apps)
    const user = { name: "bea", password: "correct horse battery", role: "operator", tags: ["sport"] }
    expect((await station.admin("POST", "/api/users", user)).status).toBe(201)
    const server = await serveApp(station.app)
    const { close, expectProblem, page, problems } = await openPage(browser, `${server.url}/login`)
    await page.locator("#user").fill(user.name)
    await page.locator("#password").fill(user.password)
    await page.getByRole("button", { name: "Log in", exact: true }).click()
    await page.locator("#channel-rows").getByRole("link", { name: OWN_CHANNEL, exact: true }).waitFor()
    expect(await page.locator("#channel-rows > tr").count()).toBe(1)
    for (const path of ["/", "/wall", "/cues", "/events"]) {
      // What comes with the page, and what its stream brings.
      const stream = page.waitForResponse((answer) => answer.url().includes("/live/"))
      await Promise.all([stream, page.goto(server.url + path)])
      const html = await page.content()
      expect([path, html.includes(OWN_CHANNEL), namesOthers(html)]).toEqual([path, true, false])
    }
    expectProblem(/status of 404/)
    const { hidden } = station
    for (const path of [`/channels/${hidden.slug}`, `/channels/${hidden.id}`, "/channels/never-there"]) {
      expect([path, (await page.goto(server.url + path))?.status()]).toEqual([path, 404])
      // A hidden channel and one that never was get the same words, but for the name that was asked for.
      expect((await page.locator("main").textContent())?.replaceAll(/"[^"]*"|planted4711-news/g, "")).toContain(
        "Not found",
      )
    }
    // The channel leaves the tag while its page is open: it goes, and does not come back.
    await page.goto(`${server.url}/`)
    await page.locator("#channel-rows > tr").waitFor()
    expect((await station.admin("PUT", `/api/channels/${station.own.id}`, { tags: ["news"] })).status).toBe(200)
    await expect.poll(() => page.locator("#channel-rows > tr").count(), { timeout: 30_000 }).toBe(0)
    expect(problems).toEqual([])
    await close()
    await server.kill()
  })
})
