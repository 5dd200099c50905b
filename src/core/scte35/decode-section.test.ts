/** The fields around command and descriptors (ANSI/SCTE 35 9.6), wrong lengths, and bytes that are no section. */
import { describe, expect, it } from "vitest"
import { fromHex, toHex } from "../bytes/bytes-text.ts"
import { decodeSpliceInfoSection } from "./decode-section.ts"
import { effectivePts } from "./effective-pts.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import { encryptionAlgorithmName, sapTypeName } from "./section-fields.ts"
import { assemble, read } from "./testing/assemble.ts"

const AVAIL = "00 08 43554549 00000135"
const NULL_SECTION = "fc301100000000000000fff0000000007a4fbfff"
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(0)

const expectExactInverse = (bytes: Uint8Array) => expect(toHex(encodeSpliceInfoSection(read(bytes)))).toBe(toHex(bytes))

describe("splice_info_section", () => {
  it("reads the smallest one in full", () => {
    expect(read(bytesOf(NULL_SECTION))).toEqual({
      section_syntax_indicator: 0,
      private_indicator: 0,
      sap_type: 3,
      section_length: 17,
      protocol_version: 0,
      encrypted_packet: false,
      encryption_algorithm: 0,
      pts_adjustment: 0,
      pts_adjustment_seconds: 0,
      cw_index: 0,
      tier: 0xfff,
      splice_command_length: 0,
      splice_command_type: 0,
      command: { name: "splice_null" },
      descriptor_loop_length: 0,
      descriptors: [],
      crc_ok: true,
      crc32: "0x7a4fbfff",
      errors: [],
      warnings: [],
      hex: NULL_SECTION,
      base64: "/DARAAAAAAAAAP/wAAAAAHpPv/8=",
    })
  })

  it("reads every bit of the header", () => {
    const bytes = encodeSpliceInfoSection({
      sap_type: 2,
      encryption_algorithm: 33,
      pts_adjustment: 2 ** 33 - 1,
      cw_index: 0xa5,
      tier: 0x123,
      command: { name: "splice_null" },
    })
    expect(toHex(bytes.subarray(0, 14))).toBe("fc20110043ffffffffa5123000" + "00")
    expect(read(bytes)).toMatchObject({
      sap_type: 2,
      encryption_algorithm: 33,
      pts_adjustment: 2 ** 33 - 1,
      cw_index: 0xa5,
      tier: 0x123,
    })
    expect([sapTypeName(2), sapTypeName(3), encryptionAlgorithmName(2), encryptionAlgorithmName(33)]).toEqual([
      "type 3",
      "not specified",
      "DES-CBC",
      "private algorithm 33",
    ])
  })

  it.each([
    ["plain", "0000000000", 2 ** 32 + 1, undefined],
    ["past 2^33", "01ffffffff", 2 ** 32, true],
    ["up to the last tick", "00fffffffe", 2 ** 33 - 1, undefined],
    ["to nought", "00ffffffff", 0, true],
  ])("adds pts_adjustment to pts_time modulo 2^33: %s", (_, adjustment, expected, wrapped) => {
    const section = read(assemble({ type: "06", command: "ff 00000001", adjustment }))
    expect([section.adjusted_pts, section.adjusted_pts_wrapped, effectivePts(section)]).toEqual([
      expected,
      wrapped,
      expected,
    ])
    expect(section.adjusted_pts_seconds).toBe(expected / 90_000)
  })

  it.each([
    ["splice_null", "00", ""],
    ["time not specified", "06", "7f"],
    ["an event called off", "05", "00000001 ff"],
    ["by component", "05", "00000001 7f 8f 01 0a ff 00000001 0000 00 00"],
  ])("has no effective PTS: %s", (_, type, command) => {
    const section = read(assemble({ type, command, adjustment: "0000000005" }))
    expect([effectivePts(section), section.adjusted_pts]).toEqual([null, undefined])
  })

  it("does not take pts_adjustment alone for a sum past 2^33", () => {
    const section = read(assemble({ type: "06", command: "fe 00000000", adjustment: "01ffffffff" }))
    expect([section.adjusted_pts, section.adjusted_pts_wrapped]).toEqual([2 ** 33 - 1, undefined])
  })

  it("keeps an encrypted body as it is, and reads its header", () => {
    const plain = assemble({ type: "06", command: "ff 00000001", descriptors: AVAIL })
    const bytes = encodeSpliceInfoSection({
      encrypted_packet: true,
      encryption_algorithm: 2,
      cw_index: 9,
      pts_adjustment: 77,
      splice_command_length: 5,
      command: null,
      encrypted_bytes: toHex(plain.subarray(13, -4)),
    })
    const section = read(bytes)
    expect(section).toMatchObject({
      errors: [],
      crc_ok: true,
      encrypted_packet: true,
      encryption_algorithm: 2,
      cw_index: 9,
      pts_adjustment: 77,
      splice_command_length: 5,
      command: null,
      descriptors: null,
      descriptor_loop_length: null,
      encrypted_remainder: true,
      encrypted_bytes: toHex(plain.subarray(13, -4)),
    })
    expect(effectivePts(section)).toBeNull()
    expectExactInverse(bytes)
  })

  it("keeps alignment_stuffing", () => {
    const bytes = assemble({ type: "00", command: "", descriptors: AVAIL, stuffing: "2c 90 9b" })
    const section = read(bytes)
    expect(section).toMatchObject({
      alignment_stuffing_bytes: 3,
      alignment_stuffing_hex: "2c909b",
      descriptors: [{ tag: 0 }],
      errors: [],
    })
    expect(section.warnings).toEqual(["3 bytes of alignment_stuffing in a section that is not encrypted"])
    expectExactInverse(bytes)
  })

  it("takes the 0xFF that fills a packet after the section, and marks anything else", () => {
    const bytes = bytesOf(NULL_SECTION)
    expect(read(Uint8Array.of(...bytes, 255, 255))).toMatchObject({ errors: [], hex: NULL_SECTION })
    expect(read(Uint8Array.of(...bytes, 255, 0)).errors).toEqual([
      "2 bytes after the section, which ends at byte 20 by its section_length",
    ])
  })
})

