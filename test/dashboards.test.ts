/**
 * Checks the files of the dashboards and their provisioning: they are what the code makes, they keep the rules, and a
 * case that breaks each rule is found.
 */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { type DashboardFile, figuresOf } from "../grafana/lint/model.ts"
import { parsePromql } from "../grafana/lint/promql.ts"
import { lint, RULES } from "../grafana/lint/rules.ts"
import { asText, dashboards } from "../grafana/src/dashboards.ts"
import { UIDS } from "../grafana/src/links.ts"
import { grafanaLinks } from "../src/http/services/grafana-links.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const text = (path: string) => readFileSync(`${root}${path}`, "utf8")
const names = readdirSync(`${root}grafana/dashboards`).filter((name) => name.endsWith(".json"))
const read = (name: string) => JSON.parse(text(`grafana/dashboards/${name}`)) as DashboardFile
const files = names.map((name) => [name, read(name)] as const)
const uids = files.map(([, { uid }]) => uid)

describe("dashboards", () => {
  it("are what the code makes: npm run dashboards was not forgotten", () => {
    const made = dashboards()
    expect(names.toSorted()).toEqual(Object.keys(made).toSorted())
    for (const [name, dashboard] of Object.entries(made))
      expect(text(`grafana/dashboards/${name}`) === asText(dashboard), name).toBe(true)
  })

  it.each(files)("%s keeps to all rules", (_, dashboard) => {
    expect(lint(dashboard, uids)).toEqual([])
    expect(figuresOf(dashboard).length).toBeGreaterThan(10)
  })

  it("are all told of in docs/dashboards.md", () => {
    for (const [name, { title }] of files) {
      expect(text("docs/dashboards.md")).toMatch(
        new RegExp(`\\| \\*\\*${title.split(" / ").at(-1)}\\*\\* +\\| \`${name}\` `),
      )
    }
  })

  it("have addresses of their own", () => {
    expect(new Set(uids).size).toBe(files.length)
  })

  it("take their rows whole: no panel stands beside a hole", () => {
    for (const [name, { panels }] of files) {
      const cells = panels.reduce((sum, { gridPos: { h, w } }) => sum + w * h, 0)
      expect(cells, name).toBe(24 * Math.max(...panels.map(({ gridPos: { h, y } }) => y + h)))
    }
  })
})

/** A dashboard's file in which tests may break anything. */
// biome-ignore lint/suspicious/noExplicitAny: it is broken in every way
type Broken = any
const first = (dashboard: Broken) => dashboard.panels.find((panel: Broken) => panel.type === "timeseries")
const named = (dashboard: Broken, name: string) => dashboard.templating.list.find((one: Broken) => one.name === name)
const asks = (expr: string) => (dashboard: Broken) => {
  first(dashboard).targets[0].expr = expr
}
const S = '{job=~"$job", instance=~"$instance"}'

