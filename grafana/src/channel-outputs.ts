/** Outputs of one channel, side by side. */
import { outputState, retransmitted } from "./expressions.ts"
import { graph, listing, states } from "./panels.ts"
import { bitsPerSecond, CHANNEL, increase, of } from "./query.ts"
import { OUTPUT_STATES } from "./words.ts"

const half = { width: 12, height: 8, about: "output" } as const

const panels = [
  states({
    ...half,
    id: 50,
    title: "Outputs",
    description: "Off, up, or down although the output is to send.",
    unit: "none",
    words: OUTPUT_STATES,
    queries: [{ expr: outputState(CHANNEL), legend: "{{output}}" }],
  }),
  listing({
    ...half,
    id: 51,
    title: "Destinations",
    description: "Where the outputs go.",
    unit: "none",
    columns: { channel: "Channel", output: "Output", name: "Name", protocol: "Protocol", host: "Destination" },
    queries: [{ expr: of("distributor_output_info", CHANNEL), legend: "{{output}}" }],
  }),
  graph({
    ...half,
    id: 52,
    title: "Output bit rate",
    description: "TS payload handed to the receivers.",
    unit: "bps",
    queries: [{ expr: bitsPerSecond(of("distributor_output_sent_bytes_total", CHANNEL)), legend: "{{output}}" }],
  }),
  graph({
    ...half,
    id: 53,
    title: "Packets dropped",
    description: "Packets given up because the queue was full, or because they were too late for the receiver.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: increase(of("distributor_output_dropped_packets_total", CHANNEL)), legend: "{{output}} {{reason}}" },
    ],
  }),
  graph({
    ...half,
    id: 54,
    title: "SRT packets sent again",
    description: "As a part of those sent for the first time.",
    unit: "percentunit",
    queries: [{ expr: retransmitted(CHANNEL), legend: "{{output}}" }],
  }),
  graph({
    ...half,
    id: 55,
    title: "Connections lost",
    description: "Connections that ended by themselves, by reason.",
    unit: "short",
    style: "bars",
    queries: [{ expr: increase(of("distributor_output_reconnects_total", CHANNEL)), legend: "{{output}} {{reason}}" }],
  }),
]

export const channelOutputs = [{ title: "Outputs", panels }]
