/** Channels that are received by SRT on the operators' pages in Chromium, fed by a real sender. */
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { axe, openPage, showPart, startBrowser } from "./browser.ts"
import { Product } from "./product.ts"
import { SrtSender } from "./srt-senders.ts"

const PASSPHRASE = "0123456789abcdef"

describe.skipIf(openSrtLibrary({}).srt === null)("SRT inputs on the pages", () => {
  let browser: Browser
  let product: Product
  const senders: SrtSender[] = []
  const stopping = new AbortController()

  beforeAll(async () => {
    const started = await Promise.all([startBrowser(), Product.start()])
    ;[browser, product] = started
  })
  afterAll(async () => {
    stopping.abort()
    await Promise.all([browser?.close(), product?.dispose(), ...senders.map((sender) => sender.stop("SIGKILL"))])
  })

  const open = (path: string, options?: Parameters<typeof openPage>[2]) =>
    openPage(browser, `${product.url}${path}`, options)

  it.each([true, false])("are added at the port that is offered, with JavaScript %s", async (javaScriptEnabled) => {
    const name = javaScriptEnabled ? "Arena" : "Studio"
    const { page, problems, close } = await open("/add/channel", { javaScriptEnabled })
    await page.getByLabel("Name", { exact: true }).fill(name)
    expect(await page.getByLabel("Input port").isVisible()).toBe(true)
    expect(await page.getByLabel("Input URL").isVisible()).toBe(false)
    await page.getByLabel("Received as").first().selectOption("listener")
    expect(await page.getByLabel("Input port").isVisible()).toBe(false)
    const offered = await page.getByLabel("Input URL").getAttribute("placeholder")
    expect(offered).toMatch(/^srt:\/\/:\d+\?mode=listener$/)
    if (javaScriptEnabled) await page.getByText("Primary: SRT listener on port").waitFor()
    await page.getByRole("button", { name: "Add and start" }).click()
    await page.waitForURL(`**/#channel-${name.toLowerCase()}`)
    expect((await product.view(name.toLowerCase())).input_url).toBe(offered)
    expect(problems).toEqual([])
    await close()
  })

  it("show their sender, its figures, and what to enter in the encoder", async () => {
    const url = `srt://:0?mode=listener`
    const { body } = await product.api<{ channel_id: string }>("POST", "/api/inputs", { name: "Stadium", url })
    const view = await product.view(body.channel_id)
    const port = view.input.legs[0]?.port
    await product.api("PUT", `/api/channels/${view.id}`, { input_url: `${view.input_url}&passphrase=${PASSPHRASE}` })
    await product.until("listening", view.id, (one) => one.input.legs[0]?.srt?.state === "listening")
    const { page, problems, close } = await open("/channels/stadium")
    const head = page.locator("#leg-primary-head")
    await head.getByText("waiting for the sender").waitFor()
    await showPart(page, "Input")
    await page.getByText("What to enter in the encoder of the primary").click()
    const line = `srt://127.0.0.1:${port}?mode=caller&latency=120000&passphrase=PASSPHRASE&pbkeylen=16`
    await page.getByText(line, { exact: true }).waitFor()
    const sender = await SrtSender.open(
      "srt-live-transmit",
      `srt://127.0.0.1:${port}?transtype=live&passphrase=${PASSPHRASE}`,
    )
    senders.push(sender)
    void sender.send(generateTs(60), 8_000_000, stopping.signal)
    await head.getByText(/SRT listener, connected/).waitFor({ state: "attached" })
    await page.locator("#leg-primary-figures").getByText("Round trip").waitFor()
    await page.locator("#leg-primary-figures").getByText("Retransmitted").waitFor()
    // What is open stays open while the page is kept up to date.
    expect(await page.getByText(line, { exact: true }).isVisible()).toBe(true)
    expect(await page.content()).not.toContain(PASSPHRASE)
    expect(await axe(page)).toEqual([])
    await page.goto(`${product.url}/channels/stadium/edit`)
    expect(await page.getByLabel("Input URL").inputValue()).toContain("passphrase=***")
    expect(await page.getByLabel("Passphrase", { exact: true }).inputValue()).toBe("")
    expect(await axe(page)).toEqual([])
    expect(problems).toEqual([])
    await close()
  })
})
