/** The requests to AWS that this service makes, all of them paced together. */
import { Effect } from "effect"
import type { MediaLiveAlert, MediaLiveChannel, MediaLiveSummary } from "../../../core/medialive/model.ts"
import type { ListPrice } from "../../../core/medialive/price-list.ts"
import { readAlerts, readChannel, readChannelList } from "../../../core/medialive/read-answer.ts"
import { readProducts } from "../../../core/medialive/read-products.ts"
import { AwsFailed } from "../../model/Errors.ts"
import { type AwsConnection, makeKeys } from "./keys.ts"
import { type MetricQuery, type MetricValues, metricBody, readMetrics } from "./metric-data.ts"
import { type AwsDeps, allPages, makeRequests, type Requests } from "./requests.ts"

interface ChannelApi {
  /** All channels of the account, page by page. */
  readonly channels: Effect.Effect<ReadonlyArray<MediaLiveSummary>, AwsFailed>
  readonly channel: (id: string) => Effect.Effect<MediaLiveChannel, AwsFailed>
  readonly alerts: (id: string) => Effect.Effect<ReadonlyArray<MediaLiveAlert>, AwsFailed>
  readonly start: (id: string) => Effect.Effect<MediaLiveChannel | null, AwsFailed>
  readonly stop: (id: string) => Effect.Effect<MediaLiveChannel | null, AwsFailed>
}

export interface AwsApi extends ChannelApi {
  /** At most `MAX_QUERIES` figures; see `metric-data.ts`. */
  readonly metrics: (
    queries: ReadonlyArray<MetricQuery>,
    fromMs: number,
    toMs: number,
  ) => Effect.Effect<ReadonlyArray<MetricValues>, AwsFailed>
  readonly prices: Effect.Effect<ReadonlyArray<ListPrice>, AwsFailed>
  /** Whether prices may be read, by asking for one. */
  readonly onePrice: Effect.Effect<unknown, AwsFailed>
  /** Where the keys in use come from, in words; null before the first request. */
  readonly signedInBy: () => string | null
}

/** Items of a page of a list. */
const PAGE = 100

/** MediaLive's ids are numbers; whatever else came in must not become another path. */
const pathOf = (id: string): string => `/prod/channels/${encodeURIComponent(id)}`

const channelApi = ({ get, post }: Requests): ChannelApi => ({
  channels: allPages((token) => {
    const query = `maxResults=${PAGE}${token === null ? "" : `&nextToken=${encodeURIComponent(token)}`}`
    return Effect.map(get("ListChannels", `/prod/channels?${query}`), (answer) => {
      const { channels, next } = readChannelList(answer)
      return { items: channels, next }
    })
  }),
  channel: (id) =>
    Effect.flatMap(get("DescribeChannel", pathOf(id)), (answer) => {
      const channel = readChannel(answer)
      if (channel !== null) return Effect.succeed(channel)
      const action = "medialive:DescribeChannel"
      return new AwsFailed({ action, status: 200, code: "unreadable", reason: "its answer is no channel" })
    }),
  alerts: (id) => Effect.map(get("ListAlerts", `${pathOf(id)}/alerts?maxResults=${PAGE}`), readAlerts),
  start: (id) => Effect.map(post("StartChannel", `${pathOf(id)}/start`), readChannel),
  stop: (id) => Effect.map(post("StopChannel", `${pathOf(id)}/stop`), readChannel),
})

const metricsApi =
  ({ target }: Requests): AwsApi["metrics"] =>
  (queries, fromMs, toMs) =>
    Effect.map(
      target(
        "cloudwatch",
        "cloudwatch:GetMetricData",
        "GraniteServiceVersion20100801.GetMetricData",
        "1.0",
        metricBody(queries, fromMs, toMs),
      ),
      (answer) => readMetrics(answer, queries),
    )

const pricesApi = ({ target }: Requests, region: string): Pick<AwsApi, "prices" | "onePrice"> => {
  const products = (most: number, token: string | null) =>
    target("pricing", "pricing:GetProducts", "AWSPriceListService.GetProducts", "1.1", {
      ServiceCode: "AWSElementalMediaLive",
      Filters: [{ Type: "TERM_MATCH", Field: "regionCode", Value: region }],
      FormatVersion: "aws_v1",
      MaxResults: most,
      ...(token === null ? {} : { NextToken: token }),
    })
  return {
    onePrice: products(1, null),
    prices: allPages((token) =>
      Effect.map(products(PAGE, token), (answer) => {
        const { next, prices } = readProducts(answer)
        return { items: prices, next }
      }),
    ),
  }
}

export const makeAwsApi = (connection: AwsConnection, deps: AwsDeps): AwsApi => {
  const keys = makeKeys(connection, deps)
  const requests = makeRequests(connection.region, keys, deps)
  return {
    ...channelApi(requests),
    metrics: metricsApi(requests),
    ...pricesApi(requests, connection.region),
    signedInBy: keys.from,
  }
}
