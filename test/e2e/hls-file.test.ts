/** HLS and recordings of the running product: served over HTTP, played by ffprobe, and bit-exact on disk. */
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { CueView } from "../../src/effects/model/channel.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 4_000_000
const ts = generateTs(16, { bitrate: BITRATE, breakEverySeconds: 6, breakSeconds: 3, spliceNullSeconds: 0 })

let product: Product
let channelId: string
let playlist = ""
beforeAll(async () => {
  product = await Product.start()
  const port = await freeUdpPort()
  const channel = await product.channel({
    name: "packaged",
    rtp_ip: "127.0.0.1",
    rtp_port: port,
    outputs: [
      { name: "hls", url: "hls://packaged", settings: { segment_s: 2, cue_tags: "both" } },
      { name: "rec", url: "file://packaged" },
    ],
  })
  channelId = channel.id
  await product.until("the recording is open", channelId, (view) =>
    view.outputs.some((o) => o.name === "rec" && o.status === "connected"),
  )
  const sending = sendTs(ts, { port, bitrate: BITRATE })
  await product.until(
    "the playlist is there",
    channelId,
    (view) => view.outputs.every((o) => o.status === "connected"),
    20_000,
  )
  await sending
  playlist = await eventually("four segments are listed", async () => {
    const response = await fetch(`${product.url}/hls/packaged/index.m3u8`)
    const text = await response.text()
    return response.ok && (text.match(/\.ts$/gm)?.length ?? 0) >= 4 ? text : null
  })
})
afterAll(() => product.dispose())

describe("HLS in a directory", () => {
  it("is served with the types players expect, and nothing else is", async () => {
    const list = await fetch(`${product.url}/hls/packaged/hls/index.m3u8`)
    expect([list.status, list.headers.get("content-type")]).toEqual([200, expect.stringMatching(/mpegurl/i)])
    expect(list.headers.get("access-control-allow-origin")).toBe("*")
    const [segment = ""] = playlist.match(/^.*\.ts$/gm) ?? []
    const media = await fetch(`${product.url}/hls/packaged/${segment}`)
    expect([media.status, media.headers.get("content-type")]).toEqual([200, "video/mp2t"])
    expect((await media.arrayBuffer()).byteLength % 188).toBe(0)
    for (const path of [
      "/hls/packaged/..%2f..%2fdistributor.sqlite",
      "/hls/packaged/index.txt",
      "/hls/other/index.m3u8",
    ])
      expect((await fetch(product.url + path)).status).toBeGreaterThanOrEqual(400)
  })

  it("is played by ffprobe, from key frames on, with sound", () => {
    const probe = spawnSync(
      "ffprobe",
      [
        "-v",
        "error",
        "-live_start_index",
        "0",
        "-show_entries",
        "stream=codec_name",
        "-of",
        "csv=p=0",
        `${product.url}/hls/packaged/index.m3u8`,
      ],
      {
        encoding: "utf8",
        timeout: 20_000,
      },
    )
    expect(probe.stderr).toBe("")
    expect(probe.stdout.split("\n")).toEqual(expect.arrayContaining(["h264", "aac"]))
    expect(playlist).toContain("#EXT-X-PROGRAM-DATE-TIME:")
    expect(playlist).toContain("#EXT-X-INDEPENDENT-SEGMENTS")
  })

  it("has the cues of the stream as tags, and they are proven", async () => {
    const { body } = await product.api<{ cues: CueView[] }>("GET", `/api/channels/${channelId}/cues`)
    const outs = body.cues.filter(({ kind }) => kind === "out")
    expect(outs.length).toBeGreaterThanOrEqual(2)
    const hexes = outs.map(({ hex }) => hex.replace(/^0x/i, "").toUpperCase())
    expect(hexes.some((hex) => playlist.toUpperCase().includes(`SCTE35-OUT=0X${hex}`))).toBe(true)
    expect(playlist).toMatch(/#EXT-X-CUE-(OUT|IN)/)
    for (const { outputs } of outs.slice(-1))
      expect(outputs.map(({ output, status }) => [output, status])).toContainEqual(["rec", "sent"])
    await eventually("a cue is proven to be tagged", async () => {
      const now = await product.api<{ cues: CueView[] }>("GET", `/api/channels/${channelId}/cues`)
      return now.body.cues.some(({ outputs }) =>
        outputs.some(({ output, status }) => output === "hls" && status === "sent"),
      )
        ? true
        : null
    })
  })
})

describe("a recording", () => {
  it("is the stream, byte for byte", async () => {
    await product.api("POST", `/api/channels/${channelId}/stop`)
    const folder = join(product.dataDir, "recordings", "packaged")
    const files = await eventually("the file is closed", () => {
      const names = readdirSync(folder).filter((name) => name.endsWith(".ts"))
      return names.length > 0 ? names.sort() : null
    })
    const whole = Buffer.concat(files.map((name) => readFileSync(join(folder, name))))
    expect(whole.length).toBeGreaterThan(ts.length - 188 * 7 * 64)
    expect(Buffer.compare(whole, Buffer.from(ts.subarray(0, whole.length)))).toBe(0)
  })
})
