import { describe, expect, it } from "vitest"
import { fakeCue } from "../../src/http/testing/fake-views.ts"
import { axisOf, breakBars } from "./break-bars.ts"

const T = Date.parse("2026-01-02T03:00:00.000Z")
const at = (seconds: number) => new Date(T + seconds * 1000).toISOString()

describe("the breaks that cues tell of", () => {
  it.each([
    [
      "an in ends its out",
      [fakeCue({ id: 1, at: at(0) }), fakeCue({ id: 2, at: at(20), kind: "in", preroll_s: 4 })],
      [4.5, 24, "in"],
    ],
    ["the announced length ends one without an in", [fakeCue({ id: 1, at: at(0) })], [4.5, 34.5, "duration"]],
    ["nothing ends one without a length", [fakeCue({ id: 1, at: at(0), duration_s: null })], [4.5, null, "open"]],
    [
      "an immediate one starts as it arrives",
      [fakeCue({ id: 1, at: at(0), preroll_s: null, duration_s: 10 })],
      [0, 10, "duration"],
    ],
    [
      "the in of another event ends nothing",
      [fakeCue({ id: 1, at: at(0) }), fakeCue({ id: 2, kind: "in", event_ids: [1] })],
      [4.5, 34.5, "duration"],
    ],
    [
      "an in before it ends nothing",
      [fakeCue({ id: 1, at: at(-9), kind: "in" }), fakeCue({ id: 2, at: at(0) })],
      [4.5, 34.5, "duration"],
    ],
    [
      "an in that comes too early ends it where it began",
      [fakeCue({ id: 1, at: at(0) }), fakeCue({ id: 2, at: at(1), kind: "in", preroll_s: 0 })],
      [4.5, 4.5, "in"],
    ],
  ] as const)("%s", (_, cues, [from, to, ends]) => {
    const bars = breakBars(cues.toReversed())
    expect(bars).toHaveLength(1)
    expect(bars[0]).toMatchObject({ from: T + from * 1000, to: to === null ? null : T + to * 1000, ends })
  })

  it("leaves out what was cancelled, and pairs each out with the next in of its event", () => {
    expect(breakBars([fakeCue({ id: 2, kind: "cancel", at: at(2) }), fakeCue({ id: 1, at: at(0) })])).toEqual([])
    const two = [
      fakeCue({ id: 4, at: at(90), kind: "in", preroll_s: 0 }),
      fakeCue({ id: 3, at: at(60), preroll_s: 0 }),
      fakeCue({ id: 2, at: at(30), kind: "in", preroll_s: 0 }),
      fakeCue({ id: 1, at: at(0), preroll_s: 0, segmentation_type_ids: [0x30], upids: ["abc"] }),
    ]
    expect(breakBars(two).map(({ from, label, to }) => [(from - T) / 1000, ((to ?? 0) - T) / 1000, label])).toEqual([
      [0, 30, "type 0x30 · UPID abc"],
      [60, 90, "splice_insert"],
    ])
  })
})

describe("the time axis", () => {
  const bar = (from: number, to: number | null) => ({
    id: 1,
    from,
    to,
    ends: "in" as const,
    announcedS: null,
    label: "",
    eventId: null,
  })
  it.each([
    ["5 minutes without breaks", [], 0, [-240, 60]],
    ["a break in the future", [bar(T + 30_000, T + 90_000)], 1, [-180, 120]],
    ["20 minutes ago", [bar(T - 1_200_000, T)], 1, [60 - 3600, 60]],
  ] as const)("%s", (_, bars, now, [from, to]) => {
    expect(axisOf(bars, T + now * 1000 + (bars.length === 0 ? 1 : 0))).toEqual({
      from: T + from * 1000,
      to: T + to * 1000,
    })
  })
})
