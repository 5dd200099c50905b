import { describe, expect, it } from "vitest"
import { toHex } from "../bytes/bytes-text.ts"
import {
  type BuiltCue,
  type SpliceInsertOptions,
  spliceInsert,
  spliceNull,
  type TimeSignalOptions,
  timeSignal,
} from "./build-cue.ts"
import { describeCue } from "./describe-cue.ts"
import { read } from "./testing/assemble.ts"

const built = (cue: BuiltCue) => {
  if (!cue.ok) throw new Error(cue.problems.join("; "))
  expect(read(cue.bytes)).toEqual(cue.section)
  expect(cue.section).toMatchObject({ errors: [], warnings: [] })
  return cue
}

const OUT: SpliceInsertOptions = { splice_event_id: 7, out_of_network_indicator: true }
const PO = { segmentation_event_id: 9, segmentation_type_id: 0x34 }

describe("cues from a person's fields", () => {
  it("builds a splice_insert out, with a break in seconds", () => {
    const cue = built(
      spliceInsert({
        ...OUT,
        pts_time: 67_905_000,
        break_duration_seconds: 60.293,
        unique_program_id: 3,
        avail_num: 1,
        avails_expected: 2,
      }),
    )
    expect(cue.section.command).toMatchObject({
      pts_time: 67_905_000,
      break_duration: 5_426_370,
      break_auto_return: true,
      unique_program_id: 3,
    })
    expect(describeCue(cue.section)).toBe(
      "splice_insert out, event 7, at 12:34.5, break 60.293 s, auto-return, avail 1 of 2",
    )
  })

  it("fills in what is left out", () => {
    expect(
      built(spliceInsert({ ...OUT, pts_time: 2 ** 33 - 1, break_duration: 2 ** 33 - 1, break_auto_return: false }))
        .section,
    ).toMatchObject({
      tier: 0xfff,
      pts_adjustment: 0,
      cw_index: 0,
      sap_type: 3,
      protocol_version: 0,
      descriptors: [],
      command: {
        splice_event_cancel_indicator: false,
        program_splice_flag: true,
        splice_immediate_flag: false,
        event_id_compliance_flag: true,
        duration_flag: true,
        break_auto_return: false,
        break_duration: 2 ** 33 - 1,
        unique_program_id: 0,
        avail_num: 0,
        avails_expected: 0,
      },
    })
    const longest = {
      segmentation_event_id: 2 ** 32 - 1,
      segmentation_type_id: 0x10,
      segmentation_duration: 2 ** 40 - 1,
    }
    expect(built(timeSignal({ segmentation: [longest] })).section).toMatchObject({
      command: { pts_time: null },
      descriptors: [
        {
          ...longest,
          segmentation_event_id_compliance_indicator: true,
          program_segmentation_flag: true,
          delivery_not_restricted_flag: true,
          segmentation_upid_type: 0,
          segment_num: 0,
          segments_expected: 0,
          sub_segment_num: null,
        },
      ],
    })
  })

  it("builds the ways back, at once, and off", () => {
    expect(
      describeCue(built(spliceInsert({ splice_event_id: 7, out_of_network_indicator: false, pts_time: 0 })).section),
    ).toBe("splice_insert in, event 7, at 00:00")
    expect(describeCue(built(spliceInsert(OUT)).section)).toBe("splice_insert out, event 7, immediately")
    const off = built(spliceInsert({ splice_event_id: 7, splice_event_cancel_indicator: true }))
    expect(toHex(off.bytes.subarray(13, 21))).toBe("0500000007ff0000")
  })

  it("builds a time_signal with segments", () => {
    const cue = built(
      timeSignal({
        pts_time: 2 ** 33 - 1,
        pts_adjustment: 90_001,
        tier: 5,
        segmentation: [
          {
            ...PO,
            segmentation_duration_seconds: 30,
            segmentation_upid_type: 0x0a,
            upid_text: "10.5240/7791-8534-2C23-9030-8610-S",
            segment_num: 1,
            segments_expected: 2,
            sub_segment_num: 1,
            sub_segments_expected: 3,
            restrictions: {
              web_delivery_allowed_flag: false,
              no_regional_blackout_flag: true,
              archive_allowed_flag: true,
              device_restrictions: 3,
            },
          },
          { segmentation_event_id: 10, segmentation_event_cancel_indicator: true },
        ],
      }),
    )
    expect(cue.section).toMatchObject({ adjusted_pts: 90_000, tier: 5 })
    expect(cue.section.descriptors?.[0]).toMatchObject({
      web_delivery_allowed_flag: false,
      device_restrictions: 3,
      segmentation_duration: 2_700_000,
    })
    expect(describeCue(cue.section)).toBe(
      "time_signal at 00:01; Provider Placement Opportunity Start, event 9, segment 1 of 2, sub-segment 1 of 3, 30 s, " +
        "EIDR 10.5240/7791-8534-2C23-9030-8610; segmentation event 10 cancelled",
    )
  })

  it("builds as many segments as it says", () => {
    expect(built(timeSignal({ segmentation: Array.from({ length: 32 }, () => PO) })).section.descriptors).toHaveLength(
      32,
    )
  })

  it("builds a heartbeat", () => {
    expect(built(spliceNull()).section.crc32).toBe("0x7a4fbfff")
    expect(spliceNull({ tier: -1 })).toEqual({
      ok: false,
      problems: ["tier must be a whole number from 0 to 4095, is -1"],
    })
  })

  it.each<[string, SpliceInsertOptions, string[]]>([
    [
      "no direction",
      { splice_event_id: 7 },
      ["out_of_network_indicator is missing: true leaves the network, false comes back"],
    ],
    [
      "numbers out of range, all of them",
      { ...OUT, splice_event_id: -1, pts_time: 2 ** 33, unique_program_id: 1.5, avail_num: 256 },
      [
        "splice_event_id must be a whole number from 0 to 4294967295, is -1",
        "pts_time must be a whole number from 0 to 8589934591, is 8589934592",
        "unique_program_id must be a whole number from 0 to 65535, is 1.5",
        "avail_num must be a whole number from 0 to 255, is 256",
      ],
    ],
    [
      "more avails than expected",
      { ...OUT, avail_num: 3, avails_expected: 2 },
      ["avail_num is 3, more than avails_expected (2)"],
    ],
    [
      "a break on the way back",
      { splice_event_id: 7, out_of_network_indicator: false, break_duration: 90_000 },
      ["break_duration only makes sense on the way out: leave it out, or set out_of_network_indicator"],
    ],
    [
      "a break of nothing",
      { ...OUT, break_duration: 0 },
      ["break_duration must be above 0 and at most 8589934591, is 0"],
    ],
    [
      "a break of seconds that is no number",
      { ...OUT, break_duration_seconds: Number.NaN },
      ["break_duration_seconds must be above 0 and at most 95443, is NaN"],
    ],
    [
      "two lengths that disagree",
      { ...OUT, break_duration: 90_000, break_duration_seconds: 2 },
      ["break_duration (90000 ticks of 90 kHz) and break_duration_seconds (2) disagree: give one of them"],
    ],
  ])("refuses a splice_insert with %s", (_, options, problems) => {
    expect(spliceInsert(options)).toEqual({ ok: false, problems })
  })

  it.each<[string, TimeSignalOptions, string[]]>([
    [
      "no segment",
      { segmentation: [] },
      ["segmentation is empty: a time_signal says nothing without a segmentation descriptor"],
    ],
    [
      "a segment without type",
      { segmentation: [PO, { segmentation_event_id: 1 }] },
      ["segmentation 2: segmentation_type_id is missing: it says what the segment is"],
    ],
    [
      "a type that is not defined",
      { segmentation: [{ ...PO, segmentation_type_id: 0x7e }] },
      ["segmentation 1: segmentation_type_id 126 is not defined by the specification"],
    ],
    [
      "half of the sub-segments, on a type without",
      { segmentation: [{ ...PO, segmentation_type_id: 0x50, sub_segment_num: 1 }] },
      [
        "segmentation 1: sub_segment_num and sub_segments_expected belong together: give both or neither",
        "segmentation 1: Network Start has no sub-segments: leave sub_segment_num and sub_segments_expected out",
      ],
    ],
    [
      "a UPID of the wrong form",
      { segmentation: [{ ...PO, segmentation_upid_type: 3, upid_text: "short" }] },
      ['segmentation 1: upid_text: a UPID of type Ad-ID must have 12 bytes, "short" has 5'],
    ],
    [
      "a descriptor that is too long",
      { segmentation: [{ ...PO, segmentation_upid_type: 0x0f, upid_text: "u".repeat(250) }] },
      ["descriptor_length of segmentation_descriptor must be a whole number from 0 to 255, is 265"],
    ],
    [
      "descriptors that are too many",
      {
        segmentation: Array.from({ length: 20 }, () => ({
          ...PO,
          segmentation_upid_type: 0x0f,
          upid_text: "u".repeat(220),
        })),
      },
      ["the section is too long: 4761 bytes, the most is 4096"],
    ],
    [
      "numbers one too big",
      {
        pts_time: 2 ** 33,
        tier: 4096,
        pts_adjustment: 2 ** 33,
        segmentation: [
          {
            segmentation_event_id: 2 ** 32,
            segmentation_type_id: 0x34,
            segmentation_duration: 2 ** 40,
            segment_num: 256,
            sub_segment_num: 2,
            sub_segments_expected: 1,
            restrictions: {
              web_delivery_allowed_flag: true,
              no_regional_blackout_flag: true,
              archive_allowed_flag: true,
              device_restrictions: 4,
            },
          },
        ],
      },
      [
        "pts_adjustment must be a whole number from 0 to 8589934591, is 8589934592",
        "tier must be a whole number from 0 to 4095, is 4096",
        "pts_time must be a whole number from 0 to 8589934591, is 8589934592",
        "segmentation 1: segmentation_event_id must be a whole number from 0 to 4294967295, is 4294967296",
        "segmentation 1: segment_num must be a whole number from 0 to 255, is 256",
        "segmentation 1: device_restrictions must be a whole number from 0 to 3, is 4",
        "segmentation 1: segmentation_duration must be above 0 and at most 1099511627775, is 1099511627776",
        "segmentation 1: sub_segment_num is 2, more than sub_segments_expected (1)",
      ],
    ],
    [
      "segments beyond any use",
      { segmentation: Array.from({ length: 33 }, () => PO) },
      ["segmentation has 33 entries, the most is 32"],
    ],
  ])("refuses a time_signal with %s", (_, options, problems) => {
    expect(timeSignal(options)).toEqual({ ok: false, problems })
  })
})
