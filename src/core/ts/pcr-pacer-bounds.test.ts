import { describe, expect, it } from "vitest"
import { PACED_SLOTS, PcrPacer } from "./pcr-pacer.ts"
import { run, SLOT, stream } from "./testing/paced-stream.ts"

describe("PcrPacer", () => {
  it("lets the oldest go early rather than hold more than it may", () => {
    const pacer = new PcrPacer({ delayMs: 1000, maxHeld: 100 })
    for (let i = 0; i < 250; i++) pacer.push(i, 1_000_000 + i, SLOT, i % 20 === 0 ? i * 1000 : null, false)
    expect(pacer.held).toBe(100)
    expect(pacer.nextReleaseUs()).toBe(0)
    expect(pacer.releaseUntil(1_000_250)).toBe(150)
    expect(pacer.releaseUntil(9_000_000)).toBe(100)
  })

  /** Most slots that left within one poll in the last 3 s. */
  const mostAtOnce = (at: ReadonlyArray<number>): number => {
    const counts = new Map<number, number>()
    const end = at.at(-1) ?? 0
    for (const time of at) if (time > end - 3e6 && time < end - 500_000) counts.set(time, (counts.get(time) ?? 0) + 1)
    return Math.max(...counts.values())
  }

  it.each([
    { mbps: 20, burstMs: 80, delayMs: 100, fits: true },
    { mbps: 20, burstMs: 80, delayMs: 130, fits: true },
    { mbps: 20, burstMs: 80, delayMs: 150, fits: false },
    { mbps: 20, burstMs: 80, delayMs: 400, fits: false },
    { mbps: 40, burstMs: 0, delayMs: 100, fits: true },
    { mbps: 60, burstMs: 20, delayMs: 100, fits: false },
    { mbps: 8, burstMs: 80, delayMs: 1000, fits: false },
    { mbps: 4, burstMs: 80, delayMs: 1000, fits: true },
  ])(
    "at $mbps Mbit/s in bursts of $burstMs ms $delayMs ms fit: $fits; even all the same",
    ({ mbps, burstMs, delayMs, fits }) => {
      const slots = stream({ mbps, seconds: 14, burstMs })
      const { at, pacer, maxHeld } = run(slots, { delayMs }, 500)
      expect(at.length).toBe(slots.length)
      expect(maxHeld).toBeLessThanOrEqual(PACED_SLOTS)
      expect([pacer.shortened, pacer.delayMs === delayMs]).toEqual([!fits, fits])
      expect(pacer.delayMs).toBeGreaterThan(fits ? 0 : 0.45 * ((PACED_SLOTS * SLOT * 8) / mbps / 1000))
      expect(mostAtOnce(at)).toBeLessThanOrEqual(Math.ceil((500 * mbps) / (SLOT * 8)) + 1)
    },
  )

  it("keeps half of the delay that fits when a burst alone is more than may be held", () => {
    const { at, pacer } = run(stream({ mbps: 60, seconds: 8, burstMs: 160 }), { delayMs: 100 }, 500)
    expect(pacer.delayMs).toBeGreaterThan(30)
    expect(at.length).toBeGreaterThan(45_000)
  })

  it("takes the delay asked for again when the bit rate is lower for long", () => {
    const fast = stream({ mbps: 40, seconds: 5, burstMs: 0 })
    const last = fast.at(-1)
    const endUs = (last?.mediaUs ?? 0) + (SLOT * 8) / 40
    const slow = stream({ mbps: 8, seconds: 40, burstMs: 0 }).map((slot) => ({
      ...slot,
      mediaUs: slot.mediaUs + endUs,
      rxUs: slot.rxUs + endUs,
      pcr: slot.pcr === null ? null : slot.pcr + Math.round(endUs * 27),
    }))
    const shortened = run(fast, { delayMs: 200 }).pacer
    expect([shortened.shortened, shortened.delayMs < 130]).toEqual([true, true])
    const { pacer, at } = run([...fast, ...slow], { delayMs: 200 })
    expect([pacer.delayMs, pacer.shortened, at.length]).toEqual([200, false, fast.length + slow.length])
  })

  it("does not shorten the delay for a stall of this machine", () => {
    const slots = stream({ mbps: 20, seconds: 3, burstMs: 0 })
    const pacer = new PcrPacer({ delayMs: 100 })
    let next = 0
    let left = 0
    for (let now = 1e9; now < 1e9 + 4e6; now += 500) {
      if (now > 1e9 + 1e6 && now < 1e9 + 2e6) continue
      for (let slot = slots[next]; slot !== undefined && slot.rxUs <= now; slot = slots[++next])
        pacer.push(next >>> 0, slot.rxUs, SLOT, slot.pcr, false)
      left += pacer.releaseUntil(now)
    }
    expect([pacer.delayMs, pacer.shortened, left]).toEqual([100, false, slots.length])
  })
})
