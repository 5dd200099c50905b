/**
 * Clicks of the tasks that the other files do not count, in Chromium: to mute, to acknowledge everything, and to add a
 * channel with its first output.
 */
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeStation } from "../../src/http/testing/fake-station.ts"
import { makeRealApps, type RealApp } from "../../src/http/testing/real-app.ts"
import { type AppServer, serveApp } from "./app-server.ts"
import { axe, openPage, startBrowser } from "./browser.ts"

const apps = makeRealApps()
let browser: Browser
let real: RealApp
let server: AppServer
let stationServer: AppServer

beforeAll(async () => {
  ;[browser, real] = await Promise.all([startBrowser(), apps.start()])
  const outputs = ["cdn", "partner"].map((name, n) => ({ name, url: `srt://192.0.2.2:${9000 + n}` }))
  for (const [n, name] of ["News", "Sport", "Kids"].entries())
    await real.call("POST", "/api/channels", { name, rtp_port: 5000 + 10 * n, outputs })
  ;[server, stationServer] = await Promise.all([serveApp(real.app), serveApp((await makeStation()).app)])
})
afterAll(async () => {
  await Promise.all([browser?.close(), server?.kill(), stationServer?.kill()])
  await apps.stopAll()
})

/** What is muted: the channel, the output, and for how many minutes. */
const mutes = async () => {
  const { body } = await real.call<{ mutes: ReadonlyArray<Record<string, string | null>> }>(
    "GET",
    "/api/notifications/mutes",
  )
  return body.mutes.map(({ channel, output, starts, until }) => [
    channel,
    output,
    Math.round((Date.parse(until ?? "") - Date.parse(starts ?? "")) / 60_000),
  ])
}

describe("muting for an hour", () => {
  it("takes two clicks from the list, for a channel and for an output", async () => {
    const { click, close, count, page, problems } = await openPage(browser, `${server.url}/`)
    await click(page.locator("#channel-news input[name=channel]"))
    await click(page.getByRole("button", { name: "Mute 1 h" }))
    await page.getByRole("status").getByText("1 channel muted for an hour").waitFor()
    expect([count.clicks, await mutes()]).toEqual([2, [["news", null, 60]]])
    count.clicks = 0
    await click(page.locator("#channel-sport").getByRole("link", { name: /partner/ }))
    await click(page.getByRole("button", { name: "Mute 1 h output partner" }))
    const panel = page.locator("#output-panel")
    await panel.getByText(/^muted until/).waitFor()
    expect([count.clicks, (await mutes())[1]]).toEqual([2, ["sport", "partner", 60]])
    // The panel stays, and the other output can be muted still.
    expect(await panel.getByRole("heading", { name: "partner" }).count()).toBe(1)
    expect(await panel.getByRole("button", { name: /^Mute/ }).count()).toBe(0)
    expect(await axe(page)).toEqual([])
    expect(problems).toEqual([])
    await close()
  })

  it("takes one click on the channel's page, which says so, and two there to end it", async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { click, close, count, page, problems } = await openPage(browser, `${server.url}/channels/kids`, {
        javaScriptEnabled,
      })
      await click(page.getByRole("button", { name: "Mute 1 h channel Kids" }))
      const muted = page.locator("#channel-state").getByRole("link", { name: /^muted until/ })
      await muted.waitFor()
      expect([count.clicks, (await mutes()).filter(([channel]) => channel === "kids")]).toEqual([
        1,
        [["kids", null, 60]],
      ])
      await click(muted)
      await click(page.getByRole("button", { name: "End the mute of channel kids" }))
      await page.waitForURL(/done=unmuted/)
      expect([count.clicks, (await mutes()).filter(([channel]) => channel === "kids")]).toEqual([3, []])
      expect(problems).toEqual([])
      await close()
    }
  })
})

describe("everything that is wrong", () => {
  it("is acknowledged with two clicks", async () => {
    const { click, close, count, page, problems } = await openPage(browser, `${stationServer.url}/`)
    await click(page.locator("#open-notices a"))
    await click(page.getByRole("button", { name: /^Acknowledge all/ }))
    await page.waitForURL(/done=/)
    expect(await page.getByRole("button", { name: /^Acknowledge/ }).count()).toBe(0)
    expect(count.clicks).toBe(2)
    // Columns beside the long one keep their words and dates whole.
    const split = "[...document.querySelectorAll('td > time')].filter((one) => one.getClientRects().length > 1).length"
    expect(await page.evaluate(split)).toBe(0)
    expect(problems).toEqual([])
    await close()
  })
})

describe("a channel with an output", () => {
  it("is added with two clicks and a paste", async () => {
    const { click, close, count, page, paste, problems } = await openPage(browser, `${server.url}/`)
    await click(page.getByRole("link", { name: "Add channel" }))
    await page.getByLabel("Name", { exact: true }).fill("Regional")
    await paste(page.getByLabel("First output"), "srt://192.0.2.9:9000?latency=200")
    await click(page.getByRole("button", { name: "Add and start" }))
    await page.waitForURL("**/#channel-regional")
    expect(count).toEqual({ clicks: 2, pastes: 1 })
    const { body } = await real.call("GET", "/api/channels/regional")
    expect(body).toMatchObject({ outputs: [{ url: "srt://192.0.2.9:9000?latency=200" }] })
    expect(body["status"]).not.toBe("stopped")
    expect(problems).toEqual([])
    await close()
  })
})
