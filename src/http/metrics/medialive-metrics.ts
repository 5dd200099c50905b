/** Metrics of MediaLive. None of them is shown where it is switched off. */
import { LIFECYCLES } from "../../core/medialive/lifecycle.ts"
import type { MediaLiveChannelFigures, MediaLiveFigures } from "../../effects/medialive/medialive-figures.ts"
import type { MetricsView } from "../../effects/metrics/metrics-model.ts"
import { by, counter, type Family, gauge, label, makeArea, timestamp } from "./exposition.ts"

const OUTCOMES = ["ok", "throttled", "refused", "failed"] as const

const ofConnection: ReadonlyArray<Family<MediaLiveFigures>> = [
  gauge("medialive_up", "1 while AWS answers, 0 while it does not. Absent while no region is set.", ({ up }) => up),
  gauge("medialive_last_answer_timestamp_seconds", "When AWS listed the channels last, Unix time; 0 for never.", (of) =>
    timestamp(of.lastAnswerAt),
  ),
  by(
    "counter",
    "medialive_requests_total",
    "Requests to AWS, by how they ended.",
    ["outcome", OUTCOMES],
    ({ requests }, outcome) => requests[outcome],
  ),
]

const ofChannel: ReadonlyArray<Family<MediaLiveChannelFigures>> = [
  {
    name: "medialive_info",
    type: "gauge",
    help: "Name of the MediaLive channel; always 1.",
    labels: ["name"],
    read: ({ name }, put) => put(1, label("name", name)),
  },
  by(
    "gauge",
    "medialive_state",
    "1 for the state that the MediaLive channel is in.",
    ["state", LIFECYCLES],
    ({ lifecycle }, state) => lifecycle === state,
  ),
  gauge("medialive_pipelines", "Pipelines that the MediaLive channel has.", ({ pipelines }) => pipelines),
  gauge("medialive_pipelines_running", "Pipelines of it that run.", ({ pipelinesRunning }) => pipelinesRunning),
  gauge(
    "medialive_active_alerts",
    "Alerts of MediaLive that are set. Absent where that is not known.",
    (of) => of.activeAlerts,
  ),
  counter("medialive_running_seconds_total", "Time that it was seen to run.", ({ runningSeconds }) => runningSeconds),
  gauge(
    "medialive_list_price_dollars_per_hour",
    "List price of an hour, an estimate and no bill. Absent where it is not known.",
    ({ usdPerHour }) => usdPerHour,
  ),
  gauge(
    "medialive_wanted",
    "1 while an output that it feeds is on, or a schedule asks for it.",
    ({ wanted }) => wanted,
  ),
  {
    name: "medialive_feeds",
    type: "gauge",
    help: "Sources of ours that a pipeline of it sends to; always 1.",
    labels: ["channel", "source", "pipeline"],
    read: ({ feeds }, put) => {
      for (const { channel, pipeline, source } of feeds)
        put(1, `${label("channel", channel)},${label("source", source)},${label("pipeline", String(pipeline))}`)
    },
  },
]

export const medialiveArea = makeArea<MetricsView, MediaLiveFigures>(
  [],
  ({ medialive }) => (medialive === null ? [] : [["", medialive] as const]),
  ofConnection,
)
export const medialiveChannelArea = makeArea<MetricsView, MediaLiveChannelFigures>(
  ["medialive"],
  ({ medialive }) => (medialive?.channels ?? []).map((one) => [label("medialive", one.id), one] as const),
  ofChannel,
)
