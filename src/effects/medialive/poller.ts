/** Asks AWS, one request at a time, by `next-call.ts`, and puts what it answers into memory and store. */
import { Clock, Effect } from "effect"
import { lifecycleOf } from "../../core/medialive/lifecycle.ts"
import { type MediaLiveSummary, pipelinesOf } from "../../core/medialive/model.ts"
import { type Call, nextCall, pauseAfter } from "../../core/medialive/next-call.ts"
import type { AwsFailed } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import type { AwsApi } from "./aws/AwsApi.ts"
import { MAX_QUERIES, METRIC_NAMES, type MetricQuery } from "./aws/metric-data.ts"
import type { MediaLiveDeps } from "./deps.ts"
import type { StoredSeen } from "./medialive-rows.ts"
import { addFigure, type Known, wireOf } from "./memory.ts"

/** Figures are asked for so far back where they were never asked for, in ms. */
const FIGURES_BACK_MS = 3_600_000
/** What CloudWatch tells later is asked for again, in ms. */
const FIGURES_LATE_MS = 180_000

const newKnown = (summary: MediaLiveSummary): Known => ({
  summary,
  described: null,
  describedAt: null,
  describedUnix: null,
  describedState: null,
  alerts: [],
  alertsAt: null,
  wantedAt: null,
})

export interface Poller {
  /** One request, when one is due; true when something was asked. Never fails. */
  readonly round: Effect.Effect<boolean>
  /** What is stored of the channels, kept as AWS says it; called after anything has changed. */
  readonly keep: Effect.Effect<void>
  /** Takes a channel as AWS has just told it. */
  readonly take: (summary: MediaLiveSummary) => Effect.Effect<void>
}

/** Tells the channels of ours that a channel of MediaLive feeds that its state is another. */
const makeTake = ({ addresses, memory, ours, record }: MediaLiveDeps) =>
  Effect.fnUntraced(function* (summary: MediaLiveSummary) {
    const before = memory.channels.get(summary.id)
    const known = before ?? newKnown(summary)
    const old = before?.summary.state
    known.summary = summary
    if (summary.state !== "RUNNING") known.alerts = []
    memory.channels.set(summary.id, known)
    if (old === undefined || old === summary.state) return
    const { matches } = wireOf(known, ours(), addresses())
    const severity = lifecycleOf(summary) === "error" ? "warning" : "info"
    for (const channelId of new Set(matches.map(({ channel }) => channel.id))) {
      const message = `MediaLive channel ${summary.name} (${summary.id}) is ${summary.state}, was ${old}`
      yield* record({ channelId, kind: "medialive_state", severity, message })
    }
  })

/** Writes what AWS said to the store, where it differs from what is there. */
const makeKeep = ({ memory, rows }: MediaLiveDeps) => {
  const written = new Map<string, string>()
  return Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const changed = new Map<string, StoredSeen>()
    const texts = new Map<string, string>()
    for (const [id, { alerts, described, summary }] of memory.channels) {
      const seen = { summary, described, alerts }
      const text = JSON.stringify(seen)
      if (written.get(id) === text) continue
      changed.set(id, seen)
      texts.set(id, text)
    }
    const gone = [...written.keys()].filter((id) => !memory.channels.has(id))
    if (changed.size + gone.length === 0) return
    yield* rows.putSeen(nowMs, changed, gone)
    for (const [id, text] of texts) written.set(id, text)
    for (const id of gone) written.delete(id)
  }).pipe(Effect.catchAll((error) => Effect.logWarning(error.message)))
}

/** Queries for as many channels as one request takes: those whose figures are oldest. */
const queriesFor = ({ memory }: MediaLiveDeps, feeding: ReadonlyArray<Known>): ReadonlyArray<MetricQuery> =>
  [...feeding]
    .sort((a, b) => (memory.figuresUntil.get(a.summary.id) ?? 0) - (memory.figuresUntil.get(b.summary.id) ?? 0))
    .flatMap(({ summary }) =>
      Array.from({ length: pipelinesOf(summary.channelClass) }, (_, pipeline) =>
        METRIC_NAMES.map((metric) => ({ channel: summary.id, pipeline, metric })),
      ).flat(),
    )
    .slice(0, MAX_QUERIES)

