import { describe, expect, it } from "vitest"
import { PcrClock } from "./pcr-clock.ts"

const WRAP = 2 ** 33 * 300
const MS = 27_000

/** PCRs every 40 ms of an encoder whose clock is slow by `ppm`, over `seconds`; each has arrived after a fixed delay. */
const run = (clock: PcrClock, { from = 0, ppm = 0, seconds }: { from?: number; ppm?: number; seconds: number }) => {
  const errors: number[] = []
  clock.anchor(from, 0, false)
  for (let i = 1; i <= seconds * 25; i++) {
    const pcr = (from + i * 40 * MS) % WRAP
    clock.measure(pcr, i * 40_000 * (1 + ppm / 1e6))
    errors.push(clock.errorUs)
    clock.follow(pcr)
  }
  return errors
}

describe("PcrClock", () => {
  it("has no time base before the first PCR", () => {
    const clock = new PcrClock()
    expect(clock.started).toBe(false)
    clock.anchor(5, 1000, false)
    expect(clock.started).toBe(true)
    expect(clock.timeUs).toBe(1000)
  })

  it("unrolls PCRs over their wrap, forwards and back", () => {
    const clock = new PcrClock()
    clock.anchor(WRAP - 20 * MS, 0, false)
    clock.measure(20 * MS, 40_000)
    expect([clock.elapsedUs, clock.errorUs]).toEqual([40_000, 0])
    clock.follow(20 * MS)
    clock.measure(WRAP - 20 * MS, 40_000)
    expect([clock.elapsedUs, clock.errorUs]).toEqual([-40_000, 40_000])
  })

  it("measures without taking", () => {
    const clock = new PcrClock()
    clock.anchor(0, 0, false)
    for (const late of [5000, 9000]) {
      clock.measure(40 * MS, 40_000 + late)
      expect(clock.errorUs).toBe(late)
      expect(clock.timeUs).toBe(0)
    }
  })

  it("finds the drift of a clock 100 ppm slow within 5 ppm, and then predicts it to 0.1 ms", () => {
    const clock = new PcrClock()
    const errors = run(clock, { from: WRAP - 3000 * MS, ppm: 100, seconds: 600 })
    expect(Math.abs(clock.drift - 100e-6)).toBeLessThan(5e-6)
    expect(Math.max(...errors.slice(-25).map(Math.abs))).toBeLessThan(100)
  })

  it("keeps the drift of a time base that is continued, and forgets that of one that is not", () => {
    const clock = new PcrClock()
    run(clock, { ppm: 100, seconds: 600 })
    const { drift } = clock
    clock.anchor(0, 0, true)
    expect(clock.drift).toBe(drift)
    clock.anchor(0, 0, false)
    expect(clock.drift).toBe(0)
  })
})
