import { describe, expect, it } from "vitest"
import { type BuiltCue, spliceInsert, spliceNull, timeSignal } from "../scte35/build-cue.ts"
import { decodeSpliceInfoSection } from "../scte35/decode-section.ts"
import type { SpliceInfoSection } from "../scte35/section-fields.ts"
import { type CueMoment, type CuePointStyle, cuePoint, cuePointOf } from "./cue-points.ts"
import { readAmf0 } from "./testing/read-amf0.ts"

const STYLES: ReadonlyArray<CuePointStyle> = ["elemental", "primetime", "youtube", "bin64"]

/**
 * The example of SCTE 35 14.2: splice_insert 0x4800008F, out of the network, pts_time 0x07369C02E (1936310318), break
 * 0x00052CCF5 (5426421 ticks), auto return.
 */
const OUT = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="
const OUT_ID = 0x4800008f

const section = (base64: string): SpliceInfoSection => {
  const decoded = decodeSpliceInfoSection(new Uint8Array(Buffer.from(base64, "base64")))
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.section
}
const built = (cue: BuiltCue): SpliceInfoSection => {
  if (!cue.ok) throw new Error(cue.problems.join("; "))
  return cue.section
}

/**
 * Output time 0 is PTS 1936000000: the splice of OUT is 310318 ticks later, at 3448 ms; the message goes out at 1000
 * ms.
 */
const MOMENT: CueMoment = {
  nowMs: 1000,
  clock90k: 1_936_085_000,
  timeOf: (pts) => Math.round((pts - 1_936_000_000) / 90),
}
const IN = built(
  spliceInsert({
    splice_event_id: 7,
    out_of_network_indicator: false,
    pts_time: 1_936_450_000,
    unique_program_id: 3,
    avail_num: 1,
    avails_expected: 2,
  }),
)
const AT_ONCE = built(spliceInsert({ splice_event_id: 8, out_of_network_indicator: true }))
const CANCEL = built(spliceInsert({ splice_event_id: 9, splice_event_cancel_indicator: true }))
const segment = {
  segmentation_event_id: 0x11,
  segmentation_type_id: 0x34,
  segmentation_duration: 2_700_000,
  segment_num: 1,
  segments_expected: 4,
}
const PLACEMENT = built(timeSignal({ pts_time: 1_936_180_000, pts_adjustment: 90_000, segmentation: [segment] }))
const PROGRAM = built(
  timeSignal({ pts_time: 1_936_180_000, segmentation: [{ segmentation_event_id: 5, segmentation_type_id: 0x10 }] }),
)
const NULL = built(spliceNull())

const sent = (style: CuePointStyle, cue: SpliceInfoSection, moment = MOMENT) => {
  const body = cuePoint(style, cue, moment)
  return body === null ? null : readAmf0(body)
}

describe("elemental", () => {
  const message = (parameters: ReadonlyArray<readonly [string, unknown]>) => [
    "onCuePoint",
    [
      ["type", "scte35"],
      ["parameters", parameters],
    ],
  ]
  const fields = (...values: ReadonlyArray<unknown>): ReadonlyArray<readonly [string, unknown]> =>
    [
      "messageType",
      "splice_command_type",
      "splice_event_id",
      "splice_event_cancel_indicator",
      "out_of_network_indicator",
      "splice_immediate",
      "pre_roll_time",
      "break_duration",
      "unique_program_id",
      "avail_num",
      "avail_expected",
    ].map((name, i) => [name, values[i]] as const)

  it.each<[string, SpliceInfoSection, ReadonlyArray<unknown>]>([
    ["out", section(OUT), ["splice_insert", 5, OUT_ID, false, true, false, 2448, 60_294, 0, 0, 0]],
    ["in", IN, ["splice_insert", 5, 7, false, false, false, 4000, 0, 3, 1, 2]],
    ["out at once", AT_ONCE, ["splice_insert", 5, 8, false, true, true, 0, 0, 0, 0, 0]],
    ["cancel", CANCEL, ["splice_insert", 5, 9, true, false, false, 0, 0, 0, 0, 0]],
    [
      "a placement opportunity, with pts_adjustment",
      PLACEMENT,
      ["time_signal", 6, 0x11, false, true, false, 2000, 30_000, 0, 1, 4],
    ],
  ])("%s", (_, cue, values) => {
    expect(sent("elemental", cue)).toEqual(message(fields(...values)))
  })

  it("has nothing to say of programmes", () => {
    expect(sent("elemental", PROGRAM)).toBeNull()
  })
})

