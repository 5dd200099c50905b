import { Arbitrary, Either, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeSpliceInfoSection } from "../../../core/scte35/decode-section.ts"
import { encodeSpliceInfoSection } from "../../../core/scte35/encode-section.ts"
import { msBetween } from "../../../core/scte35/watch-clock.ts"
import { CueInput } from "../../config/request-bodies.ts"
import { damagedCue, nullCue, outCue, segmentCue } from "../../testing/cues.ts"
import { type CueMoment, fieldErrorOf, sectionOf } from "./cue-section.ts"

const MOMENT: CueMoment = { clock90k: 900_000, eventId: 4242, minPrerollS: 4 }
const made = (input: CueInput, moment: Partial<CueMoment> = {}) => {
  const result = sectionOf(input, { ...MOMENT, ...moment })
  if (Either.isLeft(result)) throw new Error(result.left.message)
  return result.right
}
const refused = (input: CueInput, moment: Partial<CueMoment> = {}) => {
  const result = sectionOf(input, { ...MOMENT, ...moment })
  if (Either.isRight(result)) throw new Error("it was taken")
  return { tag: result.left._tag, errors: result.left.errors.map(({ message, path }) => `${path}: ${message}`) }
}
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")
const PO = { segmentation_event_id: 9, segmentation_type_id: 0x34 }
const OUT: CueInput = { command: "splice_insert", splice_event_id: 7, out_of_network_indicator: true }

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

describe("a cue of bytes", () => {
  const encrypted = encodeSpliceInfoSection({
    encrypted_packet: true,
    encryption_algorithm: 2,
    command: null,
    encrypted_bytes: "0500112233",
  })
  const long = (descriptors: number) =>
    encodeSpliceInfoSection({
      command: { name: "time_signal", pts_time: null },
      descriptors: Array.from({ length: descriptors }, () => ({
        name: "unknown_descriptor" as const,
        tag: 0x55,
        identifier: "0x43554549",
        private_bytes: "00".repeat(250),
      })),
    })

  it.each([outCue(7, 20, 30), segmentCue(9, 0x34, "SIGNAL:abc", 15)])("is taken as it is: %s", (cue) => {
    const hex = Buffer.from(cue, "base64").toString("hex")
    for (const text of [cue, ` ${cue} \n`, hex, `0x${hex}`]) expect(made({ cue: text }).section.base64).toBe(cue)
    expect(made({ cue, pid: 501 }).section.base64).toBe(cue)
  })

  it.each<[string, string, RegExp]>([
    ["nothing", "", /the text is empty/],
    ["no cue", "hello, world", /belongs neither to base64 nor to hexadecimal/],
    ["one that was cut off", outCue(7, 10).slice(0, 20), /truncated at byte 15/],
    ["a wrong CRC-32", damagedCue(outCue(7, 10)), /^is a section with errors, which nobody could use: CRC_32 is /],
    ["bytes behind it", `${Buffer.from(outCue(7, 10), "base64").toString("hex")}0102`, /2 bytes after the section/],
    ["an encrypted one", base64(encrypted), /^is encrypted/],
    ["splice_null", nullCue(), /^is a splice_null: only splice_insert and time_signal/],
    [
      "bandwidth_reservation",
      base64(encodeSpliceInfoSection({ command: { name: "bandwidth_reservation" } })),
      /^is a bandwidth_reservation/,
    ],
  ])("is refused: %s", (_, cue, message) => {
    const { errors, tag } = refused({ cue })
    expect([tag, errors.length]).toEqual(["InvalidInput", 1])
    expect(errors[0]).toMatch(/^cue: /)
    expect(errors[0]?.slice(5)).toMatch(message)
  })

  it("may be as long as a section may", () => {
    expect(made({ cue: base64(long(15)) }).section.section_length).toBeGreaterThan(3800)
    // Written by hand, since the encoder refuses to build such a section.
    const bytes = Buffer.alloc(4098, 0xff)
    bytes.set(long(15))
    bytes.writeUInt16BE(0x3fff, 1)
    expect(refused({ cue: bytes.toString("base64") }).errors).toEqual([
      "cue: is a section of 4098 bytes, the longest may have 4096",
    ])
  })

  it("has no other fields", () => {
    expect(refused({ cue: outCue(7, 10), command: "splice_insert", pre_roll_s: 5 }).errors).toEqual([
      "command: cannot be given together with cue, which is a whole section: leave one of them out",
      "pre_roll_s: cannot be given together with cue, which is a whole section: leave one of them out",
    ])
  })
})

