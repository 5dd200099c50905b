/** What the API takes. Field names are the contract's (snake_case); the schemas validate and bound every input. */
import { Schema } from "effect"
import {
  CUE_POINT_STYLES,
  CUE_TAG_STYLES,
  ENHANCED_CODECS,
  MAX_ALLOWED_RECEIVERS,
  SETTING_BOUNDS,
} from "../../core/output/output-settings.ts"
import { PRESET_NAMES } from "../../core/output/presets.ts"
import { AutoRun, type InputSettings, Protocol, SourceName } from "../model/channel.ts"
import { INPUT_BOUNDS, MAX_ALLOWED_SENDERS } from "./input-policy.ts"
import { matches } from "./pattern.ts"

const text = (max: number, min = 1) =>
  Schema.String.pipe(
    Schema.minLength(min),
    Schema.maxLength(max),
    matches(/^[^\u0000-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/, "must not hold control or text-direction characters"),
  )

const Port = Schema.Int.pipe(Schema.between(1, 65535))
const Name = text(128)
/** Forms send an empty name for none. */
const BlankName = text(128, 0)
const Address = text(64)
/** Long enough for a 512-character stream id, percent-encoded. */
const OutputUrl = text(4096)

/** A setting may be left out; null stands for its default. */
const setting = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

/** Taken as it is, to the last space. */
const verbatim = (max: number) =>
  Schema.String.pipe(
    Schema.minLength(1),
    Schema.maxLength(max),
    matches(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, "must not hold control characters or line breaks"),
  )
const StreamKey = verbatim(1024)
export const Preset = Schema.Literal(...PRESET_NAMES)

const word = (max: number, pattern: RegExp, wanted: string) => text(max).pipe(matches(pattern, `must be ${wanted}`))
const settingBound = (name: keyof typeof SETTING_BOUNDS) => {
  const [lowest, highest] = SETTING_BOUNDS[name]
  return Schema.Int.pipe(Schema.between(lowest, highest))
}

/** `settings` of an output's bodies; see core's `OutputSettings`. What is left out stays as it is, null goes back to the default. */
export const OutputSettingsInput = Schema.Struct({
  cue_points: setting(Schema.Literal(...CUE_POINT_STYLES)),
  audio: setting(Schema.Literal("source", "silence")),
  codecs: setting(Schema.Array(Schema.Literal(...ENHANCED_CODECS)).pipe(Schema.maxItems(ENHANCED_CODECS.length))),
  verify_tls: setting(Schema.Boolean),
  segment_s: setting(settingBound("segment_s")),
  playlist_segments: setting(settingBound("playlist_segments")),
  cue_tags: setting(Schema.Literal(...CUE_TAG_STYLES)),
  http_method: setting(Schema.Literal("put", "post")),
  s3_endpoint: setting(
    word(512, /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#@]+\/?$/, "the URL of a server without a path, as in https://s3.example.com"),
  ),
  s3_region: setting(word(64, /^[A-Za-z0-9-]+$/, "the name of a region, as in eu-central-1")),
  s3_access_key_id: setting(word(128, /^\S+$/, "a key id without spaces")),
  s3_secret_access_key: setting(verbatim(256)),
  segment_mb: setting(settingBound("segment_mb")),
  keep_hours: setting(settingBound("keep_hours")),
  keep_gb: setting(settingBound("keep_gb")),
  rtsp_transport: setting(Schema.Literal("tcp", "udp")),
  retry_attempts: setting(settingBound("retry_attempts")),
  retry_delay_s: setting(settingBound("retry_delay_s")),
  allowed_receivers: setting(Schema.Array(text(64)).pipe(Schema.maxItems(MAX_ALLOWED_RECEIVERS))),
})
export type OutputSettingsInput = typeof OutputSettingsInput.Type

/** Body of `POST /api/channels/{id}/outputs`; with a `preset` the URL may be that of the preset. */
export const OutputInput = Schema.Struct({
  name: Schema.optional(Schema.NullOr(BlankName)),
  protocol: Schema.optional(Protocol),
  url: Schema.optional(OutputUrl),
  stream_key: Schema.optional(Schema.NullOr(StreamKey)),
  settings: Schema.optional(OutputSettingsInput),
  preset: Schema.optional(Schema.NullOr(Preset)),
  enabled: Schema.optional(Schema.Boolean),
})
export type OutputInput = typeof OutputInput.Type

/** Body of `PUT /api/channels/{id}/outputs/{output_id}`: what is left out stays as it is. */
export const OutputUpdate = Schema.Struct({
  id: Schema.optional(Schema.String),
  name: Schema.optional(Name),
  protocol: Schema.optional(Protocol),
  url: Schema.optional(OutputUrl),
  stream_key: Schema.optional(Schema.NullOr(StreamKey)),
  settings: Schema.optional(OutputSettingsInput),
  preset: Schema.optional(Schema.NullOr(Preset)),
  enabled: Schema.optional(Schema.Boolean),
})
export type OutputUpdate = typeof OutputUpdate.Type

const bounded = (name: keyof typeof INPUT_BOUNDS) => {
  const [lowest, highest] = INPUT_BOUNDS[name]
  return Schema.Int.pipe(Schema.between(lowest, highest))
}
/** `input` of a channel's bodies; see `InputSettings`. What is left out stays as it is, null goes back to the default. */
export const InputSettingsInput = Schema.Struct({
  mode: setting(Schema.Literal("auto", "failover", "merge")),
  failover_after_ms: setting(bounded("failover_after_ms")),
  failback: setting(Schema.Literal("auto", "manual")),
  failback_after_s: setting(bounded("failback_after_s")),
  switch: setting(Schema.Literal("clean", "immediate")),
  reorder_ms: setting(bounded("reorder_ms")),
  merge_window_ms: setting(bounded("merge_window_ms")),
  fec: setting(Schema.Literal("off", "auto")),
  allowed_senders: setting(Schema.Array(Address).pipe(Schema.maxItems(MAX_ALLOWED_SENDERS))),
  interface: setting(text(64)),
  source: setting(Address),
  backup_interface: setting(text(64)),
  backup_source: setting(Address),
  rcvbuf: setting(bounded("rcvbuf")),
  scte35_min_preroll_s: setting(bounded("scte35_min_preroll_s")),
  scte35_max_break_s: setting(bounded("scte35_max_break_s")),
  scte35_silent_after_h: setting(bounded("scte35_silent_after_h")),
  scte35_pid: setting(bounded("scte35_pid")),
  manual_cues: setting(Schema.Boolean),
})
export type InputSettingsInput = typeof InputSettingsInput.Type

/** `old` with what `input` changes. */
export const settingsOf = (input: InputSettingsInput | undefined, old: InputSettings = {}): InputSettings =>
  Object.fromEntries(Object.entries({ ...old, ...input }).filter(([, value]) => value !== null && value !== undefined))

/** Body of `POST /api/channels/{id}/switch`. `force` switches to a leg that receives nothing usable as well. */
export const SwitchInput = Schema.Struct({ source: SourceName, force: Schema.optional(Schema.Boolean) })
export type SwitchInput = typeof SwitchInput.Type

/** A whole number of so many bits. */
const bits = (n: number) => Schema.Int.pipe(Schema.between(0, 2 ** n - 1))
const secondsUpTo = (highest: number) => Schema.Number.pipe(Schema.between(0, highest))

/** The longest section in hexadecimal has 8192 digits; the rest is room for spaces and line breaks. */
export const CueText = Schema.String.pipe(Schema.maxLength(32_768))

/** Farthest splice point that `pre_roll_s` can name, in seconds. */
export const MAX_PRE_ROLL_S = 3600

/** One segmentation_descriptor of a manual cue; see `SegmentationOptions` of core. Durations are of 40 bits at 90 kHz. */
export const SegmentationInput = Schema.Struct({
  segmentation_event_id: bits(32),
  segmentation_event_cancel_indicator: Schema.optional(Schema.Boolean),
  segmentation_type_id: Schema.optional(bits(8)),
  segmentation_duration: Schema.optional(bits(40)),
  segmentation_duration_seconds: Schema.optional(secondsUpTo(12_216_795)),
  segmentation_upid_type: Schema.optional(bits(8)),
  upid_text: Schema.optional(text(1024)),
  segment_num: Schema.optional(bits(8)),
  segments_expected: Schema.optional(bits(8)),
  sub_segment_num: Schema.optional(bits(8)),
  sub_segments_expected: Schema.optional(bits(8)),
  restrictions: Schema.optional(
    Schema.Struct({
      web_delivery_allowed_flag: Schema.Boolean,
      no_regional_blackout_flag: Schema.Boolean,
      archive_allowed_flag: Schema.Boolean,
      device_restrictions: bits(2),
    }),
  ),
})

/**
 * Body of `POST /api/channels/{id}/cues`: a whole section in `cue`, or a `command` with its fields. Which of them belong together is
 * `cue-section.ts`'s.
 */
export const CueInput = Schema.Struct({
  pid: Schema.optional(bounded("scte35_pid")),
  cue: Schema.optional(CueText),
  command: Schema.optional(Schema.Literal("splice_insert", "time_signal")),
  pre_roll_s: Schema.optional(secondsUpTo(MAX_PRE_ROLL_S)),
  pts_time: Schema.optional(bits(33)),
  pts_adjustment: Schema.optional(bits(33)),
  tier: Schema.optional(bits(12)),
  splice_event_id: Schema.optional(bits(32)),
  splice_event_cancel_indicator: Schema.optional(Schema.Boolean),
  out_of_network_indicator: Schema.optional(Schema.Boolean),
  break_duration: Schema.optional(bits(33)),
  break_duration_seconds: Schema.optional(secondsUpTo(95_443)),
  break_auto_return: Schema.optional(Schema.Boolean),
  unique_program_id: Schema.optional(bits(16)),
  avail_num: Schema.optional(bits(8)),
  avails_expected: Schema.optional(bits(8)),
  segmentation: Schema.optional(Schema.Array(SegmentationInput).pipe(Schema.maxItems(32))),
})
export type CueInput = typeof CueInput.Type

/** Body of `POST /api/channels`. */
export const ChannelInput = Schema.Struct({
  name: Name,
  rtp_ip: Schema.optional(Address),
  rtp_port: Port,
  backup_rtp_ip: Schema.optional(Schema.NullOr(Address)),
  backup_rtp_port: Schema.optional(Schema.NullOr(Port)),
  input: Schema.optional(InputSettingsInput),
  autostart: Schema.optional(Schema.Boolean),
  auto_run: Schema.optional(AutoRun),
  outputs: Schema.optional(Schema.Array(OutputInput).pipe(Schema.maxItems(500))),
})
export type ChannelInput = typeof ChannelInput.Type

/** Body of `PUT /api/channels/{id}`: what is left out stays as it is; outputs have their own routes. */
export const ChannelUpdate = Schema.Struct({
  id: Schema.optional(Schema.String),
  name: Schema.optional(Name),
  rtp_ip: Schema.optional(Address),
  rtp_port: Schema.optional(Port),
  backup_rtp_ip: Schema.optional(Schema.NullOr(Address)),
  backup_rtp_port: Schema.optional(Schema.NullOr(Port)),
  input: Schema.optional(InputSettingsInput),
  autostart: Schema.optional(Schema.Boolean),
  auto_run: Schema.optional(AutoRun),
})
export type ChannelUpdate = typeof ChannelUpdate.Type
