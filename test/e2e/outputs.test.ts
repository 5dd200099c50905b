import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { createUdpSink, type UdpSink } from "../../load-tests/lib/udp-sink.ts"
import { SRT_STACKS } from "../../src/core/srt/stack.ts"
import type { ChannelView, OutputView } from "../../src/effects/model/channel.ts"
import { FakeSrtCaller } from "./fake-srt-caller.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { SrtReceiver } from "./receivers.ts"
import { type BackgroundSource, startSource } from "./source.ts"

/**
 * Outputs of a running channel come, go, change and fail. A sink that checks every packet proves that the other outputs
 * notice nothing.
 */
let product: Product
let channel: ChannelView
let source: BackgroundSource
let sink: UdpSink
const receivers: SrtReceiver[] = []
const receive = async (url: string) => {
  const receiver = await SrtReceiver.open(url)
  receivers.push(receiver)
  return receiver
}
const outputOf = (view: ChannelView, id: string) => view.outputs.find((o) => o.id === id)

beforeAll(async () => {
  product = await Product.start()
})
afterAll(() => product.dispose())

beforeEach(async () => {
  const port = await freeUdpPort()
  sink = createUdpSink({ port: 0 })
  channel = await product.channel({
    name: `ch ${port}`,
    rtp_ip: "127.0.0.1",
    rtp_port: port,
    outputs: [{ url: `udp://127.0.0.1:${sink.port}` }],
  })
  await product.until("the witness is connected", channel.id, (view) => view.outputs[0]?.status === "connected")
  source = await startSource({ port })
  await sink.until((report) => report.received >= 200)
})
afterEach(async () => {
  await source.stop()
  sink.close()
  await Promise.all(receivers.splice(0).map((r) => r.stop("SIGKILL")))
  await product.api("DELETE", `/api/channels/${channel.id}`)
})

/** Checks, after all that a test did, that the witness has every packet that was sent. */
const witnessLostNothing = async () => {
  const sent = await source.stop()
  await eventually("the witness has all packets", () => (sink.stats().received >= sent ? true : null))
  expect(sink.stats()).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, corrupt: 0 })
}

describe("siblings lose nothing", () => {
  it("while outputs are added, changed, stopped and removed", async () => {
    for (const stack of [...SRT_STACKS, ...SRT_STACKS]) {
      const srtPort = await freeUdpPort()
      const added = await product.addOutput(channel.id, {
        protocol: "srt",
        url: `srt://127.0.0.1:${srtPort}?mode=listener&stack=${stack}`,
      })
      await receive(`srt://127.0.0.1:${srtPort}`)
      await product.until("connected", channel.id, (v) => outputOf(v, added.id)?.status === "connected")
      const path = `/api/channels/${channel.id}/outputs/${added.id}`
      expect(
        (await product.api("PUT", path, { url: `srt://127.0.0.1:${srtPort}?mode=listener&latency=300&stack=${stack}` }))
          .status,
      ).toBe(200)
      expect((await product.api("POST", `${path}/stop`)).status).toBe(200)
      await product.until("stopped", channel.id, (v) => outputOf(v, added.id)?.status === "stopped")
      expect((await product.api("DELETE", path)).status).toBe(204)
    }
    await witnessLostNothing()
  })

  it("row 43: editing one output restarts that one only", async () => {
    const ports = [await freeUdpPort(), await freeUdpPort()]
    const added: OutputView[] = []
    for (const port of ports) {
      added.push(await product.addOutput(channel.id, { url: `srt://127.0.0.1:${port}?mode=listener` }))
      await receive(`srt://127.0.0.1:${port}`)
    }
    const [edited, untouched] = added
    const both = await product.until(
      "both connected",
      channel.id,
      (v) => added.every((o) => outputOf(v, o.id)?.status === "connected") && v,
    )
    const before = outputOf(both, untouched?.id ?? "")
    const answer = await product.api("PUT", `/api/channels/${channel.id}/outputs/${edited?.id}`, {
      url: `srt://127.0.0.1:${ports[0]}?mode=listener&latency=1444`,
    })
    expect(answer.body).toMatchObject({ options: { latency_ms: 1444 } })
    await product.until(
      "the edited one is connected again",
      channel.id,
      (v) => outputOf(v, edited?.id ?? "")?.srt?.["latency_ms"] === 1444,
      15_000,
    )
    const after = outputOf(await product.view(channel.id), untouched?.id ?? "")
    expect(after).toMatchObject({
      status: "connected",
      reconnects: before?.reconnects,
      error_count: before?.error_count,
    })
    expect(after?.uptime).toBeGreaterThan(before?.uptime ?? 0)
    await witnessLostNothing()
  })

  it("while a receiver refuses, has the wrong passphrase, is not there, or stalls", async () => {
    const locked = await freeUdpPort()
    await receive(`srt://127.0.0.1:${locked}?mode=listener&passphrase=0123456789abcdef`)
    const wrong = await product.addOutput(channel.id, { url: `srt://127.0.0.1:${locked}?passphrase=wrong-wrong-wrong` })
    const absent = await product.addOutput(channel.id, { url: `srt://127.0.0.1:${await freeUdpPort()}?conntimeo=500` })
    const nameless = await product.addOutput(channel.id, { url: "srt://no-such-host.invalid:9000" })
    const stallPort = await freeUdpPort()
    const stalling = await receive(`srt://127.0.0.1:${stallPort}?mode=listener`)
    const stalled = await product.addOutput(channel.id, { url: `srt://127.0.0.1:${stallPort}` })
    await product.until(
      "the one that will stall is connected",
      channel.id,
      (v) => outputOf(v, stalled.id)?.status === "connected",
      15_000,
    )
    stalling.program.child.kill("SIGSTOP")
    const says = (id: string, text: RegExp) =>
      product.until(
        `${text}`,
        channel.id,
        (v) => (text.test(outputOf(v, id)?.last_error ?? "") ? outputOf(v, id) : null),
        15_000,
      )
    expect(await says(wrong.id, /Incorrect passphrase/)).toMatchObject({ status: "retrying" })
    expect(await says(absent.id, /Connection timeout/)).toMatchObject({
      status: expect.stringMatching(/retrying|connecting/),
    })
    await says(nameless.id, /no-such-host\.invalid/)
    await says(stalled.id, /Connection was broken/)
    stalling.program.child.kill("SIGCONT")
    await product.until(
      "the stalled one is back",
      channel.id,
      (v) => outputOf(v, stalled.id)?.status === "connected",
      20_000,
    )
    await witnessLostNothing()
  })
})

