/** Commands written by hand from the syntax tables (ANSI/SCTE 35 9.7), and what they must decode to. */
import { describe, expect, it } from "vitest"
import { toHex } from "../bytes/bytes-text.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import { assemble, read } from "./testing/assemble.ts"

const AVAIL = "1234 05 06"
const avail = { unique_program_id: 0x1234, avail_num: 5, avails_expected: 6 }
/** time_specified_flag set, with a PTS of 2^32 + 1. */
const TIME = "ff 00000001"
const pts_time = 2 ** 32 + 1

describe("splice commands", () => {
  it.each<[string, string, string, object]>([
    ["splice_null", "00", "", { name: "splice_null" }],
    ["bandwidth_reservation", "07", "", { name: "bandwidth_reservation" }],
    ["time_signal", "06", TIME, { name: "time_signal", pts_time, pts_time_seconds: pts_time / 90_000 }],
    ["time_signal without time", "06", "7f", { name: "time_signal", pts_time: null, pts_time_seconds: null }],
    [
      "private_command",
      "ff",
      "41424344 00ff",
      { name: "private_command", identifier: 0x41424344, identifier_text: "ABCD", private_bytes: "00ff" },
    ],
    [
      "a command type that is not known",
      "42",
      "0102",
      { name: "unknown_command", splice_command_type: 0x42, command_bytes: "0102" },
    ],
    [
      "splice_insert, cancelled: nothing follows",
      "05",
      "00000007 ff",
      { name: "splice_insert", splice_event_id: 7, splice_event_cancel_indicator: true },
    ],
    [
      "splice_insert of the programme with break",
      "05",
      `ffffffff 7f ef ${TIME} fe 00000001 ${AVAIL}`,
      {
        name: "splice_insert",
        splice_event_id: 2 ** 32 - 1,
        splice_event_cancel_indicator: false,
        out_of_network_indicator: true,
        program_splice_flag: true,
        duration_flag: true,
        splice_immediate_flag: false,
        event_id_compliance_flag: true,
        pts_time,
        pts_time_seconds: pts_time / 90_000,
        break_auto_return: true,
        break_duration: 1,
        break_duration_seconds: 1 / 90_000,
        ...avail,
      },
    ],
    [
      "splice_insert, time not specified, compliant event id",
      "05",
      `00000000 7f 47 7f ${AVAIL}`,
      {
        name: "splice_insert",
        splice_event_id: 0,
        splice_event_cancel_indicator: false,
        out_of_network_indicator: false,
        program_splice_flag: true,
        duration_flag: false,
        splice_immediate_flag: false,
        event_id_compliance_flag: false,
        pts_time: null,
        pts_time_seconds: null,
        ...avail,
      },
    ],
    [
      "splice_insert by component",
      "05",
      `00000001 7f 8f 02 0a ${TIME} 0b 7f ${AVAIL}`,
      {
        name: "splice_insert",
        splice_event_id: 1,
        splice_event_cancel_indicator: false,
        out_of_network_indicator: true,
        program_splice_flag: false,
        duration_flag: false,
        splice_immediate_flag: false,
        event_id_compliance_flag: true,
        components: [
          { tag: 10, pts_time, pts_time_seconds: pts_time / 90_000 },
          { tag: 11, pts_time: null, pts_time_seconds: null },
        ],
        ...avail,
      },
    ],
    [
      "splice_insert by component, immediate: no times",
      "05",
      `00000001 7f 9f 02 0a 0b ${AVAIL}`,
      {
        name: "splice_insert",
        splice_event_id: 1,
        splice_event_cancel_indicator: false,
        out_of_network_indicator: true,
        program_splice_flag: false,
        duration_flag: false,
        splice_immediate_flag: true,
        event_id_compliance_flag: true,
        components: [{ tag: 10 }, { tag: 11 }],
        ...avail,
      },
    ],
    [
      "splice_schedule",
      "04",
      `03 00000001 ff 00000002 7f ff 49ab0f12 7f 00000002 ${AVAIL} 00000003 3f 1f 01 09 00000012 ${AVAIL}`,
      {
        name: "splice_schedule",
        events: [
          { splice_event_id: 1, event_id_compliance_flag: true, splice_event_cancel_indicator: true },
          {
            splice_event_id: 2,
            event_id_compliance_flag: true,
            splice_event_cancel_indicator: false,
            out_of_network_indicator: true,
            program_splice_flag: true,
            duration_flag: true,
            utc_splice_time: 0x49ab0f12,
            utc_splice_time_iso: "2019-03-06T22:41:04Z",
            break_auto_return: false,
            break_duration: 2 ** 32 + 2,
            break_duration_seconds: (2 ** 32 + 2) / 90_000,
            ...avail,
          },
          {
            splice_event_id: 3,
            event_id_compliance_flag: false,
            splice_event_cancel_indicator: false,
            out_of_network_indicator: false,
            program_splice_flag: false,
            duration_flag: false,
            components: [{ tag: 9, utc_splice_time: 18, utc_splice_time_iso: "1980-01-06T00:00:00Z" }],
            ...avail,
          },
        ],
      },
    ],
  ])("%s", (_, type, command, expected) => {
    const bytes = assemble({ type, command })
    const section = read(bytes)
    expect(section).toMatchObject({
      errors: [],
      warnings: [],
      crc_ok: true,
      splice_command_type: Number.parseInt(type, 16),
      descriptors: [],
    })
    expect(section.command).toEqual(expected)
    expect(toHex(encodeSpliceInfoSection(section))).toBe(toHex(bytes))
  })
})

