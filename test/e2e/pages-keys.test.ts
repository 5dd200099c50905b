/**
 * New keys for outputs in Chromium, with two clicks and one paste: the stream arrives at a server that knows the new
 * key alone, and the page never shows the old one.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ChannelView } from "../../src/effects/model/channel.ts"
import { openPage, startBrowser } from "./browser.ts"
import { EngineProcess } from "./engine-process.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { SrtReceiver } from "./receivers.ts"
import { RtmpTestServer } from "./rtmp-test-server.ts"
import { RtspTestServer } from "./rtsp-test-server.ts"
import { S3_ACCESS_KEY, SignedS3Server } from "./signed-s3-server.ts"
import { type BackgroundSource, startSource } from "./source.ts"
import { freePortBlock } from "./udp-ports.ts"

const OLD = "good-news-key"
const NEW = "brand-new-key-2"

let browser: Browser
let product: Product
let source: BackgroundSource

beforeAll(async () => {
  const port = await freePortBlock()
  const started = await Promise.all([startBrowser(), Product.start(), startSource({ port, bitrate: 2_000_000 })])
  ;[browser, product, source] = started
  await product.channel({ name: "News", rtp_ip: "127.0.0.1", rtp_port: port })
})
afterAll(async () => {
  await Promise.all([browser?.close(), product?.dispose(), source?.stop()])
})

/** Opens the page of the channel, and pastes `NEW` where the form of the output begins, which is `field`. */
const rotate = async (name: string, field: string, meaning: string) => {
  const { click, close, count, page, paste, problems } = await openPage(browser, `${product.url}/channels/news`)
  const shown: string[] = []
  page.on("response", async (response) => {
    // Streams and pictures do not end, and hold no keys.
    if (/\/(?:edit|fragments\/interpret)$/.test(response.url())) shown.push(await response.text().catch(() => ""))
  })
  await click(page.getByRole("link", { name: `Edit output ${name}` }))
  await page.waitForURL(`**/outputs/${name}/edit`)
  // The cursor is there already.
  await expect.poll(() => page.evaluate("document.activeElement.id")).toBe(`output-${field}`)
  const asked = page.waitForResponse("**/fragments/interpret")
  await paste(page.locator(":focus"), NEW)
  await asked
  await page.getByText(`Interpreted as: ${meaning}`).waitFor()
  expect(await page.content()).not.toContain(OLD)
  await click(page.getByRole("button", { name: "Save" }))
  await page.waitForURL("**/channels/news*#output-*")
  await product.until(
    "the output is connected",
    "news",
    ({ outputs }) => outputs.find((output) => output.slug === name)?.status === "connected",
  )
  expect(count).toEqual({ clicks: 2, pastes: 1 })
  expect(await page.content()).not.toContain(OLD)
  expect(shown.join()).not.toMatch(/good-news-key|brand-new-key/)
  expect(problems).toEqual([])
  await close()
}

const failed = ({ outputs }: ChannelView, name: string) =>
  outputs.find((output) => output.slug === name)?.last_error != null

