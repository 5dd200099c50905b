/**
 * Annotations: events drawn across all plots. Their windows are fixed, as Grafana gives annotations no rate interval.
 */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard"
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus"
import { DATASOURCE } from "./panels.ts"
import { of } from "./query.ts"

interface Happening {
  readonly name: string
  readonly color: string
  readonly expr: string
  readonly title: string
  /** Labels shown as tags. */
  readonly tags: string
}

const STEP = "15s"

const annotation = ({ color, expr, name, tags, title }: Happening) =>
  new dashboard.AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .target(new prometheus.DataqueryBuilder().refId("Anno").expr(expr).range().datasource(DATASOURCE))
    .step(STEP)
    .titleFormat(title)
    .tagKeys(tags)

const happened = (series: string) => `increase(${series}[1m]) > 0`

/** Ad breaks drawn as regions. */
export const breaks = (channel: string) =>
  annotation({
    name: "Ad breaks",
    color: "purple",
    expr: `${of("distributor_scte35_break_active", channel)} == 1`,
    title: "Ad break on {{channel}}",
    tags: "channel",
  })

export const cues = (channel: string) =>
  annotation({
    name: "SCTE-35 cues",
    color: "blue",
    expr: happened(of("distributor_scte35_cues_total", channel)),
    title: "Cue: {{command}}, {{type}}",
    tags: "channel,command,type",
  })

export const switches = (channel: string) =>
  annotation({
    name: "Source switches",
    color: "orange",
    expr: happened(of("distributor_input_switches_total", channel)),
    title: "Source of {{channel}} changed: {{reason}}",
    tags: "channel,reason",
  })

export const reconnects = (channel: string, output: string) =>
  annotation({
    name: "Lost connections",
    color: "red",
    expr: happened(of("distributor_output_reconnects_total", channel, output)),
    title: "{{output}} lost its connection: {{reason}}",
    tags: "channel,output,reason",
  })

export const engineRestarts = () =>
  annotation({
    name: "Engine restarts",
    color: "red",
    expr: happened(of("distributor_engine_restarts_total")),
    title: "The engine was lost on {{instance}}",
    tags: "instance",
  })
