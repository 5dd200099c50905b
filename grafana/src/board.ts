/** Builds a dashboard: what all of them have in common, and its panels row by row. */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard"
import { dashboardLinks, TAGS, UIDS } from "./links.ts"
import type { Panel } from "./panels.ts"
import { variables } from "./variables.ts"

export interface BoardSpec {
  readonly board: keyof typeof UIDS
  readonly title: string
  readonly description: string
  /** Start of the time range when the dashboard is opened. */
  readonly from: string
  /** Path of the product's page that the dashboard belongs to. */
  readonly productPath: string
  readonly variables: ReadonlyArray<dashboard.QueryVariableBuilder>
  readonly annotations: ReadonlyArray<dashboard.AnnotationQueryBuilder>
  /** Sections with their panels, from left to right and from top to bottom; every line of panels fills 24 columns. */
  readonly sections: ReadonlyArray<{ readonly title: string; readonly panels: ReadonlyArray<Panel> }>
}

/** First id of rows, apart from those of panels. */
const FIRST_ROW = 1000

/** The dashboard in Grafana's classic model, as stored in a file. */
export const board = (spec: BoardSpec): dashboard.Dashboard => {
  const builder = new dashboard.DashboardBuilder(`Stream Distributor / ${spec.title}`)
    .uid(UIDS[spec.board])
    .description(spec.description)
    .tags(TAGS)
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .time({ from: spec.from, to: "now" })
    .timezone("browser")
    .refresh("10s")
    .variables(variables(spec.variables))
    .annotations([...spec.annotations])
    .links(dashboardLinks(spec.productPath))
  for (const [index, { panels, title }] of spec.sections.entries()) {
    builder.withRow(new dashboard.RowBuilder(title).id(FIRST_ROW + index))
    for (const panel of panels) builder.withPanel(panel)
  }
  return builder.build()
}
