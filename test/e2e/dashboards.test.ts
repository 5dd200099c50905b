/**
 * Asks every query of every dashboard of a real Prometheus, which scrapes the real product while things happen on it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type DashboardFile, figuresOf, labelValues } from "../../grafana/lint/model.ts"
import { parsePromql } from "../../grafana/lint/promql.ts"
import type { ChannelView } from "../../src/effects/model/channel.ts"
import { FakeAws, KEYS } from "../aws/FakeAws.ts"
import { Feed, programmeOptions } from "./channel-feed.ts"
import { Monitoring } from "./monitoring.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const boards = readdirSync(`${root}grafana/dashboards`)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(`${root}grafana/dashboards/${name}`, "utf8")) as DashboardFile)

/** How far back the dashboards look here, in seconds. */
const RANGE = 90
const CHANNEL = "main-event"
/** The channel that is received by SRT, of which the queries about SRT sources are asked. */
const BY_SRT = "by-srt"

/** AWS beside the product, so that there are figures of MediaLive: its channel feeds both legs of `CHANNEL`. */
const aws = new FakeAws()
let product: Product
let monitoring: Monitoring
let feed: Feed
let destination: ChildProcess
let channel: ChannelView

/**
 * Fills in variables as Grafana does: first Grafana's own, then the dashboard's. A picker gets all its values, or the
 * channel of this test when it has no such value.
 */
const filledIn = (expr: string, { templating }: DashboardFile): string =>
  templating.list.reduce(
    (text, { allValue, name }) =>
      text.replaceAll(
        new RegExp(`\\$${name}\\b`, "g"),
        allValue ?? (expr.includes("distributor_input_srt_") ? BY_SRT : CHANNEL),
      ),
    expr.replaceAll("$__rate_interval", "10s").replaceAll("$__interval", "1s").replaceAll("$__range", `${RANGE}s`),
  )

interface Asked {
  readonly where: string
  /** Labels that the links of the panel read. */
  readonly linked: ReadonlyArray<string>
  readonly expr: string
  readonly instant: boolean
  readonly legend: string
}
const asked: ReadonlyArray<Asked> = boards.flatMap((board) => [
  ...figuresOf(board).flatMap(({ fieldConfig, targets = [], title }) =>
    targets.map(({ expr, instant, ...rest }) => ({
      linked: (fieldConfig?.defaults.links ?? []).flatMap(({ url = "" }) =>
        [...url.matchAll(/__(?:field\.labels|data\.fields)\.(\w+)/g)].map(([, label = ""]) => label),
      ),
      where: `${board.title}: ${title}`,
      expr: filledIn(expr, board),
      instant: instant === true,
      legend: "legendFormat" in rest ? String(rest.legendFormat) : "",
    })),
  ),
  ...board.annotations.list.map(({ expr, name, ...rest }) => ({
    linked: [],
    where: `${board.title}: annotation ${name}`,
    expr: filledIn(expr, board),
    instant: false,
    legend: "titleFormat" in rest ? String(rest.titleFormat) : "",
  })),
])

/** The labels of the series in the answer; empty when the answer has no numbers. */
const answer = async ({ expr, instant }: Asked): Promise<ReadonlyArray<Readonly<Record<string, string>>>> => {
  const found = instant
    ? (await monitoring.query(expr)).filter(({ value }) => !Number.isNaN(value))
    : (await monitoring.range(expr, RANGE)).filter(({ values }) => values.length > 0)
  return found.map(({ labels }) => labels)
}

