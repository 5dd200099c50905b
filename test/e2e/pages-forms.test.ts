/** The forms of the operators' pages in Chromium, on the running product with a real stream and real receivers. */
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { axe, openPage, startBrowser } from "./browser.ts"
import { freeUdpPort } from "./ports.ts"
import { Product } from "./product.ts"
import { SrtReceiver } from "./receivers.ts"
import { type BackgroundSource, startSource } from "./source.ts"
import { freePortBlock } from "./udp-ports.ts"

let browser: Browser
let product: Product
let source: BackgroundSource
let port: number

beforeAll(async () => {
  port = await freePortBlock()
  const started = await Promise.all([startBrowser(), Product.start(), startSource({ port, bitrate: 2_000_000 })])
  ;[browser, product, source] = started
})
afterAll(async () => {
  await Promise.all([browser?.close(), product?.dispose(), source?.stop()])
})

const open = (path: string, options?: Parameters<typeof openPage>[2]) =>
  openPage(browser, `${product.url}${path}`, options)
/** An SRT listener that waits for the product's call. */
const receiver = async () => {
  const at = await freeUdpPort()
  return { at, srt: await SrtReceiver.open(`srt://127.0.0.1:${at}?mode=listener`) }
}

describe("the forms of the pages", () => {
  it("lead from the first visit to a running channel with an SRT output, connected", async () => {
    const { at, srt } = await receiver()
    const { click, count, page, paste, problems, close } = await open("/")
    await click(page.getByRole("link", { name: "Add channel" }).first())
    await page.getByLabel("Name", { exact: true }).fill("News")
    await page.getByLabel("Input port").fill(String(port))
    await page.getByLabel("Input address").fill("127.0.0.1")
    await page.getByText(`rtp://127.0.0.1:${port}`).first().waitFor()
    await page.getByLabel("First output").focus()
    await paste(page.getByLabel("First output"), `srt://127.0.0.1:${at}?latency=200`)
    await click(page.getByRole("button", { name: "Add and start" }))
    await page.waitForURL("**/#channel-news")
    await product.until(
      "the output is connected",
      "news",
      ({ outputs, status }) => status === "running" && outputs[0]?.status === "connected",
    )
    await srt.atLeast(188 * 100)
    expect(count).toEqual({ clicks: 2, pastes: 1 })
    expect(problems).toEqual([])
    await Promise.all([srt.stop(), close()])
  })

  it("add an output with two clicks and one paste, and say what the URL means meanwhile", async () => {
    const { at, srt } = await receiver()
    const { click, count, page, paste, problems, close } = await open("/")
    await click(page.getByRole("link", { name: "Add an output to News" }))
    const url = page.getByLabel("URL", { exact: true })
    // The cursor is there already.
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("output-url")
    await paste(url, `srt://127.0.0.1:${at}?latency=300`)
    await page.getByText(`Interpreted as: SRT caller to 127.0.0.1:${at}, latency 300 ms`).waitFor()
    await click(page.getByRole("button", { name: "Add output" }))
    await page.waitForURL("**/#output-*")
    await product.until("the second output is connected", "news", ({ outputs }) => outputs[1]?.status === "connected")
    await srt.atLeast(188 * 100)
    expect(count).toEqual({ clicks: 2, pastes: 1 })
    expect(problems).toEqual([])
    await Promise.all([srt.stop(), close()])
  })

  it("say what a URL means that was there before the page's scripts", async () => {
    const { context, page, problems, close } = await open("/")
    let load = (): void => undefined
    const loading = new Promise<void>((resolve) => (load = resolve))
    await context.route(/htmx\.js/, async (route) => {
      await loading
      await route.continue()
    })
    await page.goto(`${product.url}/add/output?channel=news`, { waitUntil: "commit" })
    await page.getByLabel("URL", { exact: true }).fill("srt://127.0.0.1:9000?latency=400")
    load()
    await page.getByText("Interpreted as: SRT caller to 127.0.0.1:9000, latency 400 ms").waitFor()
    expect(problems).toEqual([])
    await close()
  })

  it("say what is wrong in place, and keep what was typed, secrets too", async () => {
    const { page, problems, expectProblem, close } = await open("/add/output?channel=news")
    expectProblem(/status of 400/)
    const url = page.getByLabel("URL", { exact: true })
    await url.fill("rtmp://127.0.0.1:70000/live")
    await page.getByLabel("Stream key", { exact: true }).fill("s3cret-key")
    await page.locator("#understood .error").first().waitFor()
    // The settings of the protocol that was typed.
    await page.locator("#settings summary").click()
    await page.getByLabel("SCTE-35 cues").selectOption("elemental")
    await page.getByRole("button", { name: "Add output" }).click()
    await page.locator('[aria-invalid="true"]').first().waitFor()
    expect(await page.getByLabel("Stream key", { exact: true }).inputValue()).toBe("s3cret-key")
    expect(await page.getByLabel("SCTE-35 cues").inputValue()).toBe("elemental")
    await expect.poll(() => page.evaluate("document.activeElement.getAttribute('aria-invalid')")).toBe("true")
    await page.getByRole("button", { name: "Show stream key" }).click()
    expect(await page.getByLabel("Stream key", { exact: true }).getAttribute("type")).toBe("text")
    expect(problems).toEqual([])
    await close()
  })

  it("test a destination before it is saved, with the steps in place", async () => {
    const { at, srt } = await receiver()
    const { click, count, page, paste, problems, close } = await open("/")
    const before = (await product.view("news")).outputs.length
    await click(page.getByRole("link", { name: "Add an output to News" }))
    await paste(page.getByLabel("URL", { exact: true }), `srt://127.0.0.1:${at}`)
    await click(page.getByRole("button", { name: "Test", exact: true }))
    await page.getByText("The test went well").waitFor()
    expect(count).toEqual({ clicks: 2, pastes: 1 })
    await page.getByLabel("URL", { exact: true }).fill("rtmp://127.0.0.1:1/live/key")
    await page.getByRole("button", { name: "Test", exact: true }).click()
    await page.getByText("The test failed").waitFor()
    expect((await product.view("news")).outputs).toHaveLength(before)
    expect(problems).toEqual([])
    await Promise.all([srt.stop(), close()])
  })

  it("edit, copy, remove an output and bring it back", async () => {
    await product.addOutput("news", {
      name: "vault",
      url: "srt://127.0.0.1:9?passphrase=0123456789ab&latency=200",
      enabled: false,
    })
    const vault = async () => (await product.view("news")).outputs.find(({ slug }) => slug === "vault")
    const { page, problems, close } = await open("/channels/news/outputs/vault/edit")
    const url = page.getByLabel("URL", { exact: true })
    expect(await url.inputValue()).toBe("srt://127.0.0.1:9?passphrase=***&latency=200")
    await url.fill("srt://127.0.0.1:9?passphrase=***&latency=700")
    await page.getByText("latency 700 ms, encrypted with AES-128").waitFor()
    await page.getByRole("button", { name: "Save" }).click()
    await page.waitForURL("**/#output-*")
    const before = await vault()
    expect(before?.options).toMatchObject({ latency_ms: 700, encryption: "AES-128" })

    await page.goto(`${product.url}/channels/news/outputs/vault/edit`)
    await page.getByRole("button", { name: "Duplicate" }).click()
    await page.waitForURL("**/outputs/vault-copy/edit")
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("vault copy")

    await page.goto(`${product.url}/channels/news/outputs/vault/edit`)
    await page.getByRole("button", { name: "Remove output" }).click()
    await page.getByText("Output vault of News removed.").waitFor()
    expect(await vault()).toBeUndefined()
    expect(await axe(page)).toEqual([])
    await page.getByRole("button", { name: "Undo" }).click()
    await page.waitForURL("**/#output-*")
    expect(await vault()).toEqual(before)
    expect(problems).toEqual([])
    await close()
  })

  it("add many outputs from one paste", async () => {
    const { click, count, page, paste, problems, expectProblem, close } = await open("/add/outputs?channel=news")
    expectProblem(/status of 400/)
    const urls = page.getByLabel("URLs")
    await paste(urls, "one udp://127.0.0.1:9001\ntwo udp://127.0.0.1:port\nudp://127.0.0.1:9003")
    await page.getByText("3 outputs, 1 with something wrong").waitFor()
    await click(page.getByRole("button", { name: "Add all" }))
    await page.getByText("nothing was added").waitFor()
    await urls.fill("one udp://127.0.0.1:9001\ntwo udp://127.0.0.1:9002\nudp://127.0.0.1:9003")
    await page.getByText("3 outputs, 0 with something wrong").waitFor()
    await click(page.getByRole("button", { name: "Add all" }))
    await page.waitForURL("**/#channel-news")
    expect((await product.view("news")).outputs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["one", "two", "UDP 1"]),
    )
    expect(count).toEqual({ clicks: 2, pastes: 1 })
    expect(problems).toEqual([])
    await close()
  })

  it("clone a channel with two clicks, remove it after a question, and bring it back", async () => {
    const { click, count, page, problems, close } = await open("/channels/news/edit")
    await click(page.getByRole("link", { name: "Clone channel" }))
    await click(page.getByRole("button", { name: "Clone channel" }))
    await page.waitForURL("**/channels/news-copy/edit")
    expect(count.clicks).toBe(2)
    await page.getByText("Remove channel", { exact: true }).click()
    await page.getByRole("button", { name: "Remove News copy" }).click()
    await page.getByText("Channel News copy removed.").waitFor()
    await page.getByRole("button", { name: "Undo" }).click()
    await page.waitForURL("**/#channel-news-copy")
    expect((await product.view("news-copy")).outputs.length).toBeGreaterThan(3)
    expect(problems).toEqual([])
    await close()
  })

  it("work without JavaScript", async () => {
    const { page, close } = await open("/add/channel", { javaScriptEnabled: false })
    const free = await freePortBlock()
    await page.getByLabel("Name", { exact: true }).fill("Plain")
    await page.getByLabel("Input port").fill("70000")
    await page.getByRole("button", { name: "Add channel" }).click()
    await page.getByText("must be a whole number from 1 to 65535 or null, got 70000").waitFor()
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Plain")
    await page.getByLabel("Input port").fill(String(free))
    await page.getByRole("button", { name: "Add channel" }).click()
    await page.waitForURL("**/#channel-plain")
    await page.goto(`${product.url}/add/output?channel=plain`)
    await page.getByLabel("URL", { exact: true }).fill("srt://127.0.0.1:9?latency=x")
    await page.getByRole("button", { name: "Add without starting it" }).click()
    await page.getByText("latency must be a whole number").first().waitFor()
    await page.getByLabel("URL", { exact: true }).fill("srt://127.0.0.1:9?latency=500")
    await page.getByRole("button", { name: "Add without starting it" }).click()
    await page.waitForURL("**/#output-*")
    await page.goto(`${product.url}/channels/plain/outputs/srt-1/edit`)
    await page.getByRole("button", { name: "Remove output" }).click()
    await page.getByRole("button", { name: "Undo" }).click()
    expect((await product.view("plain")).outputs).toMatchObject([
      { slug: "srt-1", enabled: false, options: { latency_ms: 500 } },
    ])
    await close()
  })

  it.each(["light", "dark"] as const)("have no barriers that axe-core finds, %s", async (colorScheme) => {
    const { page, problems, close } = await open("/add/channel", { colorScheme })
    const barriers: string[] = []
    const look = async (path: string) => {
      await page.goto(`${product.url}${path}`)
      await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
      barriers.push(...(await axe(page)).map((line) => `${path}: ${line}`))
    }
    for (const path of [
      "/add/channel",
      "/add/output?channel=news",
      "/add/outputs?channel=news",
      "/channels/news/edit",
      "/channels/news/clone",
    ])
      await look(path)
    await look("/channels/news/outputs/vault/edit")
    await page.goto(`${product.url}/add/output?channel=news`)
    await page.getByLabel("Destination").selectOption("youtube")
    await page.getByText("Stream key", { exact: false }).first().waitFor()
    await page.locator(".preset-notes").waitFor()
    barriers.push(...(await axe(page)))
    expect(barriers).toEqual([])
    expect(problems).toEqual([])
    await close()
  })
})
