/** What metrics and notices tell of MediaLive. */
import { lifecycleOf, pipelinesMissing } from "../../core/medialive/lifecycle.ts"
import { pipelinesOf } from "../../core/medialive/model.ts"
import type { MediaLiveDeps } from "./deps.ts"
import type { MediaLiveFigures } from "./medialive-figures.ts"
import type { MediaLiveNotice } from "./medialive-notice.ts"
import { autoOf, priceOf, staleS, wireOf } from "./memory.ts"
import type { RunBook } from "./run-book.ts"
import { activeAlerts } from "./show.ts"
import { fedBy, type Wants } from "./wants.ts"

/** What is wrong now. */
export const noticesOf = (deps: MediaLiveDeps, nowMs: number): ReadonlyArray<MediaLiveNotice> => {
  const { memory } = deps
  if (memory.api === null) return []
  const stale = staleS(memory, nowMs)
  if (stale !== null || (memory.answeredAt === null && memory.problem !== null))
    return [{ kind: "medialive_unreachable", channelId: null, message: memory.problem ?? "AWS does not answer" }]
  return [...memory.channels.values()].flatMap((known) => {
    const { id, name } = known.summary
    const found: Array<Omit<MediaLiveNotice, "channelId">> = []
    const missing = pipelinesMissing(known.summary)
    if (missing > 0)
      found.push({ kind: "medialive_pipeline", message: `${missing} of the pipelines of ${name} (${id}) do not run` })
    const [alert] = known.alerts
    if (alert !== undefined)
      found.push({ kind: "medialive_alert", message: `${name} (${id}): ${alert.type}: ${alert.message}` })
    const { enabled, refusal } = autoOf(memory, id)
    if (enabled && refusal !== null) found.push({ kind: "medialive_refused", message: `${name} (${id}): ${refusal}` })
    return found.length === 0
      ? []
      : fedBy(deps, known).flatMap((channel) => found.map((one) => ({ ...one, channelId: channel.id })))
  })
}

export const figuresNow = (deps: MediaLiveDeps, wants: Wants, runs: RunBook, nowMs: number): MediaLiveFigures => {
  const { memory, pacer } = deps
  return {
    up: memory.api === null ? null : memory.answeredAt !== null && staleS(memory, nowMs) === null,
    lastAnswerAt: memory.answeredAt,
    requests: pacer.counts(),
    channels: [...memory.channels.values()].map((known) => {
      const { channelClass, id, name, pipelinesRunning } = known.summary
      const auto = autoOf(memory, id)
      return {
        id,
        name,
        lifecycle: lifecycleOf(known.summary),
        pipelines: pipelinesOf(channelClass),
        pipelinesRunning,
        activeAlerts: activeAlerts(deps, known, nowMs),
        runningSeconds: runs.seconds(id, nowMs),
        usdPerHour: priceOf(memory, known)?.usdPerHour ?? null,
        wanted: wants(known, auto, nowMs),
        auto: auto.enabled,
        feeds: wireOf(known, deps.ours(), deps.addresses()).matches.map(({ channel, destination, leg }) => ({
          channel: channel.slug,
          source: leg.source,
          pipeline: destination.pipeline,
        })),
      }
    }),
  }
}
