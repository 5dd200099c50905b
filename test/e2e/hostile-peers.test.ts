/** Peers that want the engine's memory: they do not get it, and no receiver of another output, or of the same, loses a packet. */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createSrtSink, type SrtSink } from "../../load-tests/lib/srt-sink.ts"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { EngineProcess } from "./engine-process.ts"
import { FakeSrtCaller } from "./fake-srt-caller.ts"
import { HostileHttp, HTTP_FLOODS } from "./hostile-http.ts"
import { HostileRtmp, RTMP_FLOODS } from "./hostile-rtmp.ts"
import { runSender } from "./load-process.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually } from "./product.ts"
import { CONCLUSION, packHandshake } from "./srt-wire.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const MB = 1024

describe.skipIf(openSrtLibrary({}).srt === null)("point 22: memory under hostile peers", () => {
  let engine: EngineProcess
  let ports: { attacked: number; sibling: number }
  let sinks: SrtSink[]

  const residentKb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${engine.pid}/status`, "utf8"))?.[1])
  const peakKb = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${engine.pid}/status`, "utf8"))?.[1])

  /** Memory once it has come to rest: the engine looks every 10 s whether it has something to give back. */
  const atRest = async (): Promise<number> => {
    let last = residentKb()
    let least = last
    await eventually(
      "memory is at rest",
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 12_000))
        const now = residentKb()
        const rests = Math.abs(now - last) < 2 * MB
        last = now
        least = Math.min(least, now)
        return rests ? true : null
      },
      90_000,
    )
    return least
  }
  const within10Percent = (before: number) =>
    eventually("memory is within 10 % of before", () => (residentKb() <= before * 1.1 ? true : null), 60_000).catch(() =>
      expect(residentKb(), "KiB resident, against before").toBeLessThanOrEqual(before * 1.1),
    )

  const flood = (port: number, count: number, perSecond: number, kind: "malformed" | "sound") =>
    new Promise<number>((resolve, reject) => {
      const args = [`${root}test/e2e/handshake-flood.ts`, ...[port, count, perSecond].map(String), kind]
      const child = spawn(`${root}node_modules/.bin/bun`, args, { stdio: ["ignore", "pipe", "inherit"] })
      let text = ""
      child.stdout.on("data", (chunk) => (text += String(chunk)))
      child.once("exit", (code) => (code === 0 ? resolve(Number(text)) : reject(new Error(`the flood ended with ${code}`))))
    })

  beforeAll(async () => {
    engine = await EngineProcess.start()
    const input = await engine.channel()
    ports = { attacked: await freeUdpPort(), sibling: await freeUdpPort() }
    for (const [id, port] of Object.entries(ports)) {
      await engine.open(`srt://127.0.0.1:${port}?mode=listener`, id)
      await engine.outputIs(id, "listening")
    }
    sinks = Object.values(ports).map((port) => createSrtSink({ mode: "caller", port, latencyMs: 2000 }))
    for (const sink of sinks) await sink.until((s) => s.stats().connected === 1)
    runSender(["--base-port", `${input}`, "--bitrate", "4000000", "--duration", "900"], [], 910_000).catch(() => {})
    for (const sink of sinks) await sink.until((s) => s.stats().received > 0)
  })
  afterAll(async () => {
    for (const sink of sinks) sink.close()
    await engine.dispose()
  })

  const nobodyLostAnything = async () => {
    expect(engine.alive).toBe(true)
    for (const sink of sinks) {
      const before = sink.stats().received
      await sink.until((s) => s.stats().received > before + 50)
      expect(sink.stats()).toMatchObject({ connected: 1, lost: 0, corrupt: 0, duplicated: 0, out_of_order: 0 })
    }
  }

  it("one handshake that names a window of 64 million packets costs nothing", async () => {
    const before = peakKb()
    const caller = await FakeSrtCaller.open(ports.attacked)
    const cookie = await caller.cookie()
    for (const window of [0x0400_0000, 0x00ff_ffff, 0x7fff_ffff, 0xffff_ffff]) await caller.send(caller.conclusion(cookie, { window }))
    await caller.send(packHandshake(0, { type: CONCLUSION, version: 4, extensionField: 1, cookie, window: 0x0400_0000 }))
    // Taken behind them, by the same thread.
    expect(await caller.connect()).toHaveProperty("socketId")
    caller.close()
    expect(peakKb() - before).toBeLessThan(30 * MB)
    await nobodyLostAnything()
  })

  it("100 000 malformed handshakes leave memory where it was; a caller from elsewhere gets in meanwhile", {
    timeout: 240_000,
  }, async () => {
    await flood(ports.attacked, 20_000, 4000, "malformed")
    const before = await atRest()
    const peak = peakKb()
    const flooding = flood(ports.attacked, 100_000, 5000, "malformed")
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
    expect(await flooding).toBe(100_000)
    expect(peakKb() - peak).toBeLessThan(120 * MB)
    await within10Percent(before)
    expect((await engine.output("attacked")).warnings).toEqual([])
    await nobodyLostAnything()
  })

  it("100 000 handshakes of callers that never say anything again leave memory where it was", { timeout: 240_000 }, async () => {
    await flood(ports.attacked, 20_000, 4000, "sound")
    const before = await atRest()
    expect(await flood(ports.attacked, 100_000, 5000, "sound")).toBe(100_000)
    expect((await engine.output("attacked")).receivers.length).toBeLessThan(500)
    await eventually("they are given up", async () => ((await engine.output("attacked")).receivers.length === 1 ? true : null), 30_000)
    await within10Percent(before)
    await nobodyLostAnything()
  })

  it.each(Object.keys(RTMP_FLOODS) as Array<keyof typeof RTMP_FLOODS>)(
    "a RTMP server that sends %s: each connection is ended at once",
    { timeout: 120_000 },
    async (kind) => {
      const server = await HostileRtmp.start(kind)
      let opened = 0
      const attempt = async () => {
        const id = `rtmp ${kind} ${opened++}`
        await engine.open(`rtmp://127.0.0.1:${server.port}/live/key`, id)
        const reason = await engine.ended(id, 15_000)
        await engine.ask({ cmd: "close_output", channel_id: "c1", output_id: id })
        return reason
      }
      for (let i = 0; i < 10; i++) await attempt()
      const before = await atRest()
      const peak = peakKb()
      const sent = server.sent
      const enough = RTMP_FLOODS[kind].messages > 1 ? 100_000 : 100
      while (server.sent - sent < enough) expect((await attempt()).code).toMatch(/^rtmp_|^connection|^econnreset|^epipe|^closed/)
      server.close()
      expect(peakKb() - peak).toBeLessThan(64 * MB)
      await within10Percent(before)
      await nobodyLostAnything()
    },
  )

  it.each(Object.keys(HTTP_FLOODS) as Array<keyof typeof HTTP_FLOODS>)(
    "an upload server that sends %s: the request is given up",
    { timeout: 120_000 },
    async (kind) => {
      const server = await HostileHttp.start(kind)
      const before = residentKb()
      const peak = peakKb()
      const id = `http ${kind}`
      await engine.ask({
        cmd: "open_output",
        channel_id: "c1",
        output: { id, label: id, session: id, url: `http://127.0.0.1:${server.port}/p/index.m3u8`, settings: { segment_s: 1 } },
      })
      await eventually("it was asked three times", () => (server.requests >= 3 ? true : null), 60_000)
      await engine.ask({ cmd: "close_output", channel_id: "c1", output_id: id })
      server.close()
      expect(peakKb() - Math.max(peak, before)).toBeLessThan(64 * MB)
      await nobodyLostAnything()
    },
  )
})
