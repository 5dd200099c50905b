/**
 * The page of a channel in Chromium, on the running product with two legs, ad breaks, and outputs that run and that
 * fail.
 */
import type { Browser, Locator, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { axe, type OpenPage, openPage, showPart, startBrowser } from "./browser.ts"
import { Feed, programmeOptions } from "./channel-feed.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"

const BREAKS = { breakEverySeconds: 12, breakSeconds: 7, spliceNullSeconds: 0 }
/** How much of a plot's canvas is not blank. */
const DRAWN_PIXELS = `(() => {
  const canvas = document.querySelector('[data-plot="bitrate"] canvas')
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
  return data.filter((value, i) => i % 4 === 3 && value > 0).length
})()`

let product: Product
let feed: Feed
let udp: UdpReceiver
let srt: SrtReceiver
let browser: Browser
let url: string
let id: string

beforeAll(async () => {
  const starting = Promise.all([Product.start(), Feed.start([]), UdpReceiver.open(), startBrowser()])
  ;[product, feed, udp, browser] = await starting
  for (const name of ["A", "B"] as const)
    await feed.ask({ cmd: "programme", id: name, options: programmeOptions(name, BREAKS) })
  const [primary, backup] = [await feed.leg("A"), await feed.leg("B")]
  const [listenPort, deadPort] = [await freeUdpPort(), await freeUdpPort()]
  const channel = await product.channel({
    name: "Main <event>",
    rtp_ip: "127.0.0.1",
    rtp_port: primary.port,
    backup_rtp_ip: "127.0.0.1",
    backup_rtp_port: backup.port,
    // With the next packet, so that a switch is not given up when a busy machine lets the leg wait.
    input: { switch: "immediate", failback: "manual" },
    outputs: [
      { name: "studio", url: `udp://127.0.0.1:${udp.port}` },
      { name: "pull", url: `srt://:${listenPort}?mode=listener&latency=120` },
      { name: "cdn", url: `srt://127.0.0.1:${deadPort}?latency=120` },
      { name: "players", url: "hls://news" },
    ],
  })
  id = channel.id
  url = `${product.url}/channels/${channel.slug}`
  srt = await SrtReceiver.open(`srt://127.0.0.1:${listenPort}`)
  await product.until(
    "both legs are known and the outputs run",
    id,
    (view) =>
      view.input.legs.every((leg) => leg.receiving && leg.access_point_interval_ms !== null) &&
      view.outputs.filter(({ status }) => status === "connected").length >= 2 &&
      view.outputs.some(({ status }) => status === "retrying"),
    25_000,
  )
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([srt?.stop("SIGKILL"), feed?.kill()])
  udp?.close()
  await product?.dispose()
})

const read = async (element: Locator) => (await element.textContent()) ?? ""
const textOf = (page: Page, selector: string) => read(page.locator(selector))
/** Waits until the text of an element is another. */
const changes = async (page: Page, selector: string, ms?: number) => {
  const before = await textOf(page, selector)
  return eventually(
    `${selector} changes from ${before}`,
    async () => (await textOf(page, selector)) !== before || null,
    ms,
  )
}
const open = (options?: Parameters<typeof openPage>[2]): Promise<OpenPage> => openPage(browser, url, options)

describe("the page of a channel", () => {
  it("shows figures that move, and why an output fails without a click", async () => {
    const { close, count, page, problems } = await open()
    const failing = page.locator("#output-rows > tr").first()
    await eventually(
      "the failing output says when it tries again",
      async () => /cdn[\s\S]*retrying[\s\S]*next try in \d\d:\d\d/.test(await read(failing)) || null,
    )
    expect(await read(failing.locator(".error"))).toMatch(/Connection timeout \(SRT reject code 16\): check address/)
    expect(count.clicks).toBe(0)
    // A sender that a busy machine kept waiting for half a second makes a leg degraded for 10 s.
    const isGood = async () => /Primary ▶ in use[\s\S]*good/.test(await textOf(page, "#leg-primary-head")) || null
    await eventually("the primary is good and in use", isGood, 15_000)
    expect(await textOf(page, "#leg-backup-head")).toMatch(/Backup standby/)
    expect(await textOf(page, "#urls")).toContain("srt://127.0.0.1:")
    await changes(page, "#channel-state time[data-count-from]")
    await changes(page, "#leg-primary-figures")
    // What the reader opened and selected stays as the figures go on.
    await page.evaluate(`getSelection().selectAllChildren(document.querySelector("#output-rows .url"))`)
    const selected = await page.evaluate("String(getSelection())")
    expect(selected).not.toBe("")
    await changes(page, "#output-rows")
    expect(await page.evaluate("String(getSelection())")).toBe(selected)
    await showPart(page, "Input")
    await page.locator("#leg-primary-streams > summary").click()
    await page.locator("#leg-primary-streams > summary").focus()
    await changes(page, "#leg-primary-streams tbody")
    expect(await page.locator("#leg-primary-streams").getAttribute("open")).not.toBeNull()
    expect(await page.evaluate(`document.activeElement.closest("details")?.id`)).toBe("leg-primary-streams")
    expect(problems).toEqual([])
    await close()
  })

  it("switches, starts and stops in place, with one click each", async () => {
    const { click, close, count, page, problems } = await open()
    await page.locator("#leg-backup-head button").waitFor()
    const answer = page.waitForResponse(/switch\/backup/)
    await click(page.locator("#leg-backup-head button"))
    expect((await answer).status()).toBe(200)
    await page.locator("#leg-backup-head .role", { hasText: "in use" }).waitFor()
    const seenAt = Date.now()
    const { body } = await product.api<{ events: ReadonlyArray<{ at: string }> }>(
      "GET",
      `/api/channels/${id}/events?kind=switched`,
    )
    // Two seconds, and one for a busy machine.
    expect(seenAt - Date.parse(body.events[0]?.at ?? "")).toBeLessThan(3000)
    const row = page.locator("#output-rows > tr", { hasText: "studio" })
    await click(row.getByRole("button", { name: "Stop output studio" }))
    await row.getByText("stopped", { exact: true }).waitFor()
    await click(row.getByRole("button", { name: "Start output studio" }))
    await row.getByText("connected", { exact: true }).waitFor()
    expect(count.clicks).toBe(3)
    expect(page.url()).toBe(url)
    expect(problems).toEqual([])
    await close()
  })

  it.each([true, false])(
    "asks before it removes an output that carries the stream, and offers the way back (JavaScript: %s)",
    async (javaScriptEnabled) => {
      const name = javaScriptEnabled ? "brief" : "plain"
      await product.addOutput(id, { name, url: `udp://127.0.0.1:${udp.port}` })
      const there = async () => (await product.view(id)).outputs.some((output) => output.name === name)
      await product.until(
        "it streams",
        id,
        (view) => view.outputs.find((output) => output.name === name)?.status === "connected",
      )
      const { page, problems, close } = await openPage(browser, url, { javaScriptEnabled })
      const remove = async () => {
        await page.locator("#output-rows").getByRole("link", { name, exact: true }).click()
        await removeShown()
      }
      const removeShown = () => page.getByRole("link", { name: `Remove output ${name}` }).click()
      await remove()
      await page.getByRole("heading", { name: `Remove output ${name} of Main <event>?` }).waitFor()
      await page.getByText("It is connected now: its receiver loses the stream.").waitFor()
      if (javaScriptEnabled) expect(await axe(page)).toEqual([])
      await page.getByRole("link", { name: "Cancel" }).click()
      await page.getByRole("heading", { level: 1, name: "Main <event>" }).waitFor()
      expect(await there()).toBe(true)
      await remove()
      await page.getByRole("button", { name: `Remove ${name}` }).click()
      await page.getByText(`Output ${name} of Main <event> removed.`).waitFor()
      expect(await there()).toBe(false)
      await page.getByRole("button", { name: "Undo" }).click()
      await page.waitForURL(/#output-/)
      expect(await there()).toBe(true)
      expect(problems).toEqual([])
      await close()
      const found = (await product.view(id)).outputs.find((output) => output.name === name)
      await product.api("DELETE", `/api/channels/${id}/outputs/${found?.id}`)
    },
  )

  it("tells who changed what in two clicks from the list, and takes it back with two", async () => {
    const players = (await product.view(id)).outputs.find(({ name }) => name === "players")?.id
    const nameOfPlayers = async () => (await product.view(id)).outputs.find((output) => output.id === players)?.name
    await product.api("PUT", `/api/channels/${id}/outputs/${players}`, { name: "spectators" })
    const { click, close, count, page, problems } = await openPage(browser, product.url)
    await click(page.locator("#channel-rows").getByRole("link", { name: "Main <event>", exact: true }))
    await click(page.getByRole("navigation", { name: "Parts of the page" }).getByRole("link", { name: "Changes" }))
    const newest = page.locator(".changes > li").first()
    expect(await read(newest)).toMatch(/UTC\S* by[\s\S]*players[\s\S]*spectators/)
    expect(count.clicks).toBe(2)
    expect(await nameOfPlayers()).toBe("spectators")
    await page.goto(url)
    count.clicks = 0
    await click(page.getByRole("navigation", { name: "Parts of the page" }).getByRole("link", { name: "Changes" }))
    await click(newest.getByRole("button", { name: "Revert" }))
    await eventually("the name is as it was", async () => ((await nameOfPlayers()) === "players" ? true : null))
    expect(count.clicks).toBe(2)
    expect(problems).toEqual([])
    await close()
  })

  it("counts a break down, and keeps it with its cues and their proof", async () => {
    const { close, page, problems } = await open()
    const left = page.locator("#channel-state .break time")
    await left.waitFor({ timeout: 20_000 })
    const seconds = async () => Number(/(\d\d):(\d\d)/.exec(await read(left))?.[2])
    // One that is about to end has nothing left to count.
    const first = await eventually(
      "a break with time left",
      async () => {
        const now = await seconds()
        return now >= 3 ? now : null
      },
      40_000,
    )
    await eventually("the break counts down", async () => (await seconds()) < first || null, 30_000)
    await page.locator("#cue-timeline svg rect").first().waitFor()
    const cue = page.locator("#cue-rows > tr").filter({ hasText: "studio sent after" }).first()
    await cue.waitFor()
    await cue.locator("summary").click()
    expect(await read(cue.locator("code.url").first())).toMatch(/^\/DA/)
    await showPart(page, "History")
    await page.locator("#event-rows > tr", { hasText: "break" }).first().waitFor()
    expect(problems).toEqual([])
    await close()
  })

  it("draws its plots, with marks on the same axis, and goes on with them", async () => {
    const { close, page, problems } = await open()
    await showPart(page, "History")
    const plot = page.locator('[data-plot="bitrate"]')
    await plot.locator("canvas").waitFor()
    await page.locator('[data-plot="srt"] canvas').waitFor()
    await eventually("marks are drawn", async () => Number(await plot.getAttribute("data-marks")) > 0 || null)
    expect(await page.evaluate(DRAWN_PIXELS)).toBeGreaterThan(1000)
    const before = Number(await plot.getAttribute("data-last"))
    await eventually("the plot goes on", async () => Number(await plot.getAttribute("data-last")) > before || null)
    expect(await read(plot.locator(".plot-legend"))).toMatch(/primary\s[\d.]+ Mbit\/s\s+backup/)
    await page.getByRole("link", { name: "1 hour" }).click()
    await eventually("an hour is shown", async () => (page.url().includes("window=1h") ? true : null))
    await page.locator("#plot-figures > summary").click()
    await page.locator("#plot-figures td", { hasText: "bit rate" }).first().waitFor()
    expect(problems).toEqual([])
    await close()
  })

  it("has nothing that axe-core finds, in light and in dark colours", async () => {
    const { close, page, problems } = await open({ colorScheme: "light" })
    await page.locator("#output-rows").getByRole("link", { name: "cdn", exact: true }).click()
    await page.locator("#output-panel").getByText("What happened").waitFor()
    await page.locator(".confirm > summary").click()
    expect(await axe(page)).toEqual([])
    await showPart(page, "Input")
    await page.locator("#leg-backup-streams > summary").click()
    expect(await axe(page)).toEqual([])
    await showPart(page, "History")
    await page.locator('[data-plot="bitrate"] canvas').waitFor()
    await page.locator("#plot-figures > summary").click()
    expect(await axe(page)).toEqual([])
    await showPart(page, "Overview")
    await page.emulateMedia({ colorScheme: "dark" })
    expect(await axe(page)).toEqual([])
    expect(problems).toEqual([])
    await close()
  })

  it("works without JavaScript, and says why a switch is refused", async () => {
    const { close, page } = await open({ javaScriptEnabled: false })
    expect(await textOf(page, "#leg-backup-head")).toMatch(/Backup/)
    expect(await textOf(page, "#output-rows")).toMatch(/cdn[\s\S]*retrying/)
    expect(await textOf(page, "main")).toMatch(/The plots need JavaScript/)
    const row = page.locator("#output-rows > tr", { hasText: "studio" })
    await row.getByRole("button", { name: "Stop output studio" }).click()
    expect(page.url()).toBe(url)
    expect(await read(row.locator(".status"))).toBe("stopped")
    // A second click for the channel.
    await page.locator(".confirm > summary").click()
    await page.getByRole("button", { name: "Stop now" }).click()
    expect(await textOf(page, "#channel-state")).toMatch(/stopped/)
    await feed.kill()
    await page.getByRole("button", { name: "Start channel" }).click()
    expect(await textOf(page, "#channel-state")).not.toMatch(/stopped/)
    await product.until("the legs are lost", id, (view) =>
      view.input.legs.every(({ rcvbuf_bytes, verdict }) => rcvbuf_bytes > 0 && verdict === "lost"),
    )
    await page.reload()
    await page.locator("#leg-primary-head, #leg-backup-head").getByRole("button").click()
    expect(await read(page.locator("[role=alert]"))).toMatch(/no packets arrive on the \w+ \(127[\s\S]*all the same/)
    await page.getByRole("button", { name: /all the same/ }).click()
    expect(page.url()).toBe(url)
    await close()
  })
})
