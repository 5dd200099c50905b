/**
 * What the API answers, as schemas for the OpenAPI document. `schemas.test.ts` holds them to the interfaces of the
 * control plane, both ways, so that neither can change without the other.
 */

import { Schema } from "effect"
import { INPUT_SETTINGS } from "../../core/input/setting-table.ts"
import { LISTED_SETTINGS } from "../../core/output/output-settings.ts"
import { PRESET_NAMES } from "../../core/output/presets.ts"
import { OUTPUT_SETTINGS } from "../../core/output/setting-table.ts"
import { CARRIERS } from "../../core/srt/backup-choice.ts"
import { SRT_STACKS } from "../../core/srt/stack.ts"
import {
  AutoRun,
  ChannelStatus,
  OutputStatus,
  Protocol,
  SourceName,
  WORST_STATES,
} from "../../effects/model/channel.ts"
import { ALARM_KINDS } from "../../effects/model/event.ts"
import { settingFields } from "./setting-schemas.ts"

const { Array: List, Boolean: Flag, Literal, NullOr, Number: Num, String: Text, Struct } = Schema

/** Counts, and seconds of uptimes. */
const Count = Schema.Int.pipe(Schema.nonNegative())
const Uuid = Text.annotations({ jsonSchema: { type: "string", format: "uuid" } })
/** ISO 8601 in UTC. */
export const Time = Text.annotations({ jsonSchema: { type: "string", format: "date-time" } })
const texts = List(Text)
const Severity = Literal("info", "warning", "critical")

export const Settings = Struct(settingFields(OUTPUT_SETTINGS, Schema.Int, LISTED_SETTINGS))

export const Receiver = Struct({
  peer: Text,
  stream_id: Text,
  uptime: Num,
  bytes_sent: Count,
  packets_dropped: Count,
  rtt_ms: NullOr(Num),
})

/** One of the two receivers of an SRT output with a backup. */
const Standing = Struct({
  state: Literal("connecting", "connected", "waiting"),
  address: NullOr(Text),
  rtt_ms: NullOr(Num),
  last_error: NullOr(Text),
})
const Backup = Struct({ carried_by: NullOr(Literal(...CARRIERS)), main: Standing, backup: Standing })

export const Output = Struct({
  id: Uuid,
  number: Count,
  slug: Text,
  name: Text,
  protocol: Protocol,
  url: Text,
  stream_key: NullOr(Text),
  settings: Settings,
  preset: NullOr(Literal(...PRESET_NAMES)),
  enabled: Flag,
  status: OutputStatus,
  lifecycle: Literal("ready", "starting", "streaming", "stopping", "error"),
  carrying: Flag,
  uptime: Num,
  error_count: Count,
  reconnects: Count,
  last_error: NullOr(Text),
  next_retry_at: NullOr(Time),
  bitrate: Num,
  bytes_sent: Count,
  packets_sent: Count,
  packets_dropped: Count,
  options: Schema.Record({ key: Text, value: Schema.Union(Text, Num, Flag) }),
  warnings: texts,
  srt: NullOr(Schema.Record({ key: Text, value: Num })),
  srt_stack: NullOr(Literal(...SRT_STACKS)),
  needs_libsrt: texts,
  backup: NullOr(Backup),
  receivers: List(Receiver),
  cues_sent: Count,
  cues_missed: Count,
  created_at: Time,
})
export const Outputs = Struct({ outputs: List(Output) })

export const Template = Struct({
  name: Text,
  output_name: NullOr(Text),
  protocol: Protocol,
  url: Text,
  stream_key: NullOr(Text),
  settings: Settings,
  preset: NullOr(Literal(...PRESET_NAMES)),
  enabled: Flag,
  created_at: Time,
})
export const Templates = Struct({ templates: List(Template) })

export const Programme = Struct({
  program_number: Count,
  pmt_pid: Count,
  pcr_pid: Count,
  version: Count,
  cuei: Flag,
  streams: List(Struct({ pid: Count, stream_type: Count })),
})

/** The SRT side of a leg. */
export const SrtLeg = Struct({
  mode: Literal("caller", "listener"),
  state: Literal("stopped", "connecting", "listening", "connected"),
  peer: NullOr(Text),
  stream_id: NullOr(Text),
  uptime: Num,
  connections: Count,
  last_error: NullOr(Text),
  refused: Count,
  last_refused: NullOr(Text),
  figures: NullOr(Schema.Record({ key: Text, value: Num })),
  options: Schema.Record({ key: Text, value: Schema.Union(Text, Num, Flag) }),
})

