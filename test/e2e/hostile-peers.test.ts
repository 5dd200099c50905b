/**
 * Peers that want the engine's memory: they do not get it, and no receiver of another output, or of the same, loses a
 * packet.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createSrtSink, type SrtSink } from "../../load-tests/lib/srt-sink.ts"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { propertyRuns } from "../property-runs.ts"
import { EngineProcess } from "./engine-process.ts"
import { FakeSrtCaller } from "./fake-srt-caller.ts"
import { floodSrt } from "./flood-srt.ts"
import { HostileHttp, HTTP_FLOODS } from "./hostile-http.ts"
import { HostileRtmp, RTMP_FLOODS } from "./hostile-rtmp.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually } from "./product.ts"
import { COLLECTS_GARBAGE, forgetPeak, peakKb, residentAtRest, residentWithin } from "./resident-memory.ts"
import { type BackgroundSource, startSource } from "./source.ts"
import { CONCLUSION, packHandshake } from "./srt-wire.ts"

const MB = 1024
/** Handshakes and messages of a flood; 100 000 with `PROPERTY_RUNS=5`. What is kept of each shows with fewer as well. */
const FLOOD = propertyRuns(20_000)
const RTMP_KINDS = Object.keys(RTMP_FLOODS) as Array<keyof typeof RTMP_FLOODS>
/** Messages of the whole flood; of those that are one message without end, how often it begins. */
const messagesOf = (kind: keyof typeof RTMP_FLOODS): number => (RTMP_FLOODS[kind].messages > 1 ? FLOOD : 100)
const HTTP_KINDS = Object.keys(HTTP_FLOODS) as Array<keyof typeof HTTP_FLOODS>

