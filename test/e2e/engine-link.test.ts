/**
 * Point 12: the engine lives on while its link to the control plane is cut; what is stopped or removed then streams no
 * further.
 */
import { afterEach, expect, it } from "vitest"
import { createUdpSink, type UdpSink } from "../../load-tests/lib/udp-sink.ts"
import { engineSocketPath } from "../../src/engine/protocol/socket-path.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { type BackgroundSource, startSource } from "./source.ts"
import { UnixFront } from "./unix-front.ts"

let product: Product | null = null
let front: UnixFront | null = null
const sources: BackgroundSource[] = []
const sinks: UdpSink[] = []
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.stop()))
  for (const sink of sinks.splice(0)) sink.close()
  await product?.dispose()
  front?.stop()
  product = front = null
})

const sinkFor = () => {
  const sink = createUdpSink({ port: 0 })
  sinks.push(sink)
  return sink
}
const received = (sink: UdpSink) => sink.stats().received
/** Resolves once nothing has arrived while `witness` got 300 packets. */
const silent = (what: string, sink: UdpSink, witness: UdpSink) =>
  eventually(
    what,
    async () => {
      const [before, from] = [received(sink), received(witness)]
      await witness.until((report) => report.received >= from + 300)
      return received(sink) === before ? true : null
    },
    15_000,
  )

it("what was stopped, removed or changed without a link is so when it is back; what stayed lost nothing", async () => {
  const first = await Product.start()
  product = first
  const [kept, removed, stopped, moved, gone, target] = Array.from({ length: 6 }, sinkFor)
  if (!kept || !removed || !stopped || !moved || !gone || !target) throw new Error("six sinks were asked for")
  const to = (name: string, sink: UdpSink) => ({ name, url: `udp://127.0.0.1:${sink.port}` })
  const ports = [await freeUdpPort(), await freeUdpPort()] as const
  const outputs = [to("kept", kept), to("removed", removed), to("stopped", stopped), to("moved", moved)]
  await first.channel({ name: "Main", rtp_ip: "127.0.0.1", rtp_port: ports[0], outputs })
  await first.channel({ name: "Gone", rtp_ip: "127.0.0.1", rtp_port: ports[1], outputs: [to("gone", gone)] })
  for (const port of ports) sources.push(await startSource({ port }))
  await Promise.all([kept, removed, stopped, moved, gone].map((sink) => sink.until((report) => report.received >= 100)))
  const engine = await first.enginePid()

  // Another control plane finds the engine, through a link that can be cut.
  await first.kill("SIGKILL")
  front = await UnixFront.before(engineSocketPath(first.dataDir))
  const next = await Product.start({ dataDir: first.dataDir, port: first.port })
  product = next
  expect(await next.enginePid()).toBe(engine)
  await next.until("all connected", "main", (view) => view.outputs.every(({ status }) => status === "connected"))

  front.cut()
  await eventually("the link is down", async () => ((await next.health()).engine.connected ? null : true))
  const done = await Promise.all([
    next.api("DELETE", "/api/channels/main/outputs/removed"),
    next.api("POST", "/api/channels/main/outputs/stopped/stop"),
    next.api("PUT", "/api/channels/main/outputs/moved", { url: `udp://127.0.0.1:${target.port}` }),
    next.api("DELETE", "/api/channels/gone"),
  ])
  expect(done.map(({ status }) => status)).toEqual([204, 200, 200, 204])
  front.resume()

  await eventually("the link is back", async () => ((await next.health()).engine.connected ? true : null))
  expect(await next.enginePid(), "the engine lived on").toBe(engine)
  await target.until((report) => report.received >= 100)
  await silent("the removed output is silent", removed, kept)
  await silent("the stopped output is silent", stopped, kept)
  await silent("the old address is silent", moved, kept)
  await silent("the removed channel is silent", gone, kept)
  const { outputs: shown } = await next.view("main")
  expect(shown.map(({ name, status }) => [name, status])).toEqual([
    ["kept", "connected"],
    ["stopped", "stopped"],
    ["moved", "connected"],
  ])
  const sent = await sources[0]?.stop()
  await eventually("all packets", () => (received(kept) >= (sent ?? 0) ? true : null))
  expect(kept.stats()).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, corrupt: 0 })
})
