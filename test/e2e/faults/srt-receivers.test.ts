/**
 * An SRT listener output with 50 receivers, one on a lossy link and one that answers nothing (row 29 of the fault
 * matrix).
 */
import { afterEach, expect, it } from "vitest"
import { ImpairedRelay } from "../../../load-tests/lib/impaired-relay.ts"
import { createSrtSink, type SrtSink } from "../../../load-tests/lib/srt-sink.ts"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { EngineProcess } from "../engine-process.ts"
import { runSender, SinkProcess } from "../load-process.ts"
import { freeUdpPort } from "../ports.ts"
import { eventually } from "../product.ts"
import { SrtReceiver } from "../receivers.ts"

const hasSrt = openSrtLibrary({}).srt !== null
const SOUND = 48
const BITRATE = 1_600_000
const SECONDS = 6.5

const cleanup: Array<() => unknown> = []
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step()
})

it.skipIf(!hasSrt)(
  "row 29: 50 receivers, one at 5 % loss, one that does not answer: the 48 others lose nothing",
  async () => {
    const engine = await EngineProcess.start()
    cleanup.push(() => engine.dispose())
    const port = await engine.channel()
    const srtPort = await freeUdpPort()
    await engine.open(`srt://127.0.0.1:${srtPort}?mode=listener`)
    await engine.outputIs("o1", "listening")

    const sound = await SinkProcess.start(["--srt-call", `${srtPort}:${SOUND}:0`, "--no-tsbpd"])
    cleanup.push(() => sound.stop())
    const relay = await ImpairedRelay.open(srtPort, { loss: 0.05 })
    cleanup.push(() => relay.close())
    const lossy: SrtSink = createSrtSink({ mode: "caller", port: relay.port, latencyMs: 800 })
    cleanup.push(() => lossy.close())
    const dead = await SrtReceiver.open(`srt://127.0.0.1:${srtPort}`)
    cleanup.push(() => dead.stop("SIGKILL"))

    const receivers = async () => (await engine.output()).receivers
    await eventually(`${SOUND + 2} receivers`, async () => ((await receivers()).length === SOUND + 2 ? true : null))
    const sending = runSender(["--base-port", `${port}`, "--bitrate", `${BITRATE}`, "--duration", `${SECONDS}`])
    const ofLossy = async () => (await receivers()).find((r) => r.peer === `127.0.0.1:${relay.outerPort}`)
    await lossy.until((sink) => sink.stats().received > 0)

    // libsrt of the receivers now and then breaks an attempt off and makes another: those who left before do not count.
    const there = new Set((await receivers()).map((r) => r.peer))
    expect(there.size).toBe(SOUND + 2)
    dead.program.child.kill("SIGSTOP")
    const gone = await eventually(
      "the dead one is dropped",
      () => engine.all("receiver").find((e) => !e.joined && there.has(e.peer)) ?? null,
      9000,
    )
    expect(gone.reason).toMatch(/Connection was broken/)
    expect((await receivers()).map((r) => r.peer)).not.toContain(gone.peer)
    expect(await receivers()).toHaveLength(SOUND + 1)

    const { sent } = await sending
    await eventually("all have all", async () =>
      (await sound.report()).totals.received === sent * SOUND ? true : null,
    )
    const { totals } = await sound.report()
    expect(totals).toMatchObject({ streams: SOUND, lost: 0, corrupt: 0, duplicated: 0, out_of_order: 0 })
    // Even the very last packet, whose loss nothing that follows shows.
    await lossy.until((sink) => sink.stats().received >= sent)
    expect(lossy.stats()).toMatchObject({ lost: 0, corrupt: 0, connected: 1 })
    expect(relay.lost[0] + relay.lost[1]).toBeGreaterThan(20)

    const stats = await ofLossy()
    expect(stats).toMatchObject({
      packets_sent: sent,
      packets_dropped: 0,
      srt: { latency_ms: 800, packets_dropped: 0 },
    })
    expect(stats?.srt?.packets_retransmitted).toBeGreaterThan(10)
    const others = (await receivers()).filter((r) => r.peer !== stats?.peer)
    expect(new Set(others.map((r) => r.peer)).size).toBe(SOUND)
    for (const other of others) expect(other).toMatchObject({ packets_sent: sent, packets_dropped: 0 })
  },
)

it.skipIf(!hasSrt)("row 29: a receiver without TSBPD at 5 % loss gets every packet in its order, too", async () => {
  const engine = await EngineProcess.start()
  cleanup.push(() => engine.dispose())
  const port = await engine.channel()
  const srtPort = await freeUdpPort()
  await engine.open(`srt://127.0.0.1:${srtPort}?mode=listener&latency=800`)
  await engine.outputIs("o1", "listening")
  const relay = await ImpairedRelay.open(srtPort, { loss: 0.05 })
  cleanup.push(() => relay.close())
  const lossy: SrtSink = createSrtSink({ mode: "caller", port: relay.port, latencyMs: 800, tsbpd: false })
  cleanup.push(() => lossy.close())
  await engine.outputIs("o1", "connected")

  const { sent } = await runSender(["--base-port", `${port}`, "--bitrate", `${BITRATE}`, "--duration", "3"])
  await lossy.until((sink) => sink.stats().received >= sent)
  expect(relay.lost[0] + relay.lost[1]).toBeGreaterThan(10)
  expect(lossy.stats()).toMatchObject({ lost: 0, corrupt: 0, duplicated: 0, out_of_order: 0 })
})