describe("retries", () => {
  it("wait longer each time, say when the next is, and end when the receiver is there", async () => {
    const port = await freeUdpPort()
    const output = await product.addOutput(channel.id, { url: `srt://127.0.0.1:${port}?conntimeo=200` })
    const waits = new Map<number, number>()
    await product.until(
      "four failures",
      channel.id,
      (view) => {
        const seen = outputOf(view, output.id)
        if (seen?.status === "retrying" && seen.next_retry_at !== null && !waits.has(seen.error_count))
          waits.set(seen.error_count, Date.parse(seen.next_retry_at) - Date.now())
        return (seen?.error_count ?? 0) >= 4
      },
      30_000,
    )
    const delays = [...waits.values()]
    expect(delays.length).toBeGreaterThanOrEqual(3)
    expect(delays.at(-1)).toBeGreaterThan((delays[0] ?? 0) * 1.5)
    await receive(`srt://127.0.0.1:${port}?mode=listener`)
    const connected = await product.until(
      "connected",
      channel.id,
      (v) => (outputOf(v, output.id)?.status === "connected" ? outputOf(v, output.id) : null),
      30_000,
    )
    expect(connected.next_retry_at).toBeNull()
    expect(connected.last_error).toMatch(/Connection timeout/)
  })

  it("first byte arrives soon after the POST", async () => {
    const late = createUdpSink({ port: 0 })
    const startedAt = performance.now()
    await product.addOutput(channel.id, { url: `udp://127.0.0.1:${late.port}` })
    await late.until((report) => report.received >= 1)
    const ms = performance.now() - startedAt
    late.close()
    // The target is 200 ms; the bound is wide because this machine is shared.
    expect(ms).toBeLessThan(1000)
  })
})

describe("SRT receivers", () => {
  it.each(SRT_STACKS)("see a goodbye when their output on the stack %s is removed", async (stack) => {
    const port = await freeUdpPort()
    const output = await product.addOutput(channel.id, { url: `srt://127.0.0.1:${port}?mode=listener&stack=${stack}` })
    // The receiver is one made of the wire's bytes, because srt-live-transmit sometimes sees the end only when its own
    // idle time is over (libsrt before 1.5.5).
    const receiver = await FakeSrtCaller.open(port)
    expect(await receiver.connect()).toHaveProperty("socketId")
    await product.until("connected", channel.id, (v) => outputOf(v, output.id)?.receivers.length === 1)
    await product.api("DELETE", `/api/channels/${channel.id}/outputs/${output.id}`)
    await eventually("a shutdown packet", () => (receiver.shutdowns > 0 ? true : null), 4000)
    receiver.close()
  })
})
