/**
 * Cues that come in go out: on each output as an independent parser finds them on the far side, and as the product
 * itself proves it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { CueView } from "../../src/effects/model/channel.ts"
import { SCTE35_PID } from "../../src/test-source/program-tables.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { cuesIn } from "../strict-cues.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 6_000_000
const ts = generateTs(14, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 0 })

const cuesOf = (stream: Uint8Array) => cuesIn(stream, SCTE35_PID)
const sent = cuesOf(ts)

let product: Product
let channelId: string
let udp: UdpReceiver
let rtp: UdpReceiver
let srt: SrtReceiver
let cues: ReadonlyArray<CueView>

const shown = async (query = "") =>
  (await product.api<{ cues: CueView[] }>("GET", `/api/channels/${channelId}/cues${query}`)).body.cues

beforeAll(async () => {
  product = await Product.start()
  udp = await UdpReceiver.open()
  rtp = await UdpReceiver.open()
  const [port, listenPort, deadPort] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()]
  const channel = await product.channel({
    name: "cues",
    rtp_ip: "127.0.0.1",
    rtp_port: port,
    outputs: [
      { name: "udp", url: `udp://127.0.0.1:${udp.port}` },
      { name: "rtp", url: `rtp://127.0.0.1:${rtp.port}` },
      { name: "srt", url: `srt://127.0.0.1:${listenPort}?mode=listener` },
      { name: "down", url: `srt://127.0.0.1:${deadPort}` },
    ],
  })
  channelId = channel.id
  srt = await SrtReceiver.open(`srt://127.0.0.1:${listenPort}`)
  await product.until(
    "outputs are connected",
    channelId,
    (view) => view.outputs.filter((o) => o.status === "connected").length === 3,
    20_000,
  )
  await sendTs(ts, { port, bitrate: BITRATE })
  await srt.atLeast(ts.length)
  cues = await eventually("all cues have their proof", async () => {
    const found = await shown()
    const settled = found.every((cue) => cue.outputs.every(({ status }) => status !== "pending"))
    return found.length === new Set(sent).size && settled ? found : null
  })
})
afterAll(async () => {
  udp.close()
  rtp.close()
  srt.stop()
  await product.dispose()
})

describe("cues end to end", () => {
  it("the far sides of UDP, RTP and SRT have exactly the cues that were sent", () => {
    expect(sent.length).toBeGreaterThanOrEqual(4)
    expect(cuesOf(udp.bytes())).toEqual(sent)
    expect(cuesOf(rtp.bytes(12))).toEqual(sent)
    expect(cuesOf(srt.bytes())).toEqual(sent)
  })

  it("the history has each of them once, decoded, with base64 and hex", () => {
    const hex = cues.map((cue) => cue.hex.replace(/^0x/i, "").toLowerCase())
    expect(hex.toReversed()).toEqual([...new Set(sent)])
    for (const cue of cues) {
      expect(Buffer.from(cue.base64, "base64").toString("hex")).toBe(cue.hex.replace(/^0x/i, "").toLowerCase())
      expect(cue).toMatchObject({ crc_ok: true, errors: [] })
    }
  })

  it("each output that was there is proven to have sent each, the one that was down is named as missed", () => {
    for (const cue of cues) {
      const by = Object.fromEntries(cue.outputs.map(({ output, status }) => [output, status]))
      expect(by).toEqual({ udp: "sent", rtp: "sent", srt: "sent", down: "missed" })
      const delays = cue.outputs.filter(({ status }) => status === "sent").map(({ delay_ms }) => delay_ms ?? Number.NaN)
      for (const delay of delays) expect(delay).toBeLessThan(500)
      expect(cue.outputs.find(({ output }) => output === "down")?.reason ?? "").not.toBe("")
    }
  })
})
