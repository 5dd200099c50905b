/** Live preview in a real browser, and thumbnails by real ffmpeg: both show what goes out, and leave nothing behind. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect, it } from "vitest"
import { MAX_VIEWERS } from "../../src/effects/preview/Previews.ts"
import { Preview } from "../../views/channel/Preview.tsx"
import { startBrowser } from "./browser.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

let product: Product
let source: ChildProcess
let browser: Browser

/** Number of connections of the engine to the control plane's tap socket, by the kernel's table. */
const taps = (): number =>
  readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    // State 03 is a connected socket; 01 listens.
    .filter((line) => line.endsWith(join(product.dataDir, "engine-tap.sock")) && line.split(/\s+/)[5] === "03").length

const ffmpegs = (): number =>
  readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8")
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])
      return parent === product.child.pid && readFileSync(`/proc/${name}/comm`, "utf8").trim() === "ffmpeg"
    } catch {
      return false
    }
  }).length

beforeAll(async () => {
  const port = await freeUdpPort()
  product = await Product.start({ env: { THUMBNAILS: "auto" } })
  await product.channel({ name: "Main", rtp_port: port })
  await product.channel({ name: "Silent", rtp_port: await freeUdpPort() })
  const args = [
    "src/engine/test-source.ts",
    "--to",
    `127.0.0.1:${port}`,
    "--bitrate",
    "3000000",
    "--break-every",
    "8",
    "--break-length",
    "4",
  ]
  source = spawn(join(root, "node_modules/.bin/bun"), args, { cwd: root, stdio: "ignore" })
  await product.until("packets arrive", "main", (view) => view.status === "running", 20_000)
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  source?.kill("SIGKILL")
  await product?.dispose()
})

/** Opens a page of the product with the preview on it. */
const open = async (channel: string): Promise<Page> => {
  const found = await browser.newPage()
  const { name, slug, status } = await product.view(channel)
  await found.goto(`${product.url}/channels/${channel}/events`)
  const html = JSON.stringify(String(Preview({ channel: { name, slug, status } })))
  await found.evaluate(`document.body.insertAdjacentHTML("beforeend", ${html})`)
  await found.addScriptTag({ url: "/static/preview.js", type: "module" })
  return found
}
const state = (of: Page) => of.locator(".preview-state")
const button = (of: Page) => of.getByRole("button", { name: "Play the stream" })
const timeOf = (of: Page) => of.evaluate<number>("document.querySelector('video').currentTime")

interface Closed {
  readonly code: number
  readonly reason: string
}
/** Watches without a browser; returns how the preview began and how it ended. */
const watch = (path: string, headers: Record<string, string> = {}) => {
  const socket = new WebSocket(`${product.url.replace("http", "ws")}${path}`, { headers } as never)
  socket.binaryType = "arraybuffer"
  const first = new Promise<string>((resolve) =>
    socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true }),
  )
  const closed = new Promise<Closed>((resolve) =>
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason })),
  )
  return { socket, first, closed }
}

it("plays in the page, and ends with it", async () => {
  const page = await open("main")
  await button(page).click()
  const before = await eventually("the picture moves", async () => (await timeOf(page)) || null, 40_000)
  await eventually("it goes on for a second", async () => ((await timeOf(page)) > before + 1 ? true : null), 20_000)
  expect(await state(page).textContent()).toBe("Live.")
  expect(taps()).toBeGreaterThan(0)
  await page.close()
  await eventually("the engine sends nothing any more", () => (taps() === 0 ? true : null), 20_000)
})

it("stops by its button", async () => {
  const page = await open("main")
  await button(page).click()
  await eventually("the picture moves", async () => (await timeOf(page)) || null, 40_000)
  await page.getByRole("button", { name: "Stop" }).click()
  await eventually("the engine sends nothing any more", () => (taps() === 0 ? true : null), 20_000)
  expect(await button(page).count()).toBe(1)
  await page.close()
})

it("says in words why there is none", async () => {
  await product.api("POST", "/api/channels/silent/stop")
  const page = await open("silent")
  await button(page).click()
  await eventually(
    "the reason",
    async () => ((await state(page).textContent())?.includes("the channel does not run") ? true : null),
    20_000,
  )
  await page.close()
  expect(await watch("/preview/nothing").closed).toEqual({ code: 4004, reason: 'there is no channel "nothing"' })
  expect((await watch("/preview/main", { Origin: "https://example.com" }).closed).code).not.toBe(1000)
  expect((await fetch(`${product.url}/preview/main`)).status).toBe(426)
})

