/** Parts of PromQL that all panels are built from. */

const SELECTED = ['job=~"$job"', 'instance=~"$instance"'] as const
/** Matchers for node-exporter, which is a job of its own with another port in `instance`. */
const SELECTED_HOST = ['job=~"$host_job"', 'instance=~"$host"'] as const

export const CHANNEL = 'channel="$channel"'
export const CHANNELS = 'channel=~"$channel"'
export const MEDIALIVES = 'medialive=~"$medialive"'
export const OUTPUTS = 'output=~"$output"'

const selector = (metric: string, matchers: ReadonlyArray<string>) => `${metric}{${matchers.join(", ")}}`

/** Series of a product metric on the chosen instances; matchers are in PromQL's syntax. */
export const of = (metric: string, ...matchers: ReadonlyArray<string>): string =>
  selector(metric, [...SELECTED, ...matchers])
/** Series of a node-exporter metric on the chosen machines. */
export const ofHost = (metric: string, ...matchers: ReadonlyArray<string>): string =>
  selector(metric, [...SELECTED_HOST, ...matchers])

/** Rate of a counter per second. */
export const rate = (series: string): string => `rate(${series}[$__rate_interval])`
/** Increase of a counter over the time that one point of a plot covers. */
export const increase = (series: string): string => `increase(${series}[$__rate_interval])`
/** Increase of a counter over the whole time range shown. */
export const inRange = (series: string): string => `increase(${series}[$__range])`

export const bitsPerSecond = (series: string): string => `8 * ${rate(series)}`
export const top = (count: number, expr: string): string => `topk(${count}, ${expr})`
export const sumBy = (labels: string, expr: string): string => `sum by (${labels}) (${expr})`
