import { describe, expect, it } from "vitest"
import { generateTs } from "../test-source/test-programme.ts"
import { TS_PACKET_SIZE } from "../ts/packet.ts"
import { type PackagedSegment, Packager, targetDurationOf } from "./packager.ts"

const BITRATE = 2_000_000
const T0 = Date.UTC(2026, 10, 21, 12)
const TS = generateTs(21, { bitrate: BITRATE, breakEverySeconds: 0 })

/** Segments of 2 s; the wall clock is the stream's time and what `clock` adds to it, in ms. */
const run = (clock: (second: number) => number, before?: (packager: Packager, second: number) => void): PackagedSegment[] => {
  const segments: PackagedSegment[] = []
  const packager = new Packager({ runMs: T0, segmentS: 2, cueStyle: "none", onSegment: (one) => segments.push(one) })
  const size = 7 * TS_PACKET_SIZE
  for (let at = 0; at + size <= TS.length; at += size) {
    const second = (at * 8) / BITRATE
    before?.(packager, second)
    packager.push(TS.subarray(at, at + size), second * 1e6, at / size, T0 + clock(second))
  }
  return segments
}
const dates = (segments: ReadonlyArray<PackagedSegment>) => segments.map(({ programDateTimeMs }) => Math.round(programDateTimeMs) - T0)

describe("EXT-X-PROGRAM-DATE-TIME", () => {
  it("is the wall clock at the first picture, and goes on by the durations", () => {
    const [first = 0, ...rest] = dates(run(() => 0))
    expect(first).toBeLessThan(20)
    expect(rest.slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => first + n * 2000))
  })

  it("does not shake with the arrival, and follows a clock that was put right", () => {
    const first = dates(run(() => 0))[0] ?? 0
    const shaken = dates(run((second) => Math.sin(second * 7) * 100))
    for (const [n, date] of shaken.entries()) expect(date).toBe((shaken[0] ?? 0) + n * 2000)
    const stepped = dates(run((second) => (second > 9 ? 3_600_000 : 0)))
    expect(stepped.slice(3, 7).map((date, n) => Math.abs(date - first - (n + 3) * 2000 - (n + 3 >= 4 ? 3_600_000 : 0)) < 60)).toEqual([
      true,
      true,
      true,
      true,
    ])
  })

  it("begins afresh behind a discontinuity", () => {
    let isLost = false
    const segments = run(
      () => 0,
      (packager, second) => {
        if (isLost || second < 7) return
        isLost = true
        packager.segmenter.lose()
      },
    )
    const at = segments.findIndex(({ discontinuity }) => discontinuity)
    expect(at).toBe(4)
    const first = dates(segments)[0] ?? 0
    expect(Math.abs((dates(segments)[at] ?? 0) - first - 8000)).toBeLessThan(60)
    // Media time leaves out what was lost.
    expect((segments[at]?.startMedia90k ?? 0) / 90_000).toBeCloseTo(6.9, 0)
  })
})

it("names are numbered from the beginning of the run, and media time adds up", () => {
  const segments = run(() => 0)
  expect(segments.slice(0, 2).map(({ name }) => name)).toEqual([`${T0}-000000.ts`, `${T0}-000001.ts`])
  expect(segments.slice(0, 4).map(({ startMedia90k }) => startMedia90k)).toEqual([0, 180_000, 360_000, 540_000])
})

it.each([
  [1, 2],
  [4, 8],
  [2.5, 5],
  [30, 60],
])("segments of %d s have a target duration of %i s", (segmentS, target) => expect(targetDurationOf(segmentS)).toBe(target))
