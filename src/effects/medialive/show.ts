/** Views of MediaLive, from what is in memory. Pure, and never waits. */
import { checksOf } from "../../core/medialive/checks.ts"
import { draftOf } from "../../core/medialive/draft.ts"
import { lifecycleOf } from "../../core/medialive/lifecycle.ts"
import { type MediaLiveAlert, type MediaLiveOutput, pipelinesOf } from "../../core/medialive/model.ts"
import { isSame } from "../../core/medialive/our-legs.ts"
import { PERMISSIONS } from "../../core/medialive/policy.ts"
import type { HourlyPrice } from "../../core/medialive/price-list.ts"
import { valuesFor } from "../../core/medialive/values.ts"
import { whereToLook } from "../../core/medialive/where-to-look.ts"
import type { EngineState } from "../engine/engine-state.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { METRICS } from "./aws/metric-data.ts"
import type { MediaLiveDeps } from "./deps.ts"
import type {
  AlertView,
  AutoView,
  BesideView,
  ChannelMediaLiveView,
  FeedView,
  FigureView,
  MediaLiveChannelView,
  MediaLiveDetailView,
  MediaLiveListView,
  MediaLiveOutputView,
  PriceView,
} from "./medialive-bodies.ts"
import { type Auto, autoOf, type Figure, figuresOf, type Known, priceOf, staleS, type Wire, wireOf } from "./memory.ts"
import { legFactsOf, ourChannelOf } from "./our-side.ts"
import { outputsFed, type Wants } from "./wants.ts"

type Deps = Pick<MediaLiveDeps, "addresses" | "book" | "memory" | "ours">

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

const priceView = (price: HourlyPrice | null): PriceView | null =>
  price === null
    ? null
    : {
        usd_per_hour: price.usdPerHour,
        unknown_lines: price.unknown,
        from: price.from,
        region: price.region,
        as_of: price.asOf.slice(0, 10),
        lines: price.lines,
      }

export const autoView = (auto: Auto, wanted: boolean): AutoView => ({
  enabled: auto.enabled,
  idle_minutes: auto.idleMinutes,
  lead_minutes: auto.leadMinutes,
  wanted,
  doing: auto.enabled ? (auto.refusal ?? auto.doing) : null,
  stops_at: auto.enabled ? iso(auto.stopsAt) : null,
})

const alertView = ({ message, pipeline, since, type }: MediaLiveAlert): AlertView => ({
  type,
  pipeline,
  message,
  since,
})

const feedsOf = ({ matches }: Wire): ReadonlyArray<FeedView> =>
  matches.map(({ channel, destination, leg }) => ({
    channel: channel.slug,
    channel_name: channel.name,
    source: leg.source,
    pipeline: destination.pipeline,
    url: destination.url,
  }))

/** By CloudWatch where the alerts themselves were not listed; null where neither is known. */
export const activeAlerts = (deps: Pick<Deps, "memory">, known: Known, nowMs: number): number | null => {
  if (known.summary.state !== "RUNNING") return 0
  if (known.alertsAt !== null && !deps.memory.denied.has("alerts")) return known.alerts.length
  const figures = figuresOf(deps.memory, known.summary.id, nowMs).filter(({ metric }) => metric === "ActiveAlerts")
  return figures.length === 0 ? null : figures.reduce((sum, { points }) => sum + (points.at(-1)?.[1] ?? 0), 0)
}

const figureView = ({ metric, pipeline, points }: Figure): FigureView => ({
  metric,
  words: METRICS[metric].words,
  unit: METRICS[metric].unit,
  pipeline,
  points,
})

export const channelView = (deps: Deps, wants: Wants, known: Known, nowMs: number): MediaLiveChannelView => {
  const { memory } = deps
  const { channelClass, id, name, pipelinesRunning, state } = known.summary
  const wire = wireOf(known, deps.ours(), deps.addresses())
  const auto = autoOf(memory, id)
  return {
    id,
    name,
    state,
    lifecycle: lifecycleOf(known.summary),
    channel_class: channelClass,
    pipelines: pipelinesOf(channelClass),
    pipelines_running: pipelinesRunning,
    active_alerts: activeAlerts(deps, known, nowMs),
    feeds: feedsOf(wire),
    elsewhere: wire.elsewhere,
    auto: autoView(auto, wants(known, auto, nowMs)),
    price: priceView(priceOf(memory, known)),
    outputs_fed: outputsFed(deps, known),
  }
}