describe("splice commands that are odd", () => {
  it("keeps reserved bits that are not all ones, names their places, and writes them again", () => {
    const bytes = assemble({ type: "05", command: `00000001 00 68 80 00000005 00 00000009 ${AVAIL}` })
    const section = read(bytes)
    expect(section.errors).toEqual([])
    expect(section.warnings).toEqual([
      "reserved bits that are not 1 in splice_insert splice_event, splice_insert flags, splice_insert splice_time, splice_insert break_duration",
    ])
    expect(section.command).toMatchObject({
      reserved: { splice_event: 0, flags: 0, splice_time: 0, break_duration: 0 },
      pts_time: 5,
    })
    expect(toHex(encodeSpliceInfoSection(section))).toBe(toHex(bytes))
  })

  it("reads a command of unstated length by its syntax, and finds the descriptors after it", () => {
    const bytes = assemble({ type: "06", command: TIME, commandLength: "fff", descriptors: "00 08 43554549 00000135" })
    const section = read(bytes)
    expect(section).toMatchObject({
      splice_command_length: 0xfff,
      errors: [],
      command: { pts_time },
      descriptors: [{ provider_avail_id: 309 }],
    })
    expect(toHex(encodeSpliceInfoSection(section))).toBe(toHex(bytes))
  })

  it.each<[string, string, string, string | undefined, object, RegExp]>([
    [
      "splice_insert cut off inside its declared length",
      "05",
      "00000007 7f ef ff 0000",
      undefined,
      { name: "malformed_command", splice_command_type: 5, command_bytes: "000000077fefff0000" },
      /splice_insert is truncated at byte 20 of 23: splice_time needs 5 bytes, 3 left/,
    ],
    [
      "splice_insert without its flags",
      "05",
      "00000007 7f",
      undefined,
      { name: "malformed_command" },
      /at byte 19 of 19: flags needs 1 byte, 0 left/,
    ],
    [
      "component_count 255 with nothing behind it",
      "05",
      "00000007 7f 8f ff",
      undefined,
      { name: "malformed_command" },
      /component_tag needs 1 byte/,
    ],
    [
      "splice_count 255 with one event",
      "04",
      "ff 00000001 ff",
      undefined,
      { name: "malformed_command" },
      /splice_schedule is truncated at byte 20/,
    ],
    [
      "private_command too short for its identifier",
      "ff",
      "4142",
      undefined,
      { name: "malformed_command" },
      /identifier needs 4 bytes, 2 left/,
    ],
    [
      "more than the command has",
      "06",
      `${TIME} aabb`,
      undefined,
      { pts_time, trailing_bytes: "aabb" },
      /time_signal ends at byte 19.*2 bytes left over/,
    ],
    [
      "a length beyond the section",
      "06",
      TIME,
      "0ff",
      { pts_time },
      /splice_command_length 255 runs to byte 269, CRC_32 starts at byte 21/,
    ],
    [
      "a command that is not known, of unstated length",
      "42",
      "0102",
      "fff",
      { name: "unknown_command", command_bytes: "01020000" },
      /the descriptors, cannot be found/,
    ],
    [
      "a private_command of unstated length",
      "ff",
      "41424344",
      "fff",
      { name: "private_command" },
      /the descriptors cannot be found/,
    ],
  ])("%s", (_, type, command, commandLength, expected, error) => {
    const bytes = assemble({ type, command, ...(commandLength === undefined ? {} : { commandLength }) })
    const section = read(bytes)
    expect(section.command).toMatchObject(expected)
    expect(section.errors[0]).toMatch(error)
    expect(toHex(encodeSpliceInfoSection(section))).toBe(toHex(bytes))
  })
})
