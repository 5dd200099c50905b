/** Row 40 of the fault matrix for outputs that take the stream apart, or hand it to a program. */
import { spawn } from "node:child_process"
import { afterAll, beforeAll, expect, it } from "vitest"
import { noisyProgramme } from "../noisy-programme.ts"
import { freeTcpPort, freeUdpPort } from "../ports.ts"
import { eventually, Product } from "../product.ts"
import { endProgram, UdpReceiver } from "../receivers.ts"
import { NginxRtmp } from "../rtmp-servers.ts"
import { sendTs } from "../send-ts.ts"

const BITRATE = 20_000_000

let product: Product
let nginx: NginxRtmp
beforeAll(async () => {
  nginx = await NginxRtmp.start()
  product = await Product.start()
})
afterAll(async () => {
  await product.dispose()
  await nginx.stop()
})

it("row 40: the engine stands still for a second at 20 Mbit/s: RTMP, HLS, RTSP and file outputs lose nothing", async () => {
  const ts = noisyProgramme(25, BITRATE)
  const port = await freeUdpPort()
  const rtspPort = await freeTcpPort()
  // For an output that sends at once the input is read twenty times a tick.
  const udp = await UdpReceiver.open()
  const url = `rtsp://127.0.0.1:${rtspPort}/live`
  const listen = ["-v", "error", "-rtsp_flags", "listen", "-i", url, "-c", "copy", "-f", "null", "-"]
  const server = spawn("ffmpeg", listen, { stdio: "ignore" })
  const enough = new AbortController()
  try {
    const { id } = await product.channel({
      name: "stall",
      rtp_ip: "127.0.0.1",
      rtp_port: port,
      outputs: [
        { name: "udp", url: `udp://127.0.0.1:${udp.port}` },
        { name: "rtmp", url: `rtmp://127.0.0.1:${nginx.port}/live/stall` },
        { name: "hls", url: "hls://stall" },
        { name: "file", url: "file://stall" },
        { name: "rtsp", url },
      ],
    })
    const outputs = async () => (await product.view(id)).outputs
    await product.until("the recording is open", id, (view) =>
      view.outputs.some((o) => o.name === "file" && o.status === "connected"),
    )
    const sending = sendTs(ts, { port, bitrate: BITRATE, signal: enough.signal })
    await eventually("all outputs have sent something", async () =>
      (await outputs()).every((o) => o.status === "connected" && o.bytes_sent > 0) ? true : null,
    )
    const engine = await product.enginePid()
    process.kill(engine, "SIGSTOP")
    await new Promise((resolve) => setTimeout(resolve, 1000))
    process.kill(engine, "SIGCONT")
    await new Promise((resolve) => setTimeout(resolve, 1500))
    enough.abort()
    const sent = (await sending) * 1316
    const ended = await eventually("all is recorded", async () => {
      const now = await outputs()
      return now.find((o) => o.name === "file")?.bytes_sent === sent ? now : null
    })
    expect(ended.map((o) => [o.name, o.status, o.packets_dropped])).toEqual(
      ["udp", "rtmp", "hls", "file", "rtsp"].map((name) => [name, "connected", 0]),
    )
    expect(udp.bytes().equals(ts.subarray(sent - udp.size, sent))).toBe(true)
  } finally {
    enough.abort()
    udp.close()
    await endProgram(server, "SIGKILL")
  }
})
