import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { afterEach, describe, expect, it } from "vitest"
import { createUdpSink, type UdpSink } from "../../load-tests/lib/udp-sink.ts"
import { SRT_STACKS } from "../../src/core/srt/stack.ts"
import type { ChannelView } from "../../src/effects/model/channel.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { SrtReceiver } from "./receivers.ts"
import { type BackgroundSource, startSource } from "./source.ts"

/** Processes die; streams go on, or are back within two seconds. */
let product: Product | null = null
let source: BackgroundSource | null = null
let sink: UdpSink | null = null
/** One for each stack, which are SRT outputs of the same channel. */
let receivers: ReadonlyArray<SrtReceiver> = []

afterEach(async () => {
  await source?.stop()
  sink?.close()
  await Promise.all(receivers.map((receiver) => receiver.stop("SIGKILL")))
  await product?.dispose()
  product = null
  source = null
  sink = null
  receivers = []
})

/**
 * One of them at least: a receiver of libsrt before 1.5.5 sometimes sees a goodbye only when its idle time is over. What
 * each stack says is looked at in outputs.test.ts.
 */
const wasTold = () => receivers.some(({ program }) => program.errors.includes("SRT source disconnected"))

/** Makes a running channel with a verifying UDP output and SRT listeners on both stacks with a receiver each. */
const streaming = async (): Promise<{
  product: Product
  channel: ChannelView
  sink: UdpSink
  source: BackgroundSource
}> => {
  const started = await Product.start()
  product = started
  const port = await freeUdpPort()
  const witness = createUdpSink({ port: 0 })
  sink = witness
  const srtPorts = await Promise.all(SRT_STACKS.map(() => freeUdpPort()))
  const outputs = [
    { url: `udp://127.0.0.1:${witness.port}` },
    ...SRT_STACKS.map((stack, i) => ({ url: `srt://127.0.0.1:${srtPorts[i]}?mode=listener&stack=${stack}` })),
  ]
  const channel = await started.channel({ name: "Main Event", rtp_ip: "127.0.0.1", rtp_port: port, outputs })
  receivers = await Promise.all(srtPorts.map((srtPort) => SrtReceiver.open(`srt://127.0.0.1:${srtPort}`)))
  await started.until("connected", channel.id, (view) => view.outputs.every((o) => o.status === "connected"), 15_000)
  const running = await startSource({ port })
  source = running
  await witness.until((report) => report.received >= 300)
  // It plays with a latency of its own, and only one that has played says that it was told of the end.
  await Promise.all(receivers.map((receiver) => receiver.atLeast(1)))
  return { product: started, channel, sink: witness, source: running }
}

const restarted = async (before: Product): Promise<Product> => {
  const next = await Product.start({ dataDir: before.dataDir, port: before.port })
  product = next
  return next
}

const lostNothing = async (witness: UdpSink, running: BackgroundSource) => {
  const sent = await running.stop()
  await eventually("all packets", () => (witness.stats().received >= sent ? true : null))
  expect(witness.stats()).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, corrupt: 0 })
}

describe("kill -9 of the control plane", () => {
  it("the streams go on without a lost packet; the next one shows them with their uptime", async () => {
    const stage = await streaming()
    const engine = await stage.product.enginePid()
    await eventually("some uptime", async () => ((await stage.product.view(stage.channel.id)).uptime > 2 ? true : null))
    await stage.product.kill("SIGKILL")
    const received = stage.sink.stats().received
    await stage.sink.until((report) => report.received > received + 500)
    const next = await restarted(stage.product)
    const view = await next.until(
      "running again",
      "main-event",
      (v) => v.status === "running" && v.outputs.every((o) => o.status === "connected") && v,
    )
    expect(await next.enginePid()).toBe(engine)
    expect(view.uptime).toBeGreaterThan(2.5)
    expect(view.outputs[0]?.uptime).toBeGreaterThan(2)
    expect(view.outputs.map((o) => o.reconnects)).toEqual([0, 0, 0])
    await lostNothing(stage.sink, stage.source)
  })

  it("a control plane that was suspended for 7 s finds its engine as it was", async () => {
    const stage = await streaming()
    const engine = await stage.product.enginePid()
    stage.product.child.kill("SIGSTOP")
    await new Promise((resolve) => setTimeout(resolve, 7000))
    stage.product.child.kill("SIGCONT")
    await stage.product.until("running", "main-event", (v) => v.status === "running")
    expect(await stage.product.enginePid()).toBe(engine)
    await lostNothing(stage.sink, stage.source)
  })

  it("changes made while the engine ran alone are carried out: what was removed is removed", async () => {
    const stage = await streaming()
    const gone = (await stage.product.view("main-event")).outputs.slice(1)
    await stage.product.kill("SIGKILL")
    const store = new (await import("node:sqlite")).DatabaseSync(`${stage.product.dataDir}/distributor.db`)
    for (const { id } of gone) store.prepare("DELETE FROM outputs WHERE id = ?").run(id)
    store.close()
    const next = await restarted(stage.product)
    await next.until(
      "one output, still connected",
      "main-event",
      (v) => v.outputs.length === 1 && v.outputs[0]?.status === "connected",
    )
    await eventually("a receiver was told", () => (wasTold() ? true : null), 5000)
    await lostNothing(stage.sink, stage.source)
  })
})

describe("row 40: kill -9 of the engine", () => {
  it("everything is back within 2 s, and the cause is in the log", async () => {
    const stage = await streaming()
    const engine = await stage.product.enginePid()
    const killedAt = performance.now()
    process.kill(engine, "SIGKILL")
    const received = stage.sink.stats().received
    await stage.sink.until((report) => report.received > received + 50, 10_000)
    const backAfter = performance.now() - killedAt
    expect(backAfter).toBeLessThan(2000)
    expect(await stage.product.enginePid()).not.toBe(engine)
    await stage.product.until(
      "running with all outputs",
      "main-event",
      (v) => v.status === "running" && v.outputs.every((o) => o.status === "connected"),
      15_000,
    )
    expect((await stage.product.health()).engine.restarts).toBe(1)
    expect(stage.product.output).toMatch(/engine/i)
  })
})

describe("row 41: SIGTERM while live", () => {
  it("ends within 5 s with code 0, says goodbye to SRT receivers, leaves no child", async () => {
    const stage = await streaming()
    const engine = await stage.product.enginePid()
    const startedAt = performance.now()
    expect(await stage.product.kill("SIGTERM")).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(5000)
    await eventually("the engine has ended", () => (stage.product.engineAlive(engine) ? null : true), 2000)
    await eventually(
      () => `a receiver was told (they said: ${receivers.map(({ program }) => program.errors).join("; ")})`,
      () => (wasTold() ? true : null),
      4000,
    )
    expect(existsSync(`${stage.product.dataDir}/engine.sock`)).toBe(false)
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(stage.product.dataDir)
  })

  it("what ran runs again after the restart", async () => {
    const stage = await streaming()
    await stage.product.kill("SIGTERM")
    const next = await restarted(stage.product)
    await next.until(
      "running again",
      "main-event",
      (v) => v.status === "running" && v.outputs[0]?.status === "connected",
      15_000,
    )
  })
})
