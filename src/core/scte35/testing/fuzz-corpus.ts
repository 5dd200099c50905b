/** Sound sections of every command and descriptor, which the fuzzer damages. */
import { encodeSpliceInfoSection } from "../encode-section.ts"
import type { SpliceInfoSectionFields } from "../section-fields.ts"

const avail = { unique_program_id: 0x4321, avail_num: 1, avails_expected: 2 }
const out = {
  splice_event_id: 77,
  splice_event_cancel_indicator: false as const,
  out_of_network_indicator: true,
  event_id_compliance_flag: true,
}
const breakFields = { duration_flag: true, break_auto_return: true, break_duration: 5_400_000 }
const segment = {
  name: "segmentation_descriptor" as const,
  tag: 2 as const,
  segmentation_event_id: 5,
  segmentation_event_cancel_indicator: false as const,
  segmentation_event_id_compliance_indicator: true,
  program_segmentation_flag: true,
  delivery_not_restricted_flag: true,
  segmentation_duration: 2 ** 40 - 1,
  segmentation_upid_type: 0x0d,
  segmentation_upid_hex: "0a0c1477000000000000000000010904534947310c0641424344aabb0d0708020001090141",
  segmentation_type_id: 0x34,
  segment_num: 1,
  segments_expected: 2,
  sub_segment_num: 1,
  sub_segments_expected: 3,
}

const FIELDS: ReadonlyArray<SpliceInfoSectionFields> = [
  { command: { name: "splice_null" } },
  { command: { name: "bandwidth_reservation" }, splice_command_length: 0xfff },
  { command: { name: "time_signal", pts_time: null } },
  { command: { name: "time_signal", pts_time: 2 ** 33 - 1 }, pts_adjustment: 2 ** 33 - 1, descriptors: [segment] },
  { command: { name: "private_command", identifier: 0x41424344, private_bytes: "00ff1234" } },
  { command: { name: "unknown_command", splice_command_type: 0x42, command_bytes: "0102030405" } },
  {
    command: null,
    encrypted_packet: true,
    encryption_algorithm: 2,
    cw_index: 3,
    encrypted_bytes: "00112233445566778899aabbccddeeff",
  },
  { command: { name: "splice_insert", splice_event_id: 0, splice_event_cancel_indicator: true } },
  {
    command: {
      name: "splice_insert",
      ...out,
      program_splice_flag: true,
      splice_immediate_flag: false,
      pts_time: 1,
      ...breakFields,
      ...avail,
    },
    descriptors: [{ name: "avail_descriptor", tag: 0, provider_avail_id: 309 }],
  },
  {
    command: {
      name: "splice_insert",
      ...out,
      program_splice_flag: false,
      splice_immediate_flag: false,
      components: [
        { tag: 1, pts_time: 90_000 },
        { tag: 2, pts_time: null },
      ],
      duration_flag: false,
      ...avail,
    },
    splice_command_length: 0xfff,
    alignment_stuffing_hex: "010203",
  },
  {
    command: {
      name: "splice_schedule",
      events: [
        { splice_event_id: 1, event_id_compliance_flag: true, splice_event_cancel_indicator: true },
        { ...out, program_splice_flag: true, utc_splice_time: 1_400_000_000, ...breakFields, ...avail },
        {
          ...out,
          program_splice_flag: false,
          components: [{ tag: 9, utc_splice_time: 1 }],
          duration_flag: false,
          ...avail,
        },
      ],
    },
  },
  {
    command: { name: "splice_null" },
    descriptors: [
      { name: "DTMF_descriptor", tag: 1, preroll: 50, dtmf_chars: "123*" },
      { name: "time_descriptor", tag: 3, tai_seconds: 1_700_000_037, tai_ns: 5, utc_offset: 37 },
      {
        name: "audio_descriptor",
        tag: 4,
        audio_channels: [
          { component_tag: 1, iso_code: "eng", bit_stream_mode: 0, num_channels: 2, full_srvc_audio: true },
        ],
      },
      { name: "private_descriptor", tag: 0xf0, identifier: "0x44564231", private: true, private_bytes: "aabb" },
      { name: "unknown_descriptor", tag: 0x20, identifier: "0x43554549", private_bytes: "01" },
      {
        ...segment,
        program_segmentation_flag: false,
        components: [{ tag: 1, pts_offset: 3 }],
        delivery_not_restricted_flag: false,
        web_delivery_allowed_flag: false,
        no_regional_blackout_flag: true,
        archive_allowed_flag: true,
        device_restrictions: 2,
        segmentation_upid_type: 0x0b,
        segmentation_upid_hex: "00f1efff68756d616e",
        segmentation_duration: null,
        sub_segment_num: null,
        sub_segments_expected: null,
      },
    ],
  },
]

export const fuzzCorpus = (): Uint8Array[] => FIELDS.map(encodeSpliceInfoSection)
