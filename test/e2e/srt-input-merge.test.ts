/**
 * SRT legs beside others: merged by content, each cut for ten seconds, over a network that loses packets. An engine of
 * its own is the encoder: what it sends is what it is given.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ImpairedRelay } from "../../load-tests/lib/impaired-relay.ts"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { numberNulls } from "../ts-difference.ts"
import { EngineProcess } from "./engine-process.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually } from "./product.ts"
import { UdpReceiver } from "./receivers.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 3_000_000
const CUT_S = 10
/** Latency of the other legs in ms: what this process, through which all goes, may stand still for. */
const LATENCY_MS = 1500
/** Latency of the leg that loses packets, in ms: time for repairs, also where the machine stands still for seconds. */
const LOSSY_LATENCY_MS = 6000
/** A cut connection is given up after 5 s, and called again with pauses that grow to 4 s. */
const BACK_WITHIN_S = 20

/** A relay whose line can be cut. */
const line = async (target: number, impairment: { loss?: number; delayMs?: number; seed?: number } = {}) => {
  const state = { ...impairment }
  const relay = await ImpairedRelay.open(target, state)
  const loss = state.loss ?? 0
  return {
    port: relay.port,
    cut: () => (state.loss = 1),
    mend: () => (state.loss = loss),
    lost: () => relay.lost,
    close: () => relay.close(),
  }
}

describe.skipIf(openSrtLibrary({}).srt === null)("SRT legs", () => {
  const ts = numberNulls(generateTs(20, { bitrate: BITRATE }))
  let encoder: EngineProcess
  let engine: EngineProcess
  const closers: Array<() => unknown> = []
  const received = new Map<string, UdpReceiver>()
  let lossy: Awaited<ReturnType<typeof line>>

  beforeAll(async () => {
    ;[encoder, engine] = await Promise.all([EngineProcess.start(), EngineProcess.start()])
    closers.push(
      () => encoder.dispose(),
      () => engine.dispose(),
    )
  })
  afterAll(() => Promise.all(closers.map((close) => close())))

  /** An SRT listener of the encoder, behind a line. */
  const listener = async (id: string, impairment = {}) => {
    const port = await freeUdpPort()
    await encoder.open(`srt://127.0.0.1:${port}?mode=listener`, id)
    await encoder.outputIs(id, "listening")
    const wire = await line(port, impairment)
    closers.push(() => wire.close())
    return wire
  }
  const srtLeg = (name: "primary" | "backup", wire: { port: number }, latency = LATENCY_MS) => ({
    name,
    ip: "127.0.0.1",
    port: wire.port,
    url: `srt://127.0.0.1:${wire.port}?latency=${latency}`,
  })
  const watch = async (channel: string) => {
    const receiver = await UdpReceiver.open()
    closers.push(() => receiver.close())
    received.set(channel, receiver)
    await engine.connect(`udp://127.0.0.1:${receiver.port}`, `out of ${channel}`, channel)
  }
  /** What came out of a channel from the first packet of the stream on: which packets are missing, and which are others. */
  const outcome = (channel: string, loops: number) => {
    const bytes = received.get(channel)?.bytes() ?? Buffer.alloc(0)
    const sent = Buffer.concat(Array.from({ length: loops }, () => Buffer.from(ts)))
    // Receiving begins within the stream: everything from there on is to be there.
    const from = sent.indexOf(bytes.subarray(0, 188 * 14))
    return {
      from,
      packets: bytes.length / 188,
      same: from >= 0 && sent.subarray(from, from + bytes.length).equals(bytes),
    }
  }

  it("of equal content merge, with SRT and with RTP, and lose nothing when each is cut for 10 s", async () => {
    const input = await encoder.channel()
    const [a, b, c] = [await listener("a"), await listener("b"), await listener("c")]
    lossy = await listener("lossy", { loss: 0.02, delayMs: 40, seed: 7 })
    const rtpPort = await freeUdpPort()
    const rtp = await line(rtpPort)
    closers.push(() => rtp.close())
    await encoder.connect(`rtp://127.0.0.1:${rtp.port}`, "rtp")
    // The beginning is not to be a failover: SRT brings its first packet a latency later than RTP does.
    const merging = { mode: "merge", merge_window_ms: 2000, failover_after_ms: 5000 } as const
    await engine.putLegs([srtLeg("primary", a), srtLeg("backup", b)], merging, "two")
    await engine.putLegs([srtLeg("primary", c), { name: "backup", ip: "127.0.0.1", port: rtpPort }], merging, "mixed")
    await engine.putLegs([srtLeg("primary", lossy, LOSSY_LATENCY_MS)], {}, "lossy")
    await eventually("all SRT legs are connected", () => (engine.legMessages("connected").length >= 4 ? true : null))
    const sending = new AbortController()
    const sent = sendTs(ts, { port: input, bitrate: BITRATE, loop: true, signal: sending.signal })
    const merged = async (channel: string) =>
      eventually(
        `${channel} is merged`,
        async () => ((await engine.channelStats(channel)).merge === "off" ? null : true),
        30_000,
      )
    await Promise.all([merged("two"), merged("mixed")])
    for (const channel of ["two", "mixed", "lossy"]) await watch(channel)
    for (const cut of [
      [a, c],
      [b, rtp],
    ]) {
      for (const wire of cut) wire.cut()
      await new Promise((resolve) => setTimeout(resolve, CUT_S * 1000))
      for (const wire of cut) wire.mend()
      await eventually(
        "both legs arrive again and are merged",
        async () => {
          const channels = await Promise.all([engine.channelStats("two"), engine.channelStats("mixed")])
          const all = channels.every(
            ({ legs, redundancy }) => redundancy === "ok" && legs.every((leg) => leg.receiving),
          )
          return all && channels.every(({ merge }) => merge !== "off") ? true : null
        },
        BACK_WITHIN_S * 1000,
      )
    }
    sending.abort()
    await sent
    await new Promise((resolve) => setTimeout(resolve, 2000))
    for (const channel of ["two", "mixed"]) {
      const { from, packets, same } = outcome(channel, 4)
      // Whose fault a missing packet is: the line's, the test's own receiver's, or the merge's.
      const { legs, merge_lost } = await engine.channelStats(channel)
      const lost = legs.map(({ counters, kernel_drops, srt }) => ({
        rtp_lost: counters["rtp_lost"],
        kernel_drops,
        dropped: srt?.figures?.packets_dropped,
      }))
      expect([channel, same, from >= 0], JSON.stringify({ lost, merge_lost })).toEqual([channel, true, true])
      expect(packets * 188 * 8).toBeGreaterThan(2 * CUT_S * BITRATE)
      expect((await engine.channelStats(channel)).merge_lost).toBe(0)
    }
    expect((await engine.leg("primary", "two")).srt).toMatchObject({ state: "connected", connections: 2 })
    // Both legs of one channel, and the SRT leg of the other.
    expect(engine.legMessages("lost").filter((message) => /Connection was broken$/.test(message))).toHaveLength(3)
  })

  it("with 2 % loss and 80 ms of round trip time bring every byte", async () => {
    // What the encoder sends comes back to us, who called.
    expect(lossy.lost()[1]).toBeGreaterThan(50)
    expect(outcome("lossy", 4)).toMatchObject({ same: true })
    const { srt } = await engine.leg("primary", "lossy")
    expect(srt?.figures?.packets_lost).toBeGreaterThan(50)
    expect(srt?.figures?.packets_dropped).toBe(0)
    expect(srt?.figures?.rtt_ms).toBeGreaterThan(60)
  })
})
