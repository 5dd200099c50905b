import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { PTS_MODULUS } from "./timing.ts"
import { clockJumpMs, isSameTimeline, msBetween, ticksBetween } from "./watch-clock.ts"

const LAST = PTS_MODULUS - 1

describe("ticks between two times of a 33-bit clock", () => {
  it.each([
    [0, 0, 0],
    [0, 90_000, 90_000],
    [90_000, 0, -90_000],
    [LAST, 0, 1],
    [0, LAST, -1],
    [PTS_MODULUS - 450_000, 450_000, 900_000],
    [0, PTS_MODULUS / 2 - 1, PTS_MODULUS / 2 - 1],
    [0, PTS_MODULUS / 2, -PTS_MODULUS / 2],
  ])("%d to %d", (from, to, ticks) => {
    expect(ticksBetween(from, to)).toBe(ticks)
  })

  it("comes back to where it went, whatever the way", () => {
    const tick = fc.maxSafeNat().map((value) => value % PTS_MODULUS)
    fc.assert(
      fc.property(tick, tick, (from, to) => {
        const ticks = ticksBetween(from, to)
        expect((from + ticks + PTS_MODULUS) % PTS_MODULUS).toBe(to)
        expect(Math.abs(ticks)).toBeLessThanOrEqual(PTS_MODULUS / 2)
      }),
    )
  })

  it("counts in milliseconds", () => {
    expect(msBetween(PTS_MODULUS - 90, 90)).toBe(2)
  })
})

describe("one timeline", () => {
  const from = { atMs: 1000, clock90k: PTS_MODULUS - 90_000 }
  it.each([
    ["goes on", 11_000, 810_000, 0, true],
    ["waits in a buffer for 9 s", 11_000, 0, -9000, true],
    ["starts again", 11_000, 4_000_000_000, 44_435_444, false],
    ["goes back by 20 s", 11_000, PTS_MODULUS - 990_000, -20_000, false],
    ["drifts for two days", 1000 + 172_800_000, (172_799_000 * 90 + 900_000) % PTS_MODULUS, 10_000, true],
  ])("%s", (_, atMs, clock90k, jump, same) => {
    const to = { atMs, clock90k }
    expect(isSameTimeline(from, to)).toBe(same)
    expect(Math.round(clockJumpMs(from, to))).toBe(jump)
  })
})
