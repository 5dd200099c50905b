/** What the API takes. Field names are the contract's (snake_case); the schemas validate and bound every input. */
import { Schema } from "effect"
import { INPUT_SETTINGS } from "../../core/input/setting-table.ts"
import { PRESET_NAMES } from "../../core/output/presets.ts"
import { OUTPUT_SETTINGS } from "../../core/output/setting-table.ts"
import { AutoRun, type InputSettings, Protocol, SourceName } from "../model/channel.ts"
import { requestSchema, settingsSchema } from "./setting-schemas.ts"
import { Tags } from "./tags.ts"
import { text, verbatim } from "./texts.ts"

const Port = Schema.Int.pipe(Schema.between(1, 65535))
const Name = text(128)
/** Forms send an empty name for none. */
const BlankName = text(128, 0)
const Address = text(64)
/** URL of a leg that is received by SRT; null for one that is not. */
const InputUrl = Schema.optional(Schema.NullOr(text(4096)))
/** Long enough for a 512-character stream id, percent-encoded. */
const OutputUrl = text(4096)

const StreamKey = verbatim(1024)
export const Preset = Schema.Literal(...PRESET_NAMES)

/** `settings` of an output's bodies: what is left out stays as it is, null goes back to the default. */
export const OutputSettingsInput = settingsSchema(OUTPUT_SETTINGS)
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

/** `input` of a channel's bodies: what is left out stays as it is, null goes back to the default. */
export const InputSettingsInput = settingsSchema(INPUT_SETTINGS)
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

/**
 * One segmentation_descriptor of a manual cue; see `SegmentationOptions` of core. Durations are of 40 bits at 90 kHz.
 */
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
 * Body of `POST /api/channels/{id}/cues`: a whole section in `cue`, or a `command` with its fields. Which of them
 * belong together is `cue-section.ts`'s.
 */
export const CueInput = Schema.Struct({
  pid: Schema.optional(requestSchema(INPUT_SETTINGS.scte35_pid)),
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
  rtp_ip: Schema.optional(Schema.NullOr(Address)),
  rtp_port: Schema.optional(Schema.NullOr(Port)),
  input_url: InputUrl,
  backup_rtp_ip: Schema.optional(Schema.NullOr(Address)),
  backup_rtp_port: Schema.optional(Schema.NullOr(Port)),
  backup_input_url: InputUrl,
  input: Schema.optional(InputSettingsInput),
  tags: Schema.optional(Tags),
  autostart: Schema.optional(Schema.Boolean),
  auto_run: Schema.optional(AutoRun),
  outputs: Schema.optional(Schema.Array(OutputInput).pipe(Schema.maxItems(500))),
})
export type ChannelInput = typeof ChannelInput.Type

/** Body of `PUT /api/channels/{id}`: what is left out stays as it is; outputs have their own routes. */
export const ChannelUpdate = Schema.Struct({
  id: Schema.optional(Schema.String),
  name: Schema.optional(Name),
  rtp_ip: Schema.optional(Schema.NullOr(Address)),
  rtp_port: Schema.optional(Schema.NullOr(Port)),
  input_url: InputUrl,
  backup_rtp_ip: Schema.optional(Schema.NullOr(Address)),
  backup_rtp_port: Schema.optional(Schema.NullOr(Port)),
  backup_input_url: InputUrl,
  input: Schema.optional(InputSettingsInput),
  tags: Schema.optional(Tags),
  autostart: Schema.optional(Schema.Boolean),
  auto_run: Schema.optional(AutoRun),
})
export type ChannelUpdate = typeof ChannelUpdate.Type