it("is for a few viewers at a time, and begins with what the stream is made of", async () => {
  const viewers = Array.from({ length: MAX_VIEWERS }, () => watch("/preview/main"))
  const [streams] = await Promise.all(viewers.map(({ first }) => first))
  expect(JSON.parse(streams ?? "")).toEqual({
    streams: expect.arrayContaining([{ pid: 481, stream_type: 0x1b, registration: null }]),
  })
  const { code, reason } = await watch("/preview/main").closed
  expect([code, reason]).toEqual([4029, `${MAX_VIEWERS} previews are open already, which is the most there can be`])
  for (const { socket } of viewers) socket.close()
  await eventually("the engine sends nothing any more", () => (taps() === 0 ? true : null), 20_000)
  const again = watch("/preview/main")
  expect(await again.first).toContain("stream_type")
  again.socket.close()
})

it("has pictures of running channels, and none of others", async () => {
  const url = `${product.url}/channels/main/thumbnail.jpg`
  const answer = await eventually(
    "a picture",
    async () => {
      const found = await fetch(url)
      return found.ok ? found : null
    },
    60_000,
  )
  const jpeg = Buffer.from(await answer.arrayBuffer())
  expect([answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual(["image/jpeg", "no-cache"])
  expect(Date.now() - Date.parse(answer.headers.get("last-modified") ?? "")).toBeLessThan(160_000)
  const size = spawnSync(
    "ffprobe",
    ["-v", "error", "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", "-"],
    { input: jpeg },
  )
  expect(String(size.stdout).trim()).toBe("mjpeg,320")
  const same = await fetch(url, { headers: { "If-None-Match": answer.headers.get("etag") ?? "" } })
  expect([200, 304]).toContain(same.status)
  const next = await eventually(
    "the next one",
    async () => {
      const found = await fetch(url)
      return found.headers.get("etag") === answer.headers.get("etag") ? null : found
    },
    60_000,
  )
  expect(Date.parse(next.headers.get("last-modified") ?? "")).toBeGreaterThan(
    Date.parse(answer.headers.get("last-modified") ?? ""),
  )
  const none = await fetch(`${product.url}/channels/silent/thumbnail.jpg`)
  expect([none.status, ((await none.json()) as { detail: string }).detail]).toEqual([
    404,
    "there is no picture of this channel: the channel does not run",
  ])
})

it("has each new picture drawn in the place of the last, and says so where there is none any more", async () => {
  const page = await browser.newPage()
  await page.clock.install()
  await page.goto(`${product.url}/wall`)
  const place = page.locator("#tile-main > span")
  await place.locator("img").waitFor()
  await page.clock.fastForward(8000)
  await place.locator("canvas").waitFor()
  expect(await place.locator("canvas").evaluate((canvas) => canvas.getAttribute("width"))).toBe("320")
  expect(await place.locator("img").isVisible()).toBe(false)
  const first = await place.locator("canvas").screenshot()
  await eventually("another picture", async () => {
    await page.clock.fastForward(8000)
    return (await place.locator("canvas").screenshot()).equals(first) ? null : true
  })
  expect(await place.locator("canvas").count()).toBe(1)
  await page.route("**/thumbnail.jpg", (route) => route.fulfill({ status: 404 }))
  await page.clock.fastForward(8000)
  await place.locator(".no-picture").waitFor()
  expect(await place.locator("canvas").isVisible()).toBe(false)
  await page.close()
})

it("shows nowhere: not among outputs, proofs of cues, metrics or events", async () => {
  const viewer = watch("/preview/main")
  await viewer.first
  const seen = new Set<number>()
  await eventually(
    "a cue comes by",
    async () => {
      const { cues } = (
        await product.api<{ cues: ReadonlyArray<{ id: number; outputs: ReadonlyArray<unknown> }> }>(
          "GET",
          "/api/channels/main/cues",
        )
      ).body
      for (const { id, outputs } of cues) {
        expect(outputs).toEqual([])
        seen.add(id)
      }
      return seen.size > 0 ? true : null
    },
    30_000,
  )
  expect((await product.view("main")).outputs).toEqual([])
  const metrics = await (await fetch(`${product.url}/metrics`)).text()
  expect(metrics.split("\n").filter((line) => /output=/.test(line))).toEqual([])
  const { events } = (
    await product.api<{ events: ReadonlyArray<{ kind: string; output: string | null }> }>(
      "GET",
      "/api/channels/main/events",
    )
  ).body
  expect(events.filter(({ kind, output }) => output !== null || kind === "cue_missed")).toEqual([])
  viewer.socket.close()
})

it("ends with its channel and leaves no process behind", async () => {
  const viewer = watch("/preview/main")
  await viewer.first
  await product.api("POST", "/api/channels/main/stop")
  expect((await viewer.closed).code).toBe(4011)
  await eventually("no ffmpeg is left", () => (ffmpegs() === 0 ? true : null), 20_000)
  expect(taps()).toBe(0)
})
