/** Metrics of channels: whether they run, how their legs are joined, alarms, SCTE-35. */

import { SWITCH_REASONS } from "../../effects/channel/runtime/tally.ts"
import type { ChannelFigures, MetricsView } from "../../effects/metrics/metrics-model.ts"
import { ALARM_KINDS } from "../../effects/model/event.ts"
import { by, counter, type Family, gauge, label, makeArea, timestamp } from "./exposition.ts"

const STATES = ["stopped", "starting", "running", "error"] as const
const hasBackup = ({ config }: ChannelFigures) => config.backup_rtp_ip !== null

const cues: Family<ChannelFigures> = {
  name: "scte35_cues_total",
  type: "counter",
  help: "SCTE-35 cues by command and what they ask for, splice_null and repetitions left out.",
  labels: ["command", "type"],
  read: ({ tally }, put) => {
    for (const [name, value] of tally.cues) {
      const [command = "", type = ""] = name.split(" ")
      put(value, `command="${command}",type="${type}"`)
    }
  },
}

const families: ReadonlyArray<Family<ChannelFigures>> = [
  {
    name: "channel_info",
    type: "gauge",
    help: "Name and number of the channel; always 1.",
    labels: ["name", "number"],
    read: ({ config }, put) => put(1, `${label("name", config.name)},${label("number", String(config.number))}`),
  },
  gauge("channel_desired", "1 when the channel is to run.", ({ config }) => config.should_run),
  gauge("channel_running", "1 while packets of the channel arrive.", ({ status }) => status === "running"),
  by(
    "gauge",
    "channel_state",
    "1 for the state the channel is in.",
    ["state", STATES],
    ({ status }, state) => status === state,
  ),
  by("gauge", "channel_alarm", "1 while the channel has this alarm.", ["alarm", ALARM_KINDS], ({ alarms }, alarm) =>
    alarms.some(({ kind }) => kind === alarm),
  ),
  gauge(
    "input_redundant",
    "1 when the other source could take over, 0 when it could not. Absent without a backup or while stopped.",
    (of) => (hasBackup(of) && of.input.redundancy !== "none" ? of.input.redundancy === "ok" : null),
  ),
  gauge("input_merged", "1 while both sources are merged into one stream. Absent without a backup.", (of) =>
    hasBackup(of) ? of.input.merge !== "off" : null,
  ),
  gauge(
    "input_merge_path_difference_seconds",
    "By how much the backup's packets come later than the primary's. Absent while not merged.",
    (of) => (of.input.path_difference_ms === null ? null : of.input.path_difference_ms / 1000),
  ),
  counter(
    "input_merge_lost_packets_total",
    "TS packets that neither source brought to the merged stream.",
    ({ mergeLost }) => mergeLost,
  ),
  counter(
    "input_merge_mismatched_packets_total",
    "TS packets in which the merged sources differed.",
    ({ mergeMismatches }) => mergeMismatches,
  ),
  by(
    "counter",
    "input_switches_total",
    "Times the channel changed from one source to the other, by reason.",
    ["reason", SWITCH_REASONS],
    ({ tally }, reason) => tally.switches[reason],
  ),
  counter(
    "scte35_sections_total",
    "SCTE-35 sections of the stream, repetitions and splice_null included.",
    ({ tally }) => tally.sections,
  ),
  cues,
  counter("scte35_crc_errors_total", "SCTE-35 sections with a wrong CRC-32.", ({ tally }) => tally.crcErrors),
  gauge("scte35_break_active", "1 while the channel is in an ad break.", ({ inBreak }) => inBreak),
  gauge("scte35_last_cue_timestamp_seconds", "When the last cue arrived, Unix time; 0 before the first.", ({ tally }) =>
    timestamp(tally.lastCueAt),
  ),
]

export const channelArea = makeArea<MetricsView, ChannelFigures>(
  ["channel"],
  ({ channels }) => channels.map((channel) => [label("channel", channel.config.slug), channel] as const),
  families,
)