describe.skipIf(openSrtLibrary({}).srt === null)("point 22: memory under hostile peers", () => {
  let engine: EngineProcess
  let ports: { attacked: number; sibling: number }
  let sinks: SrtSink[]
  let source: BackgroundSource
  let opened = 0
  /** Memory at rest behind a first round of everything, in KiB. */
  let before = 0

  const within10Percent = async () => {
    const most = before * 1.1
    expect(await residentWithin(engine.pid, most), "KiB resident, against before").toBeLessThanOrEqual(most)
  }

  beforeAll(async () => {
    engine = await EngineProcess.start({ preload: [COLLECTS_GARBAGE] })
    const input = await engine.channel()
    ports = { attacked: await freeUdpPort(), sibling: await freeUdpPort() }
    for (const [id, port] of Object.entries(ports)) {
      await engine.open(`srt://127.0.0.1:${port}?mode=listener&stack=libsrt`, id)
      await engine.outputIs(id, "listening")
    }
    sinks = Object.values(ports).map((port) => createSrtSink({ mode: "caller", port, latencyMs: 2000 }))
    for (const sink of sinks) await sink.until((s) => s.stats().connected === 1)
    source = await startSource({ port: input, bitrate: 4_000_000 })
    for (const sink of sinks) await sink.until((s) => s.stats().received > 0)
    await floodSrt(ports.attacked, 10_000, 4000, "malformed")
    await floodSrt(ports.attacked, 5000, 4000, "sound")
    for (const kind of RTMP_KINDS) await publishTo(kind, 10, messagesOf(kind))
    before = await residentAtRest(engine.pid)
  })
  afterAll(async () => {
    await source.stop()
    for (const sink of sinks) sink.close()
    await engine.dispose()
  })

  /**
   * Connects again and again, `times` at least and until the server has sent `messages`; every session ends for a
   * reason that can be tried again.
   */
  const publishTo = async (kind: keyof typeof RTMP_FLOODS, times: number, messages = 0): Promise<boolean> => {
    const server = await HostileRtmp.start(kind)
    const codes: string[] = []
    while (codes.length < times || server.sent < messages) {
      const id = `rtmp ${kind} ${++opened}`
      await engine.open(`rtmp://127.0.0.1:${server.port}/live/key`, id)
      codes.push((await engine.ended(id, 15_000)).code)
      await engine.ask({ cmd: "close_output", channel_id: "c1", output_id: id })
    }
    server.close()
    return codes.every((code) => code.startsWith("rtmp_") || code === "econnreset" || code === "epipe")
  }

  const nobodyLostAnything = async () => {
    expect(engine.alive).toBe(true)
    for (const sink of sinks) {
      const before = sink.stats().received
      await sink.until((s) => s.stats().received > before + 50)
      expect(sink.stats()).toMatchObject({ connected: 1, lost: 0, corrupt: 0, duplicated: 0, out_of_order: 0 })
    }
  }

  it("one handshake that names a window of 64 million packets costs nothing", async () => {
    const peak = forgetPeak(engine.pid)
    const caller = await FakeSrtCaller.open(ports.attacked)
    const cookie = await caller.cookie()
    for (const window of [0x0400_0000, 0x00ff_ffff, 0x7fff_ffff, 0xffff_ffff])
      await caller.send(caller.conclusion(cookie, { window }))
    await caller.send(
      packHandshake(0, { type: CONCLUSION, version: 4, extensionField: 1, cookie, window: 0x0400_0000 }),
    )
    // Taken behind them, by the same thread.
    expect(await caller.connect()).toHaveProperty("socketId")
    caller.close()
    expect(peakKb(engine.pid) - peak).toBeLessThan(30 * MB)
    await nobodyLostAnything()
  })

  it(`${FLOOD} malformed handshakes leave memory where it was; a caller from elsewhere gets in meanwhile`, async () => {
    const peak = forgetPeak(engine.pid)
    const flooding = floodSrt(ports.attacked, FLOOD, 5000, "malformed")
    await eventually("it is told", async () =>
      (await engine.output("attacked")).warnings.some((w) => w.includes("by turns")) ? true : null,
    )
    const stranger = await eventually(
      "a stranger gets in",
      async () => {
        const caller = await FakeSrtCaller.open(ports.attacked, "127.0.0.77")
        const answer = await caller.connect().catch(() => null)
        caller.close()
        return answer !== null && "socketId" in answer ? answer : null
      },
      60_000,
    )
    expect(stranger).toHaveProperty("socketId")
    expect(await flooding).toBe(FLOOD)
    expect(peakKb(engine.pid) - peak).toBeLessThan(120 * MB)
    await within10Percent()
    // The gate calls a flood over when tokens were left for five seconds.
    await eventually("the warning is gone", async () =>
      (await engine.output("attacked")).warnings.length === 0 ? true : null,
    )
    await nobodyLostAnything()
  })

  it(`${FLOOD} handshakes of callers that never say anything again leave memory where it was`, async () => {
    expect(await floodSrt(ports.attacked, FLOOD, 5000, "sound")).toBe(FLOOD)
    expect((await engine.output("attacked")).receivers.length).toBeLessThan(500)
    await eventually(
      "they are given up",
      async () => ((await engine.output("attacked")).receivers.length === 1 ? true : null),
      30_000,
    )
    await within10Percent()
    await nobodyLostAnything()
  })

  it.each(RTMP_KINDS)(
    "a flood of messages of an RTMP server that sends %s: each connection is ended at once",
    async (kind) => {
      const peak = forgetPeak(engine.pid)
      expect(await publishTo(kind, 10, messagesOf(kind))).toBe(true)
      expect(peakKb(engine.pid) - peak).toBeLessThan(64 * MB)
      await within10Percent()
      await nobodyLostAnything()
    },
  )

  it.each(HTTP_KINDS)("an upload server that sends %s: the request is given up", async (kind) => {
    const server = await HostileHttp.start(kind)
    const peak = forgetPeak(engine.pid)
    const id = `http ${kind}`
    await engine.ask({
      cmd: "open_output",
      channel_id: "c1",
      output: {
        id,
        label: id,
        session: id,
        url: `http://127.0.0.1:${server.port}/p/index.m3u8`,
        settings: { segment_s: 1 },
      },
    })
    await eventually("it was asked three times", () => (server.requests >= 3 ? true : null), 60_000)
    await engine.ask({ cmd: "close_output", channel_id: "c1", output_id: id })
    server.close()
    expect(peakKb(engine.pid) - peak).toBeLessThan(64 * MB)
    await nobodyLostAnything()
  })
})
