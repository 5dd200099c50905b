/** Figures of SRT outputs, on libsrt or on our own stack, over all connections of an output; named as in srtrelay. */
import { CARRIERS } from "../../core/srt/backup-choice.ts"
import type { MetricsView, SrtFigures, SrtSum } from "../../effects/metrics/metrics-model.ts"
import { counter, type Family, gauge, label, makeArea } from "./exposition.ts"
import { outputsWith } from "./output-labels.ts"

const COUNTERS: ReadonlyArray<readonly [sum: SrtSum, name: string, help: string]> = [
  ["packets_sent", "srt_sent_packets_total", "SRT data packets sent, retransmissions included."],
  ["packets_sent_unique", "srt_sent_unique_packets_total", "SRT data packets sent for the first time."],
  ["packets_lost", "srt_sent_lost_packets_total", "SRT packets that receivers reported as lost."],
  ["packets_retransmitted", "srt_retransmitted_packets_total", "SRT packets sent again."],
  ["bytes_sent", "srt_sent_bytes_total", "Bytes of the SRT packets sent, headers and retransmissions included."],
  ["bytes_retransmitted", "srt_retransmitted_bytes_total", "Bytes of the SRT packets sent again."],
  ["acks_received", "srt_receive_ack_packets_total", "Acknowledgements received."],
  ["naks_received", "srt_receive_nak_packets_total", "Loss reports received."],
  ["packets_dropped", "srt_sent_dropped_packets_total", "SRT packets given up because they were too late."],
  ["bytes_dropped", "srt_sent_dropped_bytes_total", "Bytes given up because they were too late."],
]

const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)

const families: ReadonlyArray<Family<SrtFigures>> = [
  {
    name: "srt_stack_info",
    type: "gauge",
    help: "Implementation of SRT that carries the output; always 1. Absent without a session.",
    labels: ["stack"],
    read: ({ stack }, put) => {
      if (stack !== null) put(1, label("stack", stack))
    },
  },
  {
    name: "srt_backup_active",
    type: "gauge",
    help: "1 while the backup receiver carries the output, else 0. Absent without backup_url, or a session.",
    read: ({ backup }, put) => {
      if (backup !== null) put(backup.carrier === "backup" ? 1 : 0)
    },
  },
  {
    name: "srt_receiver_connected",
    type: "gauge",
    help: "1 while that receiver of an output with a backup is connected. Absent without backup_url, or a session.",
    labels: ["receiver"],
    read: ({ backup }, put) => {
      if (backup === null) return
      for (const carrier of CARRIERS) put(backup.connected[carrier] ? 1 : 0, label("receiver", carrier))
    },
  },
  gauge("srt_active_sockets", "SRT connections of the output.", ({ connections }) => connections),
  ...COUNTERS.map(([sum, name, help]) => counter<SrtFigures>(name, help, ({ sums }) => sums[sum])),
  gauge(
    "srt_rtt_seconds",
    "Round-trip time; of a listener the highest of its receivers. Absent without a connection.",
    ({ rttMs }) => seconds(rttMs),
  ),
  gauge(
    "srt_latency_seconds",
    "Latency agreed on; of a listener the lowest of its receivers. Absent without a connection.",
    ({ latencyMs }) => seconds(latencyMs),
  ),
  gauge(
    "srt_send_buffer_packets",
    "Packets in the send buffers, not yet acknowledged.",
    ({ sendBufferPackets }) => sendBufferPackets,
  ),
  gauge(
    "srt_send_buffer_seconds",
    "Time that the fullest of the send buffers holds.",
    ({ sendBufferMs }) => sendBufferMs / 1000,
  ),
  gauge("srt_flight_packets", "Packets on their way, not yet acknowledged.", ({ flightPackets }) => flightPackets),
  gauge(
    "srt_bandwidth_bytes_per_second",
    "Capacity of the path as receivers estimate it; of a listener the lowest. Absent without a connection.",
    (of) => (of.bandwidthMbps === null ? null : (of.bandwidthMbps * 1e6) / 8),
  ),
]

export const srtArea = makeArea<MetricsView, SrtFigures>(
  ["channel", "output"],
  outputsWith(({ srt }) => srt),
  families,
)
