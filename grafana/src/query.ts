/** Parts of PromQL that every panel is made of. */

const SELECTED = ['job=~"$job"', 'instance=~"$instance"'] as const
/** The exporter of the machine is a job of its own, with another port in `instance`. */
const SELECTED_HOST = ['job=~"$host_job"', 'instance=~"$host"'] as const

export const CHANNEL = 'channel="$channel"'
export const CHANNELS = 'channel=~"$channel"'
export const OUTPUTS = 'output=~"$output"'

const selector = (metric: string, matchers: ReadonlyArray<string>) => `${metric}{${matchers.join(", ")}}`

/** Series of a metric on the instances that are chosen; matchers as PromQL writes them. */
export const of = (metric: string, ...matchers: ReadonlyArray<string>): string => selector(metric, [...SELECTED, ...matchers])
/** The same of node-exporter. */
export const ofHost = (metric: string, ...matchers: ReadonlyArray<string>): string => selector(metric, [...SELECTED_HOST, ...matchers])

/** Per second. */
export const rate = (series: string): string => `rate(${series}[$__rate_interval])`
/** How many in the time that one point of a plot stands for. */
export const increase = (series: string): string => `increase(${series}[$__rate_interval])`
/** How many in the time that is shown. */
export const inRange = (series: string): string => `increase(${series}[$__range])`

export const bitsPerSecond = (series: string): string => `8 * ${rate(series)}`
export const top = (count: number, expr: string): string => `topk(${count}, ${expr})`
export const sumBy = (labels: string, expr: string): string => `sum by (${labels}) (${expr})`
