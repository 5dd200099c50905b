/** Metrics of each leg of a channel: what arrived, what was lost, and the checks of TR 101 290. */
import type { LegFigures, LegSum, MetricsView } from "../../effects/metrics/metrics-model.ts"
import { by, counter, type Family, gauge, label, makeArea, timestamp } from "./exposition.ts"

/** Counters that are shown unchanged: name of the sum, name of the metric, help. */
const COUNTERS: ReadonlyArray<readonly [sum: LegSum, name: string, help: string]> = [
  ["bytes", "input_received_bytes_total", "UDP payload bytes received; of SRT sources, the bytes that SRT carried."],
  ["datagrams", "input_received_packets_total", "Datagrams received; of SRT sources, SRT messages."],
  ["ts_packets", "input_ts_packets_total", "TS packets received, null packets included."],
  ["null_packets", "input_ts_null_packets_total", "TS null packets received."],
  [
    "rtp_lost",
    "input_rtp_lost_packets_total",
    "RTP packets that did not arrive; a packet that arrives late stays counted.",
  ],
  ["rtp_duplicates", "input_rtp_duplicate_packets_total", "RTP packets that arrived a second time."],
  ["rtp_reordered", "input_rtp_reordered_packets_total", "RTP packets that arrived out of order."],
  ["rtp_late", "input_rtp_late_packets_total", "RTP packets dropped because they came after their place was given up."],
  [
    "rtp_unrecovered",
    "input_rtp_unrecovered_packets_total",
    "RTP packets that neither the network, reordering nor FEC brought.",
  ],
  ["rtp_resets", "input_rtp_resets_total", "Times the RTP sequence began anew."],
  ["sender_changes", "input_sender_changes_total", "Times another sender took over."],
  ["fec_packets", "input_fec_received_packets_total", "SMPTE 2022-1 FEC packets received, column and row."],
  ["fec_bad", "input_fec_invalid_packets_total", "Datagrams on the FEC ports that are no usable FEC packets."],
  ["fec_recovered", "input_fec_recovered_packets_total", "RTP packets rebuilt from FEC."],
  [
    "not_allowed",
    "input_not_allowed_packets_total",
    "Datagrams dropped because input.allowed_senders does not list their sender.",
  ],
  ["foreign", "input_foreign_packets_total", "Datagrams of a second sender, dropped while the first one is alive."],
  [
    "merge_used",
    "input_merge_used_packets_total",
    "TS packets that this source brought to a merged stream first or alone.",
  ],
  ["cc_errors", "input_ts_continuity_errors_total", "TS continuity counter errors."],
  ["tei", "input_ts_transport_errors_total", "TS packets whose transport_error_indicator is set."],
  ["sync_losses", "input_ts_sync_losses_total", "Times TS synchronisation was lost."],
  ["discontinuities", "input_ts_discontinuities_total", "TS packets that announce a discontinuity."],
  ["scrambled", "input_ts_scrambled_packets_total", "TS packets that are scrambled."],
  ["pcrs", "input_pcrs_total", "Programme clock references received."],
  [
    "pcr_discontinuity_errors",
    "input_pcr_discontinuities_total",
    "PCR jumps that no discontinuity_indicator announces.",
  ],
  ["unaligned", "input_unaligned_packets_total", "Raw UDP datagrams taken that hold no whole number of TS packets."],
  ["resyncs", "input_resyncs_total", "Times that TS packets had to be found again in the bytes of raw UDP."],
  ["skipped_bytes", "input_skipped_bytes_total", "Bytes of raw UDP passed over to find TS packets."],
  ["ts_204", "input_ts_204_packets_total", "TS packets of 204 bytes taken, without their Reed-Solomon bytes."],
  ["kernel_drops", "input_kernel_dropped_packets_total", "Datagrams the kernel dropped: receive buffer full."],
]

/** Why a datagram could not be used, by the sum that counts it. */
const INVALID = {
  not_ts: "bad_not_ts",
  rtp_header: "bad_rtp",
  length: "bad_length",
  sync: "bad_sync",
  truncated: "truncated",
} as const satisfies Readonly<Record<string, LegSum>>

/** Checks of TR 101 290 (5.2.1, 5.2.2) by the sum of their errors. */
export const TR101290_CHECKS = {
  TS_sync_loss: "sync_losses",
  Sync_byte_error: "sync_byte_errors",
  PAT_error: "pat_errors",
  Continuity_count_error: "cc_errors",
  PMT_error: "pmt_errors",
  PID_error: "pid_errors",
  Transport_error: "tei",
  CRC_error: "crc_errors",
  PCR_repetition_error: "pcr_repetition_errors",
  PCR_discontinuity_indicator_error: "pcr_discontinuity_errors",
  PTS_error: "pts_errors",
  CAT_error: "cat_errors",
} as const satisfies Readonly<Record<string, LegSum>>

const VERDICTS = ["good", "degraded", "bad", "lost"] as const

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>) => Object.keys(table) as K[]

const families: ReadonlyArray<Family<LegFigures>> = [
  gauge("input_up", "1 while TS packets arrive from the source.", ({ receiving }) => receiving),
  gauge("input_active_source", "1 for the source that the outputs get.", ({ active }) => active),
  gauge(
    "input_last_packet_timestamp_seconds",
    "When the last packet arrived, Unix time; 0 before the first.",
    ({ lastPacketAt }) => timestamp(lastPacketAt),
  ),
  by(
    "gauge",
    "input_verdict",
    "1 for what is thought of the source: fit for the outputs or not.",
    ["verdict", VERDICTS],
    (leg, verdict) => leg.verdict === verdict,
  ),
  ...COUNTERS.map(([sum, name, help]) => counter<LegFigures>(name, help, ({ sums }) => sums[sum])),
  by(
    "counter",
    "input_invalid_packets_total",
    "Datagrams that could not be used, by reason.",
    ["reason", keysOf(INVALID)],
    ({ sums }, reason) => sums[INVALID[reason]],
  ),
  by(
    "counter",
    "input_tr101290_errors_total",
    "Errors by check of ETSI TR 101 290, priority 1 and 2.",
    ["check", keysOf(TR101290_CHECKS)],
    ({ sums }, check) => sums[TR101290_CHECKS[check]],
  ),
  gauge(
    "input_jitter_seconds",
    "Smoothed jitter of the datagrams' arrival (RFC 3550).",
    ({ jitterMs }) => jitterMs / 1000,
  ),
  gauge(
    "input_pcr_jitter_seconds",
    "Smoothed deviation of the PCR against its arrival.",
    ({ pcrJitterMs }) => pcrJitterMs / 1000,
  ),
  gauge(
    "input_pcr_jitter_max_seconds",
    "Highest deviation of the PCR against its arrival in the last second.",
    ({ pcrJitterMaxMs }) => pcrJitterMaxMs / 1000,
  ),
  gauge(
    "input_gap_max_seconds",
    "Longest time between two datagrams in the last second.",
    ({ maxGapMs }) => maxGapMs / 1000,
  ),
  gauge(
    "input_receive_buffer_bytes",
    "Receive buffer that the kernel granted; 0 for SRT and without a socket.",
    ({ receiveBufferBytes }) => receiveBufferBytes,
  ),
]

export const inputArea = makeArea<MetricsView, LegFigures>(
  ["channel", "source"],
  ({ channels }) =>
    channels.flatMap(({ config, legs }) =>
      legs.map((leg) => [`${label("channel", config.slug)},${label("source", leg.source)}`, leg] as const),
    ),
  families,
)