describe("lint", () => {
  const cases: ReadonlyArray<readonly [rule: string, what: string, how: (dashboard: Broken) => unknown]> = [
    ["template-datasource", "another label", (d) => (named(d, "datasource").label = "Source")],
    ["template-datasource", "of another type", (d) => (named(d, "datasource").query = "loki")],
    ["template-job", "one job only", (d) => (named(d, "job").multi = false)],
    ["template-job", "a pattern that matches what has no job", (d) => (named(d, "job").allValue = ".*")],
    ["template-instance", "not all", (d) => (named(d, "instance").includeAll = false)],
    ["template-instance", "from a fixed data source", (d) => (named(d, "instance").datasource.uid = "prom")],
    [
      "template-label-promql",
      "a query that cannot be read",
      (d) => (named(d, "job").query.query = "label_values(up{, job)"),
    ],
    ["template-label-promql", "no label_values", (d) => (named(d, "job").query.query = "query_result(up)")],
    ["template-on-time-change-reload", "only at the start", (d) => (named(d, "job").refresh = 1)],
    ["template-labelled", "without a label", (d) => delete named(d, "product").label],
    ["uneditable", "editable", (d) => (d.editable = true)],
    ["dashboard-identity", "a number of one installation", (d) => (d.id = 7)],
    ["dashboard-identity", "no uid", (d) => (d.uid = "")],
    ["dashboard-identity", "without the tag of the links", (d) => (d.tags = [])],
    ["panel-datasource", "a fixed one", (d) => (first(d).datasource.uid = "prom")],
    ["panel-title-description", "no description", (d) => delete first(d).description],
    ["panel-title-description", "no title", (d) => (first(d).title = "")],
    ["panel-units", "none said", (d) => delete first(d).fieldConfig.defaults.unit],
    ["panel-units", "unknown", (d) => (first(d).fieldConfig.defaults.unit = "parsec")],
    ["panel-no-targets", "none", (d) => (first(d).targets = [])],
    ["panel-ids", "the same twice", (d) => (d.panels[2].id = d.panels[1].id)],
    ["panel-ids", "none", (d) => delete d.panels[2].id],
    ["panel-grid", "one over the other", (d) => (d.panels[2].gridPos = { ...d.panels[1].gridPos })],
    ["panel-grid", "over the edge", (d) => (first(d).gridPos.w = 25)],
    ["target-datasource", "a fixed one", (d) => (first(d).targets[0].datasource.uid = "prom")],
    ["target-promql", "a missing bracket", asks(`rate(a_total${S}[$__rate_interval]`)],
    ["target-promql", "nothing", asks("")],
    ["target-rate-interval", "a fixed interval", asks(`rate(a_total${S}[5m])`)],
    ["target-rate-interval", "the interval of points", asks(`irate(a_total${S}[$__interval])`)],
    ["target-job", "no job", asks('up{instance=~"$instance"}')],
    ["target-job", "a fixed job, on one side only", asks(`up${S} + up{job="distributor", instance=~"$instance"}`)],
    ["target-instance", "no instance", asks('up{job=~"$job"}')],
    ["target-instance", "a host that cannot be picked", asks('node_load1{job=~"$host_job", instance=~"$host"}')],
    ["target-counter-agg", "a bare counter", asks(`a_total${S}`)],
    ["target-counter-agg", "the rate of a sum", asks(`sum(a_total${S})`)],
    ["target-counter-agg", "a rate of what is no counter", asks(`rate(a_bytes${S}[$__rate_interval])`)],
    ["annotation-query", "a rate interval", (d) => asksOfAnnotation(d, `increase(a_total${S}[$__rate_interval]) > 0`)],
    ["annotation-query", "two queries", (d) => (d.annotations.list[0].target.expr += " > 1")],
    ["known-variables", "in a query", asks('up{job=~"$job", instance=~"$instance", a="$other"}')],
    ["known-variables", "in a link", (d) => (d.links[1].url += "$" + "{other}")],
    ["links", "to a dashboard that is not there", (d) => (first(d).fieldConfig.defaults.links[1].url = "/d/other?a=b")],
    ["links", "to another site", (d) => (d.links[1].url = "https://example.com/")],
  ]

  it.each(cases)("%s finds: %s", (rule, _, how) => {
    const dashboard = structuredClone(read("output.json"))
    how(dashboard)
    const found = new Set(lint(dashboard, uids).map((finding) => finding.rule))
    expect([...found]).toContain(rule)
    // The lint names what is broken, and hardly anything else.
    expect(found.size).toBeLessThanOrEqual(3)
  })

  it("has a case for every rule", () => {
    expect(new Set(cases.map(([rule]) => rule))).toEqual(new Set(Object.keys(RULES)))
  })

  it("reads selectors with their ranges and the functions that take them", () => {
    const { error, selectors } = parsePromql(
      `sum by (a) (increase(b_total${S}[$__range])) / (rate(c_total[1m]) > 0) and up == 1`,
    )
    expect(error).toBeNull()
    expect(selectors).toEqual([
      {
        metric: "b_total",
        matchers: ['job=~"$job"', 'instance=~"$instance"'],
        range: "$__range",
        function: "increase",
      },
      { metric: "c_total", matchers: [], range: "1m", function: "rate" },
      { metric: "up", matchers: [], range: null, function: null },
    ])
  })
})

const asksOfAnnotation = (dashboard: Broken, expr: string) => {
  const [annotation] = dashboard.annotations.list
  annotation.expr = expr
  annotation.target.expr = expr
}

describe("links of the product's pages", () => {
  it.each([
    ["channel", grafanaLinks("https://g.example.com/x").channel("main-event", "http://d:8000")],
    ["host", grafanaLinks("https://g.example.com/x").host("http://d:8000")],
  ] as const)("lead to a dashboard that there is, with variables that it has: %s", (board, address) => {
    const url = new URL(address)
    const [, found] = files.find(([, { uid }]) => url.pathname === `/x/d/${uid}`) ?? []
    expect(found?.uid).toBe(UIDS[board])
    const known = found?.templating.list.map(({ name }) => `var-${name}`) ?? []
    expect([...url.searchParams.keys()].filter((name) => !known.includes(name))).toEqual([])
    expect(url.searchParams.get("var-product")).toBe("http://d:8000")
  })
})

describe("provisioning", () => {
  const yaml = (path: string) => parse(text(`grafana/provisioning/${path}`)) as Broken

  it("names the Prometheus of docker-compose.yml, with the interval at which it scrapes", () => {
    const compose = parse(text("docker-compose.yml"), { merge: true }) as Broken
    const prometheus = parse(text("prometheus/prometheus.yml")) as Broken
    const [source] = yaml("datasources/prometheus.yaml").datasources
    expect(compose.services.prometheus.command).toContain(`--web.listen-address=${new URL(source.url).host}`)
    expect(source).toMatchObject({
      type: "prometheus",
      isDefault: true,
      jsonData: { timeInterval: prometheus.global.scrape_interval },
    })
  })

  it("reads the dashboards where docker-compose.yml mounts them", () => {
    const mounts: ReadonlyArray<string> = (parse(text("docker-compose.yml"), { merge: true }) as Broken).services
      .grafana.volumes
    const [provider] = yaml("dashboards/distributor.yaml").providers
    expect(mounts).toEqual(
      expect.arrayContaining([
        `./grafana/dashboards:${provider.options.path}:ro`,
        "./grafana/provisioning:/etc/grafana/provisioning:ro",
      ]),
    )
    expect(provider).toMatchObject({ type: "file", allowUiUpdates: false })
  })
})
