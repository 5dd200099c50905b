/** Our own SRT stack with its memory used up: whoever comes then is turned away, and nobody else notices. */
import { afterEach, describe, expect, it, vi } from "vitest"
import { createSrtSink, type SrtSink } from "../../load-tests/lib/srt-sink.ts"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"
import { SrtArena } from "./srt/own/arena.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

const library = openSrtLibrary({})
const closers: Array<() => void> = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const close of closers.splice(0).reverse()) close()
})

it.skipIf(library.srt === null)(
  "an SRT output whose backup finds no memory goes on with its main receiver",
  async () => {
    const bench = await EngineBench.start(library, { srtStack: "own" })
    closers.push(() => bench.close())
    await bench.channel()
    const [main, backup] = [await freeUdpPort(), await freeUdpPort()]
    closers.push(...[createSrtSink({ mode: "listener", port: main, verify: "none" })].map((sink) => () => sink.close()))
    bench.ask({
      cmd: "open_output",
      channel_id: "c1",
      output: {
        id: "o1",
        label: "o1",
        session: "s1",
        url: `srt://127.0.0.1:${main}?connect_timeout=60000`,
        settings: { backup_url: `srt://127.0.0.1:${backup}` },
      },
    })
    await bench.outputIs("o1", "connected")
    const taking = vi.spyOn(SrtArena.prototype, "tryTake").mockReturnValue(null)
    const sink = createSrtSink({ mode: "listener", port: backup, verify: "none" })
    closers.push(() => sink.close())
    const error = await eventually("it is told", () => bench.output("o1").backup?.backup.error ?? null)
    expect(error).toMatch(/^the SRT stack holds \d+ MiB, its bound/)
    expect(bench.output("o1")).toMatchObject({ state: "connected", backup: { carrier: "main" } })
    taking.mockRestore()
    await sink.until((one) => one.stats().connected === 1, 20_000)
  },
)

describe.skipIf(library.srt === null)("an SRT listener of our own stack without memory", () => {
  it("turns the next receiver away with the reason, keeps those it has, and takes one that comes again", async () => {
    const bench = await EngineBench.start(library, { srtStack: "own" })
    closers.push(() => bench.close())
    const input = await bench.channel()
    const port = await freeUdpPort()
    bench.open(`srt://127.0.0.1:${port}?mode=listener`)
    await bench.outputIs("o1", "listening")
    const receiver = (): SrtSink => {
      const sink = createSrtSink({ mode: "caller", port, verify: "none", reconnectMs: 200 })
      closers.push(() => sink.close())
      return sink
    }
    const first = receiver()
    await first.until((sink) => sink.stats().connected === 1)
    const taking = vi.spyOn(SrtArena.prototype, "tryTake").mockReturnValue(null)
    const second = receiver()
    const turnedAway = await eventually("it is told", () => bench.all("receiver").find(({ joined }) => !joined) ?? null)
    expect(turnedAway.reason).toMatch(/^the SRT stack holds \d+ MiB, its bound: run fewer SRT outputs, or shorter lat/)
    expect(bench.stateOf("o1")?.state).toBe("connected")
    taking.mockRestore()
    await second.until((sink) => sink.stats().connected === 1, 20_000)
    await sendTs(numberedTs(700), { port: input, bitrate: 4_000_000 })
    for (const sink of [first, second]) await sink.until((s) => s.stats().received >= 90)
    expect(bench.output("o1").receivers).toHaveLength(2)
  })
})
