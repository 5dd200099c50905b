import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { eventually } from "../../../test/e2e/product.ts"
import { analyseStrictly } from "../../../test/strict-analyser.ts"
import { type Playlist, readPlaylist } from "../../core/hls/playlist.ts"
import type { HlsTarget } from "../../core/output/output-url.ts"
import { parseHlsUrl } from "../../core/output/url/hls-url.ts"
import { FENCED, fencedReason } from "../protocol/fenced.ts"
import { BITRATE, PROGRAMME, SETTINGS, useHlsStage } from "./uploads/testing/hls-stage.ts"

const { stage, start, stop, idle } = useHlsStage()

/** A server that keeps what it is sent, and answers as it is told. */
class Origin {
  readonly files = new Map<string, Buffer>()
  readonly requests: Array<{
    readonly method: string
    readonly url: string
    readonly headers: IncomingMessage["headers"]
  }> = []
  readonly sockets = new Set<unknown>()
  readonly #server: Server
  answer: (request: IncomingMessage, response: ServerResponse) => boolean = () => false

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on("data", (part: Buffer) => parts.push(part))
      request.on("end", () => {
        const { headers, method = "", url = "" } = request
        this.requests.push({ method, url, headers })
        if (this.answer(request, response)) return
        if (method === "DELETE") this.files.delete(url)
        else this.files.set(url, Buffer.concat(parts))
        response.statusCode = method === "DELETE" ? 204 : 201
        response.end()
      })
    })
    this.#server.on("connection", (socket) => this.sockets.add(socket))
  }

  static async open(): Promise<Origin> {
    const origin = new Origin()
    await new Promise<void>((resolve) => origin.#server.listen(0, "127.0.0.1", resolve))
    return origin
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  target(path: string): HlsTarget {
    const parsed = parseHlsUrl(`http://127.0.0.1:${this.port}${path}`)
    if (!parsed.ok || parsed.target.protocol !== "hls") throw new Error("no target")
    return parsed.target
  }

  playlist(url: string): Playlist | null {
    return readPlaylist(this.files.get(url)?.toString() ?? "")
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

describe("uploads by HTTP", () => {
  let origin: Origin
  beforeEach(async () => {
    origin = await Origin.open()
  })
  afterEach(() => origin.close())
  const quick = { waiting: 3, retryDelaysMs: [30, 30], requestTimeoutMs: 10_000 }

  it("begin nothing more once the fence of the channel has run out, not even another attempt", async () => {
    const output = start(origin.target("/live/a/main.m3u8"), {}, { ...quick, retryDelaysMs: [1, 1, 1] })
    origin.answer = (_, response) => {
      stage().fences.set(0, 1)
      stage().fenceClockUs = 2
      response.statusCode = 503
      response.end()
      return true
    }
    await stage().play(PROGRAMME, BITRATE)
    await eventually("one attempt was made", () => (origin.requests.length > 0 ? true : null))
    // Time for another, which there must not be.
    await stage().play(PROGRAMME, BITRATE)
    output.cut(fencedReason)
    await output.settled
    expect(origin.requests).toHaveLength(1)
    expect(output).toMatchObject({ state: "ended", reason: { code: FENCED } })
  })

  it("put each segment and then the playlist, over a connection that is kept", async () => {
    const output = start(origin.target("/live/a/main.m3u8?token=x%2Fy"))
    await stage().play(PROGRAMME, BITRATE)
    await idle(output, 13)
    await stop(output)
    const puts = origin.requests.filter(({ method }) => method === "PUT").map(({ url }) => url)
    expect(puts.every((url) => url.endsWith("?token=x%2Fy"))).toBe(true)
    expect(puts.map((url) => (url.includes(".m3u8") ? "list" : "segment")).slice(0, 6)).toEqual([
      "segment",
      "list",
      "segment",
      "list",
      "segment",
      "list",
    ])
    const [segment, list] = origin.requests
    expect(segment?.headers).toMatchObject({
      "content-type": "video/mp2t",
      "cache-control": expect.stringMatching(/max-age=86400/),
    })
    expect(list?.headers).toMatchObject({
      "content-type": "application/vnd.apple.mpegurl",
      "cache-control": "max-age=1",
    })
    expect(Number(segment?.headers["content-length"])).toBeGreaterThan(100_000)
    expect(origin.sockets.size).toBeLessThanOrEqual(2)
    const read = origin.playlist("/live/a/main.m3u8?token=x%2Fy")
    expect(read?.segments[0]?.discontinuity).toBe(false)
    expect(read?.mediaSequence).toBeGreaterThan(1_700_000_000)
    const media = Buffer.concat(
      (read?.segments ?? []).map(({ name }) => origin.files.get(`/live/a/${name}?token=x%2Fy`) ?? Buffer.alloc(0)),
    )
    expect(analyseStrictly(media).violations).toEqual([])
  })

  it("by POST to a URL that ends in file=, with the user's name and password", async () => {
    const parsed = parseHlsUrl(`http://u:p%40ss@127.0.0.1:${origin.port}/http_upload_hls?cid=KEY&copy=0&file=`)
    if (!parsed.ok || parsed.target.protocol !== "hls") throw new Error("no target")
    const output = start(parsed.target, { ...SETTINGS, http_method: "post" })
    await stage().play(PROGRAMME.subarray(0, 188 * 8000), BITRATE)
    await idle(output, 2)
    const [segment, list] = origin.requests
    expect(segment).toMatchObject({
      method: "POST",
      url: expect.stringMatching(/^\/http_upload_hls\?cid=KEY&copy=0&file=\d{13}-000000\.ts$/),
    })
    expect(list?.url).toBe("/http_upload_hls?cid=KEY&copy=0&file=index.m3u8")
    expect(segment?.headers.authorization).toBe(`Basic ${Buffer.from("u:p@ss").toString("base64")}`)
    expect(JSON.stringify(output.stats())).not.toContain("KEY")
    await stop(output)
  })

  it("a server in trouble is tried again, and nothing is lost when it recovers", async () => {
    let failures = 0
    origin.answer = (_, response) => {
      if (failures++ !== 0 && failures !== 4) return false
      response.writeHead(503, "Service Unavailable")
      response.end("try later")
      return true
    }
    const output = start(origin.target("/a.m3u8"), SETTINGS, { ...quick, waiting: 50 })
    await stage().play(PROGRAMME.subarray(0, 188 * 14_000), BITRATE)
    await idle(output, 4)
    expect(output.stats()).toMatchObject({
      send_errors: 2,
      packets_dropped: 0,
      last_send_error: expect.stringMatching(/HTTP 503 Service Unavailable; try later/),
    })
    expect(output.state).toBe("connected")
    expect(origin.playlist("/a.m3u8")?.segments.filter(({ discontinuity }) => discontinuity).length).toBe(1)
    await stop(output)
  })

  it.each([
    [500, "Internal Server Error", true],
    [401, "Unauthorized", false],
    [403, "Forbidden", false],
    [404, "Not Found", false],
    [301, "Moved Permanently", false],
  ])("%i %s ends the session with these words (transient: %s)", async (status, text, transient) => {
    origin.answer = (_, response) => {
      response.writeHead(status, text, { location: "http://127.0.0.1:1/" })
      response.end("<p>no\n</p>")
      return true
    }
    const output = start(origin.target("/a.m3u8"), SETTINGS, quick)
    await stage().play(PROGRAMME.subarray(0, 188 * 8000), BITRATE)
    await stage().until("ended", () => output.state === "ended")
    expect(output.reason).toMatchObject({
      code: `http_${status}`,
      message: expect.stringMatching(
        new RegExp(`127\\.0\\.0\\.1:\\d+, \\d{13}-000000\\.ts: HTTP ${status} ${text}; <p>no </p>`),
      ),
      transient,
    })
    expect(origin.requests.length).toBe(transient ? 3 : 1)
    expect(output.stats().connected_at).toBe(null)
    await output.settled
  })

  it("a server that stalls loses the oldest segments, with a discontinuity, and the queue stays short", async () => {
    let stalled: ServerResponse | null = null
    origin.answer = (request, response) => {
      if (stalled !== null || !String(request.url).endsWith("2.ts")) return false
      stalled = response
      return true
    }
    const output = start(origin.target("/a.m3u8"), { ...SETTINGS, playlist_segments: 50 }, quick)
    let pass = 0
    await stage().play(PROGRAMME, BITRATE, async () => {
      // Meanwhile the stream went on for about 19 s.
      if (++pass !== 150 || stalled === null) return
      stalled.statusCode = 200
      stalled.end()
    })
    await stage().until("all that was left", () => output.stats().packets_sent + output.stats().packets_dropped >= 14)
    const { packets_dropped } = output.stats()
    expect(packets_dropped).toBeGreaterThan(4)
    const segments = origin.playlist("/a.m3u8")?.segments ?? []
    expect(segments.length + packets_dropped).toBe(14)
    expect(segments.filter(({ discontinuity }) => discontinuity).length).toBe(2)
    expect(segments.map(({ name }) => Number(name.slice(14, 20)))).toEqual(
      [...segments.map(({ name }) => Number(name.slice(14, 20)))].sort((a, b) => a - b),
    )
    await stop(output)
  })

  it("a request without answer is given up, and nobody there at all is said, too", async () => {
    origin.answer = () => true
    const stalling = start(origin.target("/a.m3u8"), SETTINGS, { ...quick, requestTimeoutMs: 60 })
    const port = origin.port
    await stage().play(PROGRAMME.subarray(0, 188 * 8000), BITRATE)
    await stage().until("ended", () => stalling.state === "ended")
    expect(stalling.reason).toMatchObject({
      code: "timeout",
      message: `127.0.0.1:${port}: no answer within 0.06 s`,
      transient: true,
    })
    const target = origin.target("/a.m3u8")
    origin.close()
    const refused = start(target, SETTINGS, quick)
    await stage().play(PROGRAMME.subarray(0, 188 * 8000), BITRATE)
    await stage().until("ended", () => refused.state === "ended")
    expect(refused.reason).toMatchObject({
      code: "ECONNREFUSED",
      message: expect.stringMatching(/nobody listens there/),
      transient: true,
    })
  })

  it("removes segments that left the playlist, until the server says that it does not do that", async () => {
    origin.answer = (request, response) => {
      if (request.method !== "DELETE") return false
      response.writeHead(405, "Method Not Allowed")
      response.end()
      return true
    }
    const output = start(origin.target("/a.m3u8"), { segment_s: 1, playlist_segments: 3 })
    await stage().play(PROGRAMME, BITRATE)
    await stage().until("a warning", () => output.stats().warnings[0])
    expect(output.stats().warnings).toEqual([
      `old segments stay at 127.0.0.1:${origin.port}: it answers DELETE with 405 Method Not Allowed`,
    ])
    expect(origin.requests.filter(({ method }) => method === "DELETE").length).toBe(1)
    await stop(output)
  })
})