describe("sections that are wrong", () => {
  it("reads one with a wrong CRC_32, and says so", () => {
    const section = read(bytesOf(NULL_SECTION.replace(/ff$/, "fe")))
    expect(section).toMatchObject({ crc_ok: false, command: { name: "splice_null" } })
    expect(section.errors).toEqual([
      "CRC_32 is 0x7a4fbffe, the bytes give 0x7a4fbfff: the section was damaged or altered",
    ])
  })

  it("marks a protocol_version that is not 0, and indicators that are not", () => {
    expect(read(assemble({ type: "00", command: "", protocol: "04" })).errors).toEqual([
      "protocol_version is 4, only 0 is defined: the fields may mean something else",
    ])
    const bytes = encodeSpliceInfoSection({
      section_syntax_indicator: 1,
      private_indicator: 1,
      command: { name: "splice_null" },
    })
    expect(read(bytes).errors).toEqual([
      "section_syntax_indicator is 1, it must be 0 (short section)",
      "private_indicator is 1, it must be 0",
    ])
    expectExactInverse(bytes)
  })

  it("takes a section_length of 4093, and marks one that is longer", () => {
    const longest = assemble({ type: "ff", command: "41424344".padEnd(4076 * 2, "0") })
    expect(longest).toHaveLength(4096)
    expect(read(longest)).toMatchObject({ section_length: 4093, splice_command_length: 4076, errors: [] })
    const longer = assemble({ type: "00", command: "", stuffing: "00".repeat(4078) })
    expect(longer).toHaveLength(4098)
    expect(read(longer).errors).toEqual(["section_length is 4095, the most is 4093"])
    expectExactInverse(longest)
    expectExactInverse(longer)
  })

  it("names five places with odd reserved bits, and counts the others", () => {
    const command = "00000001 00 60 80 00000005 00 00000009 0000 00 00"
    const segment = "02 0f 43554549 00000005 00 a0 00 00 30 00 00"
    const bytes = assemble({ type: "05", command, descriptors: `${segment} 01 06 43554549 00 00` })
    const { warnings, errors } = read(bytes)
    expect(errors).toEqual([])
    expect(warnings).toEqual([
      expect.stringMatching(
        /^reserved bits that are not 1 in splice_insert splice_event, .*segmentation_event, and 2 more$/,
      ),
    ])
    expectExactInverse(bytes)
  })

  it.each<
    [string, { descriptors?: string; loopLength?: string; stuffing?: string; commandLength?: string }, object, RegExp[]]
  >([
    [
      "descriptor_loop_length 0xFFFF",
      { descriptors: AVAIL, loopLength: "ffff" },
      { descriptor_loop_length: 0xffff, descriptors: [{ provider_avail_id: 309 }], undecoded_bytes: "" },
      [/^descriptor_loop_length 65535 runs to byte 65551, CRC_32 starts at byte 26$/],
    ],
    [
      "a descriptor that runs past its loop",
      { descriptors: `${AVAIL} 02 ff 43554549`, stuffing: "aa" },
      { descriptors: [{ tag: 0 }], undecoded_bytes: "02ff43554549", alignment_stuffing_hex: "aa" },
      [
        /^descriptor 0x02 at byte 26 does not fit in the loop, which ends at byte 32: descriptor_length 255 runs to byte 283$/,
      ],
    ],
    [
      "a loop that ends after a tag",
      { descriptors: `${AVAIL} 02` },
      { descriptors: [{ tag: 0 }], undecoded_bytes: "02" },
      [/^descriptor 0x02 at byte 26 does not fit in the loop, which ends at byte 27: only its tag is there$/],
    ],
    [
      "a splice_command_length that takes a byte of descriptor_loop_length",
      { commandLength: "001" },
      { command: { trailing_bytes: "00" }, descriptor_loop_length: null, descriptors: [], undecoded_bytes: "00" },
      [/^splice_null ends at byte 14, splice_command_length at byte 15: 1 byte left over$/],
    ],
  ])("%s: reads what it can, loses nothing", (_, parts, expected, errors) => {
    const bytes = assemble({ type: "00", command: "", ...parts })
    const section = read(bytes)
    expect(section).toMatchObject({ crc_ok: true, ...expected })
    expect(section.errors).toEqual(errors.map((error) => expect.stringMatching(error)))
    expectExactInverse(bytes)
  })

  it("says when nothing is left for descriptor_loop_length", () => {
    const whole = assemble({ type: "06", command: "7f", stuffing: "", commandLength: "fff" })
    const body = whole.subarray(0, whole.length - 6)
    const bytes = encodeSpliceInfoSection({
      command: { name: "time_signal", pts_time: null },
      descriptor_loop_length: null,
      splice_command_length: 1,
    })
    expect(bytes.length).toBe(body.length + 4)
    const section = read(bytes)
    expect(section.errors).toEqual([
      "truncated at byte 15 of 15: descriptor_loop_length needs 2 bytes, 0 left before CRC_32",
    ])
    expectExactInverse(bytes)
  })
})

