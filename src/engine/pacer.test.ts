import { describe, expect, it } from "vitest"
import { MAX_BURST_US, MAX_LAG_US, Pacer } from "./pacer.ts"

describe("Pacer", () => {
  it("follows the clock from its start, however late the calls come", () => {
    const pacer = new Pacer(5_000_000)
    for (const now of [1000, 2500, 2600, 9000, 21_000]) expect(pacer.allow(5_000_000 + now)).toBe(now)
    expect(pacer.until(25_000, 5_021_000)).toBe(4000)
    expect(pacer.until(10_000, 5_021_000)).toBe(0)
  })

  it("sends 20 ms at most after a stall, then twice the rate until it has caught up", () => {
    const pacer = new Pacer(0)
    let now = 500_000
    let before = pacer.allow(now)
    expect(before).toBe(MAX_BURST_US)
    while (before < now) {
      now += 2000
      const allowed = pacer.allow(now)
      expect(allowed - before).toBeLessThanOrEqual(4000)
      before = allowed
    }
    expect(now).toBeLessThan(1_000_000)
    expect(pacer.allow(now + 1000)).toBe(now + 1000)
  })

  it("goes on later after a stall of more than two seconds, without leaving anything out", () => {
    const pacer = new Pacer(0)
    expect(pacer.allow(10_000)).toBe(10_000)
    const now = 10_000 + MAX_LAG_US + 3_000_000
    expect(pacer.allow(now)).toBe(10_000 + MAX_BURST_US)
    expect(pacer.allow(now + 5000)).toBe(15_000 + MAX_BURST_US)
  })
})
