import { describe, expect, it } from "vitest"
import { makeLimiter } from "./limits.ts"

const started = (growing: boolean) => {
  const clock = { now: 1_000_000 }
  const limiter = makeLimiter(3, growing, () => clock.now)
  const exhaust = (who = "a") => {
    for (let i = 0; i < 3; i += 1) limiter.count(who)
    return limiter.waitFor(who)
  }
  return { ...limiter, clock, exhaust }
}

describe("a limiter", () => {
  it("lets a minute's worth through, then waits for the end of the minute, each for itself", () => {
    const { clock, count, exhaust, waitFor } = started(false)
    count("a")
    clock.now += 10_000
    count("a")
    expect(waitFor("a")).toBe(0)
    count("a")
    expect([waitFor("a"), waitFor("b")]).toEqual([50, 0])
    clock.now += 50_000
    expect([waitFor("a"), exhaust()]).toEqual([0, 60])
  })

  it("doubles the wait up to an hour for who goes on, and forgets who is quiet", () => {
    const { clock, exhaust } = started(true)
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const wait = exhaust()
      expect(wait).toBe(minutes * 60)
      clock.now += wait * 1000
    }
    clock.now += 3 * 3600 * 1000
    expect(exhaust()).toBe(60)
  })

  it("forgets failures with a success, and the longest idle when there are too many", () => {
    const { clear, exhaust, count, waitFor } = started(true)
    exhaust()
    clear("a")
    expect(waitFor("a")).toBe(0)
    exhaust("b")
    for (let i = 0; i < 10_001; i += 1) count(`other ${i}`)
    expect(waitFor("b")).toBe(0)
  })
})
