/** Dashboard of one channel: its legs, how two become one stream, its cues and its outputs. */
import { breaks, cues, switches } from "./annotations.ts"
import { board } from "./board.ts"
import { channelCues } from "./channel-cues.ts"
import { channelInput } from "./channel-input.ts"
import { channelOutputs } from "./channel-outputs.ts"
import { channelState } from "./expressions.ts"
import { variable } from "./links.ts"
import { figure } from "./panels.ts"
import { bitsPerSecond, CHANNEL, of } from "./query.ts"
import { oneChannel } from "./variables.ts"
import { CHANNEL_STATES, IN_BREAK, REDUNDANCY } from "./words.ts"

const small = { width: 4, height: 4 } as const

const now = [
  figure({
    ...small,
    id: 1,
    title: "State",
    description: "Stopped, running, or without input although the channel is to run.",
    unit: "none",
    words: CHANNEL_STATES,
    queries: [{ expr: channelState(CHANNEL), legend: "state" }],
  }),
  figure({
    ...small,
    id: 2,
    title: "Source in use",
    description: "The source that the outputs get.",
    unit: "none",
    names: true,
    queries: [{ expr: `${of("distributor_input_active_source", CHANNEL)} == 1`, legend: "{{source}}" }],
  }),
  figure({
    ...small,
    id: 3,
    title: "Redundancy",
    description: "Whether the other source could take over now. Nothing without a backup.",
    unit: "none",
    words: REDUNDANCY,
    nothing: "no backup",
    queries: [{ expr: of("distributor_input_redundant", CHANNEL), legend: "redundancy" }],
  }),
  figure({
    ...small,
    id: 4,
    title: "Input bit rate",
    description: "Of the source in use, UDP payload.",
    unit: "bps",
    queries: [
      {
        expr: `${bitsPerSecond(of("distributor_input_received_bytes_total", CHANNEL))} and ${of("distributor_input_active_source", CHANNEL)} == 1`,
        legend: "{{source}}",
      },
    ],
  }),
  figure({
    ...small,
    id: 5,
    title: "SCTE-35",
    description: "Programme or ad break.",
    unit: "none",
    words: IN_BREAK,
    queries: [{ expr: of("distributor_scte35_break_active", CHANNEL), legend: "now" }],
  }),
  figure({
    ...small,
    id: 6,
    title: "Last cue",
    description: "Time since the last SCTE-35 cue arrived. Nothing before the first one.",
    unit: "s",
    nothing: "none yet",
    decimals: 0,
    queries: [
      { expr: `time() - (${of("distributor_scte35_last_cue_timestamp_seconds", CHANNEL)} > 0)`, legend: "ago" },
    ],
  }),
]

export const channel = () =>
  board({
    board: "channel",
    title: "Channel",
    description: "One channel from its sources to its outputs.",
    from: "now-1h",
    productPath: `/channels/${variable("channel")}`,
    variables: [oneChannel()],
    annotations: [breaks(CHANNEL), cues(CHANNEL), switches(CHANNEL)],
    sections: [{ title: "Now", panels: now }, ...channelInput, ...channelCues, ...channelOutputs],
  })
