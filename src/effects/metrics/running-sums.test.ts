import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeRunningSums } from "./running-sums.ts"

const sumsOf = (...steps: ReadonlyArray<ReadonlyArray<readonly [string, number]>>) => {
  const sums = makeRunningSums(["n"])
  return steps.map((lives) => {
    sums.advance(lives.map(([name, n]) => [name, { n }]))
    return sums.total.n
  })
}

describe("running sums", () => {
  it("go on from one life to the next, which begins at nothing", () => {
    expect(sumsOf([["a", 5]], [["a", 9]], [["b", 2]], [], [["c", 1]])).toEqual([5, 9, 11, 11, 12])
  })

  it("add up lives that last side by side", () => {
    expect(
      sumsOf(
        [["a", 5]],
        [
          ["a", 6],
          ["b", 10],
        ],
        [["b", 11]],
      ),
    ).toEqual([5, 16, 17])
  })

  it("never fall with a figure that falls, and count it again only beyond its highest", () => {
    expect(sumsOf([["a", 5]], [["a", 3]], [["a", 5]], [["a", 6]])).toEqual([5, 5, 5, 6])
  })

  it("have beside them what was not taken back", () => {
    const sums = makeRunningSums(["n"])
    const exact = (name: string, n: number, baseline = false) => {
      sums.advance([[name, { n }]], baseline)
      return sums.exact.n
    }
    expect([exact("a", 5), exact("a", 3), exact("a", 4), exact("b", 2), sums.total.n]).toEqual([5, 3, 4, 6, 7])
    const late = makeRunningSums(["n"])
    late.advance([["a", { n: 5 }]], true)
    late.advance([["a", { n: 4 }]])
    expect([late.exact.n, late.total.n]).toEqual([0, 0])
  })

  it("take what is no number for nothing", () => {
    expect(sumsOf([["a", Number.NaN]], [["a", -3]], [["a", Number.POSITIVE_INFINITY]], [["a", 2]])).toEqual([
      0, 0, 0, 2,
    ])
  })

  it("count from here on what began before anybody looked", () => {
    const sums = makeRunningSums(["n"])
    sums.advance([["old", { n: 1000 }]], true)
    expect(sums.total.n).toBe(0)
    sums.advance([
      ["old", { n: 1007 }],
      ["new", { n: 4 }],
    ])
    expect(sums.total.n).toBe(11)
  })

  it("are what all lives counted at most, whatever their order (property)", () => {
    const life = fc.array(fc.nat(1000), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(fc.array(life, { maxLength: 8 }), (lives) => {
        const sums = makeRunningSums(["n"])
        let before = 0
        for (const [index, figures] of lives.entries()) {
          for (const n of figures) {
            sums.advance([[String(index), { n }]])
            expect(sums.total.n).toBeGreaterThanOrEqual(before)
            before = sums.total.n
          }
        }
        expect(sums.total.n).toBe(lives.reduce((sum, figures) => sum + Math.max(...figures), 0))
      }),
    )
  })
})
