/** Input of one channel: what its legs bring, how they become one stream, and the channel's alarms. */
import { channelSrtInput } from "./channel-srt-input.ts"
import { graph, states } from "./panels.ts"
import { bitsPerSecond, CHANNEL, increase, of, rate } from "./query.ts"
import { ALARM, IN_USE } from "./words.ts"

const third = { width: 8, height: 8 } as const
const half = { width: 12, height: 8 } as const
const SOURCE = "{{source}}"
const input = (name: string, ...matchers: ReadonlyArray<string>) =>
  of(`distributor_input_${name}`, CHANNEL, ...matchers)
/** Events of both legs by kind. */
const counts = (kinds: Readonly<Record<string, string>>) =>
  Object.entries(kinds).map(([legend, name]) => ({
    expr: increase(input(`${name}_total`)),
    legend: `${SOURCE} ${legend}`,
  }))

const received = [
  graph({
    ...half,
    id: 10,
    title: "Input bit rate",
    description: "Of both sources, UDP payload, RTP headers included.",
    unit: "bps",
    queries: [{ expr: bitsPerSecond(input("received_bytes_total")), legend: SOURCE }],
  }),
  graph({
    ...half,
    id: 11,
    title: "Packets lost",
    description:
      "RTP packets missing on the network, those that nothing brought back, and datagrams that the kernel dropped.",
    unit: "short",
    style: "bars",
    queries: counts({
      "missing at first": "rtp_lost_packets",
      "never came": "rtp_unrecovered_packets",
      "dropped by the kernel": "kernel_dropped_packets",
      "too late": "rtp_late_packets",
    }),
  }),
  graph({
    ...third,
    id: 12,
    title: "Timing of the datagrams",
    description: "Smoothed jitter of arrival, and the longest gap of each second.",
    unit: "s",
    queries: [
      { expr: input("jitter_seconds"), legend: `${SOURCE} jitter` },
      { expr: input("gap_max_seconds"), legend: `${SOURCE} longest gap` },
    ],
  }),
  graph({
    ...third,
    id: 13,
    title: "PCR jitter",
    description: "How far the PCR is from its arrival: smoothed, and the most in each second.",
    unit: "s",
    queries: [
      { expr: input("pcr_jitter_seconds"), legend: `${SOURCE} smoothed` },
      { expr: input("pcr_jitter_max_seconds"), legend: `${SOURCE} most` },
    ],
  }),
  graph({
    ...third,
    id: 14,
    title: "Null packets",
    description: "Part of the TS packets that are padding: an encoder that sends nothing else is no source.",
    unit: "percentunit",
    max: 1,
    queries: [
      { expr: `${rate(input("ts_null_packets_total"))} / (${rate(input("ts_packets_total"))} > 0)`, legend: SOURCE },
    ],
  }),
  graph({
    ...half,
    id: 15,
    title: "Datagrams not used",
    description:
      "Those that are no TS over RTP or UDP, by reason, and those of senders that may not send or came second.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: increase(input("invalid_packets_total")), legend: `${SOURCE} {{reason}}` },
      ...counts({
        "not allowed": "not_allowed_packets",
        "second sender": "foreign_packets",
        duplicate: "rtp_duplicate_packets",
      }),
    ],
  }),
  graph({
    ...half,
    id: 16,
    title: "Order and senders",
    description: "RTP packets out of order, sequences that began anew, and senders that took over.",
    unit: "short",
    style: "bars",
    queries: counts({
      "out of order": "rtp_reordered_packets",
      "sequence anew": "rtp_resets",
      "other sender": "sender_changes",
    }),
  }),
]

const health = [
  graph({
    ...half,
    id: 20,
    title: "TR 101 290",
    description: "Errors by check of ETSI TR 101 290, priority 1 and 2.",
    unit: "short",
    style: "bars",
    queries: [{ expr: increase(input("tr101290_errors_total")), legend: `${SOURCE} {{check}}` }],
  }),
  graph({
    ...half,
    id: 21,
    title: "Errors of the transport stream",
    description:
      "Continuity errors, packets marked as damaged, lost synchronisation, and PCR jumps that nothing announces.",
    unit: "short",
    style: "bars",
    queries: counts({
      continuity: "ts_continuity_errors",
      "transport error": "ts_transport_errors",
      "sync lost": "ts_sync_losses",
      "PCR jump": "pcr_discontinuities",
    }),
  }),
  states({
    id: 22,
    title: "Alarms",
    description: "What the product itself finds wrong with the channel.",
    unit: "none",
    width: 24,
    height: 9,
    words: ALARM,
    queries: [{ expr: of("distributor_channel_alarm", CHANNEL), legend: "{{alarm}}" }],
  }),
]

const joined = [
  states({
    id: 30,
    title: "Source in use",
    description: "Which source the outputs get.",
    unit: "none",
    width: 12,
    height: 6,
    words: IN_USE,
    queries: [{ expr: input("active_source"), legend: SOURCE }],
  }),
  graph({
    width: 12,
    height: 6,
    id: 31,
    title: "Switches",
    description: "Changes from one source to the other, by reason.",
    unit: "short",
    style: "bars",
    queries: [{ expr: increase(input("switches_total")), legend: "{{reason}}" }],
  }),
  graph({
    ...third,
    id: 32,
    title: "FEC",
    description: "RTP packets rebuilt from SMPTE 2022-1 FEC, and FEC packets that came.",
    unit: "short",
    style: "bars",
    queries: counts({
      rebuilt: "fec_recovered_packets",
      "FEC packets": "fec_received_packets",
      "no FEC packets": "fec_invalid_packets",
    }),
  }),
  graph({
    ...third,
    id: 33,
    title: "Merge",
    description:
      "TS packets a second that each source brought first or alone, those that neither brought, and those that differed.",
    unit: "pps",
    queries: [
      { expr: rate(input("merge_used_packets_total")), legend: `from ${SOURCE}` },
      { expr: rate(input("merge_lost_packets_total")), legend: "from neither" },
      { expr: rate(input("merge_mismatched_packets_total")), legend: "differed" },
    ],
  }),
  graph({
    ...third,
    id: 34,
    title: "Path difference",
    description:
      "By how much the backup comes later than the primary; below zero, earlier. Only while both are merged.",
    unit: "s",
    signed: true,
    queries: [{ expr: input("merge_path_difference_seconds"), legend: "backup behind primary" }],
  }),
]

export const channelInput = [
  { title: "Input", panels: received },
  ...channelSrtInput,
  { title: "Health of the sources", panels: health },
  { title: "From two sources to one stream", panels: joined },
]
