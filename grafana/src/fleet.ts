/** Dashboard of all channels and outputs: what is wrong, and where. */
import { engineRestarts } from "./annotations.ts"
import { board } from "./board.ts"
import { channelState, firing, outputState, retransmitted } from "./expressions.ts"
import { bars, figure, graph, listing, states } from "./panels.ts"
import { bitsPerSecond, inRange, of, sumBy, top } from "./query.ts"
import { CHANNEL_STATES, IS_UP, OUTPUT_STATES } from "./words.ts"

const RED_FROM_ONE = [[1, "red"]] as const
const small = { width: 3, height: 4 } as const
const topList = { width: 8, height: 8, about: "output", limits: [[1, "yellow"]] } as const

const now = [
  figure({
    ...small,
    id: 1,
    title: "Service",
    description: "Whether the store answers and the engine is connected, of each instance.",
    unit: "none",
    words: IS_UP,
    queries: [{ expr: of("distributor_up"), legend: "{{instance}}" }],
  }),
  figure({
    ...small,
    id: 2,
    title: "Channels running",
    description: "Channels of which packets arrive.",
    unit: "none",
    queries: [{ expr: `sum(${of("distributor_channel_running")})`, legend: "running" }],
  }),
  figure({
    ...small,
    id: 3,
    title: "Channels without input",
    description: "Channels that are to run and of which nothing arrives.",
    unit: "none",
    limits: RED_FROM_ONE,
    queries: [
      {
        expr: `sum(${of("distributor_channel_desired")} * (1 - ${of("distributor_channel_running")}))`,
        legend: "without input",
      },
    ],
  }),
  figure({
    ...small,
    id: 4,
    title: "Redundancy lost",
    description: "Running channels with a backup whose other source could not take over now.",
    unit: "none",
    limits: [[1, "yellow"]],
    nothing: "no backups",
    queries: [{ expr: `sum(1 - ${of("distributor_input_redundant")})`, legend: "not redundant" }],
  }),
  figure({
    ...small,
    id: 5,
    title: "Outputs up",
    description: "Outputs that are to send and are connected, or listen for receivers.",
    unit: "none",
    queries: [{ expr: `sum(${of("distributor_output_desired")} * ${of("distributor_output_up")})`, legend: "up" }],
  }),
  figure({
    ...small,
    id: 6,
    title: "Outputs down",
    description: "Outputs that are to send and are not connected.",
    unit: "none",
    limits: RED_FROM_ONE,
    queries: [
      { expr: `sum(${of("distributor_output_desired")} * (1 - ${of("distributor_output_up")}))`, legend: "down" },
    ],
  }),
  figure({
    ...small,
    id: 7,
    title: "In an ad break",
    description: "Channels that are in an ad break now.",
    unit: "none",
    queries: [{ expr: `sum(${of("distributor_scte35_break_active")})`, legend: "in a break" }],
  }),
  figure({
    ...small,
    id: 8,
    title: "Alerts",
    description: "Alerts that fire, of all severities.",
    unit: "none",
    limits: RED_FROM_ONE,
    queries: [{ expr: `count(${firing()}) or vector(0)`, legend: "firing" }],
  }),
]

const overTime = [
  states({
    id: 10,
    title: "Channels",
    description: "Stopped, running, or without input although the channel is to run.",
    unit: "none",
    width: 12,
    height: 12,
    about: "channel",
    words: CHANNEL_STATES,
    queries: [{ expr: channelState(), legend: "{{channel}}" }],
  }),
  states({
    id: 11,
    title: "Outputs",
    description: "Off, up, or down although the output is to send. Twenty a page.",
    unit: "none",
    width: 12,
    height: 12,
    about: "output",
    words: OUTPUT_STATES,
    queries: [{ expr: outputState(), legend: "{{channel}} / {{output}}" }],
  }),
  listing({
    id: 12,
    title: "Alerts that fire",
    description: "What they mean and what to do stands in docs/runbook.md, a section each.",
    unit: "none",
    width: 12,
    height: 9,
    about: "channel",
    nothing: "none",
    columns: {
      severity: "Severity",
      alertname: "Alert",
      channel: "Channel",
      output: "Output",
      source: "Source",
      instance: "Instance",
    },
    queries: [{ expr: firing(), legend: "{{alertname}}" }],
  }),
  graph({
    id: 13,
    title: "Bit rate",
    description: "Received from all sources and handed to all receivers, payload only.",
    unit: "bps",
    width: 12,
    height: 9,
    queries: [
      { expr: `sum(${bitsPerSecond(of("distributor_input_received_bytes_total"))})`, legend: "in" },
      { expr: `sum(${bitsPerSecond(of("distributor_output_sent_bytes_total"))})`, legend: "out" },
    ],
  }),
]

const worst = [
  bars({
    ...topList,
    id: 20,
    title: "Most packets dropped",
    description: "Packets that outputs gave up in the time shown: the ten worst.",
    unit: "short",
    queries: [
      {
        expr: top(10, sumBy("job, instance, channel, output", inRange(of("distributor_output_dropped_packets_total")))),
        legend: "{{channel}} / {{output}}",
      },
    ],
  }),
  bars({
    ...topList,
    id: 21,
    title: "Most sent again",
    description: "Part of the SRT packets that were sent again lately: the ten worst.",
    unit: "percentunit",
    limits: [[0.01, "yellow"]],
    queries: [{ expr: top(10, retransmitted()), legend: "{{channel}} / {{output}}" }],
  }),
  bars({
    ...topList,
    id: 22,
    title: "Most connections lost",
    description: "Connections that ended by themselves in the time shown: the ten worst.",
    unit: "short",
    queries: [
      {
        expr: top(10, sumBy("job, instance, channel, output", inRange(of("distributor_output_reconnects_total")))),
        legend: "{{channel}} / {{output}}",
      },
    ],
  }),
  bars({
    ...topList,
    id: 23,
    title: "Most cues missed",
    description: "SCTE-35 cues that did not leave by the output in the time shown: the ten worst.",
    unit: "short",
    queries: [
      {
        expr: top(10, inRange(of("distributor_scte35_output_cues_total", 'result="missed"'))),
        legend: "{{channel}} / {{output}}",
      },
    ],
  }),
  bars({
    ...topList,
    about: "channel",
    id: 24,
    title: "Most RTP packets lost",
    description:
      "RTP packets that neither network, reordering nor FEC brought in the time shown: the ten worst sources.",
    unit: "short",
    queries: [
      {
        expr: top(10, inRange(of("distributor_input_rtp_unrecovered_packets_total"))),
        legend: "{{channel}} {{source}}",
      },
    ],
  }),
  bars({
    ...topList,
    about: "channel",
    id: 25,
    title: "Most continuity errors",
    description: "TS continuity errors in the time shown: the ten worst sources.",
    unit: "short",
    queries: [
      { expr: top(10, inRange(of("distributor_input_ts_continuity_errors_total"))), legend: "{{channel}} {{source}}" },
    ],
  }),
]

export const fleet = () =>
  board({
    board: "fleet",
    title: "Fleet",
    description: "All channels and outputs at a glance: what is wrong, and where.",
    from: "now-1h",
    productPath: "/",
    variables: [],
    annotations: [engineRestarts()],
    sections: [
      { title: "Now", panels: now },
      { title: "Lately", panels: overTime },
      { title: "The worst", panels: worst },
    ],
  })
