/** Descriptors written by hand from the syntax tables (ANSI/SCTE 35 clause 10), and what they must decode to. */
import { describe, expect, it } from "vitest"
import { toHex } from "../bytes/bytes-text.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import { segmentationTypes } from "./segmentation-types.ts"
import { assemble, read } from "./testing/assemble.ts"
import { upidTypes } from "./upid-types.ts"

const CUEI = "43554549"

/** A descriptor with these data bytes, identifier included. */
const descriptor = (tag: string, data: string): string => {
  const digits = data.replaceAll(" ", "")
  return `${tag}${(digits.length / 2).toString(16).padStart(2, "0")}${digits}`
}

const readOne = (digits: string) => {
  const bytes = assemble({ type: "00", command: "", descriptors: digits })
  const section = read(bytes)
  expect(toHex(encodeSpliceInfoSection(section))).toBe(toHex(bytes))
  return { descriptor: section.descriptors?.[0], errors: section.errors, warnings: section.warnings, section }
}

/** Segmentation of the whole programme, unrestricted, without duration, up to the UPID. */
const SEGMENT = `${CUEI} 00000005 7f bf`
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

describe("UPIDs", () => {
  const readUpid = (type: string, bytes: string) => {
    const digits = bytes.replaceAll(" ", "")
    const length = (digits.length / 2).toString(16).padStart(2, "0")
    return readOne(descriptor("02", `${SEGMENT} ${type} ${length} ${digits} 34 00 00`))
  }

  it.each<[string, string, string, string]>([
    ["01", "User Defined", "48443031", "HD01"],
    ["02", "ISCI", "4142434431323334", "ABCD1234"],
    ["03", "Ad-ID", "414243443031323334353648", "ABCD0123456H"],
    [
      "04",
      "UMID",
      "060a2b340101010501010d20130000000102030405060708090a0b0c0d0e0f10",
      "060A2B34.01010105.01010D20.13000000.01020304.05060708.090A0B0C.0D0E0F10",
    ],
    ["05", "ISAN (8 bytes)", "000000003a8d0000", "0000-0000-3A8D-0000"],
    ["06", "ISAN", "000000003a8d000000000001", "0000-0000-3A8D-0000-0000-0001"],
    ["07", "TID", "4d5630303034313436343030", "MV0004146400"],
    ["08", "AiringID", "000000002ca0a18a", "0x000000002ca0a18a"],
    ["09", "ADI", "5349474e414c3a31", "SIGNAL:1"],
    ["0a", "EIDR", "1478 7791 8534 2c23 9030 8610", "10.5240/7791-8534-2C23-9030-8610"],
    ["0e", "ADS Information", "61203d7e", "a =~"],
    ["0f", "URI", "75726e3a78", "urn:x"],
    ["10", "UUID", "cb0350b7 8d4a 4ec7 8e24 0d7ae0a1b2c3", "cb0350b7-8d4a-4ec7-8e24-0d7ae0a1b2c3"],
    ["11", "SCR", "6162", "ab"],
  ])("type 0x%s, %s", (type, upid_type_name, bytes, upid_text) => {
    const one = readUpid(type, bytes)
    expect(one.warnings).toEqual([])
    expect(one.descriptor).toMatchObject({
      segmentation_upid_type: Number.parseInt(type, 16),
      upid_type_name,
      upid_text,
      segmentation_upid_hex: bytes.replaceAll(" ", ""),
    })
  })

  it("splits an MPU into its owner and what is the owner's", () => {
    expect(readUpid("0c", "44495343 594d57").descriptor).toMatchObject({
      upid_type_name: "MPU",
      upid_text: null,
      mpu: {
        format_identifier: 0x44495343,
        format_identifier_text: "DISC",
        private_data_hex: "594d57",
        private_data_text: "YMW",
      },
    })
  })

  it("takes an MPU of an owner alone, and a text of no characters", () => {
    expect(readUpid("0c", "44495343")).toMatchObject({ warnings: [], descriptor: { mpu: { private_data_hex: "" } } })
    expect(readUpid("09", "")).toMatchObject({ warnings: [], descriptor: { upid_text: null } })
  })

  it("splits an ATSC content identifier", () => {
    expect(readUpid("0b", "00f1 ee07 6162").descriptor).toMatchObject({
      atsc: { tsid: 241, end_of_day: 23, unique_for: 7, content_id_hex: "6162", content_id_text: "ab" },
    })
  })

  it("reads every UPID of a MID, and those of a MID inside it", () => {
    const one = readUpid("0d", "08 08 000000002ca0a18a 0d 05 09 03 53 49 47 0c 05 41424344 ff 00 00 42 01 7f")
    expect(one.errors).toEqual([])
    expect(one.descriptor).toMatchObject({
      upids: [
        { upid_type_name: "AiringID", upid_text: "0x000000002ca0a18a" },
        {
          upid_type_name: "MID",
          segmentation_upid_hex: "0903534947",
          upids: [{ upid_type_name: "ADI", upid_text: "SIG" }],
        },
        {
          upid_type_name: "MPU",
          mpu: { format_identifier_text: "ABCD", private_data_hex: "ff", private_data_text: null },
        },
        { upid_type_name: "Not Used", segmentation_upid_length: 0 },
        { upid_type_name: "Reserved 0x42", segmentation_upid_hex: "7f", upid_text: null },
      ],
    })
  })

  it.each<[string, string, string, string]>([
    [
      "a MID whose UPID runs past it",
      "0d",
      "09 04 534947",
      "MID of 5 bytes is truncated at its byte 0: UPID 1 does not fit",
    ],
    [
      "a MID that ends after a type",
      "0d",
      "0901 41 08",
      "MID of 4 bytes is truncated at its byte 3: UPID 2 does not fit",
    ],
    ["an EIDR of one byte", "0a", "30", "UPID of type EIDR has 1 byte, the specification says 12"],
    ["an MPU without owner", "0c", "4142", "UPID of type MPU has 2 bytes, it needs at least 4"],
  ])("%s is unusual, not wrong, and kept", (_, type, bytes, warning) => {
    const one = readUpid(type, bytes)
    expect(one.errors).toEqual([])
    expect(one.warnings).toEqual([warning])
    expect(one.descriptor).toMatchObject({ segmentation_upid_hex: bytes.replaceAll(" ", "") })
  })
})

describe("tables", () => {
  it("know every segmentation type of Table 23, starts before their ends", () => {
    const types = segmentationTypes()
    const ids = types.map(({ id }) => id.toString(16).padStart(2, "0")).join(" ")
    expect(ids).toBe(
      "00 01 02 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47 50 51",
    )
    for (const { id, name, role } of types.filter(({ name }) => name.endsWith(" End"))) {
      const start = types.find((type) => type.id === id - 1)
      expect([role, start?.role, start?.name]).toEqual(["end", "start", name.replace(/End$/, "Start")])
    }
    expect(types.filter(({ sub_segments }) => sub_segments).map(({ id }) => id)).toEqual([
      0x30, 0x32, 0x34, 0x36, 0x38, 0x3a, 0x44, 0x46,
    ])
  })

  it("know every UPID type of Table 22", () => {
    expect(upidTypes().flatMap(({ id, deprecated }) => (deprecated ? [id] : []))).toEqual([1, 2, 5])
    expect(upidTypes().map(({ id }) => id)).toEqual(Array.from({ length: 0x12 }, (_, id) => id))
  })
})
