/** Links from a dashboard to the others and to the product's own pages. */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard"

/** Subject of a series, for which it has the labels. */
export type About = "channel" | "output"

export const UIDS = {
  fleet: "distributor-fleet",
  channel: "distributor-channel",
  output: "distributor-output",
  host: "distributor-host",
  slo: "distributor-slo",
  medialive: "distributor-medialive",
} as const

/** Reference to a Grafana variable: `${name}`. */
export const variable = (name: string): string => `$\{${name}}`

/** Variables that a link carries over to the next dashboard. */
const KEPT = ["datasource", "job", "instance", "product"].map((name) => variable(`${name}:queryparam`)).join("&")
const TAG = "stream-distributor"
export const TAGS = [TAG]

/** Shows a link in the bar; by default the builder would hide it in a menu. */
const inSight = (builder: dashboard.DashboardLinkBuilder) => ({
  build: (): dashboard.DashboardLink => {
    const { placement: _, ...rest } = builder.build()
    return rest
  },
})

const link = (title: string, url: string, targetBlank: boolean, icon = "") =>
  inSight(
    new dashboard.DashboardLinkBuilder(title)
      .type(dashboard.DashboardLinkType.Link)
      .url(url)
      .targetBlank(targetBlank)
      .icon(icon),
  )

/** Links from a series, or from a row of a table. */
export const dataLinks = (about: About, fromTable: boolean) => {
  const label = (name: string) => variable(fromTable ? `__data.fields.${name}` : `__field.labels.${name}`)
  const query = `${KEPT}&${variable("__url_time_range")}&var-channel=${label("channel")}`
  return [
    link("Open the channel in the product", `${variable("product")}/channels/${label("channel")}`, true),
    link("Dashboard of the channel", `/d/${UIDS.channel}?${query}`, false),
    ...(about === "output"
      ? [link("Dashboard of the output", `/d/${UIDS.output}?${query}&var-output=${label("output")}`, false)]
      : []),
  ]
}

/** Links at the top of a dashboard. */
export const dashboardLinks = (productPath: string) => [
  inSight(
    new dashboard.DashboardLinkBuilder("Stream Distributor")
      .type(dashboard.DashboardLinkType.Dashboards)
      .tags(TAGS)
      .asDropdown(true)
      .includeVars(true)
      .keepTime(true),
  ),
  link("Open in the product", `${variable("product")}${productPath}`, true, "external link"),
]
