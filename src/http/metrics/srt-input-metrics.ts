/** Figures of sources that are received by SRT, over all connections of the source. */
import type { MetricsView, SrtLegFigures, SrtLegSum } from "../../effects/metrics/metrics-model.ts"
import { counter, type Family, gauge, label, makeArea } from "./exposition.ts"

const COUNTERS: ReadonlyArray<readonly [sum: SrtLegSum, name: string, help: string]> = [
  ["connections", "input_srt_connections_total", "Connections of SRT senders to the source."],
  ["refused", "input_srt_refused_total", "SRT senders that were turned away."],
  ["packets_received", "input_srt_received_packets_total", "SRT data packets received, retransmissions included."],
  [
    "bytes_received",
    "input_srt_received_bytes_total",
    "Bytes of the SRT packets received, headers and retransmissions included.",
  ],
  [
    "packets_lost",
    "input_srt_lost_packets_total",
    "SRT packets that were missing when a later one arrived; most come again.",
  ],
  ["packets_retransmitted", "input_srt_retransmitted_packets_total", "SRT packets that arrived as retransmissions."],
  ["packets_belated", "input_srt_belated_packets_total", "SRT packets that arrived after their time had come."],
  [
    "packets_dropped",
    "input_srt_dropped_packets_total",
    "SRT packets that were not there when their time had come: gone for good.",
  ],
  ["packets_undecrypted", "input_srt_undecrypted_packets_total", "SRT packets that could not be decrypted."],
]

const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)

const families: ReadonlyArray<Family<SrtLegFigures>> = [
  gauge("input_srt_connected", "1 while an SRT sender is connected.", ({ connected }) => connected),
  ...COUNTERS.map(([sum, name, help]) => counter<SrtLegFigures>(name, help, ({ sums }) => sums[sum])),
  gauge("input_srt_rtt_seconds", "Round-trip time to the sender. Absent without a connection.", ({ rttMs }) =>
    seconds(rttMs),
  ),
  gauge(
    "input_srt_latency_seconds",
    "Latency agreed on with the sender. Absent without a connection.",
    ({ latencyMs }) => seconds(latencyMs),
  ),
  gauge(
    "input_srt_receive_buffer_seconds",
    "Time that the receive buffer holds.",
    ({ receiveBufferMs }) => receiveBufferMs / 1000,
  ),
  gauge(
    "input_srt_bandwidth_bytes_per_second",
    "Capacity of the path as it is estimated. Absent without a connection.",
    (of) => (of.bandwidthMbps === null ? null : (of.bandwidthMbps * 1e6) / 8),
  ),
]

export const srtInputArea = makeArea<MetricsView, SrtLegFigures>(
  ["channel", "source"],
  ({ channels }) =>
    channels.flatMap(({ config, legs }) =>
      legs.flatMap(({ source, srt }) =>
        srt === null ? [] : [[`${label("channel", config.slug)},${label("source", source)}`, srt] as const],
      ),
    ),
  families,
)
