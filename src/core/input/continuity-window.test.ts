import { describe, expect, it } from "vitest"
import { newContinuityWindow, observeContinuity } from "./continuity-window.ts"

const PACKETS_PER_S = 6650

/**
 * Feeds the totals `errorsAt(second)` every 20 ms for `seconds`. Returns the times in ms at which the verdict changed.
 */
const feed = (
  errorsAt: (ms: number) => number,
  seconds: number,
  failoverAfterMs = 500,
  packetsPerS = PACKETS_PER_S,
): number[] => {
  const window = newContinuityWindow()
  const changes: number[] = []
  let sick = false
  for (let ms = 0; ms <= seconds * 1000; ms += 20) {
    const is = observeContinuity(window, ms, failoverAfterMs, errorsAt(ms), (ms * packetsPerS) / 1000)
    if (is !== sick) changes.push(ms)
    sick = is
  }
  return changes
}

const rate = (perS: number) => (ms: number) => Math.floor((ms * perS) / 1000)

describe("continuity window", () => {
  it.each([
    ["7 errors a second, 0.105 % of the packets", rate(7), 500, [1000]],
    ["2 % of datagrams lost", rate(19), 500, [1000]],
    ["the same with a failover time of 2 s", rate(19), 2000, [2000]],
    ["6 a second, 0.09 %", rate(6), 500, []],
    ["one burst of 600 ms with 10 000 errors", (ms: number) => Math.min(600, ms) * 16, 500, []],
    ["a burst of 1000 errors each second", (ms: number) => Math.floor(ms / 1000) * 1000, 500, []],
  ])("%s", (_name, errorsAt, failoverAfterMs, changes) => {
    expect(feed(errorsAt, 20, failoverAfterMs)).toEqual(changes)
  })

  it("asks for 5 errors a second whatever their share", () => {
    expect(feed(rate(4), 20, 500, 100)).toEqual([])
    expect(feed(rate(5), 20, 500, 100)).toEqual([1000])
  })

  it("recovers once the last second holds one error at most", () => {
    expect(feed((ms) => rate(20)(Math.min(ms, 5000)), 20)).toEqual([1000, 6000])
    expect(feed((ms) => rate(20)(Math.min(ms, 5000)) + rate(2)(ms), 20)).toEqual([1000])
  })

  it("takes totals that fall for a reset", () => {
    expect(feed((ms) => 100_000 - ms, 5)).toEqual([])
    const window = newContinuityWindow()
    for (let ms = 0; ms < 20_000; ms += 20) expect(observeContinuity(window, ms, 500, 50, 1_000_000 - ms)).toBe(false)
  })
})
