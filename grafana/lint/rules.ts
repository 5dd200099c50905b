/** What every dashboard keeps to: the rules of Grafana's dashboard-linter, and some of our own. */
import {
  type DashboardFile,
  figuresOf,
  type Link,
  labelValues,
  type PanelFile,
  type Ref,
  type Target,
  type VariableFile,
} from "./model.ts"
import { parsePromql, type Selector } from "./promql.ts"

export interface Finding {
  readonly rule: string
  /** What breaks it, as `panel 12 (Alerts)`. */
  readonly where: string
}

/** Where it is broken, once for each time. */
type Rule = (dashboard: DashboardFile, uids: ReadonlyArray<string>) => ReadonlyArray<string>

const UNITS = ["none", "short", "bps", "pps", "cps", "bytes", "s", "percentunit", "iops", "currencyUSD"]
const COUNTS = ["rate", "irate", "increase"]
/** Counters whose names do not say so. */
const COUNTER = /_total$|_bucket$|_count$|_sum$|^node_netstat_/
/** Variables that Grafana has of itself. */
const BUILT_IN = /^__(rate_interval|interval|range|url_time_range|field\.labels\.\w+|data\.fields\.\w+)$/

const ofPanel = ({ id, title }: PanelFile) => `panel ${id} (${title ?? ""})`
const isOurs = (ref: Ref | undefined) => ref?.uid === "$" + "{datasource}" && ref.type === "prometheus"
const variable = ({ templating }: DashboardFile, name: string) => templating.list.find((one) => one.name === name)
const queries = ({ templating }: DashboardFile) => templating.list.filter(({ type }) => type === "query")

const panelRule =
  (breaks: (panel: PanelFile) => boolean): Rule =>
  (dashboard) =>
    figuresOf(dashboard).filter(breaks).map(ofPanel)

const targets = (dashboard: DashboardFile): ReadonlyArray<{ readonly where: string; readonly target: Target }> =>
  figuresOf(dashboard).flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({ where: `${ofPanel(panel)} query ${target.refId}`, target })),
  )

/** All expressions that show something: panels' and annotations'. */
const expressions = (dashboard: DashboardFile) => [
  ...targets(dashboard).map(({ where, target }) => ({ where, expr: target.expr })),
  ...dashboard.annotations.list.map(({ expr, name }) => ({ where: `annotation ${name}`, expr })),
]

const selectorRule =
  (breaks: (selector: Selector, dashboard: DashboardFile) => boolean): Rule =>
  (dashboard) =>
    expressions(dashboard).flatMap(({ expr, where }) =>
      parsePromql(expr)
        .selectors.filter((selector) => breaks(selector, dashboard))
        .map(({ metric }) => `${where}: ${metric}`),
    )

/** A variable that picks several, all to begin with, by a pattern that no series without the label matches. */
const isPicker = (found: VariableFile | undefined, label: string) =>
  found?.type === "query" &&
  found.label === label &&
  found.multi === true &&
  found.includeAll === true &&
  found.allValue === ".+" &&
  isOurs(found.datasource)

const pickerRule =
  (name: string, label: string): Rule =>
  (dashboard) =>
    isPicker(variable(dashboard, name), label) ? [] : [`variable ${name}`]

/** Series of node-exporter are picked by a pair of their own: its job and port differ from the product's. */
const matchedBy =
  (label: string, ours: string, host: string) =>
  ({ matchers, metric }: Selector, dashboard: DashboardFile) => {
    const name = metric.startsWith("node_") ? host : ours
    return !matchers.includes(`${label}=~"$${name}"`) || variable(dashboard, name) === undefined
  }

const overlap = ({ gridPos: a }: PanelFile, { gridPos: b }: PanelFile) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

const linksOf = (dashboard: DashboardFile): ReadonlyArray<{ readonly where: string; readonly link: Link }> => [
  ...dashboard.links.map((link) => ({ where: `link ${link.title}`, link })),
  ...figuresOf(dashboard).flatMap((panel) =>
    (panel.fieldConfig?.defaults.links ?? []).map((link) => ({ where: `${ofPanel(panel)} link ${link.title}`, link })),
  ),
]

