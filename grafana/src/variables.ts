/** Variables of the dashboards: what they show. */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard"
import { DATASOURCE } from "./panels.ts"
import { of } from "./query.ts"

const ALL = { selected: true, text: "All", value: "$__all" } as const

const values = (name: string, label: string, series: string, of: string) =>
  new dashboard.QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${series}, ${of})`, refId: "Values" })
    .definition(`label_values(${series}, ${of})`)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.NaturalAsc)

/** A variable with any number of values, initially all. */
const many = (...args: Parameters<typeof values>) =>
  values(...args)
    .multi(true)
    .includeAll(true)
    .allValue(".+")
    .current(ALL)

const datasource = () => new dashboard.DatasourceVariableBuilder("datasource").label("Data Source").type("prometheus")

/** A variable with the address of the product's pages as the reader's browser reaches them. */
const product = () =>
  new dashboard.TextBoxVariableBuilder("product")
    .label("Product")
    .description("Address of the product's pages, without a slash at its end; links go there")
    .defaultValue("http://127.0.0.1:8000")
    .current({ text: "http://127.0.0.1:8000", value: "http://127.0.0.1:8000" })

const instances = () => [
  many("job", "Job", "distributor_build_info", "job"),
  many("instance", "Instance", 'distributor_build_info{job=~"$job"}', "instance"),
]

/** Variables of every dashboard; its own ones come after the instances. */
export const variables = (own: ReadonlyArray<dashboard.QueryVariableBuilder>) => [
  datasource(),
  ...instances(),
  ...own,
  product(),
]

/** A variable with one channel, for dashboards about a single one. */
export const oneChannel = () => values("channel", "Channel", of("distributor_channel_info"), "channel")
export const channels = () => many("channel", "Channel", of("distributor_channel_info"), "channel")
export const mediaLives = () => many("medialive", "MediaLive channel", of("distributor_medialive_info"), "medialive")
export const outputsOf = (channel: string) => many("output", "Output", of("distributor_output_info", channel), "output")
export const hosts = () => [
  many("host_job", "Host job", "node_uname_info", "job"),
  many("host", "Host", 'node_uname_info{job=~"$host_job"}', "instance"),
]
