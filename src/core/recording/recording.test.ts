import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { buildPacket, TS_PACKET_SIZE } from "../ts/packet.ts"
import { recordingName, startOfRecording } from "./file-names.ts"
import { expiredRecordings, type RecordedFile } from "./retention.ts"
import { patOffset, rotation } from "./rotation.ts"

const T0 = Date.UTC(2026, 10, 21, 18, 9, 46, 123)
const HOUR = 3_600_000
const anyTime = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })

describe("names", () => {
  it("tell the UTC time", () => expect(recordingName(T0)).toBe("20261121T180946.123Z.ts"))
  it("are read again, and sort by time", () => {
    fc.assert(
      fc.property(anyTime, anyTime, (a, b) => {
        expect(startOfRecording(recordingName(a))).toBe(a)
        expect(recordingName(a) < recordingName(b)).toBe(a < b)
      }),
    )
  })
  it.each([
    "holiday.ts",
    "20261121T180946Z.ts",
    "20261121T180946.123Z.mp4",
    "20261321T180946.123Z.ts",
    "20260231T000000.000Z.ts",
    "x20261121T180946.123Z.ts",
    "20261121T180946.123Z.ts.bak",
    "../20261121T180946.123Z.ts",
    "",
  ])("%j is none of ours", (name) => expect(startOfRecording(name)).toBe(null))
})

describe("a new file", () => {
  const policy = { segmentS: 60, segmentBytes: null }
  it.each([
    [{ elapsedMs: 59_999, bytes: 1 }, policy, "no"],
    [{ elapsedMs: 60_000, bytes: 1 }, policy, "at_pat"],
    [{ elapsedMs: 60_999, bytes: 1 }, policy, "at_pat"],
    [{ elapsedMs: 61_000, bytes: 1 }, policy, "now"],
    [{ elapsedMs: 1e9, bytes: 0 }, policy, "no"],
    [{ elapsedMs: 10, bytes: 989_999 }, { ...policy, segmentBytes: 1_000_000 }, "no"],
    [{ elapsedMs: 10, bytes: 990_000 }, { ...policy, segmentBytes: 1_000_000 }, "at_pat"],
    [{ elapsedMs: 10, bytes: 1_000_000 }, { ...policy, segmentBytes: 1_000_000 }, "now"],
    [{ elapsedMs: 60_000, bytes: 10 }, { ...policy, segmentBytes: 1_000_000 }, "at_pat"],
  ] as const)("%j of %j: %s", (progress, by, wanted) => expect(rotation(by, progress)).toBe(wanted))

  it("begins where a PAT does", () => {
    const other = buildPacket({ pid: 256, continuity_counter: 0, unit_start: true, payload: new Uint8Array(184) })
    const rest = buildPacket({ pid: 0, continuity_counter: 0, payload: new Uint8Array(184) })
    const pat = buildPacket({ pid: 0, continuity_counter: 0, unit_start: true, payload: new Uint8Array(184) })
    expect(patOffset(Buffer.concat([other, rest, pat, pat]))).toBe(2 * TS_PACKET_SIZE)
    expect(patOffset(Buffer.concat([other, rest]))).toBe(-1)
    expect(patOffset(pat)).toBe(0)
    expect(patOffset(new Uint8Array(0))).toBe(-1)
  })
})

describe("retention", () => {
  const file = (hoursAgo: number, bytes = 100): RecordedFile => ({
    name: recordingName(T0 - hoursAgo * HOUR),
    bytes,
    endMs: T0 - (hoursAgo - 1) * HOUR,
  })
  const files = [file(1), file(5), file(3), file(2), file(4)]
  const named = (...hours: number[]) => hours.map((ago) => recordingName(T0 - ago * HOUR))
  it.each([
    ["without a policy nothing goes", { keepHours: null, keepBytes: null }, []],
    ["by age, told from the end of the file", { keepHours: 2, keepBytes: null }, named(5, 4)],
    ["by size, the oldest first", { keepHours: null, keepBytes: 250 }, named(5, 4, 3)],
    ["by size, exactly full", { keepHours: null, keepBytes: 500 }, []],
    ["by both", { keepHours: 3, keepBytes: 300 }, named(5, 4)],
    ["the last one too, when it alone is too large", { keepHours: null, keepBytes: 50 }, named(5, 4, 3, 2, 1)],
  ])("%s", (_, policy, wanted) => expect(expiredRecordings(files, policy, T0, null)).toEqual(wanted))

  it("never takes the file being written, nor one of another name, nor counts the latter", () => {
    const strangers = [{ name: "holiday.ts", bytes: 1e9, endMs: 0 }]
    const current = named(5)[0] ?? ""
    expect(expiredRecordings([...files, ...strangers], { keepHours: 0.5, keepBytes: 0 }, T0, current)).toEqual(
      named(4, 3, 2, 1),
    )
    expect(expiredRecordings([...files, ...strangers], { keepHours: null, keepBytes: 500 }, T0, null)).toEqual([])
  })

  it("keeps what the policy allows, whatever there is", () => {
    const some = fc.uniqueArray(fc.record({ ago: fc.integer({ min: 0, max: 200 }), bytes: fc.nat(1000) }), {
      selector: ({ ago }) => ago,
    })
    fc.assert(
      fc.property(some, fc.nat(50), fc.nat(5000), (list, keepHours, keepBytes) => {
        const all = list.map(({ ago, bytes }) => file(ago, bytes))
        const gone = new Set(expiredRecordings(all, { keepHours, keepBytes }, T0, null))
        const kept = all.filter(({ name }) => !gone.has(name))
        expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(keepBytes)
        for (const { endMs } of kept) expect(T0 - endMs).toBeLessThanOrEqual(keepHours * HOUR)
      }),
    )
  })
})
