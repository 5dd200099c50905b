/** Carries out requests to AWS and takes what it answers into memory, with what our channels are to be told of it. */
import { Clock, Effect } from "effect"
import { lifecycleOf } from "../../core/medialive/lifecycle.ts"
import { type MediaLiveSummary, pipelinesOf } from "../../core/medialive/model.ts"
import type { Call } from "../../core/medialive/next-call.ts"
import type { AwsFailed } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import type { AwsApi } from "./aws/AwsApi.ts"
import { METRIC_NAMES, type MetricQuery } from "./aws/metric-data.ts"
import type { MediaLiveDeps } from "./deps.ts"
import { addFigure, forgetChannel, newKnown } from "./memory.ts"
import { fedBy } from "./wants.ts"

/** Figures are asked for so far back where they were never asked for, in ms. */
const FIGURES_BACK_MS = 3_600_000
/** What CloudWatch tells later is asked for again, in ms. */
const FIGURES_LATE_MS = 180_000

export type Take = (summary: MediaLiveSummary) => Effect.Effect<void>

/** Tells the channels of ours that a channel of MediaLive feeds that its state is another. */
export const makeTake = (deps: MediaLiveDeps): Take => {
  const { memory, record } = deps
  return Effect.fnUntraced(function* (summary: MediaLiveSummary) {
    const before = memory.channels.get(summary.id)
    const known = before ?? newKnown(summary)
    const old = before?.summary.state
    known.summary = summary
    if (summary.state !== "RUNNING") known.alerts = []
    memory.channels.set(summary.id, known)
    if (old === undefined || old === summary.state) return
    const severity = lifecycleOf(summary) === "error" ? "warning" : "info"
    for (const { id: channelId } of fedBy(deps, known)) {
      const message = `MediaLive channel ${summary.name} (${summary.id}) is ${summary.state}, was ${old}`
      yield* record({ channelId, kind: "medialive_state", severity, message })
    }
  })
}

const list = ({ memory }: MediaLiveDeps, take: Take, api: AwsApi) =>
  Effect.gen(function* () {
    const found = yield* api.channels
    for (const summary of found) yield* take(summary)
    const ids = new Set(found.map(({ id }) => id))
    for (const id of memory.channels.keys()) if (!ids.has(id)) forgetChannel(memory, id)
    memory.answeredAt = yield* Clock.currentTimeMillis
  })

const describe = ({ memory }: MediaLiveDeps, take: Take, api: AwsApi, id: string) =>
  Effect.gen(function* () {
    const channel = yield* api.channel(id)
    yield* take(channel)
    const known = memory.channels.get(id)
    if (known === undefined) return
    known.described = channel
    known.describedAt = yield* monotonicMs
    known.describedUnix = yield* Clock.currentTimeMillis
    known.describedState = channel.state
  })

const alerts = (deps: MediaLiveDeps, api: AwsApi, id: string) =>
  Effect.gen(function* () {
    const found = yield* api.alerts(id)
    const known = deps.memory.channels.get(id)
    if (known === undefined) return
    const before = new Set(known.alerts.map((alert) => alert.id))
    known.alerts = found
    for (const alert of found.filter((one) => !before.has(one.id))) {
      const where = alert.pipeline === null ? "" : ` on pipeline ${alert.pipeline}`
      const message = `MediaLive has an alert${where}: ${alert.type}${alert.message === "" ? "" : `: ${alert.message}`}`
      for (const { id: channelId } of fedBy(deps, known))
        yield* deps.record({ channelId, kind: "medialive_alert", severity: "warning", message })
    }
  })

const queriesOf = ({ channelClass, id }: MediaLiveSummary): ReadonlyArray<MetricQuery> =>
  Array.from({ length: pipelinesOf(channelClass) }, (_, pipeline) =>
    METRIC_NAMES.map((metric) => ({ channel: id, pipeline, metric })),
  ).flat()

const metrics = ({ memory }: MediaLiveDeps, api: AwsApi, ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const queries = ids.flatMap((id) => {
      const known = memory.channels.get(id)
      return known === undefined ? [] : queriesOf(known.summary)
    })
    const since = Math.min(...ids.map((id) => memory.figuresUntil.get(id) ?? 0))
    const from = Math.max(nowMs - FIGURES_BACK_MS, since - FIGURES_LATE_MS)
    for (const values of yield* api.metrics(queries, from, nowMs)) addFigure(memory.figures, { ...values })
    for (const id of ids) memory.figuresUntil.set(id, nowMs)
  })

const prices = ({ memory }: MediaLiveDeps, api: AwsApi) =>
  Effect.gen(function* () {
    const found = yield* api.prices
    const asOf = new Date(yield* Clock.currentTimeMillis).toISOString()
    const region = memory.region ?? ""
    if (found.length > 0) memory.prices = { asOf, from: "aws", region, prices: found }
  })

/** One request, with what comes of its answer. */
export type CarryOut = (api: AwsApi, call: Call) => Effect.Effect<void, AwsFailed>

export const makeCarryOut =
  (deps: MediaLiveDeps, take: Take): CarryOut =>
  (api, call) => {
    switch (call.do) {
      case "list":
        return list(deps, take, api)
      case "describe":
        return describe(deps, take, api, call.id)
      case "alerts":
        return alerts(deps, api, call.id)
      case "metrics":
        return metrics(deps, api, call.ids)
      case "prices":
        return prices(deps, api)
    }
  }