export const RULES: Readonly<Record<string, Rule>> = {
  "template-datasource": (dashboard) => {
    const found = variable(dashboard, "datasource")
    return found?.type === "datasource" && found.query === "prometheus" && found.label === "Data Source"
      ? []
      : ["variable datasource"]
  },
  "template-job": pickerRule("job", "Job"),
  "template-instance": pickerRule("instance", "Instance"),
  "template-label-promql": (dashboard) =>
    queries(dashboard)
      .filter((one) => {
        const asked = labelValues(one)
        return asked === null || parsePromql(asked.series).error !== null || !isOurs(one.datasource)
      })
      .map(({ name }) => `variable ${name}`),
  "template-on-time-change-reload": (dashboard) =>
    queries(dashboard)
      .filter(({ refresh }) => refresh !== 2)
      .map(({ name }) => `variable ${name}`),
  "template-labelled": ({ templating }) =>
    templating.list.filter(({ label }) => (label ?? "") === "").map(({ name }) => `variable ${name}`),
  uneditable: ({ editable }) => (editable ? ["dashboard"] : []),
  "dashboard-identity": ({ id, schemaVersion, tags, title, uid }) =>
    (id === undefined || id === null) &&
    schemaVersion === 42 &&
    /^[\w-]{8,40}$/.test(uid) &&
    tags.includes("stream-distributor") &&
    title !== ""
      ? []
      : ["dashboard"],
  "panel-datasource": panelRule(({ datasource }) => !isOurs(datasource)),
  "panel-title-description": panelRule(
    ({ description, title }) => (title ?? "") === "" || !/\.$/.test(description ?? ""),
  ),
  "panel-units": panelRule(({ fieldConfig }) => !UNITS.includes(fieldConfig?.defaults.unit ?? "")),
  "panel-no-targets": panelRule((panel) => (panel.targets ?? []).length === 0),
  "panel-ids": ({ panels }) =>
    panels
      .filter(
        ({ id }, index) => !Number.isInteger(id) || id < 1 || panels.findIndex((other) => other.id === id) !== index,
      )
      .map(ofPanel),
  "panel-grid": ({ panels }) =>
    panels
      .filter((panel, index) => {
        const { h, w, x, y } = panel.gridPos
        return (
          x < 0 ||
          y < 0 ||
          w < 1 ||
          h < 1 ||
          x + w > 24 ||
          panels.slice(0, index).some((other) => overlap(panel, other))
        )
      })
      .map(ofPanel),
  "target-datasource": (dashboard) =>
    targets(dashboard)
      .filter(({ target }) => !isOurs(target.datasource))
      .map(({ where }) => where),
  "target-promql": (dashboard) =>
    expressions(dashboard).flatMap(({ expr, where }) => {
      const { error } = parsePromql(expr)
      return error === null ? [] : [`${where}: ${error}`]
    }),
  "target-rate-interval": (dashboard) =>
    targets(dashboard)
      .filter(({ target }) =>
        parsePromql(target.expr).selectors.some(
          ({ function: called, range }) => (called === "rate" || called === "irate") && range !== "$__rate_interval",
        ),
      )
      .map(({ where }) => where),
  "target-job": selectorRule(matchedBy("job", "job", "host_job")),
  "target-instance": selectorRule(matchedBy("instance", "instance", "host")),
  "target-counter-agg": selectorRule(
    ({ function: called, metric }) => COUNTER.test(metric) !== COUNTS.includes(called ?? ""),
  ),
  // Grafana gives annotations no $__rate_interval, and newer versions read `target`, older ones `expr`.
  "annotation-query": ({ annotations }) =>
    annotations.list
      .filter(
        ({ datasource, expr, step, target }) =>
          !isOurs(datasource) ||
          !isOurs(target.datasource) ||
          expr !== target.expr ||
          expr.includes("$__") ||
          !/^\d+s$/.test(step),
      )
      .map(({ name }) => `annotation ${name}`),
  "known-variables": (dashboard) => {
    const known = (name: string) => BUILT_IN.test(name) || variable(dashboard, name) !== undefined
    const texts = [
      ...expressions(dashboard).map(({ expr, where }) => ({ where, text: expr })),
      ...queries(dashboard).map((one) => ({ where: `variable ${one.name}`, text: labelValues(one)?.series ?? "" })),
      ...linksOf(dashboard).map(({ link, where }) => ({ where, text: link.url ?? "" })),
    ]
    return texts.flatMap(({ text, where }) =>
      [...text.matchAll(/\$(?:\{([\w.]+)(?::\w+)?\}|(\w+))/g)]
        .map(([, braced, bare]) => braced ?? bare ?? "")
        .filter((name) => !known(name))
        .map((name) => `${where}: $${name}`),
    )
  },
  links: (dashboard, uids) =>
    linksOf(dashboard)
      .filter(({ link: { type, url = "" } }) => {
        if (type === "dashboards") return false
        const [, uid = ""] = /^\/d\/([\w-]+)\?/.exec(url) ?? []
        return !uids.includes(uid) && !url.startsWith("$" + "{product}/")
      })
      .map(({ where }) => where),
}

/** @param uids of all dashboards there are, for links between them */
export const lint = (dashboard: DashboardFile, uids: ReadonlyArray<string>): ReadonlyArray<Finding> =>
  Object.entries(RULES).flatMap(([rule, breaks]) => breaks(dashboard, uids).map((where) => ({ rule, where })))
