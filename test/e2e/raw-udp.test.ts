/** Raw MPEG-TS over UDP as common programs send it, by real ffmpeg, through the whole product. */
import { type ChildProcess, spawn } from "node:child_process"
import { createSocket, type Socket } from "node:dgram"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { ChannelView } from "../../src/effects/model/channel.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { UdpReceiver } from "./receivers.ts"

let product: Product
let directory: string
let file: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "raw-udp-"))
  file = join(directory, "programme.ts")
  writeFileSync(file, generateTs(6, { bitrate: 4_000_000 }))
  product = await Product.start()
})
afterAll(async () => {
  await product?.dispose()
  rmSync(directory, { recursive: true, force: true })
})

/** Passes datagrams on and keeps them, so that a test has what ffmpeg wrote. */
class Relay {
  readonly datagrams: Buffer[] = []
  readonly #socket: Socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20 })

  async open(port: number): Promise<number> {
    this.#socket.on("message", (data) => {
      this.datagrams.push(data)
      this.#socket.send(data, port, "127.0.0.1")
    })
    await new Promise<void>((resolve) => this.#socket.bind(0, "127.0.0.1", resolve))
    return this.#socket.address().port
  }

  close(): void {
    this.#socket.close()
  }
}

const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once("exit", resolve))

const COPY = ["-c", "copy"]
const ENCODE = ["-c:v", "mpeg2video", "-b:v", "3M", "-c:a", "mp2"]
/** Reasons of a verdict that tell of tables and clocks that come too seldom. */
const LATE = /TR 101 290 (?:1\.3|1\.5|2\.3a|2\.5)/

// VLC sends 1316 bytes by default and OBS what the URL says, both with ffmpeg's multiplexer or a similar one.
it.each<[string, string[], string, isWhole: boolean]>([
  ["ffmpeg's default, copied", COPY, "", false],
  ["ffmpeg's default, encoded anew", ENCODE, "", false],
  ["1316 bytes", COPY, "?pkt_size=1316", true],
  ["1400 bytes", COPY, "?pkt_size=1400", false],
])("takes the datagrams of %s: a running channel, every byte in order", async (name, codecs, query, isWhole) => {
  const port = await freeUdpPort()
  const receiver = await UdpReceiver.open()
  const relay = new Relay()
  const channel = await product.api<ChannelView>("POST", "/api/channels", { name, rtp_ip: "127.0.0.1", rtp_port: port })
  const path = `/api/channels/${channel.body.id}`
  const output = { name: "out", url: `udp://127.0.0.1:${receiver.port}` }
  expect((await product.api("POST", `${path}/outputs`, output)).status).toBe(201)
  await product.api("POST", `${path}/start`)
  const view = async () => (await product.api<ChannelView>("GET", path)).body
  await eventually("the output is open", async () => ((await view()).outputs[0]?.status === "connected" ? true : null))
  const to = `udp://127.0.0.1:${await relay.open(port)}${query}`
  const ffmpeg = spawn("ffmpeg", ["-v", "error", "-re", "-i", file, ...codecs, "-f", "mpegts", to], {
    stdio: ["ignore", "ignore", "inherit"],
  })
  const done = ended(ffmpeg)
  try {
    const live = await eventually("the channel runs, with findings", async () => {
      const now = await view()
      return now.status === "running" && (now.input.legs[0]?.findings.length ?? 0) > 0 ? now : null
    })
    expect(live.error).toBeNull()
    expect(live.input.legs[0]).toMatchObject({ framing: "udp", warnings: [] })
    // An encoder on a busy machine stands still at times; nothing else may be wrong with what it sends.
    expect(live.input.legs[0]?.reasons.filter((reason) => !LATE.test(reason))).toEqual([])
    const codes = live.input.legs[0]?.findings.map(({ code }) => code) ?? []
    expect(codes.includes("unaligned_udp")).toBe(!isWhole)
    expect(await done).toBe(0)
    const sent = Buffer.concat(relay.datagrams)
    expect(sent.length % 188).toBe(0)
    await eventually(`all ${sent.length} bytes arrive`, () => (receiver.size >= sent.length ? true : null))
    expect(receiver.bytes().equals(sent)).toBe(true)
    expect(receiver.datagrams.every(({ data }) => data.length % 188 === 0 && data.length <= 1316)).toBe(true)
    const counters = (await view()).input.legs[0]?.counters ?? {}
    expect(counters).toMatchObject({
      bad_length: 0,
      bad_not_ts: 0,
      bad_rtp: 0,
      bad_sync: 0,
      resyncs: 0,
      skipped_bytes: 0,
      cc_errors: 0,
    })
  } finally {
    if (ffmpeg.exitCode === null) ffmpeg.kill("SIGKILL")
    relay.close()
    receiver.close()
    await product.api("DELETE", path)
  }
})

it("says what it drops when something that is no MPEG-TS comes with the stream, and does not call that running well", async () => {
  const port = await freeUdpPort()
  const channel = await product.api<ChannelView>("POST", "/api/channels", {
    name: "dropping",
    rtp_ip: "127.0.0.1",
    rtp_port: port,
  })
  const path = `/api/channels/${channel.body.id}`
  await product.api("POST", `${path}/start`)
  const to = `udp://127.0.0.1:${port}?pkt_size=1316`
  const ffmpeg = spawn(
    "ffmpeg",
    ["-v", "error", "-re", "-stream_loop", "-1", "-i", file, ...COPY, "-f", "mpegts", to],
    { stdio: "ignore" },
  )
  const done = ended(ffmpeg)
  const noise = createSocket("udp4")
  const timer = setInterval(() => noise.send(Buffer.alloc(600, 0x11), port, "127.0.0.1"), 5)
  try {
    const said = await eventually("the error names it", async () => {
      const now = (await product.api<ChannelView>("GET", path)).body
      return now.status === "running" && now.error !== null ? now : null
    })
    expect(said.error).toMatch(
      /^\d+ of \d+ datagrams \(\d+ %\) of the last 10 s were dropped: they are neither RTP nor MPEG-TS/,
    )
    expect(said.input.legs[0]?.reasons[0]).toMatch(/were dropped: they are neither/)
    const page = await (await fetch(`${product.url}/channels/${said.slug}`)).text()
    expect(page).toMatch(/degraded/)
  } finally {
    clearInterval(timer)
    noise.close()
    ffmpeg.kill("SIGKILL")
    await done
    await product.api("DELETE", path)
  }
})
