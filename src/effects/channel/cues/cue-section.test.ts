import { Arbitrary, Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeSpliceInfoSection } from "../../../core/scte35/decode-section.ts"
import { msBetween } from "../../../core/scte35/watch-clock.ts"
import { CueInput } from "../../config/request-bodies.ts"
import { MOMENT, made, OUT, PO, refused } from "../testing/made-cue.ts"
import { sectionOf } from "./cue-section.ts"

describe("a cue of fields", () => {
  it("has what was asked for", () => {
    const { section } = made({
      ...OUT,
      pts_time: 1_800_000,
      tier: 5,
      break_duration_seconds: 30,
      break_auto_return: false,
      unique_program_id: 3,
      avail_num: 1,
      avails_expected: 2,
      segmentation: [{ ...PO, segmentation_upid_type: 9, upid_text: "SIGNAL:abc", segmentation_duration: 90_000 }],
    })
    expect(section).toMatchObject({ errors: [], crc_ok: true, tier: 5 })
    expect(section.command).toMatchObject({
      name: "splice_insert",
      splice_event_id: 7,
      out_of_network_indicator: true,
      pts_time: 1_800_000,
      splice_immediate_flag: false,
      break_duration: 2_700_000,
      break_auto_return: false,
      unique_program_id: 3,
      avail_num: 1,
      avails_expected: 2,
    })
    expect(section.descriptors).toMatchObject([{ ...PO, upid_text: "SIGNAL:abc", segmentation_duration: 90_000 }])
  })

  it("takes effect at once without a time", () => {
    expect(made(OUT).section.command).toMatchObject({ splice_immediate_flag: true })
    expect(made({ command: "time_signal", segmentation: [PO] }).section.command).toMatchObject({ pts_time: null })
    expect(made(OUT).warnings).toEqual([])
  })

  it("gets an event id when it names none", () => {
    const { splice_event_id: _, ...anonymous } = OUT
    expect(made(anonymous).section.command).toMatchObject({ splice_event_id: 4242 })
    expect(made({ ...OUT, splice_event_id: 0 }).section.command).toMatchObject({ splice_event_id: 0 })
  })

  it("calls events off", () => {
    const off = made({ command: "splice_insert", splice_event_id: 7, splice_event_cancel_indicator: true })
    expect(off.section.command).toMatchObject({ splice_event_id: 7, splice_event_cancel_indicator: true })
    const segment = { segmentation_event_id: 9, segmentation_event_cancel_indicator: true }
    expect(made({ command: "time_signal", segmentation: [segment] }).section.descriptors).toMatchObject([segment])
  })

  it.each<[string, Partial<CueInput>, number, number]>([
    ["from the clock", { pre_roll_s: 6 }, 900_000, 1_440_000],
    ["over the wrap of the clock", { pre_roll_s: 1 }, 2 ** 33 - 45_000, 45_000],
    ["less pts_adjustment, which is added again", { pre_roll_s: 1, pts_adjustment: 90_001 }, 0, 2 ** 33 - 1],
    ["by whole ticks", { pre_roll_s: 4.000_006 }, 0, 360_001],
    ["at its highest", { pre_roll_s: 3600 }, 0, 324_000_000],
  ])("reckons its time %s", (_, input, clock90k, pts_time) => {
    expect(made({ ...OUT, ...input }, { clock90k }).section.command).toMatchObject({ pts_time })
    expect(made({ command: "time_signal", segmentation: [PO], ...input }, { clock90k }).section.command).toMatchObject({
      pts_time,
    })
  })

  it("comes its pre-roll ahead of its time, whatever the clock and pts_adjustment", () => {
    const tick = fc.integer({ min: 0, max: 2 ** 33 - 1 })
    fc.assert(
      fc.property(tick, tick, fc.double({ min: 0, max: 3600, noNaN: true }), (clock90k, pts_adjustment, pre_roll_s) => {
        const { adjusted_pts = -1 } = made({ ...OUT, pre_roll_s, pts_adjustment }, { clock90k }).section
        expect(Math.abs(msBetween(clock90k, adjusted_pts) - pre_roll_s * 1000)).toBeLessThan(0.01)
      }),
    )
  })

  it("needs the stream's clock for a pre-roll, and nothing else does", () => {
    const { errors, tag } = refused({ ...OUT, pre_roll_s: 5 }, { clock90k: null })
    expect([tag, errors.length, errors[0]]).toEqual([
      "Conflict",
      1,
      expect.stringMatching(/^pre_roll_s: .*no PCR has come/),
    ])
    expect(made({ ...OUT, pts_time: 5 }, { clock90k: null }).warnings).toEqual([
      expect.stringContaining("clock is not known"),
    ])
    expect(made(OUT, { clock90k: null }).warnings).toEqual([])
  })

  it.each<[string, CueInput, ReadonlyArray<string>]>([
    ["nothing", {}, ["command: is required: splice_insert or time_signal; or give a whole section in cue"]],
    [
      "no direction",
      { command: "splice_insert" },
      ["out_of_network_indicator: is missing: true leaves the network, false comes back"],
    ],
    [
      "two times",
      { ...OUT, pre_roll_s: 5, pts_time: 5 },
      ["pre_roll_s: and pts_time both say when: give one of them, or neither for at once"],
    ],
    [
      "a duration on the way back",
      { ...OUT, out_of_network_indicator: false, break_duration: 5 },
      ["break_duration: only makes sense on the way out: leave it out, or set out_of_network_indicator"],
    ],
    [
      "durations that disagree",
      { ...OUT, break_duration: 90_000, break_duration_seconds: 2 },
      [
        "break_duration: break_duration (90000 ticks of 90 kHz) and break_duration_seconds (2) disagree: give one of them",
      ],
    ],
    [
      "no duration at all",
      { ...OUT, break_duration_seconds: 0 },
      ["break_duration_seconds: must be above 0 and at most 95443, is 0"],
    ],
    [
      "a return of no break",
      { ...OUT, break_auto_return: true },
      ["break_auto_return: needs break_duration or break_duration_seconds"],
    ],
    [
      "more avails than there are",
      { ...OUT, avail_num: 3, avails_expected: 2 },
      ["avail_num: is 3, more than avails_expected (2)"],
    ],
    [
      "a cancel of nothing",
      { command: "splice_insert", splice_event_cancel_indicator: true },
      ["splice_event_id: is required to call an event off"],
    ],
    [
      "a cancel with what it does not send",
      { ...OUT, splice_event_cancel_indicator: true, pre_roll_s: 5 },
      [
        "out_of_network_indicator: is not sent when the event is called off: leave it out",
        "pre_roll_s: is not sent when the event is called off: leave it out",
      ],
    ],
    [
      "fields of the other command",
      { command: "time_signal", splice_event_id: 7, break_duration: 5, segmentation: [PO] },
      [
        "splice_event_id: is a field of splice_insert: leave it out of a time_signal",
        "break_duration: is a field of splice_insert: leave it out of a time_signal",
      ],
    ],
    [
      "a time_signal that says nothing",
      { command: "time_signal" },
      ["segmentation: is empty: a time_signal says nothing without a segmentation descriptor"],
    ],
    [
      "segments that are wrong",
      {
        command: "time_signal",
        segmentation: [
          { segmentation_event_id: 1 },
          { ...PO, segmentation_upid_type: 0x0a, upid_text: "x" },
          { segmentation_event_id: 2, segmentation_event_cancel_indicator: true, segment_num: 1 },
          { ...PO, sub_segment_num: 1 },
          { segmentation_event_id: 3, segmentation_type_id: 0x10, sub_segment_num: 1, sub_segments_expected: 1 },
        ],
      },
      [
        "segmentation[2].segment_num: is not sent when the event is called off: leave it out",
        "segmentation[0].segmentation_type_id: is missing: it says what the segment is",
        'segmentation[1].upid_text: a UPID of type EIDR must be like "10.5240/7791-8534-2C23-9030-8610", is "x"',
        "segmentation[3].sub_segment_num: sub_segment_num and sub_segments_expected belong together: give both or neither",
        "segmentation[4]: Program Start has no sub-segments: leave sub_segment_num and sub_segments_expected out",
      ],
    ],
    [
      "too much for one section",
      {
        command: "time_signal",
        segmentation: Array.from({ length: 32 }, () => ({
          ...PO,
          segmentation_upid_type: 0x0f,
          upid_text: "x".repeat(200),
        })),
      },
      ["body: the section is too long: 6965 bytes, the most is 4096"],
    ],
  ])("is refused for %s", (_, input, errors) => expect(refused(input)).toEqual({ tag: "InvalidInput", errors }))

  it("is refused or well-formed, whatever is asked", () => {
    let taken = 0
    // Half of them lack the fields that most often contradict the rest.
    const check = (asked: CueInput, clock90k: number | null, plain: boolean) => {
      const { cue: _, ...fields } = asked
      const { break_duration, pre_roll_s, splice_event_cancel_indicator, ...rest } = fields
      const input = plain ? { ...rest, command: "splice_insert" as const, segmentation: [] } : fields
      const result = sectionOf(input, { ...MOMENT, clock90k })
      if (Either.isLeft(result)) {
        expect(result.left.errors.length).toBeGreaterThan(0)
        return
      }
      taken++
      const { base64, command, errors } = result.right.section
      expect([errors, command?.name]).toEqual([[], input.command])
      expect(decodeSpliceInfoSection(Buffer.from(base64, "base64"))).toMatchObject({
        ok: true,
        section: { crc_ok: true, errors: [] },
      })
    }
    const tick = fc.option(fc.integer({ min: 0, max: 2 ** 33 - 1 }))
    fc.assert(fc.property(Arbitrary.make(CueInput), tick, fc.boolean(), check), { numRuns: 500 })
    expect(taken).toBeGreaterThan(10)
  })
})
