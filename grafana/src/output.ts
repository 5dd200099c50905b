/** Dashboard of one channel's outputs: connection, bit rate, SRT, queue and cues. */
import { breaks, cues, reconnects, switches } from "./annotations.ts"
import { board } from "./board.ts"
import { outputState, retransmitted } from "./expressions.ts"
import { variable } from "./links.ts"
import { graph, listing, states } from "./panels.ts"
import { bitsPerSecond, CHANNEL, increase, OUTPUTS, of, rate } from "./query.ts"
import { oneChannel, outputsOf } from "./variables.ts"
import { OUTPUT_STATES } from "./words.ts"

const half = { width: 12, height: 8, about: "output" } as const
const third = { width: 8, height: 8, about: "output" } as const
const own = (name: string, ...matchers: ReadonlyArray<string>) =>
  of(`distributor_output_${name}`, CHANNEL, OUTPUTS, ...matchers)
const srt = (name: string) => of(`distributor_srt_${name}`, CHANNEL, OUTPUTS)

const connection = [
  states({
    ...half,
    id: 1,
    title: "State",
    description: "Off, up, or down although the output is to send.",
    unit: "none",
    words: OUTPUT_STATES,
    queries: [{ expr: outputState(CHANNEL, OUTPUTS), legend: "{{output}}" }],
  }),
  listing({
    ...half,
    id: 2,
    title: "Destination",
    description: "Where the outputs go.",
    unit: "none",
    columns: { channel: "Channel", output: "Output", name: "Name", protocol: "Protocol", host: "Destination" },
    queries: [{ expr: own("info"), legend: "{{output}}" }],
  }),
  graph({
    ...third,
    id: 3,
    title: "Bit rate",
    description: "TS payload handed to the receivers.",
    unit: "bps",
    queries: [{ expr: bitsPerSecond(own("sent_bytes_total")), legend: "{{output}}" }],
  }),
  graph({
    ...third,
    id: 4,
    title: "Connections",
    description: "Connections made, and those that ended by themselves by reason.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: increase(own("connects_total")), legend: "{{output}} connected" },
      { expr: increase(own("reconnects_total")), legend: "{{output}} lost: {{reason}}" },
    ],
  }),
  graph({
    ...third,
    id: 5,
    title: "Attempts that failed",
    description: "Attempts that made no connection, by reason.",
    unit: "short",
    style: "bars",
    queries: [{ expr: increase(own("connect_failures_total")), legend: "{{output}} {{reason}}" }],
  }),
]

const link = [
  graph({
    ...half,
    id: 10,
    title: "Round trip and latency",
    description:
      "A lost packet can be sent again about three times while the round trip is below a quarter of the latency agreed on.",
    unit: "s",
    queries: [
      { expr: srt("rtt_seconds"), legend: "{{output}} round trip" },
      { expr: `${srt("latency_seconds")} / 4`, legend: "{{output}} a quarter of the latency" },
    ],
  }),
  graph({
    ...half,
    id: 11,
    title: "Loss",
    description:
      "SRT packets that receivers reported as lost, and those sent again, as a part of those sent for the first time.",
    unit: "percentunit",
    queries: [
      {
        expr: `${rate(srt("sent_lost_packets_total"))} / (${rate(srt("sent_unique_packets_total"))} > 0)`,
        legend: "{{output}} reported lost",
      },
      { expr: retransmitted(CHANNEL, OUTPUTS), legend: "{{output}} sent again" },
    ],
  }),
  graph({
    ...third,
    id: 12,
    title: "Send buffer",
    description: "Time that the fullest send buffer holds. As long as the latency: packets are given up.",
    unit: "s",
    queries: [{ expr: srt("send_buffer_seconds"), legend: "{{output}}" }],
  }),
  graph({
    ...third,
    id: 13,
    title: "Bandwidth",
    description: "Sent with headers and what was sent again, beside the estimated capacity of the path.",
    unit: "bps",
    queries: [
      { expr: bitsPerSecond(srt("sent_bytes_total")), legend: "{{output}} sent" },
      { expr: `8 * ${srt("bandwidth_bytes_per_second")}`, legend: "{{output}} capacity" },
    ],
  }),
  graph({
    ...third,
    id: 14,
    title: "On their way",
    description: "Packets sent and not yet acknowledged, and all that wait in the send buffers.",
    unit: "short",
    queries: [
      { expr: srt("flight_packets"), legend: "{{output}} on their way" },
      { expr: srt("send_buffer_packets"), legend: "{{output}} in the buffer" },
    ],
  }),
]

const queue = [
  graph({
    ...third,
    id: 20,
    title: "Queue",
    description: "TS bytes that wait in the output's own queue.",
    unit: "bytes",
    queries: [{ expr: own("queue_bytes"), legend: "{{output}}" }],
  }),
  graph({
    ...third,
    id: 21,
    title: "Packets dropped",
    description: "Packets given up because the queue was full, or because they were too late for the receiver.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: increase(own("dropped_packets_total")), legend: "{{output}} {{reason}}" },
      { expr: increase(own("send_errors_total")), legend: "{{output}} sends that failed" },
    ],
  }),
  graph({
    ...third,
    id: 22,
    title: "Receivers",
    description: "Receivers that are connected; more than one only with listeners.",
    unit: "none",
    decimals: 0,
    queries: [{ expr: own("receivers"), legend: "{{output}}" }],
  }),
  graph({
    ...half,
    id: 23,
    title: "Cues",
    description: "SCTE-35 cues that left by the output, and that did not.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: increase(of("distributor_scte35_output_cues_total", CHANNEL, OUTPUTS)), legend: "{{output}} {{result}}" },
    ],
  }),
  graph({
    ...half,
    id: 24,
    title: "Cues not settled",
    description: "Cues of which it is not yet known whether they left by the output.",
    unit: "none",
    decimals: 0,
    queries: [{ expr: of("distributor_scte35_output_cues_pending", CHANNEL, OUTPUTS), legend: "{{output}}" }],
  }),
]

export const output = () =>
  board({
    board: "output",
    title: "Output",
    description: "Outputs of one channel: connection, SRT, queue, and what became of the cues.",
    from: "now-1h",
    productPath: `/channels/${variable("channel")}`,
    variables: [oneChannel(), outputsOf(CHANNEL)],
    annotations: [reconnects(CHANNEL, OUTPUTS), breaks(CHANNEL), cues(CHANNEL), switches(CHANNEL)],
    sections: [
      { title: "Connection", panels: connection },
      { title: "SRT", panels: link },
      { title: "Queue and cues", panels: queue },
    ],
  })
