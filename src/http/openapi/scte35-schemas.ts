/**
 * Answers about SCTE-35 as schemas: cues, and splice_info_section field by field. Held to the interfaces
 * by `schemas.test.ts`.
 */
import { Schema } from "effect"
import type { Upid as UpidView } from "../../core/scte35/descriptor-fields.ts"
import { SourceName } from "../../effects/model/channel.ts"
import { CUE_KINDS } from "../../effects/model/cue.ts"
import { ChannelName, Time } from "./schemas.ts"

const { Array: List, Boolean: Flag, Literal, NullOr, Number: Num, String: Text, Struct } = Schema

const Count = Schema.Int.pipe(Schema.nonNegative())
/** Left out where the section does not have it. */
const some = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })
const reserved = some(Schema.Record({ key: Text, value: Num }))
const kept = { reserved, trailing_bytes: some(Text) }
const avail = {
  break_auto_return: some(Flag),
  break_duration: some(Num),
  break_duration_seconds: some(Num),
  out_of_network_indicator: Flag,
  program_splice_flag: Flag,
  duration_flag: Flag,
  unique_program_id: Count,
  avail_num: Count,
  avails_expected: Count,
}

// --- Commands (9.7)
const eventId = { splice_event_id: Count, event_id_compliance_flag: Flag }
const ScheduledEvent = Schema.Union(
  Struct({ ...eventId, reserved, splice_event_cancel_indicator: Literal(true) }),
  Struct({
    ...eventId,
    ...avail,
    reserved,
    splice_event_cancel_indicator: Literal(false),
    utc_splice_time: some(Num),
    utc_splice_time_iso: some(Text),
    components: some(List(Struct({ tag: Count, utc_splice_time: Num, utc_splice_time_iso: Text }))),
  }),
)
const pts = { pts_time: some(NullOr(Num)), pts_time_seconds: some(NullOr(Num)) }
const insert = { name: Literal("splice_insert"), splice_event_id: Count, ...kept }

export const SpliceCommand = Schema.Union(
  Struct({ ...insert, splice_event_cancel_indicator: Literal(true) }),
  Struct({
    ...insert,
    ...avail,
    splice_event_cancel_indicator: Literal(false),
    splice_immediate_flag: Flag,
    event_id_compliance_flag: Flag,
    ...pts,
    components: some(List(Struct({ tag: Count, reserved, ...pts }))),
  }),
  Struct({ name: Literal("time_signal"), pts_time: NullOr(Num), pts_time_seconds: NullOr(Num), ...kept }),
  Struct({ name: Literal("splice_null"), ...kept }),
  Struct({ name: Literal("splice_schedule"), events: List(ScheduledEvent), ...kept }),
  Struct({ name: Literal("bandwidth_reservation"), ...kept }),
  Struct({
    name: Literal("private_command"),
    identifier: Count,
    identifier_text: NullOr(Text),
    private_bytes: Text,
    ...kept,
  }),
  Struct({ name: Literal("unknown_command", "malformed_command"), splice_command_type: Count, command_bytes: Text }),
)

// --- Descriptors (10)
const upid = {
  segmentation_upid_type: Count,
  upid_type_name: Text,
  segmentation_upid_length: Count,
  segmentation_upid_hex: Text,
  upid_text: NullOr(Text),
  mpu: some(
    Struct({
      format_identifier: Count,
      format_identifier_text: NullOr(Text),
      private_data_hex: Text,
      private_data_text: NullOr(Text),
    }),
  ),
  atsc: some(
    Struct({ tsid: Count, end_of_day: Num, unique_for: Num, content_id_hex: Text, content_id_text: NullOr(Text) }),
  ),
}
const upids = some(List(Schema.suspend((): Schema.Schema<UpidView> => Upid)))
export const Upid = Struct({ ...upid, upids }).annotations({ identifier: "Upid" })

const segmentation = {
  name: Literal("segmentation_descriptor"),
  tag: Literal(2),
  segmentation_event_id: Count,
  segmentation_event_id_compliance_indicator: Flag,
  ...kept,
}

