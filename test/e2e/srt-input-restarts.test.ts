/** Processes of the product die while a channel is received by SRT: the connection stays, or is made anew. */
import { afterEach, describe, expect, it } from "vitest"
import { createUdpSink, type UdpSink } from "../../load-tests/lib/udp-sink.ts"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { EngineProcess } from "./engine-process.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { type BackgroundSource, startSource } from "./source.ts"

const closers: Array<() => unknown> = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A channel whose leg an engine of its own, the encoder, calls; and a sink that checks every packet of its output. */
const stage = async () => {
  const product = await Product.start()
  const encoder = await EngineProcess.start()
  const sink: UdpSink = createUdpSink({ port: 0 })
  closers.push(
    () => product.dispose(),
    () => encoder.dispose(),
    () => sink.close(),
  )
  const port = await freeUdpPort()
  const input_url = `srt://127.0.0.1:${port}?mode=listener&latency=400&passphrase=correct-horse-battery`
  const outputs = [{ url: `udp://127.0.0.1:${sink.port}` }]
  const channel = await product.channel({ name: "By SRT", input_url, outputs })
  const source: BackgroundSource = await startSource({ port: await encoder.channel(), bitrate: 4_000_000 })
  closers.push(() => source.stop())
  const call = (id: string) =>
    encoder.connect(`srt://127.0.0.1:${port}?latency=1500&passphrase=correct-horse-battery`, id)
  const leg = async () => (await product.view(channel.id)).input.legs[0]
  return { product, encoder, sink, channel, source, call, leg }
}

describe.skipIf(openSrtLibrary({}).srt === null)("a channel received by SRT", () => {
  it("keeps its connection when the control plane is killed, and loses nothing", async () => {
    const { product, sink, channel, source, call, leg } = await stage()
    await call("first")
    await sink.until((report) => report.received >= 300)
    sink.reset()
    const before = await leg()
    expect(before?.srt).toMatchObject({ state: "connected", connections: 1 })
    await product.kill("SIGKILL")
    await sink.until((report) => report.received > 500)
    const next = await Product.start({ dataDir: product.dataDir, port: product.port })
    closers.push(() => next.dispose())
    const view = await next.until("running again", channel.id, (v) => v.status === "running" && v)
    expect(view.input.legs[0]?.srt).toMatchObject({ state: "connected", connections: 1, peer: before?.srt?.peer })
    await sink.until((report) => report.received > 1000)
    await source.stop()
    expect(sink.stats()).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, corrupt: 0 })
  })

  it("is there for its sender again when the engine is killed", async () => {
    const { product, encoder, sink, channel, call, leg } = await stage()
    await call("first")
    await sink.until((report) => report.received >= 300)
    process.kill(await product.enginePid(), "SIGKILL")
    await product.until("listening again", channel.id, (v) => v.input.legs[0]?.srt?.state === "listening")
    // The sender hears nothing of the death: libsrt notices after five seconds.
    expect((await encoder.ended("first", 20_000)).code).toBe("srt_2001")
    const received = sink.stats().received
    await call("second")
    await sink.until((report) => report.received > received + 50)
    sink.reset()
    await sink.until((report) => report.received >= 300)
    expect((await leg())?.srt).toMatchObject({ state: "connected", connections: 1 })
    expect(sink.stats()).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, corrupt: 0 })
    await eventually("it is told", async () => {
      const { body } = await product.api("GET", `/api/channels/${channel.id}/events`)
      const events = body["events"] as ReadonlyArray<{ readonly message: string }>
      return events.filter(({ message }) => /the SRT sender .* is connected$/.test(message)).length === 2 ? true : null
    })
  })
})