describe("warnings", () => {
  // The clock stands at 10 s.
  it.each<[string, CueInput, ReadonlyArray<string>]>([
    ["none in time", { ...OUT, pre_roll_s: 4.001 }, []],
    [
      "a short pre-roll",
      { ...OUT, pre_roll_s: 4 },
      ["it comes 4 s before its splice point, less a moment until it is out; input.scte35_min_preroll_s asks for 4 s"],
    ],
    ["the past", { cue: outCue(7, 8.5) }, ["its splice point lies 1.5 s in the past on the stream's clock"]],
    [
      "the far future",
      { cue: outCue(7, 7210) },
      ["its splice point lies 7200 s ahead on the stream's clock: look at its pts_time"],
    ],
    [
      "a return that names nothing",
      { command: "splice_insert", out_of_network_indicator: false },
      ["splice_event_id 4242 was chosen: receivers may ask that a return names the event which it ends"],
    ],
  ])("tell of %s", (_, input, warnings) => expect(made(input).warnings).toEqual(warnings))

  it("tell of no pre-roll where none is asked for", () =>
    expect(made({ ...OUT, pre_roll_s: 0 }, { minPrerollS: 0 }).warnings).toEqual([]))

  it("tell what the decoder finds unusual", () => {
    const bytes = encodeSpliceInfoSection({
      command: { name: "time_signal", pts_time: null },
      descriptors: [],
      alignment_stuffing_hex: "00",
    })
    expect(made({ cue: base64(bytes) }).warnings).toEqual([expect.stringContaining("alignment_stuffing")])
  })
})

describe("fieldErrorOf", () => {
  it.each([
    ["tier must be a whole number from 0 to 4095, is 4096", "tier", "must be a whole number from 0 to 4095, is 4096"],
    ["segmentation has 33 entries, the most is 32", "segmentation", "has 33 entries, the most is 32"],
    [
      "segmentation 2: segment_num is 3, more than segments_expected (2)",
      "segmentation[1].segment_num",
      "is 3, more than segments_expected (2)",
    ],
    [
      "segmentation 12: device_restrictions must be a whole number from 0 to 3, is 4",
      "segmentation[11].restrictions.device_restrictions",
      "must be a whole number from 0 to 3, is 4",
    ],
    ["segmentation 1: upid_text: a UPID is odd", "segmentation[0].upid_text", "a UPID is odd"],
    ["segmentation 1: something is odd", "segmentation[0]", "something is odd"],
    ["something is odd", "body", "something is odd"],
    ["", "body", ""],
  ])("%s", (problem, path, message) => expect(fieldErrorOf(problem)).toEqual({ path, message }))
})

describe("the body", () => {
  const takes = (body: unknown) => Either.isRight(Schema.decodeUnknownEither(CueInput)(body))
  it.each([
    ["pid", 32, 8190],
    ["pts_time", 0, 2 ** 33 - 1],
    ["pts_adjustment", 0, 2 ** 33 - 1],
    ["tier", 0, 0xfff],
    ["splice_event_id", 0, 2 ** 32 - 1],
    ["break_duration", 0, 2 ** 33 - 1],
    ["unique_program_id", 0, 0xffff],
    ["avail_num", 0, 255],
    ["avails_expected", 0, 255],
  ])("takes %s from %d to %d, whole", (name, lowest, highest) => {
    for (const value of [lowest, highest]) expect(takes({ [name]: value })).toBe(true)
    for (const value of [lowest - 1, highest + 1, lowest + 0.5, String(lowest), null])
      expect(takes({ [name]: value })).toBe(false)
  })
  it("takes seconds that fit, and no others", () => {
    for (const [name, highest] of [
      ["pre_roll_s", 3600],
      ["break_duration_seconds", 95_443],
    ] as const) {
      for (const value of [0, 0.5, highest]) expect(takes({ [name]: value })).toBe(true)
      for (const value of [-0.001, highest + 0.001, Number.NaN, Number.POSITIVE_INFINITY, "5"])
        expect(takes({ [name]: value })).toBe(false)
    }
  })
  it("takes 32 segments and 32768 characters of a cue", () => {
    const segments = (n: number) => ({ segmentation: Array.from({ length: n }, () => PO) })
    expect([
      takes(segments(32)),
      takes(segments(33)),
      takes({ cue: "x".repeat(32_768) }),
      takes({ cue: "x".repeat(32_769) }),
    ]).toEqual([true, false, true, false])
  })
})
