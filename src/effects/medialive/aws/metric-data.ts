/**
 * Figures of CloudWatch (namespace `AWS/MediaLive`) for many channels in one request: `GetMetricData`, JSON 1.0, 500
 * queries at most.
 */

/** What is asked for, by MediaLive's own names, each with how a minute of it is summed up. */
export const METRICS = {
  ActiveAlerts: { stat: "Maximum", words: "active alerts", unit: "" },
  InputVideoFrameRate: { stat: "Average", words: "frame rate of the input", unit: "fps" },
  FillMsec: { stat: "Maximum", words: "filled in for missing input", unit: "ms" },
  PipelinesLocked: { stat: "Minimum", words: "pipelines locked to each other", unit: "" },
  InputLossSeconds: { stat: "Sum", words: "input loss", unit: "s" },
} as const
export type MetricName = keyof typeof METRICS
export const METRIC_NAMES = Object.keys(METRICS) as ReadonlyArray<MetricName>

export interface MetricQuery {
  /** Id of the MediaLive channel. */
  readonly channel: string
  readonly pipeline: number
  readonly metric: MetricName
}

/** Values in the order of their times, Unix seconds. */
export interface MetricValues extends MetricQuery {
  readonly points: ReadonlyArray<readonly [atS: number, value: number]>
}

/** Most queries of one request. */
export const MAX_QUERIES = 500
export const PERIOD_S = 60

/** @param queries `MAX_QUERIES` at most */
export const metricBody = (queries: ReadonlyArray<MetricQuery>, fromMs: number, toMs: number): object => ({
  StartTime: Math.floor(fromMs / 1000),
  EndTime: Math.ceil(toMs / 1000),
  ScanBy: "TimestampAscending",
  MetricDataQueries: queries.map(({ channel, metric, pipeline }, n) => ({
    Id: `q${n}`,
    MetricStat: {
      Metric: {
        Namespace: "AWS/MediaLive",
        MetricName: metric,
        Dimensions: [
          { Name: "ChannelId", Value: channel },
          { Name: "Pipeline", Value: String(pipeline) },
        ],
      },
      Period: PERIOD_S,
      Stat: METRICS[metric].stat,
    },
  })),
})

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
const list = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** What came of each query; those without figures are left out. */
export const readMetrics = (answer: unknown, queries: ReadonlyArray<MetricQuery>): ReadonlyArray<MetricValues> =>
  list(record(answer)["MetricDataResults"]).flatMap((one): ReadonlyArray<MetricValues> => {
    const { Id, Timestamps, Values } = record(one)
    const query = queries[Number(String(Id).slice(1))]
    const values = list(Values)
    const points = list(Timestamps)
      .map((at, n) => [typeof at === "number" ? at : Date.parse(String(at)) / 1000, values[n]] as const)
      .filter((point): point is readonly [number, number] => Number.isFinite(point[0]) && typeof point[1] === "number")
      .sort(([a], [b]) => a - b)
    return query === undefined || points.length === 0 ? [] : [{ ...query, points }]
  })
