import { describe, expect, it } from "vitest"
import { generateTs } from "../../test-source/test-programme.ts"
import { spliceInsert } from "../scte35/build-cue.ts"
import type { SpliceInfoSection } from "../scte35/section-fields.ts"
import { TS_PACKET_SIZE } from "../ts/packet.ts"
import type { CueStyle } from "./cue-tags.ts"
import { type PackagedSegment, Packager, targetDurationOf } from "./packager.ts"

const BITRATE = 2_000_000
const T0 = Date.UTC(2026, 10, 21, 12)
const TS = generateTs(21, { bitrate: BITRATE, breakEverySeconds: 0 })

/**
 * Packages segments of 2 s, or of `segmentS`. The wall clock is the stream's time plus what `clock` adds to it, in ms.
 */
const run = (
  clock: (second: number) => number,
  before?: (packager: Packager, second: number) => void,
  cueStyle: CueStyle = "none",
  segmentS = 2,
): PackagedSegment[] => {
  const segments: PackagedSegment[] = []
  const packager = new Packager({
    runMs: T0,
    segmentS,
    cueStyle,
    onSegment: (one) => {
      packager.tagsFor(one)
      segments.push(one)
    },
  })
  const size = 7 * TS_PACKET_SIZE
  for (let at = 0; at + size <= TS.length; at += size) {
    const second = (at * 8) / BITRATE
    before?.(packager, second)
    packager.push(TS.subarray(at, at + size), second * 1e6, at / size, T0 + clock(second))
  }
  return segments
}
const dates = (segments: ReadonlyArray<PackagedSegment>) =>
  segments.map(({ programDateTimeMs }) => Math.round(programDateTimeMs) - T0)

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
    expect(
      stepped.slice(3, 7).map((date, n) => Math.abs(date - first - (n + 3) * 2000 - (n + 3 >= 4 ? 3_600_000 : 0)) < 60),
    ).toEqual([true, true, true, true])
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
    // Media time leaves out the time that was lost.
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
])("segments of %d s have a target duration of %i s", (segmentS, target) =>
  expect(targetDurationOf(segmentS)).toBe(target),
)

it("a cue that is said again behind its splice point ends no segments", () => {
  const lengths = (everyS: number) => {
    let next = 3
    let cue: SpliceInfoSection | null = null
    const segments = run(
      () => 0,
      (packager, second) => {
        if (second < next) return
        next = everyS === 0 ? Number.POSITIVE_INFINITY : next + everyS
        const latest = packager.segmenter.position?.latestPts90k ?? 0
        if (cue === null) {
          const built = spliceInsert({
            splice_event_id: 7,
            out_of_network_indicator: true,
            pts_time: (latest + 150_000) % 2 ** 33,
          })
          if (!built.ok) throw new Error(built.problems.join("; "))
          cue = built.section
        }
        packager.takeCue(Math.round(second * 100), cue)
      },
      "daterange",
      6,
    )
    return segments.map(({ durationS }) => Math.round(durationS * 10) / 10)
  }
  const once = lengths(0)
  // Access points lie every 2 s, so segments of 6 s that were cut at each of them would show.
  expect(once.filter((length) => length < 2).length).toBeLessThan(3)
  expect(lengths(0.5)).toEqual(once)
})
