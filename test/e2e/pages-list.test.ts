/** The channel list in Chromium, on the running product with real streams. */
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { axe, type OpenPage, openPage, startBrowser } from "./browser.ts"
import { freeUdpPort } from "./ports.ts"
import { Product } from "./product.ts"
import { SrtReceiver } from "./receivers.ts"
import { type BackgroundSource, startSource } from "./source.ts"

let browser: Browser
let product: Product
let source: BackgroundSource
let receiver: SrtReceiver
let list: OpenPage

const row = (slug: string) => list.page.locator(`#channel-${slug}`)
const shown = () =>
  list.page
    .locator("#channel-rows > tr:visible")
    .evaluateAll((rows) => rows.map(({ id }) => id.slice("channel-".length)))
/** Waits for updates of the list. */
const updates = (count: number) =>
  list.page.evaluate<number>(`new Promise((resolve) => {
    let seen = 0
    document.addEventListener("htmx:after:swap", () => ++seen === ${count} && resolve(seen))
  })`)

beforeAll(async () => {
  const [port, srt, dead] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()]
  ;[browser, product, receiver, source] = await Promise.all([
    startBrowser(),
    Product.start({ env: { AUTH: "off" } }),
    SrtReceiver.open(`srt://127.0.0.1:${srt}?mode=listener`),
    startSource({ port, bitrate: 4_000_000 }),
  ])
  const outputs = [
    { name: "Receiver", url: `srt://127.0.0.1:${srt}` },
    { name: "Monitor", url: `udp://127.0.0.1:${await freeUdpPort()}` },
  ]
  const main = await product.channel({ name: "Main event", rtp_ip: "127.0.0.1", rtp_port: port, outputs })
  await product.api("POST", "/api/channels", { name: "Idle", rtp_ip: "127.0.0.1", rtp_port: await freeUdpPort() })
  await product.api("POST", "/api/channels", { name: "Spare", rtp_ip: "127.0.0.1", rtp_port: dead })
  await product.until("all outputs are connected and send", main.slug, ({ outputs }) =>
    outputs.every(({ status, bitrate }) => status === "connected" && bitrate > 2_000_000),
  )
  list = await openPage(browser, `${product.url}/`)
})

afterAll(async () => {
  await browser?.close()
  await source?.stop()
  await receiver?.stop()
  await product?.dispose()
})