const byName = (a: Known, b: Known) =>
  a.summary.name.localeCompare(b.summary.name) || (a.summary.id < b.summary.id ? -1 : 1)

export const listView = (deps: Deps, wants: Wants, nowMs: number): MediaLiveListView => {
  const { memory } = deps
  return {
    region: memory.region,
    problem: memory.problem,
    at: iso(memory.answeredAt),
    stale_s: staleS(memory, nowMs),
    missing_permissions: PERMISSIONS.filter(({ action }) => memory.missing.has(action)).map(({ action, without }) => ({
      action,
      without,
    })),
    // Those that feed us come first.
    channels: [...memory.channels.values()]
      .sort(byName)
      .map((known) => channelView(deps, wants, known, nowMs))
      .sort((a, b) => Number(b.feeds.length > 0) - Number(a.feeds.length > 0)),
  }
}

const outputView = (deps: Deps, known: Known, output: MediaLiveOutput, wire: Wire): MediaLiveOutputView => {
  const drafted =
    output.kind === "other" || known.described === null ? null : draftOf(known.described, output, deps.addresses())
  return {
    name: output.name,
    group: output.group,
    kind: output.kind,
    destinations: output.destinations.map((destination) => {
      const match = wire.matches.find((one) => isSame(one.destination, destination))
      const feeds = match === undefined ? null : `${match.leg.source} of ${match.channel.name}`
      return { pipeline: destination.pipeline, url: destination.url, feeds }
    }),
    draft: drafted?.draft ?? null,
    notes: drafted?.notes ?? [],
  }
}

export const detailView = (deps: Deps, wants: Wants, known: Known, nowMs: number): MediaLiveDetailView => {
  const { memory } = deps
  const wire = wireOf(known, deps.ours(), deps.addresses())
  const taken = new Set(deps.ours().flatMap(({ legs }) => legs.map(({ port }) => port)))
  return {
    ...channelView(deps, wants, known, nowMs),
    arn: known.summary.arn,
    problem: memory.problem,
    at: iso(memory.answeredAt),
    stale_s: staleS(memory, nowMs),
    described_at: iso(known.describedUnix),
    alerts: known.alerts.map(alertView),
    outputs: (known.described?.outputs ?? []).map((output) => outputView(deps, known, output, wire)),
    checks: known.described === null ? [] : checksOf(known.described, wire.matches, taken),
    figures: figuresOf(memory, known.summary.id, nowMs).map(figureView),
  }
}

/** MediaLive beside the legs of a channel, and what to type where nothing feeds it. */
export const ofChannelView = (
  deps: Deps,
  config: ChannelConfig,
  engine: EngineState,
  nowMs: number,
): ChannelMediaLiveView => {
  const { memory } = deps
  const ours = ourChannelOf(config)
  const stale = staleS(memory, nowMs)
  const beside = [...memory.channels.values()].sort(byName).flatMap((known): ReadonlyArray<BesideView> => {
    const { summary } = known
    return wireOf(known, [ours], deps.addresses()).matches.map(({ destination: { pipeline }, leg: { source } }) => {
      const alerts = known.alerts.filter((alert) => alert.pipeline === null || alert.pipeline === pipeline)
      const described = known.describedState === summary.state ? known.described : null
      const look = whereToLook(legFactsOf(engine, config.id, source, deps.book.runs(config.id)), {
        ...summary,
        pipeline,
        pipelineRuns:
          described === null || described.pipelines.length === 0 ? null : described.pipelines.includes(pipeline),
        alerts,
        staleS: stale,
      })
      return {
        id: summary.id,
        name: summary.name,
        state: summary.state,
        lifecycle: lifecycleOf(summary),
        pipeline,
        source,
        alerts: alerts.map(alertView),
        at: look.at,
        sentence: look.sentence,
        figures: figuresOf(memory, summary.id, nowMs)
          .filter((figure) => figure.pipeline === pipeline)
          .map(figureView),
      }
    })
  })
  return { channel: config.slug, stale_s: stale, beside, values: valuesFor(ours, deps.addresses()) }
}