export const SpliceDescriptor = Schema.Union(
  Struct({ name: Literal("avail_descriptor"), tag: Literal(0), provider_avail_id: Count, ...kept }),
  Struct({
    name: Literal("DTMF_descriptor"),
    tag: Literal(1),
    preroll: Num,
    preroll_seconds: Num,
    dtmf_chars: Text,
    ...kept,
  }),
  Struct({ ...segmentation, segmentation_event_cancel_indicator: Literal(true) }),
  Struct({
    ...segmentation,
    ...upid,
    upids,
    segmentation_event_cancel_indicator: Literal(false),
    program_segmentation_flag: Flag,
    delivery_not_restricted_flag: Flag,
    web_delivery_allowed_flag: some(Flag),
    no_regional_blackout_flag: some(Flag),
    archive_allowed_flag: some(Flag),
    device_restrictions: some(Num),
    components: some(List(Struct({ reserved, tag: Count, pts_offset: Num, pts_offset_seconds: Num }))),
    segmentation_duration: NullOr(Num),
    segmentation_duration_seconds: NullOr(Num),
    segmentation_type_id: Count,
    segmentation_type_name: Text,
    segment_num: Count,
    segments_expected: Count,
    sub_segment_num: NullOr(Count),
    sub_segments_expected: NullOr(Count),
  }),
  Struct({
    name: Literal("time_descriptor"),
    tag: Literal(3),
    tai_seconds: Num,
    tai_ns: Num,
    utc_offset: Num,
    utc_iso: NullOr(Text),
    ...kept,
  }),
  Struct({
    name: Literal("audio_descriptor"),
    tag: Literal(4),
    audio_channels: List(
      Struct({
        component_tag: Count,
        iso_code: Text,
        bit_stream_mode: Count,
        num_channels: Count,
        full_srvc_audio: Flag,
      }),
    ),
    ...kept,
  }),
  Struct({
    name: Literal("private_descriptor"),
    tag: Count,
    identifier: Text,
    identifier_text: NullOr(Text),
    private: Literal(true),
    private_bytes: Text,
  }),
  Struct({
    name: Literal("unknown_descriptor", "malformed_descriptor"),
    tag: Count,
    identifier: NullOr(Text),
    private_bytes: Text,
  }),
)

// --- Section (9.6)
export const Section = Struct({
  section_syntax_indicator: Count,
  private_indicator: Count,
  sap_type: Count,
  protocol_version: Count,
  encrypted_packet: Flag,
  encryption_algorithm: Count,
  pts_adjustment: Num,
  cw_index: Count,
  tier: Count,
  splice_command_length: Count,
  command: NullOr(SpliceCommand),
  descriptor_loop_length: NullOr(Count),
  descriptors: NullOr(List(SpliceDescriptor)),
  undecoded_bytes: some(Text),
  alignment_stuffing_hex: some(Text),
  encrypted_bytes: some(Text),
  section_length: Count,
  splice_command_type: Count,
  pts_adjustment_seconds: Num,
  crc_ok: Flag,
  crc32: Text,
  adjusted_pts: some(Num),
  adjusted_pts_seconds: some(Num),
  adjusted_pts_wrapped: some(Literal(true)),
  alignment_stuffing_bytes: some(Count),
  encrypted_remainder: some(Literal(true)),
  errors: List(Text),
  warnings: List(Text),
  hex: Text,
  base64: Text,
})

// --- Cues of a channel
export const CueProof = Struct({
  output: Text,
  status: Literal("sent", "missed", "pending", "no_receiver", "no_cues"),
  at: NullOr(Time),
  delay_ms: NullOr(Num),
  reason: NullOr(Text),
  acknowledged_at: some(Time),
  acknowledged_ms: some(Num),
})

export const Cue = Struct({
  id: Count,
  at: Time,
  last_at: Time,
  pid: Count,
  source: SourceName,
  cue: Count,
  kind: Literal(...CUE_KINDS),
  command: Text,
  event_id: NullOr(Count),
  event_ids: List(Count),
  segmentation_type_ids: List(Count),
  upids: List(Text),
  pts: NullOr(Num),
  preroll_s: NullOr(Num),
  duration_s: NullOr(Num),
  description: Text,
  base64: Text,
  hex: Text,
  crc_ok: Flag,
  errors: List(Text),
  repeats: Count,
  manual: Flag,
  outputs: List(CueProof),
  section: NullOr(Section),
})
export const Cues = Struct({ cues: List(Cue) })
export const CueOfChannel = Struct({ ...Cue.fields, channel: ChannelName })
export const CuesOfChannels = Struct({ cues: List(CueOfChannel) })

export const CueAnswer = Struct({
  cue: Struct({
    pid: Count,
    command: Text,
    event_id: NullOr(Count),
    pts: NullOr(Num),
    description: Text,
    base64: Text,
    hex: Text,
    section: Section,
  }),
  warnings: List(Text),
})
