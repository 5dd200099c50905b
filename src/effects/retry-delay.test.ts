import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { countFailure, retryDelayMs } from "./retry-delay.ts"

describe("retryDelayMs", () => {
  it("grows from 0.5 s by doubling and stops at 30 s", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 100].map((n) => retryDelayMs(n, true, 0.5))).toEqual([
      500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000,
    ])
  })

  it("tries what only a person can repair at the cap", () => {
    expect(retryDelayMs(1, false, 0.5)).toBe(30000)
  })

  it("spreads by a quarter either way, never above 30 s", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const delay = retryDelayMs(failures, true, random)
        const middle = retryDelayMs(failures, true, 0.5)
        expect(delay).toBeGreaterThanOrEqual(Math.floor(middle * 0.75))
        expect(delay).toBeLessThanOrEqual(Math.min(30000, Math.ceil(middle * 1.25)))
      }),
    )
  })
})

describe("countFailure", () => {
  it("keeps growing while sessions last less than 10 s, and starts afresh after one that lasted", () => {
    expect(countFailure(4, 0)).toBe(5)
    expect(countFailure(4, 9999)).toBe(5)
    expect(countFailure(4, 10000)).toBe(1)
  })
})
