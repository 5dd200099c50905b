import { describe, expect, it } from "vitest"
import { spliceInsert, spliceNull, timeSignal } from "./build-cue.ts"
import { readCue, SPLICE_INSERT_SIGNAL } from "./cue-key.ts"
import type { CommandFields } from "./encode-command.ts"
import type { DescriptorFields } from "./encode-descriptor.ts"
import { encodeSpliceInfoSection } from "./encode-section.ts"
import type { SpliceInfoSectionFields } from "./section-fields.ts"
import { built, decoded } from "./testing/break-channel.ts"
import { PTS_MODULUS } from "./timing.ts"

const PID = 500
const read = (fields: SpliceInfoSectionFields) => readCue(decoded(encodeSpliceInfoSection(fields)), PID)
const out = { splice_event_id: 7, out_of_network_indicator: true, pts_time: 900_000, break_duration_seconds: 30 }
const insertOf = (options: Parameters<typeof spliceInsert>[0]) => readCue(built(spliceInsert(options)), PID)

describe("what a section asks for", () => {
  it("reads splice_insert", () => {
    expect(insertOf(out)).toMatchObject({
      kind: "out",
      pts: 900_000,
      actions: [
        {
          kind: "out",
          signal: SPLICE_INSERT_SIGNAL,
          eventId: 7,
          name: "event 7",
          duration90k: 2_700_000,
          autoReturn: true,
        },
      ],
    })
    expect(insertOf({ splice_event_id: 7, out_of_network_indicator: false })).toMatchObject({ kind: "in", pts: null })
    expect(insertOf({ splice_event_id: 7, splice_event_cancel_indicator: true })).toMatchObject({
      kind: "cancel",
      pts: null,
    })
    expect(insertOf({ ...out, pts_adjustment: PTS_MODULUS - 900_001 }).pts).toBe(PTS_MODULUS - 1)
  })

  it("takes a duration of 0, and one beyond a day, for none", () => {
    const { command } = built(spliceInsert(out))
    if (command?.name !== "splice_insert") throw new Error("not a splice_insert")
    const nothing = { ...command, break_duration: 0 }
    expect(read({ command: nothing }).actions).toMatchObject([{ duration90k: null, autoReturn: false }])
    expect(insertOf({ ...out, break_duration_seconds: 86_401 }).actions).toMatchObject([
      { duration90k: null, autoReturn: false },
    ])
    expect(insertOf({ ...out, break_duration_seconds: 86_400 }).actions).toMatchObject([
      { duration90k: 86_400 * 90_000 },
    ])
  })

  it("puts ends before starts, outer starts before inner ones", () => {
    const types = [0x30, 0x34, 0x22, 0x31, 0x10, 0x35]
    const segmentation = types.map((segmentation_type_id, i) => ({ segmentation_type_id, segmentation_event_id: i }))
    const { kind, actions } = readCue(built(timeSignal({ segmentation, pts_time: 5 })), PID)
    expect(kind).toBe("out")
    expect(actions.map((action) => [action.kind, action.signal])).toEqual([
      ["in", 0x34],
      ["in", 0x30],
      ["start", 0x10],
      ["out", 0x22],
      ["out", 0x34],
      ["out", 0x30],
    ])
  })

  it("gives a segment the earliest offset of its components", () => {
    const segment: DescriptorFields = {
      name: "segmentation_descriptor",
      tag: 2,
      segmentation_event_id: 1,
      segmentation_event_id_compliance_indicator: true,
      segmentation_event_cancel_indicator: false,
      program_segmentation_flag: false,
      components: [
        { tag: 1, pts_offset: 4000 },
        { tag: 2, pts_offset: 3000 },
      ],
      delivery_not_restricted_flag: true,
      segmentation_duration: null,
      segmentation_upid_type: 0,
      segmentation_upid_hex: "",
      segmentation_type_id: 0x34,
      segment_num: 0,
      segments_expected: 0,
      sub_segment_num: null,
      sub_segments_expected: null,
    }
    expect(read({ command: { name: "time_signal", pts_time: 10 }, descriptors: [segment] }).actions).toMatchObject([
      { offset90k: 3000 },
    ])
    const reserved = { ...segment, segmentation_type_id: 0x77 }
    expect(read({ command: { name: "time_signal", pts_time: 10 }, descriptors: [reserved] })).toMatchObject({
      kind: "point",
    })
  })

  it.each<[string, SpliceInfoSectionFields, string]>([
    ["bandwidth_reservation", { command: { name: "bandwidth_reservation" } }, "null"],
    ["splice_null", { command: { name: "splice_null" } }, "null"],
    ["private_command", { command: { name: "private_command", identifier: 1, private_bytes: "00" } }, "other"],
    [
      "unknown command",
      { command: { name: "unknown_command", splice_command_type: 0x42, command_bytes: "" } },
      "other",
    ],
    ["splice_schedule", { command: { name: "splice_schedule", events: [] } }, "other"],
    [
      "encrypted",
      { command: null, encrypted_packet: true, encrypted_bytes: "0123456789abcdef", splice_command_length: 4 },
      "other",
    ],
    ["bare time_signal", { command: { name: "time_signal", pts_time: 3 } }, "point"],
  ])("calls %s by its kind", (_, fields, kind) => {
    expect(read(fields).kind).toBe(kind)
    expect(read(fields).actions).toHaveLength(kind === "null" ? 0 : 1)
  })
})

