/** Metrics of outputs: what was sent, what was not, and the state of their connections. */
import { END_REASONS } from "../../effects/channel/runtime/end-reason.ts"
import { type MetricsView, OUTPUT_STATES, type OutputFigures } from "../../effects/metrics/metrics-model.ts"
import { by, counter, type Family, gauge, label, makeArea, timestamp } from "./exposition.ts"
import { hostOf } from "./host-of.ts"
import { outputsWith } from "./output-labels.ts"

/** Reasons for drops: `queue` when our queue was full, `late` when the SRT stack gave packets up after their latency. */
const DROP_REASONS = ["queue", "late"] as const
const dropped = ({ sums, srt }: OutputFigures, reason: (typeof DROP_REASONS)[number]): number => {
  const late = srt?.sums.packets_dropped ?? 0
  return reason === "late" ? late : Math.max(0, sums.packets_dropped - late)
}

const families: ReadonlyArray<Family<OutputFigures>> = [
  {
    name: "output_info",
    type: "gauge",
    help: "Name, protocol and destination of the output, without secrets; always 1.",
    labels: ["name", "protocol", "host"],
    read: ({ config }, put) =>
      put(1, `${label("name", config.name)},${label("protocol", config.protocol)},${label("host", hostOf(config))}`),
  },
  gauge("output_desired", "1 when the channel is to run and the output is enabled.", ({ desired }) => desired),
  gauge(
    "output_up",
    "1 while the output is connected, or listens for receivers.",
    ({ state }) => state === "connected" || state === "listening",
  ),
  gauge(
    "output_carrying",
    "1 while something goes out: the output is connected and packets of the source in use arrive.",
    ({ carrying }) => carrying,
  ),
  by(
    "gauge",
    "output_state",
    "1 for the state the output is in.",
    ["state", OUTPUT_STATES],
    (of, state) => of.state === state,
  ),
  gauge("output_state_changed_timestamp_seconds", "Since when it is in this state, Unix time.", ({ stateSince }) =>
    timestamp(stateSince),
  ),
  counter(
    "output_sent_bytes_total",
    "TS payload bytes handed to the output's receivers.",
    ({ sums }) => sums.bytes_sent,
  ),
  counter("output_sent_packets_total", "Datagrams or messages that carried them.", ({ sums }) => sums.packets_sent),
  by(
    "counter",
    "output_dropped_packets_total",
    "Packets given up because the output's queue was full, or because they were too late for its receiver.",
    ["reason", DROP_REASONS],
    dropped,
  ),
  gauge(
    "output_queue_bytes",
    "TS bytes that wait in the output's own queue; of a listener in the longest of its receivers'.",
    ({ queueBytes }) => queueBytes,
  ),
  counter("output_send_errors_total", "Sends that failed.", ({ sums }) => sums.send_errors),
  counter(
    "output_connects_total",
    "Connections made; of a listener: times it had a receiver again.",
    ({ tally }) => tally.connects,
  ),
  by(
    "counter",
    "output_reconnects_total",
    "Connections that ended by themselves, so that another had to be made, by reason.",
    ["reason", END_REASONS],
    ({ tally }, reason) => tally.lost[reason],
  ),
  by(
    "counter",
    "output_connect_failures_total",
    "Attempts that made no connection, by reason.",
    ["reason", END_REASONS],
    ({ tally }, reason) => tally.failed[reason],
  ),
  gauge("output_receivers", "Receivers that are connected; 1 or 0 but for listeners.", ({ receivers }) => receivers),
  {
    name: "scte35_output_cues_total",
    type: "counter",
    help: "SCTE-35 cues that left by the output, and that did not.",
    labels: ["result"],
    read: ({ tally }, put) => {
      put(tally.cuesSent, 'result="sent"')
      put(tally.cuesMissed, 'result="missed"')
    },
  },
  {
    name: "scte35_output_acknowledged_cues_total",
    type: "counter",
    help: "SCTE-35 cues that left by the output and that its receivers acknowledged; of SRT outputs, on the service's own stack.",
    read: ({ config, tally }, put) => {
      if (config.protocol === "srt") put(tally.cuesAcknowledged)
    },
  },
  gauge(
    "scte35_output_cues_pending",
    "SCTE-35 cues of which it is not yet known whether they left by the output.",
    ({ cuesPending }) => cuesPending,
  ),
]

export const outputArea = makeArea<MetricsView, OutputFigures>(
  ["channel", "output"],
  outputsWith((output) => output),
  families,
)
