/** Whatever is thrown inside one session or one leg ends that, and neither the loop nor anything of another channel. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { SrtReceiver, UdpReceiver } from "../../test/e2e/receivers.ts"
import { RtmpTestServer } from "../../test/e2e/rtmp-test-server.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"
import { PacketCore } from "../core/packet-core/packet-core.ts"
import { RtmpPublisher } from "../core/rtmp/publisher.ts"
import { Leg } from "./inputs/leg.ts"
import { SourceControl } from "./inputs/source-control.ts"
import { DatagramOutput } from "./outputs/datagram-output.ts"
import { OwnConnection } from "./srt/own/connection.ts"

let bench: EngineBench
let receiver: UdpReceiver
let good: number
let bad: number
let first = 0

const TS_PACKETS = 7 * 150

/** The sibling gets every packet of what is sent now, in order. */
const siblingIsWhole = async () => {
  const before = receiver.datagrams.length
  const ts = numberedTs(TS_PACKETS, first)
  first += TS_PACKETS
  await sendTs(ts, { port: good, bitrate: 20e6 })
  await receiver.atLeast(before + 150)
  expect(Buffer.concat(receiver.datagrams.slice(before).map(({ data }) => data)).equals(ts)).toBe(true)
}

const boom = (): never => {
  throw new Error("made to fail")
}

beforeEach(async () => {
  first = 0
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  good = await bench.channel({}, "good")
  bad = await bench.channel({}, "bad")
  await bench.connect(`udp://127.0.0.1:${receiver.port}`, "sibling", "good")
})

afterEach(() => {
  vi.restoreAllMocks()
  bench.close()
  receiver.close()
})

describe("a session that throws", () => {
  it.each(["flush", "poll", "stats", "close"] as const)(
    "in %s ends with the reason internal, and nothing else does",
    async (method) => {
      await bench.connect(`udp://127.0.0.1:${await freeUdpPort()}`, "o1", "bad")
      const original = DatagramOutput.prototype[method] as (...args: unknown[]) => unknown
      vi.spyOn(DatagramOutput.prototype, method).mockImplementation(function (
        this: DatagramOutput,
        ...args: unknown[]
      ) {
        return this.spec.id === "o1" ? boom() : (original.apply(this, args) as never)
      })
      if (method === "close") {
        expect(bench.closeOutput("o1", "bad").ok).toBe(true)
        expect(bench.stats().output_faults).toBeGreaterThan(0)
      } else {
        const reason = await eventually("the session ended", () => {
          const state = bench.stateOf("o1")
          return state?.state === "ended" ? state.reason : null
        })
        expect(reason).toEqual({ code: "internal", message: expect.stringContaining("made to fail"), transient: true })
      }
      await siblingIsWhole()
      const { input_faults, engine_faults, output_faults } = bench.stats()
      expect({ input_faults, engine_faults }).toEqual({ input_faults: 0, engine_faults: 0 })
      expect(output_faults).toBeGreaterThan(0)
      expect(bench.log.join("\n")).toMatch(/output o1 of channel bad: .*made to fail[\s\S]*isolation\.test\.ts/)
      // It can be opened again.
      vi.restoreAllMocks()
      bench.forget()
      await bench.connect(`udp://127.0.0.1:${await freeUdpPort()}`, "o1", "bad")
    },
  )

  it("where a socket calls ends the same way", async () => {
    const server = await RtmpTestServer.start()
    vi.spyOn(RtmpPublisher.prototype, "bytesIn").mockImplementation(boom)
    bench.open(`rtmp://127.0.0.1:${server.port}/live/key`, "rtmp", "bad")
    const { reason } = await bench.outputIs("rtmp", "ended")
    expect(reason).toMatchObject({ code: "internal", transient: true })
    expect(bench.stats().output_faults).toBe(1)
    await siblingIsWhole()
    server.stop()
  })
})

describe("a session of our own SRT stack that throws", () => {
  it("where a packet of its receiver arrives ends alone; a sibling on the same socket loses nothing", async () => {
    const [ports, peers] = [[await freeUdpPort(), await freeUdpPort()] as const, [] as SrtReceiver[]]
    for (const port of ports) peers.push(await SrtReceiver.open(`srt://127.0.0.1:${port}?mode=listener`))
    await bench.connect(`srt://127.0.0.1:${ports[0]}`, "o1", "bad")
    await bench.connect(`srt://127.0.0.1:${ports[1]}`, "srt", "good")
    const original = OwnConnection.prototype.receive
    let thrown = 0
    vi.spyOn(OwnConnection.prototype, "receive").mockImplementation(function (this: OwnConnection, ...args) {
      thrown += 1
      return thrown === 1 ? boom() : original.apply(this, args)
    })
    // One of the two says something first, and goes.
    const ended = await Promise.race(["o1", "srt"].map((id) => bench.ended(id).catch(() => null)))
    expect(ended).toMatchObject({ code: "internal" })
    await siblingIsWhole()
    const outputs = ["bad", "good"].flatMap((channel) => bench.channelStats(channel).outputs)
    expect(outputs.filter(({ url, state }) => url.startsWith("srt") && state === "connected")).toHaveLength(1)
    await Promise.all(peers.map((peer) => peer.stop("SIGKILL")))
  })
})

describe("a leg that throws", () => {
  it.each(["receive", "poll", "stats"] as const)(
    "in %s is closed, says so, and opens again after a while",
    async (method) => {
      const original = Leg.prototype[method] as (...args: unknown[]) => unknown
      let failures = 0
      vi.spyOn(Leg.prototype, method).mockImplementation(function (this: Leg, ...args: unknown[]) {
        return this.spec.port === bad && failures++ < 1 ? boom() : (original.apply(this, args) as never)
      })
      bench.forget()
      if (method === "receive") await sendTs(numberedTs(7), { port: bad })
      const { message } = await bench.legSaid("failed")
      expect(message).toContain("made to fail")
      expect(bench.stats()).toMatchObject({ input_faults: 1, output_faults: 0, engine_faults: 0 })
      expect(bench.leg("primary", "bad").problem).toMatchObject({ code: "internal", transient: true })
      await siblingIsWhole()
      await bench.legSaid("open")
      // What arrives goes out again.
      const sink = await UdpReceiver.open()
      await bench.connect(`udp://127.0.0.1:${sink.port}`, "o1", "bad")
      await sendTs(numberedTs(70), { port: bad })
      await sink.atLeast(10)
      expect(sink.bytes().equals(numberedTs(70))).toBe(true)
      sink.close()
    },
  )
})

describe("what belongs to a channel or to nobody", () => {
  it("a choice between the sources that throws leaves the stream as it is", async () => {
    const decide = vi.spyOn(SourceControl.prototype, "decide").mockImplementation(boom)
    await eventually("it was asked", () => decide.mock.calls.length > 1)
    await siblingIsWhole()
    expect(bench.stats().input_faults).toBeGreaterThan(0)
    // Not asked again for a while, so that the log and the counter tell of it in proportion.
    expect(bench.stats().input_faults).toBeLessThan(10)
  })

  it("the core's tick, its events and the figures of a second may throw, and the loop goes on", async () => {
    vi.spyOn(PacketCore.prototype, "tick").mockImplementationOnce(boom)
    vi.spyOn(PacketCore.prototype, "takeEvents").mockImplementationOnce(boom)
    await siblingIsWhole()
    await eventually("both were counted", () => bench.stats().engine_faults === 2)
  })
})