describe("bytes that are no section", () => {
  it.each<[string, string, string]>([
    ["none", "", "there are no bytes"],
    [
      "another table",
      "fd3011",
      "table_id is 0xFD, not 0xFC: 3 bytes that are not a splice_info_section, and too short for one, which takes at least 20",
    ],
    [
      "cut off after section_length",
      "fc3011",
      "truncated at byte 3 of 20: section_length 17 announces 17 bytes more than there are",
    ],
    ["cut off before section_length", "fc30", "truncated at byte 2: section_length needs bytes 1 and 2"],
    [
      "cut off before its end",
      NULL_SECTION.slice(0, 28),
      "truncated at byte 14 of 20: section_length 17 announces 6 bytes more than there are",
    ],
    [
      "a section_length too small for any",
      `fc300e${"00".repeat(20)}`,
      "section_length 14 makes a section of 17 bytes: too short for a header and CRC_32, which take 18",
    ],
    [
      "a section_length of 4095",
      `fc3fff${"00".repeat(20)}`,
      "truncated at byte 23 of 4098: section_length 4095 announces 4075 bytes more than there are",
    ],
  ])("%s", (_, hex, error) => {
    expect(decodeSpliceInfoSection(bytesOf(hex))).toEqual({ ok: false, error })
  })

  it("refuses every cut of a section", () => {
    const whole = assemble({ type: "06", command: "ff 00000001", descriptors: AVAIL })
    for (let size = 0; size < whole.length; size++)
      expect(decodeSpliceInfoSection(whole.subarray(0, size)).ok).toBe(false)
    expect(decodeSpliceInfoSection(whole).ok).toBe(true)
  })
})