export const Leg = Struct({
  source: SourceName,
  ip: Text,
  port: Count,
  url: NullOr(Text),
  srt: NullOr(SrtLeg),
  receiving: Flag,
  framing: Literal("none", "rtp", "udp", "srt"),
  sender: NullOr(Text),
  bitrate: Num,
  last_error: NullOr(Text),
  warnings: texts,
  verdict: Literal("good", "degraded", "bad", "lost"),
  reasons: texts,
  findings: List(Struct({ code: Text, message: Text })),
  fec: NullOr(Struct({ columns: Count, rows: Count, latency_ms: Num })),
  jitter_ms: Num,
  pcr_jitter_ms: Num,
  pcr_jitter_max_ms: Num,
  max_gap_ms: Num,
  pcr_bitrate: Num,
  access_point_interval_ms: NullOr(Num),
  rcvbuf_bytes: Count,
  kernel_drops: Count,
  pids: List(Struct({ pid: Count, packets: Count, bitrate: Num })),
  programmes: List(Programme),
  scte35_pids: List(Count),
  counters: Schema.Record({ key: Text, value: Num }),
})

export const ReceiveState = Struct({
  ...settingFields(INPUT_SETTINGS, Num),
  merge: Literal("off", "rtp", "content"),
  path_difference_ms: NullOr(Num),
  merge_lost: Count,
  merge_mismatches: Count,
  switches: Count,
  pending_source: NullOr(SourceName),
  redundancy: Literal("none", "ok", "lost"),
  legs: List(Leg),
})

export const Alarm = Struct({
  kind: Literal(...ALARM_KINDS),
  severity: Literal("warning", "critical"),
  since: Time,
  message: Text,
})

export const Scte35State = Struct({
  pids: List(Count),
  state: Literal("idle", "announced", "in_break"),
  event_id: NullOr(Count),
  ends_in_s: NullOr(Num),
  last_cue_at: NullOr(Time),
  cues: Count,
  sections: Count,
  crc_errors: Count,
})

export const ChannelWorst = Struct({
  state: Literal(...WORST_STATES),
  cause: NullOr(Text),
  since: NullOr(Time),
  outputs_down: Count,
})

export const Channel = Struct({
  id: Uuid,
  number: Count,
  slug: Text,
  name: Text,
  rtp_ip: NullOr(Text),
  rtp_port: NullOr(Count),
  input_url: NullOr(Text),
  backup_rtp_ip: NullOr(Text),
  backup_rtp_port: NullOr(Count),
  backup_input_url: NullOr(Text),
  tags: texts,
  autostart: Flag,
  auto_run: AutoRun,
  input: ReceiveState,
  status: ChannelStatus,
  lifecycle: Literal("idle", "starting", "running", "stopping", "error"),
  error: NullOr(Text),
  uptime: Num,
  created_at: Time,
  active_source: SourceName,
  worst: ChannelWorst,
  alarms: List(Alarm),
  scte35: Scte35State,
  outputs: List(Output),
})
export const ClonedChannel = Struct({ ...Channel.fields, left_out: List(Struct({ output: Text, reason: Text })) })
export const BulkAnswer = Struct({
  results: List(Struct({ channel: Text, ok: Flag, error: NullOr(Struct({ status: Schema.Int, message: Text })) })),
})
export const Channels = Struct({ channels: List(Channel) })

export const ChannelEvent = Struct({
  id: Count,
  at: Time,
  kind: Text,
  severity: Severity,
  source: NullOr(SourceName),
  output: NullOr(Text),
  message: Text,
})
export const ChannelEvents = Struct({ events: List(ChannelEvent) })
export const ChannelName = Struct({ id: Text, slug: Text, name: Text })
export const EventOfChannel = Struct({ ...ChannelEvent.fields, channel: ChannelName })
export const EventsOfChannels = Struct({ events: List(EventOfChannel) })

export const Preset = Struct({
  name: Literal(...PRESET_NAMES),
  title: Text,
  protocol: Protocol,
  url: NullOr(Text),
  settings: Settings,
  limits: Struct({
    video_codecs: texts,
    audio_codecs: texts,
    max_video_bitrate: NullOr(Num),
    max_audio_bitrate: NullOr(Num),
    max_keyframe_interval_s: NullOr(Num),
    needs_audio: Flag,
  }),
  test_publishes: Flag,
  check: texts,
})
export const Presets = Struct({ presets: List(Preset) })

export const OutputTest = Struct({
  outcome: Literal("ok", "failed", "unknown"),
  ok: Flag,
  untested: NullOr(Text),
  steps: texts,
  error: NullOr(Struct({ code: Text, message: Text, transient: Flag })),
  address: NullOr(Text),
  took_ms: Num,
})

export const Problem = Struct({
  type: Text,
  title: Text,
  status: Schema.Int,
  detail: Text,
  instance: Text,
  errors: Schema.optionalWith(List(Struct({ path: Text, message: Text })), { exact: true }),
})