beforeAll(async () => {
  ;[product, feed] = await Promise.all([
    Product.start({
      env: {
        GRAFANA_URL: "http://127.0.0.1:3000/grafana/",
        MEDIALIVE: "on",
        AWS_REGION: "eu-west-1",
        AWS_ENDPOINT_URL: await aws.listen(),
        AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      },
    }),
    Feed.start([]),
  ])
  await feed.ask({
    cmd: "programme",
    id: "A",
    options: programmeOptions("A", { breakEverySeconds: 8, breakSeconds: 4 }),
  })
  const [primary, backup, torn, port, nobody, udp, srt] = await Promise.all([
    feed.leg("A"),
    feed.leg("A"),
    feed.leg("A", { illness: "counters" }),
    freeUdpPort(),
    freeUdpPort(),
    freeUdpPort(),
    freeUdpPort(),
  ])
  aws.add({ state: "RUNNING", urls: [primary, backup].map((leg) => `rtp://127.0.0.1:${leg.port}`) })
  destination = spawn(
    `${root}node_modules/.bin/bun`,
    [`${root}load-tests/sink.ts`, "--srt-listen", String(port), "--verify", "none", "--reconnect", "200"],
    { stdio: "ignore" },
  )
  // Monitoring starts before the channels, so that it sees their counters at 0 first.
  monitoring = await Monitoring.start(product.port, { wholeHost: true, allRulesEverySecond: true })
  await product.channel({ name: "By SRT", input_url: `srt://127.0.0.1:${srt}?mode=listener` })
  const at = { rtp_ip: "127.0.0.1", backup_rtp_ip: "127.0.0.1" }
  channel = await product.channel({
    ...at,
    name: "Main Event",
    rtp_port: primary.port,
    backup_rtp_port: backup.port,
    outputs: [
      { name: "Partner", url: `srt://127.0.0.1:${port}?latency=300` },
      { name: "Rack", url: `udp://127.0.0.1:${udp}` },
      { name: "Next channel", url: `srt://127.0.0.1:${srt}` },
    ],
  })
  expect(channel.slug).toBe(CHANNEL)
  // The faults of this channel fire alerts: counters that jump, and a destination that does not exist.
  const outputs = [{ name: "Gone", url: `srt://127.0.0.1:${nobody}` }]
  await product.channel({ name: "Torn", rtp_ip: "127.0.0.1", rtp_port: torn.port, outputs })

  const seen = (what: string, expr: string) =>
    eventually(what, async () => ((await monitoring.range(expr, RANGE)).length > 0 ? true : null), 45_000)
  await Promise.all([
    seen("both sources are merged", `distributor_input_merged{channel="${CHANNEL}"} == 1`),
    seen("the partner is connected", 'distributor_srt_rtt_seconds{output="partner"} > 0'),
    seen("the channel calls the next one", `distributor_input_srt_connected{channel="${BY_SRT}"} == 1`),
    seen("MediaLive feeds the channel", `distributor_medialive_list_price_dollars_per_hour > 0`),
    seen("there was an ad break", `distributor_scte35_break_active{channel="${CHANNEL}"} == 1`),
  ])
  // A failover, a lost engine and the connections that end with it each draw a line across the plots.
  await primary.is("silent")
  await seen(
    "the channel went on without its primary",
    `increase(distributor_input_switches_total{channel="${CHANNEL}"}[10s]) > 0`,
  )
  process.kill(await product.enginePid(), "SIGKILL")
})
afterAll(async () => {
  await monitoring?.stop()
  await feed?.kill()
  destination?.kill("SIGKILL")
  await product?.dispose()
  aws.close()
})

