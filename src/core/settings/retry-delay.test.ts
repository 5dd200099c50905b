import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { countFailure, isGivenUp, retryDelayMs } from "./retry-delay.ts"

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

describe("a delay that is set", () => {
  const set = (delayMs: number) => ({ delayMs, maxAttempts: 0 })

  it("comes first and grows from there to 30 s", () => {
    expect([1, 2, 3, 4, 5].map((n) => retryDelayMs(n, true, 0.5, set(5000)))).toEqual([
      5000, 10_000, 20_000, 30_000, 30_000,
    ])
    expect([1, 2].map((n) => retryDelayMs(n, true, 0.5, set(60_000)))).toEqual([60_000, 60_000])
    expect(retryDelayMs(1, false, 0.5, set(60_000))).toBe(60_000)
  })

  it("is the shortest there is, whatever the spread", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 100, max: 3_600_000 }),
        fc.boolean(),
        (failures, random, delayMs, transient) => {
          const delay = retryDelayMs(failures, transient, random, set(delayMs))
          expect(delay).toBeGreaterThanOrEqual(delayMs)
          expect(delay).toBeLessThanOrEqual(Math.max(30_000, delayMs))
        },
      ),
    )
  })
})

describe("isGivenUp", () => {
  it("counts the attempts after the one that failed; 0 is endless", () => {
    expect([1, 2, 3, 4].map((n) => isGivenUp(n, { delayMs: null, maxAttempts: 2 }))).toEqual([false, false, true, true])
    expect(isGivenUp(1_000_000, { delayMs: null, maxAttempts: 0 })).toBe(false)
  })
})

describe("countFailure", () => {
  it("keeps growing while sessions last less than 10 s, and starts afresh after one that lasted", () => {
    expect(countFailure(4, 0)).toBe(5)
    expect(countFailure(4, 9999)).toBe(5)
    expect(countFailure(4, 10000)).toBe(1)
  })
})