export const makePoller = (deps: MediaLiveDeps): Poller => {
  const { addresses, memory, ours, record } = deps
  const take = makeTake(deps)
  const keep = makeKeep(deps)
  const feeds = (known: Known) => wireOf(known, ours(), addresses()).matches.length > 0

  const list = (api: AwsApi) =>
    Effect.gen(function* () {
      const found = yield* api.channels
      for (const summary of found) yield* take(summary)
      const ids = new Set(found.map(({ id }) => id))
      for (const id of memory.channels.keys()) if (!ids.has(id)) memory.channels.delete(id)
      memory.answeredAt = yield* Clock.currentTimeMillis
    })
  const describe = (api: AwsApi, id: string) =>
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
  const alerts = (api: AwsApi, id: string) =>
    Effect.gen(function* () {
      const found = yield* api.alerts(id)
      const known = memory.channels.get(id)
      if (known === undefined) return
      const before = new Set(known.alerts.map((alert) => alert.id))
      known.alerts = found
      for (const alert of found.filter((one) => !before.has(one.id))) {
        const where = alert.pipeline === null ? "" : ` on pipeline ${alert.pipeline}`
        const message = `MediaLive has an alert${where}: ${alert.type}${alert.message === "" ? "" : `: ${alert.message}`}`
        const fed = new Set(wireOf(known, ours(), addresses()).matches.map(({ channel }) => channel.id))
        for (const channelId of fed) yield* record({ channelId, kind: "medialive_alert", severity: "warning", message })
      }
    })
  const metrics = (api: AwsApi) =>
    Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const running = [...memory.channels.values()].filter((one) => one.summary.state === "RUNNING" && feeds(one))
      const queries = queriesFor(deps, running)
      const asked = new Set(queries.map(({ channel }) => channel))
      const since = Math.min(...[...asked].map((id) => memory.figuresUntil.get(id) ?? 0))
      const from = Math.max(nowMs - FIGURES_BACK_MS, since - FIGURES_LATE_MS)
      for (const values of yield* api.metrics(queries, from, nowMs)) addFigure(memory.figures, { ...values })
      for (const id of asked) memory.figuresUntil.set(id, nowMs)
    })
  const prices = (api: AwsApi) =>
    Effect.gen(function* () {
      const found = yield* api.prices
      const asOf = new Date(yield* Clock.currentTimeMillis).toISOString()
      const region = memory.region ?? ""
      if (found.length > 0) memory.prices = { asOf, from: "aws", region, prices: found }
    })

  const carryOut = (api: AwsApi, call: Call): Effect.Effect<void, AwsFailed> => {
    switch (call.do) {
      case "list":
        return list(api)
      case "describe":
        return describe(api, call.id)
      case "alerts":
        return alerts(api, call.id)
      case "metrics":
        return metrics(api)
      case "prices":
        return prices(api)
    }
  }

  /** Notes when it was asked, whatever comes of it: what fails must not be asked again at once. */
  const noteAsked = (call: Call, nowMs: number) => {
    if (call.do === "list") memory.listAt = nowMs
    if (call.do === "metrics") memory.metricsAt = nowMs
    if (call.do === "prices") memory.pricesAt = nowMs
    const known = call.do === "describe" || call.do === "alerts" ? memory.channels.get(call.id) : undefined
    if (known === undefined) return
    if (call.do === "alerts") known.alertsAt = nowMs
    else {
      known.describedAt = nowMs
      known.describedState = known.summary.state
    }
  }
  const noteOk = (call: Call, action: string) => {
    memory.denied.delete(call.do)
    memory.missing.delete(action)
    memory.failures = 0
    if (call.do === "list") memory.problem = null
  }
  const noteFailed = (call: Call, error: AwsFailed, nowMs: number) => {
    // A channel that was deleted meanwhile is no longer in the next list.
    if (error.status === 404) return
    // Prices are asked for once a day: those that were not answered are asked for again before that.
    if (call.do === "prices") {
      memory.pricesAt = null
      memory.denied.set("prices", nowMs)
    }
    if (error.status === 403 && call.do !== "list") {
      memory.denied.set(call.do, nowMs)
      memory.missing.add(error.action)
      return
    }
    if (error.status === 403) memory.missing.add(error.action)
    memory.problem = error.message
    // What is beside the list may fail alone: the list tells whether AWS answers.
    if (call.do !== "list") return
    memory.failures++
    memory.pausedUntil = nowMs + pauseAfter(memory.failures)
  }

  const round = Effect.gen(function* () {
    const { api } = memory
    const nowMs = yield* monotonicMs
    if (api === null || nowMs < memory.pausedUntil) return false
    const channels = [...memory.channels.values()].map((known) => ({
      ...known,
      id: known.summary.id,
      state: known.summary.state,
      feeds: feeds(known),
    }))
    const call = nextCall({ ...memory, channels }, nowMs)
    if (call === null) return false
    noteAsked(call, nowMs)
    const done = yield* Effect.either(carryOut(api, call))
    // Another connection may have been set meanwhile: its answers are not this one's.
    if (memory.api !== api) return true
    if (done._tag === "Left") {
      if (memory.problem === null || call.do === "list") yield* Effect.logDebug(done.left.message)
      noteFailed(call, done.left, yield* monotonicMs)
    } else noteOk(call, ACTIONS[call.do])
    yield* keep
    return true
  })
  return { round, keep, take }
}

/** The permission that each request needs. */
const ACTIONS: Readonly<Record<Call["do"], string>> = {
  list: "medialive:ListChannels",
  describe: "medialive:DescribeChannel",
  alerts: "medialive:ListAlerts",
  metrics: "cloudwatch:GetMetricData",
  prices: "pricing:GetProducts",
}
