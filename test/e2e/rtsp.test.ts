/** RTSP push through ffmpeg: it arrives at an RTSP server, is supervised, and leaves nothing behind. */
import { type ChildProcess, spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { freeTcpPort, freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 3_000_000

let product: Product
beforeAll(async () => {
  product = await Product.start()
})
afterAll(() => product.dispose())

/** ffmpeg as an RTSP server; it counts the pictures and sound frames that it gets, by their hashes. */
class RtspListener {
  readonly child: ChildProcess
  lines: string[] = []

  constructor(port: number) {
    const args = [
      "-v",
      "error",
      "-rtsp_flags",
      "listen",
      "-i",
      `rtsp://127.0.0.1:${port}/live`,
      "-c",
      "copy",
      "-f",
      "framemd5",
      "-flush_packets",
      "1",
      "pipe:1",
    ]
    this.child = spawn("ffmpeg", args, { stdio: ["ignore", "pipe", "ignore"] })
    let rest = ""
    this.child.stdout?.on("data", (chunk) => {
      const parts = (rest + String(chunk)).split("\n")
      rest = parts.pop() ?? ""
      this.lines.push(...parts.filter((line) => /^\d/.test(line)))
    })
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = new Promise((resolve) => this.child.once("exit", resolve))
    this.child.kill("SIGKILL")
    await ended
  }
}

/** Ids of the processes whose command line holds this text. */
const processesWith = (text: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text)
      } catch {
        return false
      }
    })

it("pushes, comes back when ffmpeg is killed or the server has gone, and ends without a trace", async () => {
  const [port, rtspPort] = [await freeUdpPort(), await freeTcpPort()]
  const first = new RtspListener(rtspPort)
  const { id } = await product.channel({
    name: "rtsp",
    rtp_ip: "127.0.0.1",
    rtp_port: port,
    outputs: [{ name: "push", url: `rtsp://127.0.0.1:${rtspPort}/live` }],
  })
  const abort = new AbortController()
  const ts = generateTs(30, { bitrate: BITRATE, breakEverySeconds: 30, breakSeconds: 2, spliceNullSeconds: 0 })
  const sending = sendTs(ts, { port, bitrate: BITRATE, signal: abort.signal, loop: true })
  await product.until("it is connected", id, (view) => view.outputs[0]?.status === "connected", 20_000)
  await eventually("pictures and sound arrive", () =>
    new Set(first.lines.map((line) => line[0])).size === 2 && first.lines.length > 100 ? true : null,
  )

  await first.stop()
  await product.until("its end is noticed", id, (view) => view.outputs[0]?.status !== "connected", 20_000)
  const error = (await product.view(id)).outputs[0]?.last_error
  expect(error).not.toBeNull()
  const second = new RtspListener(rtspPort)
  await product.until("it is connected again", id, (view) => view.outputs[0]?.status === "connected", 30_000)
  expect((await product.view(id)).outputs[0]?.reconnects).toBe(1)

  const pushing = processesWith(`rtsp://127.0.0.1:${rtspPort}/live`).filter((pid) => pid !== second.child.pid)
  expect(pushing.length).toBe(1)
  await product.api("POST", `/api/channels/${id}/stop`)
  await eventually("no ffmpeg is left", () =>
    processesWith(`rtsp://127.0.0.1:${rtspPort}/live`).every((pid) => pid === second.child.pid) ? true : null,
  )
  expect(readdirSync(join(product.dataDir, "run")).filter((name) => name.includes("fifo"))).toEqual([])
  abort.abort()
  await sending
  await second.stop()
})
