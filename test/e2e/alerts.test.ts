import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, it } from "vitest"
import { parse } from "yaml"
import type { ChannelView } from "../../src/effects/model/channel.ts"
import { Monitoring, WEBHOOK_AUTHORIZATION } from "./monitoring.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { type BackgroundSource, startSource } from "./source.ts"

/**
 * Runs the product with its rules and real monitoring: what fires when a destination dies, and whether every rule asks
 * for metrics that exist.
 */
const root = fileURLToPath(new URL("../..", import.meta.url))
let product: Product
let monitoring: Monitoring
let source: BackgroundSource
let channel: ChannelView
let destination: ChildProcess
let port = 0

const startDestination = () =>
  spawn(
    `${root}node_modules/.bin/bun`,
    [`${root}load-tests/sink.ts`, "--srt-listen", String(port), "--verify", "none"],
    {
      stdio: "ignore",
    },
  )

beforeAll(async () => {
  product = await Product.start()
  const input = await freeUdpPort()
  port = await freeUdpPort()
  const listener = await freeUdpPort()
  destination = startDestination()
  const outputs = [
    { name: "Partner", url: `srt://127.0.0.1:${port}` },
    { name: "Pull", url: `srt://127.0.0.1:${listener}?mode=listener` },
  ]
  channel = await product.channel({ name: "Main Event", rtp_ip: "127.0.0.1", rtp_port: input, outputs })
  source = await startSource({ port: input, bitrate: 2_000_000 })
  monitoring = await Monitoring.start(product.port)
  await product.until(
    "all is well",
    channel.id,
    ({ outputs: [partner], status }) => status === "running" && partner?.status === "connected",
    30_000,
  )
})
afterAll(async () => {
  await monitoring?.stop()
  await source?.stop()
  destination?.kill("SIGKILL")
  await product?.dispose()
})

interface Rule {
  readonly name: string
  readonly query: string
  readonly health: string
  readonly lastError?: string
}

it("fires OutputDown within 60 s of the death of a destination, with channel and output, and says when it is over", async () => {
  await eventually(
    "it is seen up",
    async () => (await monitoring.query('distributor_output_up{output="partner"} == 1'))[0] ?? null,
    20_000,
  )
  const killedMs = performance.now()
  destination.kill("SIGKILL")

  const [told] = await eventually(
    "OutputDown is told",
    () => {
      const found = monitoring.told("OutputDown", "firing")
      return found.length === 0 ? null : found
    },
    100_000,
  )
  expect((told?.atMs ?? Number.NaN) - killedMs).toBeLessThan(60_000)
  expect(told).toMatchObject({
    path: "/pager",
    authorization: WEBHOOK_AUTHORIZATION,
    status: "firing",
    groupLabels: { alertname: "OutputDown", channel: "main-event" },
  })
  expect(told?.alerts).toHaveLength(1)
  expect(told?.alerts[0]).toMatchObject({
    labels: {
      channel: "main-event",
      output: "partner",
      severity: "critical",
      protocol: "srt",
      host: `127.0.0.1:${port}`,
    },
    annotations: {
      summary: "Output partner of channel main-event is down",
      runbook_url: expect.stringMatching(/#outputdown$/),
    },
  })
  // A listener that waits for receivers is not down.
  expect(
    (await monitoring.query("ALERTS{alertname='OutputDown',alertstate='firing'}")).map(
      ({ labels }) => labels["output"],
    ),
  ).toEqual(["partner"])

  destination = startDestination()
  await eventually(
    "the output is connected again",
    async () => {
      // The next attempt may be half a minute away, so the output is started by hand.
      const { body } = await product.api<{ status: string }>(
        "POST",
        `/api/channels/${channel.id}/outputs/partner/start`,
      )
      return body.status === "connected" ? true : null
    },
    40_000,
  )
  const over = await eventually("its end is told", () => monitoring.told("OutputDown", "resolved")[0] ?? null, 30_000)
  expect(over).toMatchObject({ path: "/pager", status: "resolved" })

  expect(monitoring.told("InputLost", "firing")).toEqual([])
  expect(monitoring.told("Watchdog", "firing")[0]?.path).toBe("/watchdog")
})

it("has rules that all evaluate, over metrics that there are, of the type that they are taken for", async () => {
  const { groups } = await monitoring.get<{ groups: ReadonlyArray<{ rules: ReadonlyArray<Rule> }> }>("/api/v1/rules")
  const rules = groups.flatMap((group) => group.rules)
  const shipped = ["recording.yml", "alerts.yml"].flatMap((file) => {
    const { groups: known } = parse(readFileSync(`${root}prometheus/rules/${file}`, "utf8")) as {
      groups: ReadonlyArray<{ rules: ReadonlyArray<unknown> }>
    }
    return known.flatMap((group) => group.rules)
  })
  expect(rules).toHaveLength(shipped.length)
  // Rules of groups with long intervals may not have been evaluated yet.
  expect(rules.filter(({ health, lastError }) => health === "err" || (lastError ?? "") !== "")).toEqual([])

  const metadata =
    await monitoring.get<Record<string, ReadonlyArray<{ type: string; help: string }>>>("/api/v1/metadata")
  const typeOf = (name: string) =>
    metadata[name]?.[0]?.type ?? metadata[name.replace(/_bucket$/, "")]?.[0]?.type ?? "none"
  const named = rules.flatMap(({ name, query }) =>
    [...query.matchAll(/(?<![\w:])(?:(rate|increase)\()?((?:distributor|node|process)_\w+)/g)].map(
      ([, asCounter, metric = ""]) => ({
        name,
        metric,
        wanted: asCounter === undefined ? "gauge" : metric.endsWith("_bucket") ? "histogram" : "counter",
      }),
    ),
  )
  expect(named.length).toBeGreaterThan(30)
  // Those of several machines and of MediaLive are there where these are switched on; metrics.test.ts has their types.
  const isElsewhere = (metric: string) => /^distributor_(?:node|medialive)_/.test(metric) && typeOf(metric) === "none"
  // node-exporter leaves the types of what it finds in /proc/net open.
  const wrong = named.filter(
    ({ metric, wanted }) =>
      !isElsewhere(metric) && typeOf(metric) !== (metric.startsWith("node_netstat_") ? "unknown" : wanted),
  )
  expect(wrong).toEqual([])
})

it("keeps figures of SRT that agree with what was sent", async () => {
  const names = [
    "output_sent_bytes_total",
    "srt_sent_bytes_total",
    "srt_sent_packets_total",
    "srt_sent_unique_packets_total",
    "srt_receive_ack_packets_total",
  ].map((name) => `distributor_${name}`)
  // In one question, so that all of them are of one scrape.
  const found = await monitoring.query(`{__name__=~"${names.join("|")}",output="partner"}`)
  const [bytes, srtBytes, packets, unique, acks] = names.map(
    (name) => found.find(({ labels }) => labels["__name__"] === name)?.value ?? Number.NaN,
  )
  // libsrt counts 44 bytes of headers for each packet (UDP, IP and SRT), and leaves out what it has not sent yet.
  expect(srtBytes).toBeGreaterThan((bytes ?? 0) * 0.9)
  expect(srtBytes).toBeLessThan((bytes ?? 0) * 1.2)
  expect(packets).toBeGreaterThanOrEqual(unique ?? Number.NaN)
  expect(acks).toBeGreaterThan(10)
})
