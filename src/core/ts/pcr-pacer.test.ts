import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { PcrPacer } from "./pcr-pacer.ts"
import { PCR_WRAP, run, SLOT, type Slot, stream } from "./testing/paced-stream.ts"

/** Largest difference in us between output spacing and encoder spacing, over one slot and over about 40 ms. */
const spacingError = (
  slots: ReadonlyArray<Slot>,
  at: ReadonlyArray<number>,
  from: number,
  to = slots.length,
): number => {
  let worst = 0
  const per40 = Math.max(1, Math.round(40e3 / ((slots[1]?.mediaUs ?? 0) - (slots[0]?.mediaUs ?? 0))))
  for (const step of [1, per40]) {
    for (let i = from; i + step < to; i++) {
      const out = (at[i + step] ?? 0) - (at[i] ?? 0)
      const media = (slots[i + step]?.mediaUs ?? 0) - (slots[i]?.mediaUs ?? 0)
      worst = Math.max(worst, Math.abs(out - media))
    }
  }
  return worst
}

/** First slot whose predecessors all left before the first PCR interval was known. */
const SETTLED_MS = 400
const settled = (slots: ReadonlyArray<Slot>, ms = SETTLED_MS) => slots.findIndex((s) => s.mediaUs > ms * 1000)

describe("PcrPacer", () => {
  it.each([
    [8, 0],
    [8, 10],
    [8, 40],
    [20, 50],
    [4, 100],
    [40, 20],
    [2, 80],
  ])(
    "evens out %i Mbit/s that comes in bursts of %i ms, within 1 ms of the spacing the PCRs imply",
    (mbps, burstMs) => {
      const slots = stream({ mbps, seconds: 6, burstMs })
      const { at } = run(slots)
      expect(at.length).toBe(slots.length)
      expect(spacingError(slots, at, settled(slots))).toBeLessThanOrEqual(1000)
      for (const [i, slot] of slots.entries()) expect((at[i] ?? 0) - slot.rxUs).toBeLessThanOrEqual(200_000 + 250)
    },
  )

  it("evens out bursts longer than the delay as well, once it has found their middle", () => {
    const slots = stream({ mbps: 8, seconds: 20, burstMs: 150 })
    const { at } = run(slots)
    expect(at.length).toBe(slots.length)
    expect(spacingError(slots, at, settled(slots, 12_000))).toBeLessThanOrEqual(1000)
  })

  it("uses the PCR's place in its slot: a low rate keeps its spacing", () => {
    const slots = stream({ mbps: 1, seconds: 5, burstMs: 40, pcrEveryMs: 30, pcrOffset: 564 })
    const { at } = run(slots)
    expect(spacingError(slots, at, settled(slots))).toBeLessThanOrEqual(1000)
  })

  it.each([-300, -200, 200, 300])("follows an encoder clock %i ppm off for an hour without moving away", (driftPpm) => {
    const slots = stream({ mbps: 0.2, seconds: 3600, burstMs: 0, driftPpm, pcrEveryMs: 80 })
    const { at, pacer } = run(slots, {}, 1000)
    expect(at.length).toBe(slots.length)
    expect(pacer.drift * 1e6).toBeCloseTo(driftPpm, -1)
    for (let i = Math.floor(slots.length / 2); i < slots.length; i++) {
      const held = (at[i] ?? 0) - (slots[i]?.rxUs ?? 0)
      expect(held).toBeGreaterThan(95_000)
      expect(held).toBeLessThan(105_000)
    }
  })

  it("carries on over the wrap of the PCR", () => {
    const slots = stream({ mbps: 8, seconds: 4, burstMs: 20, startPcr: PCR_WRAP - 27e6 * 2 })
    const { at } = run(slots)
    expect(spacingError(slots, at, settled(slots))).toBeLessThanOrEqual(1000)
  })

  it.each([
    ["announced", true],
    ["unannounced", false],
  ])("goes on at the same pace over an %s jump of the PCR", (_, discontinuity) => {
    const slots = stream({ mbps: 8, seconds: 6, burstMs: 20 })
    const cut = Math.floor(slots.length / 2)
    const jumped = slots.map((s, i) =>
      i < cut
        ? s
        : {
            ...s,
            pcr: s.pcr === null ? null : (s.pcr + 27e6 * 7777) % PCR_WRAP,
            discontinuity: discontinuity && i === cut,
          },
    )
    const { at } = run(jumped)
    expect(at.length).toBe(slots.length)
    expect(spacingError(jumped, at, settled(slots))).toBeLessThanOrEqual(1000)
  })

  it("passes over a single wrong PCR", () => {
    const slots = stream({ mbps: 8, seconds: 4, burstMs: 20 }).map((s, i, all) =>
      s.pcr !== null && i > all.length / 2 && i < all.length / 2 + 40 ? { ...s, pcr: 12345 } : s,
    )
    const { at } = run(slots)
    expect(spacingError(slots, at, settled(slots))).toBeLessThanOrEqual(1000)
  })

  it("is back on the delay after an encoder paused for 3 s and after an outage of the network", () => {
    for (const pcrStands of [true, false]) {
      const slots = stream({ mbps: 8, seconds: 6, burstMs: 20 })
      const cut = Math.floor(slots.length / 2)
      const paused = slots.map((s, i) =>
        i < cut ? s : { ...s, rxUs: s.rxUs + 3e6, pcr: s.pcr === null || pcrStands ? s.pcr : s.pcr + 3e6 * 27 },
      )
      const { at } = run(paused)
      expect(at.length).toBe(slots.length)
      const later = cut + settled(slots)
      expect(spacingError(paused, at, later)).toBeLessThanOrEqual(1000)
      for (let i = later; i < slots.length; i++) {
        const held = (at[i] ?? 0) - (paused[i]?.rxUs ?? 0)
        expect(held).toBeGreaterThan(50_000)
        expect(held).toBeLessThan(150_000)
      }
    }
  })

  it("keeps the arrival spacing, a delay later, without a PCR and after 500 ms without one", () => {
    const slots = stream({ mbps: 8, seconds: 3, burstMs: 0, jitter: (i) => (i % 5) * 300 })
    const never = slots.map((s) => ({ ...s, pcr: null }))
    const stopped = slots.map((s) => (s.mediaUs > 1e6 ? { ...s, pcr: null } : s))
    for (const [input, from] of [
      [never, 0],
      [stopped, settled(slots, 1700)],
    ] as const) {
      const { at, pacer } = run(input)
      expect(pacer.locked).toBe(false)
      expect(at.length).toBe(input.length)
      for (let i = from; i < input.length; i++) {
        const held = (at[i] ?? 0) - (input[i]?.rxUs ?? 0)
        expect(held).toBeGreaterThanOrEqual(100_000)
        expect(held).toBeLessThanOrEqual(100_300)
      }
    }
  })

  it("tells when the next slot leaves, and holds nothing then", () => {
    const pacer = new PcrPacer({ delayMs: 50 })
    expect(pacer.nextReleaseUs()).toBe(Number.POSITIVE_INFINITY)
    pacer.push(7, 1_000_000, SLOT, null, false)
    expect(pacer.nextReleaseUs()).toBe(1_050_000)
    expect(pacer.releaseUntil(1_049_999)).toBe(0)
    expect(pacer.releaseUntil(1_050_000)).toBe(1)
    expect(pacer.releaseUntil(2_000_000)).toBe(0)
    expect(pacer.held).toBe(0)
  })

  it("loses nothing and holds nothing longer than twice the delay, whatever the PCRs say", () => {
    const pcr = fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 3, arbitrary: fc.constant("right" as const) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: PCR_WRAP - 1, noNaN: true }).map(Math.floor) },
    )
    const slot = fc.record({
      gapUs: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 2_000_000 })),
      pcr,
      discontinuity: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(slot, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 10, max: 300 }),
        (inputs, delayMs) => {
          const pacer = new PcrPacer({ delayMs })
          let now = 1e9
          const held: number[] = []
          for (const [i, input] of inputs.entries()) {
            now += input.gapUs
            // Whatever is due before this arrival has left by then.
            for (let due = pacer.nextReleaseUs(); due <= now; due = pacer.nextReleaseUs()) {
              const count = pacer.releaseUntil(due)
              expect(count).toBeGreaterThan(0)
              for (const rx of held.splice(0, count))
                expect(Math.max(due, rx) - rx).toBeLessThanOrEqual(2000 * delayMs + 1)
            }
            pacer.push(
              i,
              now,
              SLOT,
              input.pcr === "right" ? Math.floor((now - 1e9) * 27) : input.pcr,
              input.discontinuity,
            )
            held.push(now)
            expect(pacer.held).toBe(held.length)
          }
          expect(pacer.releaseUntil(now + 2000 * delayMs)).toBe(held.length)
        },
      ),
      { numRuns: 300 },
    )
  })
})
