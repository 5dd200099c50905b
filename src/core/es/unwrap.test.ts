import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { difference33, PTS_MODULUS, unwrapNear, wrap33 } from "./unwrap.ts"

const tick = fc.integer({ min: 0, max: PTS_MODULUS - 1 })

describe("33-bit times", () => {
  it.each([
    [0, 0, 0],
    [1, PTS_MODULUS - 1, 2],
    [PTS_MODULUS - 1, 1, -2],
    [2 ** 32 - 1, 0, 2 ** 32 - 1],
    [2 ** 32, 0, -(2 ** 32)],
    [0, 2 ** 32, -(2 ** 32)],
  ])("from %i to %i: %i the other way round", (to, from, difference) => {
    expect(difference33(to, from)).toBe(difference)
  })

  it("follows a time over any number of wraps", () => {
    fc.assert(
      fc.property(
        tick,
        fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), { maxLength: 40 }),
        (start, steps) => {
          let reference = start
          let truth = start
          for (const step of steps) {
            truth += step
            reference = unwrapNear(wrap33(truth), reference)
            expect(reference).toBe(truth)
          }
        },
      ),
    )
  })

  it("wraps negative numbers too", () => {
    expect(wrap33(-1)).toBe(PTS_MODULUS - 1)
    expect(wrap33(3 * PTS_MODULUS + 5)).toBe(5)
  })
})
