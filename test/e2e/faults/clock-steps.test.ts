/**
 * The wall clock is set by an hour while the engine streams (row 36 of the fault matrix). Nothing that lives may depend
 * on it.
 */
import { afterEach, expect, it, vi } from "vitest"
import { CLOCK_REALTIME, libc } from "../../../src/engine/ffi/libc.ts"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { numberedTs } from "../datagrams.ts"
import { EngineBench, withoutSrt } from "../engine-bench.ts"
import { freeUdpPort } from "../ports.ts"
import { SrtReceiver, UdpReceiver } from "../receivers.ts"
import { sendTs } from "../send-ts.ts"

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const hasSrt = openSrtLibrary({}).srt !== null
const cleanup: Array<() => unknown> = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const step of cleanup.splice(0).reverse()) await step()
})

/**
 * Time in ms for which the packet loop's clock and the kernel's receive stamps disagree: several times what a pass of
 * the loop really takes.
 */
const DISAGREE_MS = 50

/**
 * Sets the wall clock as this process sees it. JavaScript's clock stays set. The packet loop's clock is set for
 * `DISAGREE_MS` only, since the kernel's receive stamps cannot be set here. So the difference of the two steps there
 * and back, which is what the loop sees when datagrams were stamped before the step.
 */
const wallClock = () => {
  let stepMs = 0
  let disagreeMs = 0
  const now = Date.now
  vi.spyOn(Date, "now").mockImplementation(() => now() + stepMs)
  const read = libc.clockGettime
  vi.spyOn(libc, "clockGettime").mockImplementation((clock: number, target: Uint8Array) => {
    const result: unknown = read(clock, target)
    const view = new DataView(target.buffer, target.byteOffset)
    if (clock === CLOCK_REALTIME) view.setBigInt64(0, view.getBigInt64(0, true) + BigInt(disagreeMs) / 1000n, true)
    return result
  })
  return {
    set: async (ms: number) => {
      disagreeMs = ms - stepMs
      stepMs = ms
      await pause(DISAGREE_MS)
      disagreeMs = 0
    },
  }
}

it.each([
  ["an hour ahead", [3_600_000]],
  ["an hour back", [-3_600_000]],
  ["to and fro, every 200 ms", [3_600_000, 0, -3_600_000, 0, 3_600_000, -3_600_000]],
])("row 36: the clock is set %s: every connection stays, nothing is lost or late", async (_, steps) => {
  const clock = wallClock()
  const bench = await EngineBench.start(hasSrt ? openSrtLibrary({}) : withoutSrt())
  cleanup.push(() => bench.close())
  const port = await bench.channel()
  const udp = await UdpReceiver.open()
  const rtp = await UdpReceiver.open()
  cleanup.push(
    () => udp.close(),
    () => rtp.close(),
  )
  await bench.connect(`udp://127.0.0.1:${udp.port}`, "udp")
  await bench.connect(`rtp://127.0.0.1:${rtp.port}`, "rtp")
  const srt: SrtReceiver[] = []
  if (hasSrt) {
    const [callPort, listenPort] = [await freeUdpPort(), await freeUdpPort()]
    srt.push(await SrtReceiver.open(`srt://127.0.0.1:${callPort}?mode=listener`))
    await bench.connect(`srt://127.0.0.1:${callPort}?latency=200`, "caller")
    bench.open(`srt://127.0.0.1:${listenPort}?mode=listener`, "listener")
    await bench.outputIs("listener", "listening")
    srt.push(await SrtReceiver.open(`srt://127.0.0.1:${listenPort}`))
    await bench.outputIs("listener", "connected")
    cleanup.push(...srt.map((receiver) => () => receiver.stop("SIGKILL")))
  }
  const told = bench.all("output_state").length

  const ts = numberedTs(7 * 1600)
  const sending = sendTs(ts, { port, bitrate: 10e6 })
  await udp.atLeast(200)
  for (const step of steps) {
    await clock.set(step)
    await pause(150)
  }
  await sending
  expect(bench.legMessages("silent")).toEqual([])
  await udp.atLeast(1600)
  await rtp.atLeast(1600)
  for (const receiver of srt) await receiver.atLeast(ts.length)
  expect(udp.bytes().equals(ts)).toBe(true)
  expect(rtp.bytes(12).equals(ts)).toBe(true)
  for (const receiver of srt) expect(receiver.bytes().equals(ts)).toBe(true)

  expect(bench.all("output_state").slice(told)).toEqual([])
  const counters = bench.counters()
  expect(counters).toMatchObject({ rtp_lost: 0, rtp_resets: 0, sender_changes: 0, foreign: 0, forwarded: 1600 })
  expect(bench.leg().jitter_ms).toBeLessThan(50)
  for (const output of bench.channelStats().outputs)
    expect(output).toMatchObject({ state: "connected", packets_dropped: 0, send_errors: 0 })
  // RTP timestamps of the output run on by the monotonic clock: there is no step of an hour, nor of a second.
  const stamps = rtp.datagrams.map(({ data }) => data.readUInt32BE(4))
  const gaps = stamps.slice(1).map((stamp, i) => (stamp - (stamps[i] ?? 0)) | 0)
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...gaps)).toBeLessThan(45_000)
})