describe("the channel list", () => {
  it("shows what runs on the first visit: state, bit rate, outputs, totals", async () => {
    await row("main-event")
      .getByText(/^[34]\.\d Mbit\/s$/)
      .waitFor()
    const text = await row("main-event").textContent()
    for (const part of ["Main event", "OK", "2/2", "<1 min"]) expect(text).toContain(part)
    expect(await shown()).toEqual(["main-event", "idle", "spare"])
    expect(await list.page.locator("#totals").textContent()).toMatch(
      /1\s*OK[\s\S]*2\s*stopped[\s\S]*2 up[\s\S]*in [2-6]\.\d+ Mbit\/s, out (?:[5-9]\.\d+|1\d\.\d) Mbit\/s/,
    )
    expect(list.count.clicks).toBe(0)
  })

  it("keeps focus, selection and filter while updates come", async () => {
    const { page } = list
    await page.keyboard.press("/")
    await page.keyboard.type("main")
    expect(await shown()).toEqual(["main-event"])
    expect(new URL(page.url()).search).toBe("?q=main")
    const box = row("main-event").getByRole("checkbox")
    await box.check()
    await row("main-event").getByRole("button", { name: "Stop Main event" }).focus()
    // A row that changes, and one that comes: the table is sent anew.
    await product.addOutput("main-event", {
      name: "Off air",
      url: `udp://127.0.0.1:${await freeUdpPort()}`,
      enabled: false,
    })
    await product.api("POST", "/api/channels", { name: "Late", rtp_ip: "127.0.0.1", rtp_port: await freeUdpPort() })
    await row("main-event").getByTitle("Off air, UDP switched off").waitFor()
    await row("late").waitFor({ state: "attached" })
    expect(await shown()).toEqual(["main-event"])
    expect(await box.isChecked()).toBe(true)
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Stop Main event")
    expect(await page.locator("#selected").textContent()).toBe("1 channel selected")
    await box.uncheck()
    await page.locator("#q").fill("")
    expect(await shown()).toEqual(["main-event", "idle", "spare", "late"])
  })

  it("starts a channel with one click and stops it after it has asked, without leaving the page", async () => {
    const { page } = list
    const clicks = list.count.clicks
    await list.click(row("spare").getByRole("button", { name: "Start Spare" }))
    await row("spare").getByRole("button", { name: "Stop Spare" }).waitFor()
    expect(list.count.clicks - clicks).toBe(1)
    await list.click(row("spare").getByRole("button", { name: "Stop Spare" }))
    const dialog = page.getByRole("dialog")
    await dialog.getByText("Stop Spare? No output is connected.").waitFor()
    // The dialog stays while the list goes on.
    expect(await updates(1)).toBe(1)
    expect(await dialog.isVisible()).toBe(true)
    await page.keyboard.press("Escape")
    expect((await product.view("spare")).status).not.toBe("stopped")
    await list.click(row("spare").getByRole("button", { name: "Stop Spare" }))
    await list.click(dialog.getByRole("button", { name: "Stop" }))
    await row("spare").getByRole("button", { name: "Start Spare" }).waitFor()
    await page.getByRole("status").getByText("Spare stopped").waitFor()
  })

  it("offers what can be done with a selection only while there is one", async () => {
    const { page } = list
    const bar = page.locator("#bulk")
    expect(await bar.isVisible()).toBe(false)
    await row("idle").getByRole("checkbox").check()
    await row("spare").getByRole("checkbox").check()
    expect(await page.locator("#selected").textContent()).toBe("2 channels selected")
    // It stays while the list goes on; its questions name what they are about, and Enter ends nothing.
    expect(await updates(1)).toBe(1)
    await bar.getByRole("button", { name: "Stop" }).click()
    await page.getByRole("dialog").getByText("Stop: 2 channels (Idle, Spare)? Their outputs lose the stream.").waitFor()
    expect(await page.evaluate("document.activeElement.textContent.trim()")).toBe("Cancel")
    await page.keyboard.press("Enter")
    await bar.getByText("2 channels selected").waitFor()
    for (const slug of ["idle", "spare"]) await row(slug).getByRole("checkbox").uncheck()
    expect(await bar.isVisible()).toBe(false)
  })

  it("starts and stops what is selected", async () => {
    const { page } = list
    for (const slug of ["idle", "late"]) await row(slug).getByRole("checkbox").check()
    await page.locator("#bulk").getByRole("button", { name: "Start" }).click()
    await page.getByRole("status").getByText("2 channels started").waitFor()
    expect(await row("idle").getByRole("checkbox").isChecked()).toBe(false)
    for (const slug of ["idle", "late"]) await row(slug).getByRole("checkbox").check()
    await page.locator("#bulk").getByRole("button", { name: "Stop" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click()
    await page.getByRole("status").getByText("2 channels stopped").waitFor()
    expect((await product.view("idle")).status).toBe("stopped")
  })

  it("says within 2 s that a destination died, why, and when it is tried again", async () => {
    await receiver.stop()
    const failing = row("main-event").locator(".reason")
    const [known, seen] = await Promise.all([
      product.until(
        "the output fails",
        "main-event",
        ({ outputs }) => outputs[0]?.status === "retrying" && performance.now(),
      ),
      failing
        .getByText(/again in|trying now/)
        .waitFor()
        .then(() => performance.now()),
    ])
    expect(seen - known).toBeLessThan(2000)
    await failing.getByText("again in").waitFor()
    expect(await failing.textContent()).toMatch(/^\s*Receiver .{5,} · again in \d\d:\d\d/)
    expect(await row("main-event").textContent()).toContain("1 of 2 down")
    await list.page.getByLabel("only problems").check()
    expect(await shown()).toEqual(["main-event"])
    await list.page.getByLabel("only problems").uncheck()
  })

  it("has nothing that axe-core finds, light, dark and on a phone", async () => {
    const { page } = list
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await axe(page)).toEqual([])
    }
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await axe(page)).toEqual([])
    // Nobody has to scroll sideways.
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390)
    await page.setViewportSize({ width: 1400, height: 900 })
  })

  it("is dark or light as it is told, whatever the system says, and stays so", async () => {
    const { page } = list
    const background = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor")
    await page.emulateMedia({ colorScheme: "light" })
    await page.getByRole("button", { name: "dark" }).click()
    await page.waitForURL(/\/(\?|$)/)
    await page.locator("html[data-theme=dark]").waitFor()
    const dark = await background()
    await page.getByRole("button", { name: "light" }).click()
    await page.locator("html[data-theme=light]").waitFor()
    expect(await background()).not.toBe(dark)
    await page.emulateMedia({ colorScheme: "dark" })
    expect(await background()).not.toBe(dark)
  })

  it("works without JavaScript: filter, start, the question before stop, bulk", async () => {
    const plain = await openPage(browser, `${product.url}/?q=idle`, { javaScriptEnabled: false })
    const { page } = plain
    await page.getByRole("button", { name: "Start Idle" }).click()
    expect(new URL(page.url()).search).toBe("?q=idle")
    await page.getByRole("button", { name: "Stop Idle" }).click()
    await page.getByRole("heading", { name: "Stop Idle? No output is connected." }).waitFor()
    await page.getByRole("button", { name: "Stop" }).click()
    expect(new URL(page.url()).search).toBe("?q=idle")
    await page.getByRole("button", { name: "Start Idle" }).waitFor()
    await page.getByRole("searchbox").fill("spare")
    await page.getByRole("button", { name: "Filter" }).click()
    await page.getByRole("checkbox", { name: "Select Spare" }).check()
    await page.locator("#bulk").getByRole("button", { name: "Start" }).click()
    await page.getByRole("button", { name: "Stop Spare" }).waitFor()
    await page.getByRole("checkbox", { name: "Select Spare" }).check()
    await page.locator("#bulk").getByRole("button", { name: "Stop" }).click()
    await page.getByRole("button", { name: "Stop" }).click()
    await page.getByRole("button", { name: "Start Spare" }).waitFor()
    expect(plain.problems).toEqual([])
    await plain.close()
  })

  it("had no error, warning or violation of the content security policy", () => expect(list.problems).toEqual([]))
})