describe("dashboards", () => {
  it("get an answer to every query of their panels and annotations", async () => {
    expect(asked.length).toBeGreaterThan(120)
    let unanswered = asked
    await eventually(
      "every query has an answer",
      async () => {
        const left = unanswered.map(async (one) => ((await answer(one)).length === 0 ? [one] : []))
        unanswered = (await Promise.all(left)).flat()
        return unanswered.length === 0 || null
      },
      45_000,
    ).catch(() => null)
    expect(unanswered.map(({ expr, where }) => `${where}: ${expr}`)).toEqual([])
  })

  it("name series by labels that they have, and link by them", async () => {
    let wrong: ReadonlyArray<Asked & { readonly missing: ReadonlyArray<string> }> = asked
      .map((one) => ({
        ...one,
        missing: [...one.linked, ...[...one.legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label)],
      }))
      .filter(({ missing }) => missing.length > 0)
    expect(wrong.length).toBeGreaterThan(60)
    // A table asks for the current values, which are missing for a moment when a busy machine misses a scrape.
    await eventually("all have their labels", async () => {
      const left = wrong.map(async (one) => {
        const series = await answer(one)
        const missing = one.missing.filter((label) => !series.some((found) => found[label] !== undefined))
        return missing.length === 0 ? [] : [{ ...one, missing }]
      })
      wrong = (await Promise.all(left)).flat()
      return wrong.length === 0 || null
    }).catch(() => null)
    expect(wrong.map(({ missing, where }) => `${where}: ${missing.join(", ")}`)).toEqual([])
  })

  it("offer values of every variable, the channel among them, whose page the links open", async () => {
    for (const board of boards) {
      for (const variable of board.templating.list.filter(({ type }) => type === "query")) {
        const found = labelValues(variable)
        const query = new URLSearchParams({ "match[]": filledIn(found?.series ?? "", board) })
        const values = await monitoring.get<ReadonlyArray<string>>(`/api/v1/label/${found?.label}/values?${query}`)
        expect(values.length, `${board.title}: ${variable.name}`).toBeGreaterThan(0)
        if (variable.name === "channel") expect(values).toContain(CHANNEL)
      }
    }
    const page = await fetch(`${product.url}/channels/${CHANNEL}`)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain(
      `href="http://127.0.0.1:3000/grafana/d/distributor-channel?var-channel=${CHANNEL}&amp;var-product=`,
    )
  })
})

it("every metric of dashboards and rules is there, of the type that it is taken for", async () => {
  interface Rule {
    readonly name: string
    readonly query: string
    readonly type: "recording" | "alerting"
    readonly health: string
  }
  const { groups } = await monitoring.get<{ groups: ReadonlyArray<{ rules: ReadonlyArray<Rule> }> }>("/api/v1/rules")
  const rules = groups.flatMap((group) => group.rules)
  expect(rules.filter(({ health }) => health !== "ok").map(({ name }) => name)).toEqual([])
  const recorded = new Set(rules.filter(({ type }) => type === "recording").map(({ name }) => name))

  const metadata = await monitoring.get<Record<string, ReadonlyArray<{ readonly type: string }>>>("/api/v1/metadata")
  const typeOf = (name: string) =>
    metadata[name]?.[0]?.type ?? metadata[name.replace(/_bucket$/, "")]?.[0]?.type ?? "none"
  const selectors = [
    ...asked.map(({ expr, where }) => ({ expr, where })),
    ...rules.map(({ name, query }) => ({ expr: query, where: `rule ${name}` })),
  ].flatMap(({ expr, where }) => parsePromql(expr).selectors.map((selector) => ({ ...selector, where })))
  expect(selectors.length).toBeGreaterThan(200)

  const wanted = ({ function: called, metric }: (typeof selectors)[number]) => {
    // node-exporter leaves the types of what it finds in /proc/net open.
    if (metric.startsWith("node_netstat_")) return "unknown"
    if (metric.endsWith("_bucket")) return "histogram"
    return ["rate", "irate", "increase"].includes(called ?? "") ? "counter" : "gauge"
  }
  // Those of several machines are there where these are switched on; metrics.test.ts has their types.
  const isElsewhere = (metric: string) => metric.startsWith("distributor_node_") && typeOf(metric) === "none"
  // ALERTS and up are Prometheus' own and have no metadata.
  const known = (metric: string) =>
    recorded.has(metric) || metric === "ALERTS" || metric === "up" || isElsewhere(metric)
  const wrong = selectors.filter((one) => !known(one.metric) && typeOf(one.metric) !== wanted(one))
  expect(wrong.map((one) => `${one.where}: ${one.metric} is ${typeOf(one.metric)}, not ${wanted(one)}`)).toEqual([])
})
