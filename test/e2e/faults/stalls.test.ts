/**
 * The engine's part of row 40 of the fault matrix: the whole process stands still for a while, as on a machine that
 * swaps or in a guest that is not scheduled.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { createSrtSink, type SrtSink } from "../../../load-tests/lib/srt-sink.ts"
import { createUdpSink } from "../../../load-tests/lib/udp-sink.ts"
import { SRT_STACKS } from "../../../src/core/srt/stack.ts"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { EngineProcess } from "../engine-process.ts"
import { runSender } from "../load-process.ts"
import { freeUdpPort } from "../ports.ts"
import { eventually } from "../product.ts"

const hasSrt = openSrtLibrary({}).srt !== null
const cleanup: Array<() => unknown> = []
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step()
})

const start = async () => {
  const engine = await EngineProcess.start()
  cleanup.push(() => engine.dispose())
  return engine
}
const send = (port: number, seconds: number, bitrate = 8_000_000) =>
  runSender(["--base-port", `${port}`, "--bitrate", `${bitrate}`, "--duration", `${seconds}`])

it.each([
  ["500 ms", "8 Mbit/s", 500, 8e6],
  // More than three times what a channel's ring holds.
  ["800 ms", "20 Mbit/s", 800, 20e6],
])(
  "row 40: stopped for %s while %s arrive: nothing is lost on UDP, RTP, file, and SRT caller and listener outputs of both stacks",
  async (_for, _at, stopMs, bitrate) => {
    const engine = await start()
    const port = await engine.channel()
    const datagramSinks = ["udp", "rtp"].map(() => createUdpSink({ port: 0 }))
    cleanup.push(...datagramSinks.map((sink) => () => sink.close()))
    for (const [i, protocol] of ["udp", "rtp"].entries())
      await engine.connect(`${protocol}://127.0.0.1:${datagramSinks[i]?.port}`, protocol)
    const srtSinks: SrtSink[] = []
    for (const stack of hasSrt ? SRT_STACKS : []) {
      const called = createSrtSink({ port: 0, latencyMs: 120 })
      await engine.connect(`srt://127.0.0.1:${called.port}?stack=${stack}`, `${stack} caller`)
      const listenPort = await freeUdpPort()
      await engine.open(`srt://127.0.0.1:${listenPort}?mode=listener&stack=${stack}`, `${stack} listener`)
      await engine.outputIs(`${stack} listener`, "listening")
      srtSinks.push(called, createSrtSink({ mode: "caller", port: listenPort, latencyMs: 120 }))
      await engine.outputIs(`${stack} listener`, "connected")
    }
    cleanup.push(...srtSinks.map((sink) => () => sink.close()))
    const directory = mkdtempSync(join(tmpdir(), "stalls-"))
    cleanup.push(() => rmSync(directory, { recursive: true, force: true }))
    const file = { id: "file", label: "file", session: "s-file", url: "file://copy", directory }
    await engine.ask({ cmd: "open_output", channel_id: "c1", output: file })
    await engine.outputIs("file", "connected")
    const told = engine.all("output_state").length

    const sending = send(port, 3, bitrate)
    await datagramSinks[0]?.until((report) => report.received > 200)
    await engine.freeze(stopMs)
    await new Promise((resolve) => setTimeout(resolve, 400))
    await engine.freeze(stopMs)
    const { sent } = await sending
    for (const sink of datagramSinks) {
      await sink.until((report) => report.received === sent)
      expect(sink.stats()).toMatchObject({ lost: 0, corrupt: 0, duplicated: 0, out_of_order: 0, kernel_drops: 0 })
    }
    for (const sink of srtSinks) {
      await sink.until((s) => s.stats().received === sent)
      expect(sink.stats()).toMatchObject({ connected: 1, lost: 0, corrupt: 0, duplicated: 0, out_of_order: 0 })
    }
    const leg = await engine.leg()
    expect(leg).toMatchObject({ kernel_drops: 0, receiving: true })
    expect(leg.counters).toMatchObject({ rtp_lost: 0, cc_errors: 0, rtp_resets: 0, sender_changes: 0 })
    for (const id of engine.all("output_state").map((e) => e.output_id))
      expect(await engine.output(id)).toMatchObject({ state: "connected", packets_dropped: 0 })
    expect(engine.all("output_state").slice(told)).toEqual([])
    // The stop shows as the loop's longest pass of that second.
    expect(Math.max(...engine.all("stats").map(({ stats }) => stats.loop_max_ms))).toBeGreaterThan(450)
  },
)

it("row 40: with the smallest receive buffer a stop of a second loses datagrams in the kernel: counted, warned about, and the stream goes on", async () => {
  const engine = await start()
  const port = await engine.channel({ rcvbuf: 65_536 })
  const sink = createUdpSink({ port: 0 })
  cleanup.push(() => sink.close())
  await engine.connect(`udp://127.0.0.1:${sink.port}`)
  const sending = send(port, 4)
  await sink.until((report) => report.received > 200)
  await engine.freeze(1000)
  const { sent } = await sending
  const leg = await eventually("all that came is counted", async () => {
    const now = await engine.leg()
    return (now.counters["datagrams"] ?? 0) + now.kernel_drops === sent ? now : null
  })
  expect(leg.kernel_drops).toBeGreaterThan(100)
  expect(leg.counters).toMatchObject({ rtp_lost: leg.kernel_drops, rtp_resets: 0, sender_changes: 0 })
  expect(await engine.legWarned(/kernel dropped/)).toMatch(
    /dropped \d+ packets because the receive buffer was full.*rcvbuf.*rmem_max/,
  )
  const warned = engine
    .all("stats")
    .flatMap(({ stats }) => stats.channels.flatMap((c) => c.legs.flatMap((l) => l.warnings)))
    .flatMap((warning) => /dropped (\d+) packets/.exec(warning)?.[1] ?? [])
  expect(new Set(warned)).toContain(`${leg.kernel_drops}`)
  await sink.until((report) => report.received === sent - leg.kernel_drops)
  expect(sink.stats()).toMatchObject({ lost: leg.kernel_drops, corrupt: 0, out_of_order: 0 })
})
