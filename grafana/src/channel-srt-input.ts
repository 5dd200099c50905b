/** Sources of one channel that are received by SRT: senders, loss, and whether the latency is long enough. */
import { graph, type PanelSpec, states } from "./panels.ts"
import { bitsPerSecond, CHANNEL, increase, of, rate } from "./query.ts"
import { SENDER } from "./words.ts"

const half = { width: 12, height: 8, nothing: "no SRT source" } as const
const third = { ...half, width: 8 } as const
const SOURCE = "{{source}}"
const srt = (name: string) => of(`distributor_input_srt_${name}`, CHANNEL)

/** Packets of this kind as a part of those received. */
const share = (name: string, legend: string): PanelSpec["queries"][number] => ({
  expr: `${rate(srt(`${name}_packets_total`))} / (${rate(srt("received_packets_total"))} > 0)`,
  legend: `${SOURCE} ${legend}`,
})

const panels = [
  states({
    ...half,
    id: 60,
    title: "SRT senders",
    description: "Whether a sender is connected to each SRT source.",
    unit: "none",
    words: SENDER,
    queries: [{ expr: srt("connected"), legend: SOURCE }],
  }),
  graph({
    ...half,
    id: 61,
    title: "SRT connections",
    description:
      "Connections made, and senders that were turned away: by passphrase, stream id or address, or because one is connected.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: increase(srt("connections_total")), legend: `${SOURCE} connected` },
      { expr: increase(srt("refused_total")), legend: `${SOURCE} refused` },
    ],
  }),
  graph({
    ...third,
    id: 62,
    title: "SRT round trip and latency",
    description:
      "A lost packet can be sent again about three times while the round trip is below a quarter of the latency agreed on.",
    unit: "s",
    queries: [
      { expr: srt("rtt_seconds"), legend: `${SOURCE} round trip` },
      { expr: `${srt("latency_seconds")} / 4`, legend: `${SOURCE} a quarter of the latency` },
    ],
  }),
  graph({
    ...third,
    id: 63,
    title: "SRT loss",
    description:
      "Packets that were missing at first, and those that came as retransmissions, as a part of all received.",
    unit: "percentunit",
    queries: [share("lost", "missing at first"), share("retransmitted", "retransmitted")],
  }),
  graph({
    ...third,
    id: 64,
    title: "SRT packets not used",
    description:
      "Packets that were not there when their time had come, those that came after it, and those that could not be decrypted.",
    unit: "pps",
    queries: [
      { expr: rate(srt("dropped_packets_total")), legend: `${SOURCE} dropped` },
      { expr: rate(srt("belated_packets_total")), legend: `${SOURCE} too late` },
      { expr: rate(srt("undecrypted_packets_total")), legend: `${SOURCE} not decrypted` },
    ],
  }),
  graph({
    ...half,
    id: 65,
    title: "SRT receive buffer",
    description:
      "Time that the receive buffer holds, beside the latency. Well below the latency: packets are missing, and their time comes closer.",
    unit: "s",
    queries: [
      { expr: srt("receive_buffer_seconds"), legend: `${SOURCE} in the buffer` },
      { expr: srt("latency_seconds"), legend: `${SOURCE} latency` },
    ],
  }),
  graph({
    ...half,
    id: 66,
    title: "SRT bandwidth",
    description: "Received with headers and retransmissions, beside the estimated capacity of the path.",
    unit: "bps",
    queries: [
      { expr: bitsPerSecond(srt("received_bytes_total")), legend: `${SOURCE} received` },
      { expr: `8 * ${srt("bandwidth_bytes_per_second")}`, legend: `${SOURCE} capacity` },
    ],
  }),
]

export const channelSrtInput = [{ title: "SRT sources", panels }]
