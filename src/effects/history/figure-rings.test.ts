import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { FigureRings } from "./figure-rings.ts"

const WINDOWS = [
  { length_s: 20, step_s: 1 },
  { length_s: 60, step_s: 5 },
  { length_s: 240, step_s: 20 },
]
const MEASURES = ["mean", "peak"] as const

/** Values the rings must give, computed from the list of all figures. */
const expected = (
  all: ReadonlyArray<{ readonly second: number; readonly figure: number }>,
  w: number,
  m: number,
  now: number,
): ReadonlyArray<number | null> => {
  const { length_s, step_s } = WINDOWS[w] ?? { length_s: 0, step_s: 1 }
  const last = Math.floor(now / step_s)
  return Array.from({ length: length_s / step_s }, (_, i) => {
    const step = last - length_s / step_s + 1 + i
    const inside = all
      .filter((one) => Math.floor(one.second / step_s) === step && !Number.isNaN(one.figure))
      .map((one) => one.figure)
    if (inside.length === 0) return null
    return MEASURES[m] === "mean" ? inside.reduce((sum, one) => sum + one, 0) / inside.length : Math.max(...inside)
  })
}

const figures = fc.array(
  fc.record({
    gap: fc.oneof(
      { weight: 8, arbitrary: fc.constant(1) },
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 400 }),
    ),
    figure: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 1_000_000 }) }, fc.constant(Number.NaN)),
  }),
  { minLength: 1, maxLength: 300 },
)

describe("FigureRings", () => {
  it("holds means and peaks of every step of every window, and nothing of what is older", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5000 }),
        figures,
        fc.integer({ min: 0, max: 300 }),
        (start, gaps, later) => {
          const rings = new FigureRings(MEASURES, WINDOWS)
          let second = start
          const all = gaps.map(({ figure, gap }) => {
            second += gap
            return { second, figure }
          })
          for (const one of all) rings.put(one.second, [one.figure, one.figure])
          const now = second + later
          for (const w of WINDOWS.keys()) {
            for (const m of MEASURES.keys()) {
              const found = rings.read(m, w, now)
              const wanted = expected(all, w, m, now)
              expect(found.map((one) => one === null)).toEqual(wanted.map((one) => one === null))
              for (const [i, value] of found.entries()) expect(value ?? 0).toBeCloseTo(wanted[i] ?? 0, -1)
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it("takes no second twice and none from before", () => {
    const rings = new FigureRings(["mean"], WINDOWS)
    rings.put(100, [1])
    rings.put(100, [9])
    rings.put(99, [9])
    expect(rings.read(0, 0, 100).slice(-2)).toEqual([null, 1])
  })

  it("never grows", () => {
    const rings = new FigureRings(["mean", "peak"], WINDOWS)
    const before = rings.bytes
    for (let second = 0; second < 5000; second++) rings.put(second, [second, second])
    expect(rings.bytes).toBe(before)
    expect(rings.read(1, 1, 4999)).toEqual([4944, 4949, 4954, 4959, 4964, 4969, 4974, 4979, 4984, 4989, 4994, 4999])
  })
})
