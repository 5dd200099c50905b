import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { encodeSpliceInfoSection } from "../../../core/scte35/encode-section.ts"
import { CueInput } from "../../config/request-bodies.ts"
import { damagedCue, nullCue, outCue, segmentCue } from "../../testing/cues.ts"
import { base64, made, OUT, PO, refused } from "../testing/made-cue.ts"
import { fieldErrorOf } from "./cue-section.ts"

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
