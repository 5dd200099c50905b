/**
 * Row 32, the near side: the product with many SRT callers to one receiver at the far end of a path, and its
 * monitoring, all inside a network namespace. Tells its state each second as a line of JSON; the test cuts the
 * path and mends it.
 */
import { Monitoring } from "../monitoring.ts"
import { eventually, Product } from "../product.ts"
import { startSource } from "../source.ts"

/** What is told. */
export interface OutageLine {
  /** Monotonic ms. */
  readonly atMs: number
  readonly connected: number
  readonly total: number
  /** CPU seconds of control plane and engine since their start. */
  readonly cpuSeconds: number
  readonly engineCpuSeconds: number
  /** Alerts of OutputDown that fire, by Prometheus. */
  readonly firing: number
  /** Groups of OutputDown told to the pager so far, firing; and the alerts in the largest. */
  readonly pages: number
  readonly largestPage: number
  readonly resolved: number
  /** Unix time in ms at which each output was last connected anew. */
  readonly connectedAt: ReadonlyArray<number>
}

const [host = "", port = "", outputs = ""] = process.argv.slice(2)
const CHANNELS = 4
const each = Number(outputs) / CHANNELS
const INPUT = 21_000

const product = await Product.start()
const ids: string[] = []
for (let i = 0; i < CHANNELS; i++) {
  const channel = await product.channel({
    name: `Channel ${i}`,
    rtp_ip: "127.0.0.1",
    rtp_port: INPUT + 2 * i,
    outputs: Array.from({ length: each }, (_, n) => ({
      name: `Out ${n}`,
      url: `srt://${host}:${port}?streamid=c${i}o${n}`,
    })),
  })
  ids.push(channel.id)
}
const source = await startSource({ port: INPUT, channels: CHANNELS, bitrate: 150_000 })
// Two hundred outputs are many for all rules in every second.
const monitoring = await Monitoring.start(product.port, { everySeconds: 2 })

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  await monitoring.stop()
  await source.stop()
  await product.dispose()
  process.exit(0)
}
process.stdin.on("data", () => void stop())
process.stdin.on("end", () => void stop())

const connectedAt = new Map<string, number>()
const look = async (): Promise<OutageLine> => {
  const views = await Promise.all(ids.map((id) => product.view(id)))
  const all = views.flatMap((view) => view.outputs)
  for (const { id, status } of all) {
    if (status !== "connected") connectedAt.delete(id)
    else if (!connectedAt.has(id)) connectedAt.set(id, Date.now())
  }
  const { body } = await product.api<{ service: { cpu_seconds: number }; engine: { cpu_seconds: number } }>(
    "GET",
    "/api/system/stats",
  )
  const firing = await monitoring.query('count(ALERTS{alertname="OutputDown",alertstate="firing"})')
  const pages = monitoring.told("OutputDown", "firing").filter(({ path }) => path === "/pager")
  return {
    atMs: performance.now(),
    connected: connectedAt.size,
    total: all.length,
    cpuSeconds: body.service.cpu_seconds,
    engineCpuSeconds: body.engine.cpu_seconds,
    firing: firing[0]?.value ?? 0,
    pages: pages.length,
    largestPage: pages.reduce((most, { alerts }) => Math.max(most, alerts.length), 0),
    resolved: monitoring.told("OutputDown", "resolved").length,
    connectedAt: [...connectedAt.values()],
  }
}
await eventually("the first figures", look)
while (!stopping) {
  // Being stopped, it finds nobody any more.
  const line = await look().catch((cause: unknown) => (stopping ? null : Promise.reject(cause)))
  if (line !== null) process.stdout.write(`${JSON.stringify(line)}\n`)
  await new Promise((resolve) => setTimeout(resolve, 1000))
}
