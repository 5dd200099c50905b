/** The fence of a channel as the control plane moves it, in an engine of this process. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { UdpReceiver } from "../../test/e2e/receivers.ts"
import { RtmpTestServer } from "../../test/e2e/rtmp-test-server.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"
import { policyOf } from "../effects/config/input-policy.ts"
import { FENCED } from "./protocol/fenced.ts"
import { fenceClockUs } from "./system/fence-clock.ts"

const DATAGRAMS = fileURLToPath(new URL("../../test/e2e/datagrams.ts", import.meta.url))

let bench: EngineBench
let receiver: UdpReceiver
let port: number

const put = (fence_us?: number, id = "c1", at = port) =>
  bench.ask({
    cmd: "put_channel",
    channel: {
      id,
      label: id,
      legs: [{ name: "primary", ip: "127.0.0.1", port: at }],
      policy: policyOf({}),
      ...(fence_us === undefined ? {} : { fence_us }),
    },
  })
const lease = (ms: number, id = "c1") =>
  bench.ask({ cmd: "lease", fences: [{ channel_id: id, fence_us: fenceClockUs() + ms * 1000 }] })
/**
 * Sends the numbered packets from `first` on, in datagrams of 7, and returns when they are sent: by another program, so
 * that this process and its engine stand still meanwhile.
 */
const sendMeanwhile = (source: number, first: number, datagrams: number) => {
  const program = `
    const { numberedTs, payloadsOf } = await import(${JSON.stringify(DATAGRAMS)})
    const socket = (await import("node:dgram")).createSocket("udp4").bind(${source}, "127.0.0.1")
    for (const payload of payloadsOf(numberedTs(7 * ${datagrams}, ${first})))
      await new Promise((resolve) => socket.send(payload, ${port}, "127.0.0.1", resolve))
    socket.close()`
  execFileSync(process.execPath, ["-e", program])
}
const udp = () => `udp://127.0.0.1:${receiver.port}`

beforeEach(async () => {
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  port = await freeUdpPort()
})

afterEach(() => {
  bench.close()
  receiver.close()
})

describe("a standby", () => {
  it("receives with its outputs refused, and sends from the ring's end once it is leased", async () => {
    expect(put(0).ok).toBe(true)
    await bench.legSaid("open")
    expect(bench.open(udp())).toMatchObject({ ok: false, error: { code: FENCED, transient: true } })
    await sendTs(numberedTs(7 * 100), { port, bitrate: 20e6 })
    await eventually("the leg is analysed", () => (bench.counters()["ts_packets"] === 700 ? true : null))
    expect(lease(60_000)).toMatchObject({ ok: true })
    await bench.connect(udp())
    const live = numberedTs(7 * 100, 700)
    await sendTs(live, { port, bitrate: 20e6 })
    await receiver.atLeast(100)
    expect(receiver.bytes().equals(live)).toBe(true)
  })

  it("sends nothing that came before it was asked to, though it had not been read, and all that came since", async () => {
    const source = await freeUdpPort()
    put(0)
    await bench.legSaid("open")
    sendMeanwhile(source, 0, 20)
    await eventually("the leg is analysed", () => (bench.counters()["ts_packets"] === 140 ? true : null))
    sendMeanwhile(source, 140, 60)
    lease(60_000)
    const output = { id: "o1", label: "o1", session: "s-o1", url: udp(), from_us: fenceClockUs() }
    sendMeanwhile(source, 560, 40)
    expect(bench.ask({ cmd: "open_output", channel_id: "c1", output })).toMatchObject({ ok: true })
    sendMeanwhile(source, 840, 10)
    await receiver.atLeast(50)
    expect(receiver.bytes().equals(numberedTs(7 * 50, 560))).toBe(true)
  })

  it("is what a channel becomes whose fence is moved back: its outputs end, and no other's", async () => {
    const other = await UdpReceiver.open()
    const otherPort = await freeUdpPort()
    put(fenceClockUs() + 60e6)
    put(undefined, "c2", otherPort)
    await bench.legSaid("open", 2)
    await bench.connect(udp())
    await bench.connect(`udp://127.0.0.1:${other.port}`, "o2", "c2")
    // One message for all channels; those that the engine does not have are passed over.
    const fences = ["nowhere", "c1"].map((channel_id) => ({ channel_id, fence_us: 0 }))
    expect(bench.ask({ cmd: "lease", fences })).toMatchObject({ ok: true })
    await sendTs(numberedTs(7 * 50), { port, bitrate: 20e6 })
    expect(await bench.ended("o1")).toMatchObject({ code: FENCED, transient: true })
    await sendTs(numberedTs(7 * 50), { port: otherPort, bitrate: 20e6 })
    await other.atLeast(50)
    expect(receiver.datagrams).toHaveLength(0)
    expect(bench.stateOf("o2")?.state).toBe("connected")
    // Leased again it opens again.
    lease(60_000)
    bench.forget()
    await bench.connect(udp())
    other.close()
  })
})

describe("a fence that runs out", () => {
  it("ends the outputs by itself while packets come, and what is put again without one may always send", async () => {
    put(fenceClockUs() + 400_000)
    await bench.legSaid("open")
    await bench.connect(udp())
    const sending = new AbortController()
    const sent = sendTs(numberedTs(7 * 100), { port, bitrate: 4e6, loop: true, signal: sending.signal })
    expect(await bench.ended("o1")).toMatchObject({ code: FENCED })
    const { length } = receiver.datagrams
    expect(bench.open(udp())).toMatchObject({ ok: false, error: { code: FENCED } })
    const taken = bench.counters()["ts_packets"] ?? 0
    await eventually("more has come in", () => ((bench.counters()["ts_packets"] ?? 0) > taken + 700 ? true : null))
    expect(receiver.datagrams).toHaveLength(length)
    put()
    bench.forget()
    await bench.connect(udp())
    await receiver.atLeast(length + 50)
    sending.abort()
    await sent
  })

  it("is forgotten with its channel: the next one in its place is not fenced", async () => {
    put(0)
    bench.ask({ cmd: "remove_channel", channel_id: "c1" })
    put(undefined, "c2")
    expect(bench.open(udp(), "o2", "c2")).toMatchObject({ ok: true })
  })

  it("ends RTMP without a farewell, and a recording with nothing more written", async () => {
    const server = await RtmpTestServer.start()
    const directory = mkdtempSync(join(tmpdir(), "fence-"))
    put(fenceClockUs() + 60e6)
    await bench.legSaid("open")
    await bench.connect(`rtmp://127.0.0.1:${server.port}/live/key`, "rtmp")
    const output = { id: "file", label: "file", session: "s-file", url: "file://rec", directory }
    expect(bench.ask({ cmd: "open_output", channel_id: "c1", output })).toMatchObject({ ok: true })
    await bench.outputIs("file", "connected")
    const sending = new AbortController()
    const sent = sendTs(numberedTs(7 * 100), { port, bitrate: 4e6, loop: true, signal: sending.signal })
    const size = () => readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
    await eventually("something is recorded", () => (size() > 0 ? true : null))
    lease(0)
    const before = size()
    expect(await bench.ended("rtmp")).toMatchObject({ code: FENCED })
    expect(await bench.ended("file")).toMatchObject({ code: FENCED })
    const claim = bench.engine.close()
    await claim
    // The write that was under way may have ended; what was gathered behind it has not been written.
    expect(size() - before).toBeLessThanOrEqual(680 * 188)
    sending.abort()
    await sent
    server.stop()
    rmSync(directory, { recursive: true })
    expect(existsSync(directory)).toBe(false)
  })
})
