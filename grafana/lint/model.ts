/** What the lint and the tests read in a dashboard's file (Grafana's classic model). */

export interface Ref {
  readonly type?: string
  readonly uid?: string
}
export interface Target {
  readonly refId: string
  readonly expr: string
  readonly datasource?: Ref
  readonly instant?: boolean
}
export interface Link {
  readonly title: string
  readonly type: string
  readonly url?: string
}
export interface PanelFile {
  readonly id: number
  readonly type: string
  readonly title?: string
  readonly description?: string
  readonly datasource?: Ref
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: ReadonlyArray<Target>
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly links?: ReadonlyArray<Link> } }
}
export interface VariableFile {
  readonly name: string
  readonly type: string
  readonly label?: string
  readonly query: string | { readonly query: string }
  readonly datasource?: Ref
  readonly refresh?: number
  readonly multi?: boolean
  readonly includeAll?: boolean
  readonly allValue?: string
}
export interface AnnotationFile {
  readonly name: string
  readonly expr: string
  readonly datasource?: Ref
  readonly target: Target
  readonly step: string
}
export interface DashboardFile {
  readonly uid: string
  readonly id?: number | null
  readonly title: string
  readonly tags: ReadonlyArray<string>
  readonly schemaVersion: number
  readonly editable: boolean
  readonly panels: ReadonlyArray<PanelFile>
  readonly links: ReadonlyArray<Link>
  readonly templating: { readonly list: ReadonlyArray<VariableFile> }
  readonly annotations: { readonly list: ReadonlyArray<AnnotationFile> }
}

/** Panels that show figures: all but rows. */
export const figuresOf = ({ panels }: DashboardFile): ReadonlyArray<PanelFile> =>
  panels.filter(({ type }) => type !== "row")

export const queryOf = ({ query }: VariableFile): string => (typeof query === "string" ? query : query.query)

/** Series and label of `label_values(series, label)`; null for anything else. */
export const labelValues = (variable: VariableFile): { readonly series: string; readonly label: string } | null => {
  const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(queryOf(variable)) ?? []
  return series === undefined || label === undefined ? null : { series, label }
}
