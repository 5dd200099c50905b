/** SCTE-35 of one channel, as it arrives and as it goes out. */
import { graph, states } from "./panels.ts"
import { CHANNEL, increase, of, sumBy } from "./query.ts"
import { IN_BREAK } from "./words.ts"

const half = { width: 12, height: 7 } as const

const panels = [
  states({
    id: 40,
    title: "Ad breaks",
    description: "When the channel was in an ad break.",
    unit: "none",
    width: 24,
    height: 5,
    words: IN_BREAK,
    queries: [{ expr: of("distributor_scte35_break_active", CHANNEL), legend: "{{channel}}" }],
  }),
  graph({
    ...half,
    id: 41,
    title: "Cues",
    description: "SCTE-35 cues by command and what they ask for; splice_null and repetitions left out.",
    unit: "short",
    style: "bars",
    queries: [{ expr: increase(of("distributor_scte35_cues_total", CHANNEL)), legend: "{{command}} {{type}}" }],
  }),
  graph({
    ...half,
    id: 42,
    title: "Cues on the outputs",
    description: "Cues that left by the outputs, and that did not, by output.",
    unit: "short",
    style: "bars",
    about: "output",
    queries: [{ expr: increase(of("distributor_scte35_output_cues_total", CHANNEL)), legend: "{{output}} {{result}}" }],
  }),
  graph({
    ...half,
    id: 43,
    title: "Sections",
    description:
      "SCTE-35 sections of the stream, repetitions and splice_null included: silence here means that the PID is gone.",
    unit: "short",
    style: "bars",
    queries: [{ expr: increase(of("distributor_scte35_sections_total", CHANNEL)), legend: "sections" }],
  }),
  graph({
    ...half,
    id: 44,
    title: "Damaged sections",
    description: "SCTE-35 sections with a wrong CRC-32: cues may be lost.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: sumBy("channel", increase(of("distributor_scte35_crc_errors_total", CHANNEL))), legend: "wrong CRC-32" },
    ],
  }),
]

export const channelCues = [{ title: "SCTE-35", panels }]
