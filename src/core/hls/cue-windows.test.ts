import { describe, expect, it } from "vitest"
import { type BuiltCue, spliceInsert, spliceNull, timeSignal } from "../scte35/build-cue.ts"
import type { SpliceInfoSection } from "../scte35/section-fields.ts"
import type { CueStyle } from "./cue-tags.ts"
import { CueWindows } from "./cue-windows.ts"

const SECOND = 90_000
const T0 = Date.UTC(2026, 10, 21, 12)
const BASE = 2 ** 33 - 30 * SECOND

const sectionOf = (cue: BuiltCue): SpliceInfoSection => {
  if (!cue.ok) throw new Error(cue.problems.join("; "))
  return cue.section
}
/** PTS of a media time in seconds; the clock wraps at 30 s. */
const pts = (second: number): number => (BASE + second * SECOND) % 2 ** 33
const insert = (id: number, out: boolean, at: number | null, more: { duration?: number; auto?: boolean } = {}) =>
  sectionOf(
    spliceInsert({
      splice_event_id: id,
      out_of_network_indicator: out,
      pts_time: at === null ? undefined : pts(at),
      break_duration_seconds: more.duration,
      break_auto_return: more.auto,
    }),
  )
const segment = (id: number, type: number, at: number, seconds?: number) =>
  sectionOf(
    timeSignal({
      pts_time: pts(at),
      segmentation: [{ segmentation_event_id: id, segmentation_type_id: type, segmentation_duration_seconds: seconds }],
    }),
  )

type Step = { readonly at: number; readonly cue: SpliceInfoSection }

/** Returns the tags of segments of 4 s that begin at 0, 4, 8 ...; cues come at times of their own. */
const run = (style: CueStyle, steps: ReadonlyArray<Step>, segments: number) => {
  const windows = new CueWindows(style)
  const told: Array<{ start: number; tags: ReadonlyArray<string>; cues: ReadonlyArray<number> }> = []
  const cuts: Array<number | null> = []
  for (let n = 0; n < segments; n++) {
    const start = n * 4
    const place = (second: number) => ({
      startPts90k: pts(start),
      startMedia90k: start * SECOND,
      latestPts90k: pts(second),
    })
    for (const [position, { at, cue }] of steps.entries())
      if (at >= start && at < start + 4) cuts.push(...windows.take(position, cue, place(at)).cuts)
    const { tags, cues } = windows.tagsFor({
      startPts90k: pts(start),
      startMedia90k: start * SECOND,
      programDateTimeMs: T0 + start * 1000,
    })
    if (tags.length > 0 || cues.length > 0) told.push({ start, tags, cues })
  }
  return { told, cuts }
}
const hex = (cue: SpliceInfoSection) => `0x${cue.hex.replace(/^0x/i, "").toUpperCase()}`

