/** The requests to AWS that this service makes, all of them paced together. */
import { Clock, Effect } from "effect"
import type { MediaLiveAlert, MediaLiveChannel, MediaLiveSummary } from "../../../core/medialive/model.ts"
import type { ListPrice } from "../../../core/medialive/price-list.ts"
import { readAlerts, readChannel, readChannelList } from "../../../core/medialive/read-answer.ts"
import { readProducts } from "../../../core/medialive/read-products.ts"
import { AwsFailed } from "../../model/Errors.ts"
import { assumeRole, assumeRoleWithWebIdentity } from "./assume-role.ts"
import { type Credentials, findCredentials, type StoredKeys } from "./credentials.ts"
import { type AwsService, type Environment, endpointFor } from "./endpoints.ts"
import type { Fetch } from "./http.ts"
import { type MetricQuery, type MetricValues, metricBody, readMetrics } from "./metric-data.ts"
import type { Pacer } from "./pacer.ts"
import { askSigned, type SignedRequest } from "./signed.ts"

/** Who asks, and where. */
export interface AwsConnection {
  readonly region: string
  readonly roleArn: string | null
  readonly stored: StoredKeys | null
}

export interface AwsApi {
  /** All channels of the account, page by page. */
  readonly channels: Effect.Effect<ReadonlyArray<MediaLiveSummary>, AwsFailed>
  readonly channel: (id: string) => Effect.Effect<MediaLiveChannel, AwsFailed>
  readonly alerts: (id: string) => Effect.Effect<ReadonlyArray<MediaLiveAlert>, AwsFailed>
  readonly start: (id: string) => Effect.Effect<MediaLiveChannel | null, AwsFailed>
  readonly stop: (id: string) => Effect.Effect<MediaLiveChannel | null, AwsFailed>
  readonly metrics: (
    queries: ReadonlyArray<MetricQuery>,
    fromMs: number,
    toMs: number,
  ) => Effect.Effect<ReadonlyArray<MetricValues>, AwsFailed>
  readonly prices: Effect.Effect<ReadonlyArray<ListPrice>, AwsFailed>
  /** Where the keys in use come from, in words; null before the first request. */
  readonly signedInBy: () => string | null
}

/** Keys are renewed so long before they end, in ms. */
const RENEW_MS = 300_000
const PAGE = 100
/** Most pages of a list: a list that never ends must not hold up everything else. */
const MAX_PAGES = 50
const JSON_HEADERS = { Accept: "application/json" }

/** MediaLive's ids are numbers; whatever else came in must not become another path. */
const pathOf = (id: string): string => `/prod/channels/${encodeURIComponent(id)}`

export interface AwsDeps {
  readonly environment: Environment
  readonly fetch: Fetch
  readonly pacer: Pacer
}

/** Keys as long as they last. */
const makeKeys = (connection: AwsConnection, { environment, fetch }: AwsDeps) => {
  const { region, roleArn, stored } = connection
  const sts = endpointFor("sts", region, environment)
  let held: Credentials | null = null
  const sources = {
    environment,
    fetch,
    stored,
    webIdentity: (role: string, token: string) => assumeRoleWithWebIdentity(fetch, sts, role, token),
  }
  const fresh = Effect.flatMap(findCredentials(sources), (keys) =>
    roleArn === null ? Effect.succeed(keys) : assumeRole(fetch, sts, keys, roleArn),
  )
  return {
    get: Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      if (held !== null && (held.expiresAt === null || nowMs < held.expiresAt - RENEW_MS)) return held
      held = yield* fresh
      return held
    }),
    forget: () => {
      held = null
    },
    from: () => held?.from ?? null,
  }
}

export const makeAwsApi = (connection: AwsConnection, deps: AwsDeps): AwsApi => {
  const { environment, fetch, pacer } = deps
  const keys = makeKeys(connection, deps)

  const send = (service: AwsService, request: Omit<SignedRequest, "url"> & { readonly path: string }) => {
    const endpoint = endpointFor(service, connection.region, environment)
    const { path, ...rest } = request
    const signed = Effect.flatMap(keys.get, (found) =>
      askSigned(fetch, { ...rest, url: `${endpoint.url}${path}` }, endpoint, found),
    )
    const read = Effect.flatMap(signed, (text) =>
      Effect.try({
        try: () => JSON.parse(text) as unknown,
        catch: () =>
          new AwsFailed({ action: request.action, status: 200, code: "unreadable", reason: "its answer is no JSON" }),
      }),
    )
    // Keys that were taken back or have ended are looked for anew at the next request.
    return Effect.tapError(pacer.paced(read), ({ status }) => Effect.sync(() => status === 403 && keys.forget()))
  }
  const get = (action: string, path: string) =>
    send("medialive", { action: `medialive:${action}`, method: "GET", path, headers: JSON_HEADERS })
  const post = (action: string, path: string) =>
    send("medialive", {
      action: `medialive:${action}`,
      method: "POST",
      path,
      headers: { ...JSON_HEADERS, "Content-Type": "application/json" },
      body: "{}",
    })
  const target = (service: AwsService, action: string, name: string, version: "1.0" | "1.1", body: object) =>
    send(service, {
      action,
      method: "POST",
      path: "/",
      headers: { "Content-Type": `application/x-amz-json-${version}`, "X-Amz-Target": name },
      body: JSON.stringify(body),
    })

  /** All pages of a list. */
  const pages = <A>(
    page: (token: string | null) => Effect.Effect<{ items: ReadonlyArray<A>; next: string | null }, AwsFailed>,
  ) =>
    Effect.gen(function* () {
      const found: A[] = []
      let token: string | null = null
      for (let n = 0; n < MAX_PAGES; n++) {
        const { items, next }: { items: ReadonlyArray<A>; next: string | null } = yield* page(token)
        found.push(...items)
        if (next === null) break
        token = next
      }
      return found
    })

  return {
    channels: pages((token) => {
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
    metrics: (queries, fromMs, toMs) =>
      Effect.map(
        target(
          "cloudwatch",
          "cloudwatch:GetMetricData",
          "GraniteServiceVersion20100801.GetMetricData",
          "1.0",
          metricBody(queries, fromMs, toMs),
        ),
        (answer) => readMetrics(answer, queries),
      ),
    prices: pages((token) =>
      Effect.map(
        target("pricing", "pricing:GetProducts", "AWSPriceListService.GetProducts", "1.1", {
          ServiceCode: "AWSElementalMediaLive",
          Filters: [{ Type: "TERM_MATCH", Field: "regionCode", Value: connection.region }],
          FormatVersion: "aws_v1",
          MaxResults: PAGE,
          ...(token === null ? {} : { NextToken: token }),
        }),
        (answer) => {
          const { next, prices } = readProducts(answer)
          return { items: prices, next }
        },
      ),
    ),
    signedInBy: keys.from,
  }
}
