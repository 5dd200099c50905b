/** Builds panels from the dashboards' descriptions, with Grafana's builders. */
import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge"
import type { Builder } from "@grafana/grafana-foundation-sdk/cog"
import * as common from "@grafana/grafana-foundation-sdk/common"
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard"
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus"
import * as stat from "@grafana/grafana-foundation-sdk/stat"
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline"
import * as table from "@grafana/grafana-foundation-sdk/table"
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries"
import { type About, dataLinks } from "./links.ts"

export const DATASOURCE = { type: "prometheus", uid: "$" + "{datasource}" } as const

export type Unit = "none" | "short" | "bps" | "pps" | "cps" | "bytes" | "s" | "percentunit" | "iops" | "currencyUSD"
type Color = "green" | "red" | "yellow" | "blue" | "text"

export interface Query {
  readonly expr: string
  /** Name of a series, with labels as `{{channel}}`. */
  readonly legend: string
}

export interface PanelSpec {
  /** Id of the panel. It is part of addresses (`viewPanel`), so it is never given to another panel of the dashboard. */
  readonly id: number
  readonly title: string
  readonly description: string
  readonly unit: Unit
  /** Width in columns, of which there are 24. */
  readonly width: number
  /** Height in grid units of 30 pixels. */
  readonly height: number
  readonly queries: ReadonlyArray<Query>
  /** Subject of the series, to which it links. */
  readonly about?: About
  readonly decimals?: number
  readonly min?: number
  readonly max?: number
  /** Words and colours for values. */
  readonly words?: Readonly<Record<string, readonly [text: string, color: Color]>>
  /** Colours from given values on; green below the first one. */
  readonly limits?: ReadonlyArray<readonly [from: number, color: Color]>
  /** Text shown when there is no series. */
  readonly nothing?: string
}

export type Panel = Builder<dashboard.Panel>

const refId = (index: number) => String.fromCharCode("A".charCodeAt(0) + index)

const target = ({ expr, legend }: Query, index: number, kind: "range" | "now" | "table") => {
  const query = new prometheus.DataqueryBuilder()
    .refId(refId(index))
    .expr(expr)
    .legendFormat(legend)
    .datasource(DATASOURCE)
  if (kind === "range") return query.range()
  return query
    .instant()
    .format(kind === "table" ? prometheus.PromQueryFormat.Table : prometheus.PromQueryFormat.TimeSeries)
}

const thresholds = (limits: PanelSpec["limits"] = [], base: Color = "green") =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...limits.map(([value, color]) => ({ value, color }))])

const mappings = (words: PanelSpec["words"] = {}): dashboard.ValueMapping[] =>
  Object.keys(words).length === 0
    ? []
    : [
        {
          type: dashboard.MappingType.ValueToText,
          options: Object.fromEntries(
            Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
          ),
        },
      ]

interface AnyBuilder {
  id(id: number): this
  title(title: string): this
  description(text: string): this
  datasource(ref: typeof DATASOURCE): this
  unit(unit: string): this
  span(width: number): this
  height(height: number): this
  decimals(count: number): this
  min(value: number): this
  max(value: number): this
  noValue(text: string): this
  mappings(values: dashboard.ValueMapping[]): this
  targets(targets: ReturnType<typeof target>[]): this
  dataLinks(links: ReturnType<typeof dataLinks>): this
}

const fill = <B extends AnyBuilder>(builder: B, spec: PanelSpec, kind: "range" | "now" | "table"): B => {
  const { about, decimals, max, min, nothing, queries } = spec
  builder.id(spec.id).title(spec.title).description(spec.description).datasource(DATASOURCE).unit(spec.unit)
  builder.span(spec.width).height(spec.height).mappings(mappings(spec.words))
  builder.targets(queries.map((query, index) => target(query, index, kind)))
  if (about !== undefined) builder.dataLinks(dataLinks(about, kind === "table"))
  if (decimals !== undefined) builder.decimals(decimals)
  if (min !== undefined) builder.min(min)
  if (max !== undefined) builder.max(max)
  if (nothing !== undefined) builder.noValue(nothing)
  return builder
}

const legend = () =>
  new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([])
const tooltip = () =>
  new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending)
const last = () => new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false).fields("")

export interface GraphStyle {
  /** Style of the graph: bars for counts of events, stacked for shares of a whole. */
  readonly style?: "line" | "bars" | "stack"
  /** True when values may be below zero. */
  readonly signed?: boolean
}

/** A graph: figures over time. */
export const graph = ({ signed = false, style = "line", ...spec }: PanelSpec & GraphStyle): Panel => {
  const builder = fill(new timeseries.PanelBuilder(), signed ? spec : { min: 0, ...spec }, "range")
    .legend(legend())
    .tooltip(tooltip())
    .drawStyle(style === "bars" ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .fillOpacity(style === "line" ? 8 : 60)
    .lineWidth(1)
    .showPoints(common.VisibilityMode.Never)
  if (style !== "line") builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group("A"))
  if (spec.limits === undefined) return builder
  return builder
    .thresholds(thresholds(spec.limits, "text"))
    .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed))
}

/** A panel with the newest figure in large type, or its name when `names` is set. */
export const figure = ({ names = false, ...spec }: PanelSpec & { readonly names?: boolean }): Panel =>
  fill(new stat.PanelBuilder(), spec, "range")
    .reduceOptions(last())
    .graphMode(names || spec.words !== undefined ? common.BigValueGraphMode.None : common.BigValueGraphMode.Area)
    .colorMode(
      spec.limits === undefined && spec.words === undefined
        ? common.BigValueColorMode.None
        : common.BigValueColorMode.Value,
    )
    .textMode(names ? common.BigValueTextMode.Name : common.BigValueTextMode.Auto)
    .thresholds(thresholds(spec.limits))

/** A timeline: states as coloured bars, a row for each series. */
export const states = (spec: PanelSpec & Required<Pick<PanelSpec, "words">>): Panel =>
  fill(new statetimeline.PanelBuilder(), spec, "range")
    .mergeValues(true)
    .showValue(common.VisibilityMode.Never)
    .rowHeight(0.8)
    .perPage(20)
    .legend(legend())
    .tooltip(tooltip())
    .thresholds(thresholds())

/** A bar gauge: the highest present values, longest bar first. */
export const bars = (spec: PanelSpec): Panel =>
  fill(new bargauge.PanelBuilder(), { min: 0, ...spec }, "now")
    .reduceOptions(last())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .thresholds(thresholds(spec.limits))

/**
 * A table of the present series, a row each, with a column for each of these labels, and `Value` where it is
 * meaningful.
 */
export const listing = ({
  columns,
  ...spec
}: PanelSpec & { readonly columns: Readonly<Record<string, string>> }): Panel =>
  fill(new table.PanelBuilder(), spec, "table")
    .thresholds(thresholds(spec.limits))
    .transformations([
      { id: "filterFieldsByName", options: { include: { names: Object.keys(columns) } } },
      {
        id: "organize",
        options: {
          excludeByName: {},
          indexByName: Object.fromEntries(Object.keys(columns).map((name, index) => [name, index])),
          renameByName: columns,
        },
      },
    ])