describe("the signature", () => {
  const command: CommandFields = { name: "time_signal", pts_time: 500 }
  const dtmf = (preroll: number): DescriptorFields => ({ name: "DTMF_descriptor", tag: 1, preroll, dtmf_chars: "12*" })
  const time = (tai_seconds: number): DescriptorFields => ({
    name: "time_descriptor",
    tag: 3,
    tai_seconds,
    tai_ns: 0,
    utc_offset: 37,
  })
  const avail = (provider_avail_id: number): DescriptorFields => ({
    name: "avail_descriptor",
    tag: 0,
    provider_avail_id,
  })
  const base = { command, descriptors: [dtmf(80), time(1000), avail(1)] }
  const { signature } = read(base)

  it.each<[string, SpliceInfoSectionFields]>([
    ["a DTMF countdown", { ...base, descriptors: [dtmf(60), time(1000), avail(1)] }],
    ["a time stamp", { ...base, descriptors: [dtmf(80), time(1002), avail(1)] }],
    ["another control word and tier", { ...base, cw_index: 3, tier: 1 }],
    [
      "the same time by another adjustment",
      { ...base, command: { name: "time_signal", pts_time: 400 }, pts_adjustment: 100 },
    ],
  ])("stays with %s", (_, fields) => {
    expect(read(fields).signature).toBe(signature)
  })

  it.each<[string, SpliceInfoSectionFields]>([
    ["another time", { ...base, command: { name: "time_signal", pts_time: 501 } }],
    ["another adjustment", { ...base, pts_adjustment: 1 }],
    ["another avail", { ...base, descriptors: [dtmf(80), time(1000), avail(2)] }],
    [
      "other tones",
      { ...base, descriptors: [{ ...dtmf(80), dtmf_chars: "12#" } as DescriptorFields, time(1000), avail(1)] },
    ],
  ])("changes with %s", (_, fields) => {
    expect(read(fields).signature).not.toBe(signature)
  })

  it("differs between PIDs, and by every field of a splice_insert", () => {
    const all = [
      insertOf(out),
      readCue(built(spliceInsert(out)), PID + 1),
      ...[
        { splice_event_id: 8 },
        { pts_time: 1 },
        { break_duration_seconds: 31 },
        { break_auto_return: false },
        { avails_expected: 2 },
      ].map((other) => insertOf({ ...out, ...other })),
      insertOf({ splice_event_id: 7, out_of_network_indicator: false, pts_time: 900_000 }),
      insertOf({ splice_event_id: 7, splice_event_cancel_indicator: true }),
    ].map((reading) => reading.signature)
    expect(new Set(all)).toHaveLength(all.length)
    expect(readCue(built(spliceNull()), PID).signature).toBe("")
  })
})