describe("primetime", () => {
  it.each<[string, SpliceInfoSection, string, number, number]>([
    ["out", section(OUT), String(OUT_ID), 60.294, 3.448],
    ["in", IN, "7", 0, 5],
    ["out at once", AT_ONCE, "8", 0, 1],
    ["a placement opportunity", PLACEMENT, "17", 30, 3],
    ["a programme", PROGRAM, "5", 0, 2],
  ])("%s", (_, cue, id, duration, time) => {
    expect(sent("primetime", cue)).toEqual([
      "onAdCue",
      [
        ["cue", cue.base64],
        ["type", "scte35"],
        ["id", id],
        ["duration", duration],
        ["time", time],
      ],
    ])
  })
})

describe("youtube", () => {
  it.each<[string, SpliceInfoSection, number, boolean, number, number]>([
    ["out", section(OUT), 2.448, true, 60.294, OUT_ID],
    ["in", IN, 4, false, 0, 7],
    ["out at once", AT_ONCE, 0, true, 0, 8],
    ["a placement opportunity", PLACEMENT, 2, true, 30, 0x11],
  ])("%s", (_, cue, pre_roll, start, duration, id) => {
    expect(sent("youtube", cue)).toEqual([
      "onCuePoint",
      [
        ["type", "com.youtube.cuepoint"],
        ["version", "0.1"],
        ["pre_roll_time_sec", pre_roll],
        ["cue_point_start", start],
        ["break_duration_sec", duration],
        ["splice_event_id", id],
      ],
    ])
  })

  it("cannot call a cue off", () => {
    expect(sent("youtube", CANCEL)).toBeNull()
    expect(sent("youtube", PROGRAM)).toBeNull()
  })
})

describe("bin64", () => {
  it("hands on the section as it came", () => {
    expect(sent("bin64", section(OUT))).toEqual([
      "onCuePoint",
      [
        ["name", "scte35-bin64"],
        ["type", "event"],
        ["data", OUT],
        ["time", 3.448],
      ],
    ])
    expect(sent("bin64", CANCEL)).not.toBeNull()
    expect(sent("bin64", PROGRAM)).not.toBeNull()
  })

  it("is written byte by byte as AMF0 has it", () => {
    const text = (value: string) => `${value.length.toString(16).padStart(4, "0")}${Buffer.from(value).toString("hex")}`
    const string = (value: string) => `02${text(value)}`
    const body = cuePoint("bin64", AT_ONCE, { ...MOMENT, nowMs: 2000 })
    const object = `03${text("name")}${string("scte35-bin64")}${text("type")}${string("event")}${text("data")}${string(AT_ONCE.base64)}`
    // The last eight bytes are 2.0 as a double.
    expect(Buffer.from(body ?? []).toString("hex")).toBe(
      `${string("onCuePoint")}${object}${text("time")}004000000000000000000009`,
    )
  })
})

describe("all styles", () => {
  it("are silent about heartbeats and sections with errors", () => {
    const wrong = section(OUT)
    for (const style of STYLES) {
      expect(cuePoint(style, NULL, MOMENT)).toBeNull()
      expect(cuePoint(style, { ...wrong, errors: ["CRC_32 is wrong"] }, MOMENT)).toBeNull()
    }
  })

  it("say when the cue applies, and go at once", () => {
    expect(cuePointOf("youtube", section(OUT), MOMENT)).toMatchObject({ timestampMs: 1000, mediaTimeMs: 3448 })
    expect(cuePointOf("youtube", AT_ONCE, MOMENT)).toMatchObject({ timestampMs: 1000, mediaTimeMs: 1000 })
  })

  it("reckon from the stream's clock where output time is not known, and never below zero", () => {
    const blind = { ...MOMENT, timeOf: () => null }
    expect(cuePointOf("youtube", section(OUT), blind)?.mediaTimeMs).toBe(
      1000 + Math.round((1_936_310_318 - 1_936_085_000) / 90),
    )
    expect(cuePointOf("youtube", section(OUT), { ...blind, clock90k: null })?.mediaTimeMs).toBe(1000)
    expect(sent("youtube", section(OUT), { ...MOMENT, nowMs: 9000 })?.[1]).toContainEqual(["pre_roll_time_sec", 0])
  })

  it("a splice time that wraps is ahead, not behind", () => {
    const cue = built(spliceInsert({ splice_event_id: 1, out_of_network_indicator: true, pts_time: 90_000 }))
    expect(cuePointOf("youtube", cue, { nowMs: 0, clock90k: 2 ** 33 - 90_000, timeOf: () => null })?.mediaTimeMs).toBe(
      2000,
    )
  })
})
