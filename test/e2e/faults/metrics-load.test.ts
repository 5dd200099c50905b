/** /metrics is read every second with 500 outputs (row 45 of the fault matrix). */
import { afterAll, beforeAll, expect, it } from "vitest"
import { freeUdpPort } from "../ports.ts"
import { eventually, Product } from "../product.ts"
import { type BackgroundSource, startSource } from "../source.ts"

const CHANNELS = 10
const OUTPUTS = 500
const LABELS = [
  "channel",
  "engine",
  "part",
  "output",
  "source",
  "name",
  "number",
  "protocol",
  "host",
  "state",
  "alarm",
  "reason",
  "verdict",
  "check",
  "command",
  "type",
  "result",
  "record",
  "desired",
  "le",
  "version",
  "runtime",
  "runtime_version",
  "kind",
  "space",
]

let product: Product
let source: BackgroundSource

beforeAll(async () => {
  product = await Product.start()
  const input = await freeUdpPort()
  const sink = await freeUdpPort()
  for (let i = 0; i < CHANNELS; i++) {
    await product.channel({
      name: `Channel ${i}`,
      rtp_ip: "127.0.0.1",
      // Only the first channel carries a stream.
      rtp_port: i === 0 ? input : await freeUdpPort(),
      outputs: Array.from({ length: OUTPUTS / CHANNELS }, (_, n) => ({
        name: `Out ${n}`,
        url: `udp://127.0.0.1:${sink}?tos=${n}`,
      })),
    })
  }
  source = await startSource({ port: input, bitrate: 500_000 })
})
afterAll(async () => {
  await source?.stop()
  await product?.dispose()
})

const scrape = async () => {
  const begun = performance.now()
  const text = await (await fetch(`${product.url}/metrics`)).text()
  const ms = performance.now() - begun
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  const counters = new Set([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name))
  const samples = new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  )
  return { ms, samples, counters, bytes: text.length }
}
type Scrape = Awaited<ReturnType<typeof scrape>>

const fallen = (before: Scrape, after: Scrape) =>
  [...before.samples].filter(
    ([name, value]) => before.counters.has(name.split("{")[0]) && !((after.samples.get(name) ?? -1) >= value),
  )

it("row 45: 500 outputs are read every second: the same bounded series each time, and counters that outlive a restart of their output", async () => {
  const own = '{channel="channel-0",output="out-0"}'
  const sent = ({ samples }: Scrape) => samples.get(`distributor_output_sent_bytes_total${own}`) ?? 0
  const first = await eventually(
    "the stream goes out",
    async () => {
      const found = await scrape()
      return sent(found) > 10_000 ? found : null
    },
    30_000,
  )
  expect([...first.samples.keys()].filter((name) => name.startsWith("distributor_output_up{"))).toHaveLength(OUTPUTS)
  const labels = new Set(
    [...first.samples.keys()].flatMap((name) => [...name.matchAll(/([a-z_]+)="/g)].map(([, label]) => label)),
  )
  expect([...labels].filter((label) => !LABELS.includes(label ?? ""))).toEqual([])

  const times: number[] = []
  let last = first
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1000 - (times.at(-1) ?? 0)))
    // In the middle of the run, an output begins anew.
    if (i === 2) await product.api("POST", "/api/channels/channel-0/outputs/out-0/stop")
    if (i === 3) await product.api("POST", "/api/channels/channel-0/outputs/out-0/start")
    const now = await scrape()
    times.push(now.ms)
    expect(fallen(last, now)).toEqual([])
    last = now
  }
  const before = sent(last)
  const grown = await eventually(
    "it counts on",
    async () => {
      const now = await scrape()
      return sent(now) > before ? now : null
    },
    20_000,
  )
  expect(before).toBeGreaterThan(sent(first))
  // prom-client shows a kind of garbage collection only once there was one.
  const ours = ({ samples }: Scrape) => [...samples.keys()].filter((name) => name.startsWith("distributor_"))
  expect(ours(grown)).toEqual(ours(first))
  expect(ours(first).length).toBeLessThan(60 * OUTPUTS)
  console.log(
    `row 45: ${first.samples.size} series, ${(first.bytes / 1e6).toFixed(2)} MB, ` +
      `scraped in ${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)} ms`,
  )
})
