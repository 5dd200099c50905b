/** Several engines: what happens to one is felt by its own channels alone. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { createUdpSink, type UdpSink } from "../../load-tests/lib/udp-sink.ts"
import { isAlive } from "../../src/effects/engine/os-process.ts"
import type { ChannelEventView } from "../../src/effects/model/event.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { type BackgroundSource, startSource } from "./source.ts"

/** A channel with its source and a sink that looks at every packet. */
interface Stream {
  readonly id: string
  readonly source: BackgroundSource
  readonly sink: UdpSink
}

let product: Product
let streams: ReadonlyArray<Stream> = []

const stream = async (name: string): Promise<Stream> => {
  const port = await freeUdpPort()
  const sink = createUdpSink({ port: 0 })
  const outputs = [{ url: `udp://127.0.0.1:${sink.port}` }]
  const { id } = await product.channel({ name, rtp_ip: "127.0.0.1", rtp_port: port, outputs })
  await product.until("connected", id, (view) => view.outputs[0]?.status === "connected")
  return { id, sink, source: await startSource({ port, seconds: 300 }) }
}

/** Whether more packets come out than have come out by now. */
const goesOn = async ({ sink }: Stream, packets = 100) => {
  const { received } = sink.stats()
  await sink.until((report) => report.received > received + packets, 15_000)
}

const [first, second] = [() => streams[0] as Stream, () => streams[1] as Stream]
const kindsOf = async ({ id }: Stream) =>
  (await product.api<{ events: ReadonlyArray<ChannelEventView> }>("GET", `/api/channels/${id}/events`)).body.events.map(
    ({ kind }) => kind,
  )
const carried = async () => (await product.engines()).map(({ channels, number }) => [number, channels])
const pids = async () => (await product.engines()).map(({ pid }) => pid)

/** The control plane dies, and another comes with this number of engines. */
const anotherControlPlane = async (engines: number) => {
  const { dataDir, port } = product
  await product.kill("SIGKILL")
  product = await Product.start({ dataDir, port, env: { ENGINES: String(engines) } })
}

beforeAll(async () => {
  product = await Product.start({ env: { ENGINES: "2" } })
  streams = [await stream("One"), await stream("Two")]
  for (const one of streams) await goesOn(one, 300)
})

afterAll(async () => {
  for (const { sink, source } of streams) {
    await source.stop()
    sink.close()
  }
  await product.dispose()
})

it("has a channel on each engine, and those that share a port on one", async () => {
  expect(await carried()).toEqual([
    [1, 1],
    [2, 1],
  ])
  const port = await freeUdpPort()
  const listeners: string[] = []
  for (const name of ["Three", "Four"]) {
    const { id } = await product.channel({ name, input_url: `srt://127.0.0.1:${port}?mode=listener&streamid=${name}` })
    listeners.push(id)
    await product.until("listening", id, (view) => view.input.legs[0]?.srt?.state === "listening")
  }
  const counts = (await carried()).map(([, channels]) => channels)
  expect(counts.toSorted()).toEqual([1, 3])
  for (const id of listeners) await product.api("DELETE", `/api/channels/${id}`)
})

it("one killed engine takes only its own channels down, and has them back within 2 s", async () => {
  const before = await pids()
  const killedAt = performance.now()
  process.kill(before[1] ?? 0, "SIGKILL")
  await goesOn(second(), 50)
  expect(performance.now() - killedAt).toBeLessThan(2000)
  await product.until("connected", second().id, (view) => view.outputs[0]?.status === "connected")
  const after = await product.engines()
  expect(after.map(({ restarts }) => restarts)).toEqual([0, 1])
  expect(after[0]?.pid).toBe(before[0])
  expect(after[1]?.pid).not.toBe(before[1])
  const kinds = await eventually("the events", async () => {
    const told = await kindsOf(second())
    return told.includes("engine_back") ? told : null
  })
  expect(kinds).toContain("engine_lost")
  expect(await kindsOf(first())).not.toContain("engine_lost")
  expect(product.output).toContain(`engine 2 (pid ${before[1]}) was ended by SIGKILL`)
  const metrics = await (await fetch(`${product.url}/metrics`)).text()
  expect(metrics).toContain('distributor_engine_restarts_total{engine="1"} 0')
  expect(metrics).toContain('distributor_engine_restarts_total{engine="2"} 1')
  second().sink.reset()
  await goesOn(first())
})

it("a killed control plane leaves both engines, and the next one takes both over", async () => {
  const before = await pids()
  await anotherControlPlane(2)
  expect(await pids()).toEqual(before)
  expect(await carried()).toEqual([
    [1, 1],
    [2, 1],
  ])
  for (const one of streams)
    await product.until("taken over", one.id, (v) => v.status === "running" && v.outputs[0]?.status === "connected")
  expect(product.output).toContain(`engine 2 found running and taken over (pid ${before[1]})`)
})

it("a lower ENGINES leaves a channel on its engine until it is stopped, then ends that engine", async () => {
  const before = await pids()
  await anotherControlPlane(1)
  expect(await pids()).toEqual(before)
  await goesOn(second())
  const report = second().sink.stats()
  expect(report).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, corrupt: 0 })
  await product.api("POST", `/api/channels/${second().id}/stop`)
  await product.api("POST", `/api/channels/${second().id}/start`)
  await eventually("engine 2 is gone", async () => ((await product.engines()).length === 1 ? true : null))
  await eventually("its process has ended", () => (isAlive(before[1] ?? 0) ? null : true))
  expect(await carried()).toEqual([[1, 2]])
  await goesOn(second())
})

it("through all of it the sibling has lost nothing", async () => {
  const { sink, source } = first()
  const sent = await source.stop()
  await eventually("all packets", () => (sink.stats().received >= sent ? true : null))
  expect(sink.stats()).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, corrupt: 0 })
})