describe("a break by splice_insert", () => {
  const out = insert(18, true, 21, { duration: 30, auto: false })
  const back = insert(18, false, 50)
  const steps = [
    { at: 14, cue: out },
    { at: 16, cue: out },
    { at: 17, cue: sectionOf(spliceNull()) },
    { at: 45, cue: back },
  ]

  it("is a date range that begins and ends before the first segments at or behind the splice points", () => {
    const id = `splice-18-${T0 / 1000 + 21}`
    expect(run("daterange", steps, 16).told).toEqual([
      {
        start: 24,
        tags: [
          `#EXT-X-DATERANGE:ID="${id}",START-DATE="2026-11-21T12:00:21.000Z",PLANNED-DURATION=30.000,SCTE35-OUT=${hex(out)}`,
        ],
        cues: [0, 1],
      },
      {
        start: 52,
        tags: [
          `#EXT-X-DATERANGE:ID="${id}",START-DATE="2026-11-21T12:00:21.000Z",END-DATE="2026-11-21T12:00:50.000Z",DURATION=29.000,SCTE35-IN=${hex(back)}`,
        ],
        cues: [3],
      },
    ])
  })

  it("is EXT-X-CUE-OUT, -CONT in each segment inside, and -IN", () => {
    const { cuts, told } = run("cue_out", steps, 16)
    expect(told.map(({ start, tags }) => [start, ...tags])).toEqual([
      [24, "#EXT-X-CUE-OUT:30.000"],
      [28, "#EXT-X-CUE-OUT-CONT:7.000/30.000"],
      [32, "#EXT-X-CUE-OUT-CONT:11.000/30.000"],
      [36, "#EXT-X-CUE-OUT-CONT:15.000/30.000"],
      [40, "#EXT-X-CUE-OUT-CONT:19.000/30.000"],
      [44, "#EXT-X-CUE-OUT-CONT:23.000/30.000"],
      [48, "#EXT-X-CUE-OUT-CONT:27.000/30.000"],
      [52, "#EXT-X-CUE-IN"],
    ])
    expect(cuts).toEqual([pts(21), pts(21), pts(50)])
  })

  it("is told in both ways, or not at all", () => {
    expect(run("both", steps, 16).told.map(({ tags }) => tags.length)).toEqual([2, 1, 1, 1, 1, 1, 1, 2])
    expect(run("none", steps, 16).told.flatMap(({ tags }) => tags)).toEqual([])
  })

  it("ends by its duration with auto_return, or when it is called back before", () => {
    const auto = { at: 14, cue: insert(5, true, 20, { duration: 12, auto: true }) }
    expect(run("both", [auto], 12).told.map(({ start }) => start)).toEqual([20, 24, 28, 32])
    expect(run("daterange", [auto], 12).told.at(-1)?.tags[0]).toMatch(
      /END-DATE="2026-11-21T12:00:32.000Z",DURATION=12.000$/,
    )
    expect(run("cue_out", [auto], 12).cuts).toEqual([pts(20), pts(32)])
    const early = run("cue_out", [auto, { at: 23, cue: insert(5, false, 25) }], 12).told
    expect(early.map(({ start, tags }) => [start, ...tags]).at(-1)).toEqual([28, "#EXT-X-CUE-IN"])
  })

  it("is told once it is there when it is immediate or late, and not when it is cancelled before", () => {
    expect(run("cue_out", [{ at: 9, cue: insert(1, true, null) }], 4).told.map(({ start }) => start)).toEqual([12])
    expect(run("cue_out", [{ at: 9, cue: insert(1, true, 3) }], 4).told.map(({ start }) => start)).toEqual([8, 12])
    const cancel = sectionOf(spliceInsert({ splice_event_id: 1, splice_event_cancel_indicator: true }))
    const announced = { at: 2, cue: insert(1, true, 9) }
    expect(run("both", [announced, { at: 5, cue: cancel }], 6).told).toEqual([])
    const open = run("cue_out", [announced, { at: 13, cue: cancel }], 6).told
    expect(open.map(({ start, tags }) => [start, ...tags])).toEqual([
      [12, "#EXT-X-CUE-OUT"],
      [16, "#EXT-X-CUE-IN"],
    ])
  })

  it("is cut for once, however often and long it is said again", () => {
    const cue = insert(18, true, 21, { duration: 30, auto: true })
    const times = [14, 16, 18, 20, 22, 23, 25, 30, 40, 50, 52, 54, 60]
    const repeated = run(
      "both",
      times.map((at) => ({ at, cue })),
      18,
    )
    const once = run("both", [{ at: 14, cue }], 18)
    // A repetition may ask again for a cut that lies ahead. Behind the splice point none may, because each cut would
    // end a segment.
    expect(repeated.cuts.filter((cut) => cut === pts(21))).toHaveLength(times.filter((at) => at < 21).length)
    expect(repeated.cuts.filter((cut) => cut === pts(51))).toHaveLength(times.filter((at) => at < 51).length)
    expect(repeated.cuts).not.toContain(null)
    expect(repeated.told.map(({ start, tags }) => ({ start, tags }))).toEqual(
      expect.arrayContaining(once.told.map(({ start, tags }) => ({ start, tags }))),
    )
    expect(repeated.told.flatMap(({ tags }) => tags).filter((tag) => tag.includes("SCTE35-OUT"))).toHaveLength(1)
    // Repetitions within the break are sent with the tags of the next segment; those behind the break go in the
    // segments alone.
    expect(repeated.told.flatMap(({ cues }) => cues)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it("that begins or ends at once is cut for once, too", () => {
    const out = insert(5, true, null)
    const back = insert(5, false, null)
    const { cuts } = run(
      "both",
      [
        { at: 5, cue: out },
        { at: 7, cue: out },
        { at: 13, cue: out },
        { at: 21, cue: back },
        { at: 22, cue: back },
        { at: 23, cue: back },
      ],
      8,
    )
    expect(cuts).toEqual([null, null])
  })

  it("has an ID of its own each time, although event ids come again", () => {
    const first = { at: 1, cue: insert(7, true, 4, { duration: 4, auto: true }) }
    const second = { at: 17, cue: insert(7, true, 20, { duration: 4, auto: true }) }
    const ids = run("daterange", [first, second], 8).told.flatMap(({ tags }) =>
      tags.map((tag) => /ID="([^"]+)"/.exec(tag)?.[1]),
    )
    expect(new Set(ids).size).toBe(2)
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).toBe(ids[3])
  })

  it("an end that fits no break is not told", () => {
    expect(run("both", [{ at: 1, cue: insert(7, false, 4) }], 4).told).toEqual([])
  })
})

describe("breaks by time_signal", () => {
  it("nest: the outermost is CUE-OUT to CUE-IN, each is a date range", () => {
    const steps = [
      { at: 1, cue: segment(1, 0x34, 8, 20) },
      { at: 1, cue: segment(2, 0x30, 8, 8) },
      { at: 12, cue: segment(2, 0x31, 16) },
      { at: 22, cue: segment(1, 0x35, 28) },
    ]
    expect(run("cue_out", steps, 9).told.map(({ start, tags }) => [start, ...tags])).toEqual([
      [8, "#EXT-X-CUE-OUT:20.000"],
      [12, "#EXT-X-CUE-OUT-CONT:4.000/20.000"],
      [16, "#EXT-X-CUE-OUT-CONT:8.000/20.000"],
      [20, "#EXT-X-CUE-OUT-CONT:12.000/20.000"],
      [24, "#EXT-X-CUE-OUT-CONT:16.000/20.000"],
      [28, "#EXT-X-CUE-IN"],
    ])
    const ranges = run("daterange", steps, 9).told
    expect(
      ranges.map(({ start, tags }) => [start, tags.map((tag) => /ID="([a-z0-9]+-[0-9a-f]+-\d+)-\d+"/.exec(tag)?.[1])]),
    ).toEqual([
      [8, ["segment-34-1", "segment-30-2"]],
      [16, ["segment-30-2"]],
      [28, ["segment-34-1"]],
    ])
  })

  it("programme boundaries are no breaks", () => {
    expect(run("both", [{ at: 1, cue: segment(1, 0x10, 8) }], 4)).toEqual({ told: [], cuts: [] })
  })
})

it("a cue whose timeline begins with the next segment waits for that", () => {
  const windows = new CueWindows("cue_out")
  windows.take(9, insert(3, true, 1000), 4 * SECOND + 1)
  expect(windows.tagsFor({ startPts90k: pts(4), startMedia90k: 4 * SECOND, programDateTimeMs: T0 }).tags).toEqual([])
  const next = { startPts90k: pts(998), startMedia90k: 8 * SECOND, programDateTimeMs: T0 }
  expect(windows.tagsFor(next).tags).toEqual([])
  expect(windows.tagsFor({ ...next, startPts90k: pts(1002), startMedia90k: 12 * SECOND })).toEqual({
    tags: ["#EXT-X-CUE-OUT"],
    cues: [9],
  })
})