describe("a new key", () => {
  it("takes the place of a stream key in an RTMP URL", async () => {
    const apps: string[] = []
    const server = await RtmpTestServer.start({
      onlyKey: NEW,
      refuseConnect: (app) => {
        apps.push(app)
        return null
      },
    })
    const url = `rtmp://127.0.0.1:${server.port}/live/${OLD}`
    await product.addOutput("news", { name: "cdn", url })
    await product.until("the old key is refused", "news", ({ outputs }) => outputs[0]?.last_error != null)
    await rotate("cdn", "stream_key", `RTMP to 127.0.0.1:${server.port}, application live`)
    const last = () => server.sessions.at(-1)?.server
    await eventually("the stream arrives", () => ((last()?.media.length ?? 0) > 20 ? true : null))
    expect(new Set(apps)).toEqual(new Set(["live"]))
    server.stop()
  })

  it("takes the place of an SRT passphrase", async () => {
    const at = await freeUdpPort()
    const srt = await SrtReceiver.open(`srt://127.0.0.1:${at}?mode=listener&passphrase=${NEW}`)
    await product.addOutput("news", { name: "vault", url: `srt://127.0.0.1:${at}?passphrase=${OLD}&latency=200` })
    await rotate("vault", "url_secret.0", `SRT caller to 127.0.0.1:${at}, latency 200 ms, encrypted with AES-128`)
    await srt.atLeast(188 * 100)
    await srt.stop()
  })

  it("takes the place of a password in the URL of an upload", async () => {
    const files = new Set<string>()
    const login = `Basic ${Buffer.from(`news:${NEW}`).toString("base64")}`
    const server = createServer((request, response) => {
      const known = request.headers.authorization === login
      request.resume().once("end", () => {
        if (known) files.add(request.url ?? "")
        response.writeHead(known ? 201 : 401).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    const url = `http://news:${OLD}@127.0.0.1:${port}/live/index.m3u8`
    await product.addOutput("news", { name: "origin", url, settings: { segment_s: 1 } })
    await product.until("the old password is refused", "news", (view) => failed(view, "origin"))
    await rotate("origin", "url_secret.0", `HLS upload by HTTP to 127.0.0.1:${port}`)
    await eventually("segments and the playlist arrive", () =>
      files.has("/live/index.m3u8") && [...files].some((path) => path.endsWith(".ts")) ? true : null,
    )
    server.close()
    server.closeAllConnections()
  })

  it("takes the place of the secret key of S3", async () => {
    const server = await SignedS3Server.start(NEW)
    await product.addOutput("news", {
      name: "bucket",
      url: "s3://media/live",
      settings: {
        segment_s: 1,
        s3_endpoint: server.endpoint,
        s3_access_key_id: S3_ACCESS_KEY,
        s3_secret_access_key: OLD,
      },
    })
    await product.until("the old key is refused", "news", (view) => failed(view, "bucket"))
    expect(server.objects.size).toBe(0)
    await rotate("bucket", "settings.s3_secret_access_key", "HLS to the S3 bucket media, below live")
    await eventually("segments and the playlist arrive", () =>
      server.objects.has("/media/live/index.m3u8") && [...server.objects].some((path) => path.endsWith(".ts"))
        ? true
        : null,
    )
    server.stop()
  })

  it("takes the place of a password in an SRT stream id", async () => {
    // An input of ours is the server: it takes the sender with the one stream id that it waits for.
    const server = await EngineProcess.start()
    const at = await freeUdpPort()
    const id = (password: string) => `%23!::r=live/one,u=news,s=${password},m=publish`
    const url = `srt://127.0.0.1:${at}?mode=listener&streamid=${id(NEW)}`
    await server.putLegs([{ name: "primary", ip: "127.0.0.1", port: at, url }])
    await server.legSaid("open")
    await product.addOutput("news", { name: "gate", url: `srt://127.0.0.1:${at}?streamid=${id(OLD)}` })
    expect((await server.legSaid("refused")).message).toMatch(/its stream id is not one that this input waits for$/)
    await rotate("gate", "url_secret.0", `SRT caller to 127.0.0.1:${at}`)
    await server.legSaid("live", 1, 20_000)
    expect(server.legMessages("connected")).toHaveLength(1)
    await server.dispose()
  })

  it("takes the place of a password in an RTSP URL", async () => {
    const server = await RtspTestServer.start(`news:${NEW}`)
    await product.addOutput("news", { name: "wall", url: `rtsp://news:${OLD}@127.0.0.1:${server.port}/live/one` })
    await product.until("the old password is refused", "news", (view) => failed(view, "wall"))
    await rotate("wall", "url_secret.0", `RTSP to 127.0.0.1:${server.port}`)
    await eventually("the stream arrives", () => (server.packets > 100 ? true : null))
    server.stop()
  })
})
