/** Figures and prices of the stand-in for AWS. */
import type { FakeChannel } from "./fake-channels.ts"

interface Query {
  readonly id: string
  readonly metric: string
  readonly channel: string
}

/** What a running channel has in each minute. */
const figureOf = (metric: string, channel: FakeChannel | undefined): number | null => {
  if (channel === undefined || channel.state !== "RUNNING") return null
  const values: Readonly<Record<string, number>> = {
    ActiveAlerts: channel.alerts.length,
    InputVideoFrameRate: 25,
    FillMsec: 0,
    PipelinesLocked: 1,
    InputLossSeconds: 0,
  }
  return values[metric] ?? null
}

const PERIOD_S = 60
const POINTS = 5

interface Result {
  readonly id: string
  readonly label: string
  readonly points: ReadonlyArray<readonly [atS: number, value: number]>
}

const resultOf = (
  { channel, id, metric }: Query,
  channels: ReadonlyMap<string, FakeChannel>,
  nowMs: number,
): Result => {
  const value = figureOf(metric, channels.get(channel))
  const last = Math.floor(nowMs / 1000 / PERIOD_S) * PERIOD_S
  const times = Array.from({ length: POINTS }, (_, n) => last - (POINTS - n) * PERIOD_S)
  return { id, label: metric, points: value === null ? [] : times.map((at) => [at, value] as const) }
}

interface JsonQuery {
  readonly Id: string
  readonly MetricStat: {
    readonly Metric: {
      readonly MetricName: string
      readonly Dimensions: ReadonlyArray<{ readonly Name: string; readonly Value: string }>
    }
  }
}

/** JSON 1.0. */
export const metricsAsJson = (body: unknown, channels: ReadonlyMap<string, FakeChannel>, nowMs: number) => {
  const { MetricDataQueries } = body as { readonly MetricDataQueries: ReadonlyArray<JsonQuery> }
  if (MetricDataQueries.length > 500) throw new Error("more than 500 queries")
  return {
    Messages: [],
    MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric } }) => {
      const channel = Metric.Dimensions.find(({ Name }) => Name === "ChannelId")?.Value ?? ""
      const { id, label, points } = resultOf({ id: Id, metric: Metric.MetricName, channel }, channels, nowMs)
      return {
        Id: id,
        Label: label,
        Timestamps: points.map(([at]) => at),
        Values: points.map(([, value]) => value),
        StatusCode: "Complete",
      }
    }),
  }
}

/** The Query protocol of 2010-08-01, which older tools of AWS speak. */
export const metricsAsXml = (
  form: URLSearchParams,
  channels: ReadonlyMap<string, FakeChannel>,
  nowMs: number,
): string => {
  const queries: Query[] = []
  for (let n = 1; form.has(`MetricDataQueries.member.${n}.Id`); n++) {
    const at = `MetricDataQueries.member.${n}`
    const metric = form.get(`${at}.MetricStat.Metric.MetricName`) ?? ""
    const names = [1, 2, 3].map((d) => `${at}.MetricStat.Metric.Dimensions.member.${d}`)
    const channel = names.find((name) => form.get(`${name}.Name`) === "ChannelId")
    queries.push({ id: form.get(`${at}.Id`) ?? "", metric, channel: form.get(`${channel}.Value`) ?? "" })
  }
  const members = queries.map((query) => {
    const { id, label, points } = resultOf(query, channels, nowMs)
    const list = (name: string, values: ReadonlyArray<string>) =>
      `<${name}>${values.map((value) => `<member>${value}</member>`).join("")}</${name}>`
    const times = list(
      "Timestamps",
      points.map(([at]) => new Date(at * 1000).toISOString()),
    )
    const values = list(
      "Values",
      points.map(([, value]) => String(value)),
    )
    return `<member><Id>${id}</Id><Label>${label}</Label>${times}${values}<StatusCode>Complete</StatusCode></member>`
  })
  const results = `<MetricDataResults>${members.join("")}</MetricDataResults><Messages/>`
  return `<GetMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricDataResult>${results}</GetMetricDataResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetMetricDataResponse>`
}

const product = (attributes: Readonly<Record<string, string>>, usd: string): string =>
  JSON.stringify({
    product: { productFamily: "Transcode minute", attributes, sku: "SKU" },
    serviceCode: "AWSElementalMediaLive",
    terms: { OnDemand: { t: { priceDimensions: { d: { unit: "Hrs", pricePerUnit: { USD: usd } } } } } },
  })

const COMMON = { codec: "AVC", resolution: "HD", pipeline: "Standard", reserveType: "NA", regionCode: "eu-west-1" }

/** Two pages, so that whoever reads one alone has no price of outputs. */
export const productsAnswer = (body: unknown) => {
  const { NextToken } = body as { readonly NextToken?: string }
  return NextToken === undefined
    ? {
        FormatVersion: "aws_v1",
        PriceList: [product({ ...COMMON, operation: "CHANNEL_INPUT", bitRate: "10-20mbps" }, "0.3000000000")],
        NextToken: "2",
      }
    : {
        FormatVersion: "aws_v1",
        PriceList: [
          product(
            {
              ...COMMON,
              operation: "CHANNEL_OUTPUT",
              bitRate: "<10mbps",
              frameRate: "0-30fps",
              videoQuality: "Standard",
            },
            "0.7000000000",
          ),
        ],
      }
}
