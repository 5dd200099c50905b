/** Descriptors written by hand from the syntax tables (ANSI/SCTE 35 clause 10), and what they must read as. */
import { describe, expect, it } from "vitest"
import { CUEI, descriptor, readOne, SEGMENT } from "./testing/read-descriptor.ts"

const segment = {
  name: "segmentation_descriptor",
  tag: 2,
  segmentation_event_id: 5,
  segmentation_event_cancel_indicator: false,
  segmentation_event_id_compliance_indicator: true,
  program_segmentation_flag: true,
  delivery_not_restricted_flag: true,
  segmentation_duration: null,
  segmentation_duration_seconds: null,
  segmentation_upid_type: 0,
  upid_type_name: "Not Used",
  segmentation_upid_length: 0,
  segmentation_upid_hex: "",
  upid_text: null,
  segmentation_type_id: 0x34,
  segmentation_type_name: "Provider Placement Opportunity Start",
  segment_num: 1,
  segments_expected: 2,
  sub_segment_num: null,
  sub_segments_expected: null,
}

describe("descriptors", () => {
  it.each<[string, string, string, object]>([
    ["avail", "00", `${CUEI} 00000135`, { name: "avail_descriptor", tag: 0, provider_avail_id: 309 }],
    [
      "DTMF",
      "01",
      `${CUEI} 32 5f 3432`,
      { name: "DTMF_descriptor", tag: 1, preroll: 50, preroll_seconds: 5, dtmf_chars: "42" },
    ],
    [
      "time",
      "03",
      `${CUEI} 00006553f125 1dcd6500 0025`,
      {
        name: "time_descriptor",
        tag: 3,
        tai_seconds: 1_700_000_037,
        tai_ns: 500_000_000,
        utc_offset: 37,
        utc_iso: "2023-11-14T22:13:20.500Z",
      },
    ],
    [
      "time beyond what a calendar holds",
      "03",
      `${CUEI} ffffffffffff ffffffff ffff`,
      {
        name: "time_descriptor",
        tag: 3,
        tai_seconds: 2 ** 48 - 1,
        tai_ns: 2 ** 32 - 1,
        utc_offset: 0xffff,
        utc_iso: null,
      },
    ],
    [
      "audio",
      "04",
      `${CUEI} 1f 07 656e67 45`,
      {
        name: "audio_descriptor",
        tag: 4,
        audio_channels: [
          { component_tag: 7, iso_code: "eng", bit_stream_mode: 2, num_channels: 2, full_srvc_audio: true },
        ],
      },
    ],
    [
      "somebody else's identifier, with a tag that CUEI uses",
      "02",
      "53415053 0b",
      {
        name: "private_descriptor",
        tag: 2,
        identifier: "0x53415053",
        identifier_text: "SAPS",
        private: true,
        private_bytes: "0b",
      },
    ],
    [
      "a tag that is not known",
      "20",
      `${CUEI} ff00`,
      { name: "unknown_descriptor", tag: 32, identifier: "0x43554549", private_bytes: "ff00" },
    ],
    [
      "segmentation, cancelled: nothing follows",
      "02",
      `${CUEI} ffffffff bf`,
      {
        name: "segmentation_descriptor",
        tag: 2,
        segmentation_event_id: 2 ** 32 - 1,
        segmentation_event_cancel_indicator: true,
        segmentation_event_id_compliance_indicator: false,
      },
    ],
    ["segmentation", "02", `${SEGMENT} 00 00 34 01 02`, segment],
    [
      "segmentation with sub-segments",
      "02",
      `${SEGMENT} 00 00 34 01 02 03 04`,
      { ...segment, sub_segment_num: 3, sub_segments_expected: 4 },
    ],
    [
      "segmentation with sub-segments on a type that does not list them: the length decides",
      "02",
      `${SEGMENT} 00 00 50 01 02 00 00`,
      {
        ...segment,
        segmentation_type_id: 0x50,
        segmentation_type_name: "Network Start",
        sub_segment_num: 0,
        sub_segments_expected: 0,
      },
    ],
    [
      "segmentation, restricted, with the longest duration, by component",
      "02",
      `${CUEI} 00000005 7f 56 01 09 ff 00000000 ffffffffff 00 00 34 01 02`,
      {
        ...segment,
        program_segmentation_flag: false,
        delivery_not_restricted_flag: false,
        web_delivery_allowed_flag: true,
        no_regional_blackout_flag: false,
        archive_allowed_flag: true,
        device_restrictions: 2,
        components: [{ tag: 9, pts_offset: 2 ** 32, pts_offset_seconds: 2 ** 32 / 90_000 }],
        segmentation_duration: 2 ** 40 - 1,
        segmentation_duration_seconds: (2 ** 40 - 1) / 90_000,
      },
    ],
    [
      "segmentation of a type that is not known",
      "02",
      `${SEGMENT} 00 00 7e 01 02`,
      { ...segment, segmentation_type_id: 0x7e, segmentation_type_name: "Reserved 0x7E" },
    ],
  ])("%s", (_, tag, data, expected) => {
    const one = readOne(descriptor(tag, data))
    expect(one.errors).toEqual([])
    expect(one.warnings).toEqual([])
    expect(one.descriptor).toEqual(expected)
  })

  it.each<[string, string, object, RegExp]>([
    [
      "too short for an identifier",
      descriptor("02", "435545"),
      { name: "malformed_descriptor", identifier: null, private_bytes: "435545" },
      /descriptor 0x02 at byte 16 has 3 bytes, too few for its identifier/,
    ],
    [
      "avail too short",
      descriptor("00", `${CUEI} 0001`),
      { name: "malformed_descriptor", tag: 0, private_bytes: "0001" },
      /avail_descriptor is truncated at byte 22 of 24: provider_avail_id needs 4 bytes, 2 left/,
    ],
    [
      "more DTMF than there is",
      descriptor("01", `${CUEI} 00 ff 31`),
      { name: "malformed_descriptor" },
      /DTMF_char needs 7 bytes, 1 left/,
    ],
    [
      "more audio than there is",
      descriptor("04", `${CUEI} ff`),
      { name: "malformed_descriptor" },
      /audio channels needs 75 bytes, 0 left/,
    ],
    [
      "UPID longer than the descriptor",
      descriptor("02", `${SEGMENT} 09 ff 41`),
      { name: "malformed_descriptor" },
      /segmentation_upid needs 255 bytes, 1 left/,
    ],
    [
      "component_count 255",
      descriptor("02", `${CUEI} 00000005 7f 3f ff`),
      { name: "malformed_descriptor" },
      /component needs 6 bytes, 0 left/,
    ],
    [
      "bytes after a segmentation of a type without sub-segments",
      descriptor("02", `${SEGMENT} 00 00 35 02 00 00000000`),
      { segmentation_type_id: 0x35, sub_segment_num: null, trailing_bytes: "00000000" },
      /segmentation_descriptor ends at byte 33, descriptor_length at byte 37: 4 bytes left over/,
    ],
    [
      "bytes after the sub-segments of a type that has them",
      descriptor("02", `${SEGMENT} 00 00 34 02 00 0102 aa`),
      { sub_segment_num: 1, sub_segments_expected: 2, trailing_bytes: "aa" },
      /1 byte left over/,
    ],
    [
      "one byte after segments_expected",
      descriptor("02", `${SEGMENT} 00 00 34 02 00 07`),
      { sub_segment_num: null, trailing_bytes: "07" },
      /1 byte left over/,
    ],
  ])("%s is an error, and nothing is lost", (_, digits, expected, error) => {
    const one = readOne(digits)
    expect(one.descriptor).toMatchObject(expected)
    expect(one.errors).toEqual([expect.stringMatching(error)])
  })
})
