import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { toHex } from "../bytes/bytes-text.ts"
import { crc32 } from "../ts/crc32.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import type { SpliceInfoSectionFields } from "./section-fields.ts"
import { arbitrarySection } from "./testing/arbitrary-section.ts"
import { read } from "./testing/assemble.ts"

const INSERT = {
  name: "splice_insert" as const,
  splice_event_id: 1,
  splice_event_cancel_indicator: false as const,
  out_of_network_indicator: true,
  program_splice_flag: true,
  duration_flag: false,
  splice_immediate_flag: false,
  event_id_compliance_flag: true,
  pts_time: 5,
  unique_program_id: 0,
  avail_num: 0,
  avails_expected: 0,
}

describe("encoder", () => {
  it.each<[string, string, SpliceInfoSectionFields]>([
    ["splice_null", "0x7a4fbfff", { command: { name: "splice_null" } }],
    ["bandwidth_reservation", "0x7f44f86a", { command: { name: "bandwidth_reservation" } }],
    ["time_signal", "0x1ac7d4ea", { command: { name: "time_signal", pts_time: 123_456_789 } }],
    [
      "immediate splice_insert",
      "0xd99e073c",
      {
        command: {
          name: "splice_insert",
          splice_event_id: 0x12345678,
          splice_event_cancel_indicator: false,
          out_of_network_indicator: true,
          program_splice_flag: true,
          duration_flag: false,
          splice_immediate_flag: true,
          event_id_compliance_flag: true,
          unique_program_id: 0x6789,
          avail_num: 0,
          avails_expected: 0,
        },
      },
    ],
    [
      "splice_schedule that calls an event off",
      "0x9245af00",
      {
        command: {
          name: "splice_schedule",
          events: [
            { splice_event_id: 0x78912305, splice_event_cancel_indicator: true, event_id_compliance_flag: true },
          ],
        },
      },
    ],
  ])("writes a %s with the CRC_32 that TSDuck gives the same fields", (_, crc, fields) => {
    expect(read(encodeSpliceInfoSection(fields))).toMatchObject({ crc32: crc, crc_ok: true, errors: [] })
  })

  it("is undone by the decoder, field by field, and undoes it, byte by byte", () => {
    fc.assert(
      fc.property(arbitrarySection, (fields) => {
        const bytes = encodeSpliceInfoSection(fields)
        const section = read(bytes)
        expect(crc32(bytes)).toBe(0)
        expect(section.errors).toEqual([])
        expect(section).toMatchObject(fields)
        expect(toHex(encodeSpliceInfoSection(section))).toBe(toHex(bytes))
      }),
      { numRuns: 400 },
    )
  })

  it("does not need what follows from other fields", () => {
    const stated: SpliceInfoSectionFields = {
      command: { ...INSERT, splice_immediate_flag: false },
      descriptors: [],
      tier: 0xfff,
    }
    const section = read(encodeSpliceInfoSection(stated))
    expect(section.command).toMatchObject({ pts_time: 5, pts_time_seconds: 5 / 90_000 })
    expect(toHex(encodeSpliceInfoSection({ ...section, splice_command_length: 3, descriptor_loop_length: 99 }))).toBe(
      section.hex,
    )
  })

  it.each<[string, SpliceInfoSectionFields, string]>([
    [
      "a field too big",
      { command: { ...INSERT, splice_event_id: 2 ** 32 } },
      "splice_event_id must be a whole number from 0 to 4294967295, is 4294967296",
    ],
    [
      "a negative time",
      { command: { ...INSERT, pts_time: -1 } },
      "pts_time must be a whole number from 0 to 8589934591, is -1",
    ],
    [
      "a broken number",
      { command: { name: "time_signal", pts_time: 0.5 } },
      "pts_time must be a whole number from 0 to 8589934591, is 0.5",
    ],
    [
      "not a number",
      { command: { name: "splice_null" }, tier: Number.NaN },
      "tier must be a whole number from 0 to 4095, is NaN",
    ],
    [
      "a duration that a flag promises",
      { command: { ...INSERT, duration_flag: true } },
      "break_auto_return is missing: duration_flag is set",
    ],
    [
      "components that a flag promises",
      { command: { ...INSERT, program_splice_flag: false } },
      "components is missing: program_splice_flag is not set",
    ],
    ["no command", { command: null }, "command is missing: only an encrypted section has none"],
    [
      "no encrypted bytes",
      { command: null, encrypted_packet: true },
      "encrypted_bytes are missing: encrypted_packet is set",
    ],
    [
      "text that is not hexadecimal",
      { command: { name: "private_command", identifier: 1, private_bytes: "xy" } },
      'private_bytes must be an even number of hexadecimal digits, is "xy"',
    ],
    [
      "an identifier without 0x",
      {
        command: { name: "splice_null" },
        descriptors: [{ name: "private_descriptor", tag: 1, identifier: "41424344", private: true, private_bytes: "" }],
      },
      'identifier must be 0x and 8 hexadecimal digits, is "41424344"',
    ],
    [
      "characters of more than a byte",
      {
        command: { name: "splice_null" },
        descriptors: [{ name: "DTMF_descriptor", tag: 1, preroll: 0, dtmf_chars: "€" }],
      },
      'dtmf_chars may only have characters of one byte, is "€"',
    ],
    [
      "half of the sub-segments",
      {
        command: { name: "splice_null" },
        descriptors: [
          {
            name: "segmentation_descriptor",
            tag: 2,
            segmentation_event_id: 1,
            segmentation_event_cancel_indicator: false,
            segmentation_event_id_compliance_indicator: true,
            program_segmentation_flag: true,
            delivery_not_restricted_flag: true,
            segmentation_duration: null,
            segmentation_upid_type: 0,
            segmentation_upid_hex: "",
            segmentation_type_id: 0x34,
            segment_num: 0,
            segments_expected: 0,
            sub_segment_num: 1,
            sub_segments_expected: null,
          },
        ],
      },
      "sub_segment_num and sub_segments_expected belong together: both are numbers, or both null",
    ],
    [
      "a descriptor too long",
      {
        command: { name: "splice_null" },
        descriptors: [
          { name: "unknown_descriptor", tag: 9, identifier: "0x43554549", private_bytes: "00".repeat(252) },
        ],
      },
      "descriptor_length of unknown_descriptor must be a whole number from 0 to 255, is 256",
    ],
    [
      "a section too long",
      { command: { name: "private_command", identifier: 1, private_bytes: "00".repeat(4090) } },
      "the section is too long: 4114 bytes, the most is 4096",
    ],
  ])("refuses %s with a sentence", (_, fields, sentence) => {
    expect(() => encodeSpliceInfoSection(fields)).toThrow(new RangeError(sentence))
  })
})
