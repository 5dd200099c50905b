import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { PACED_SLOTS, PcrPacer, type PcrPacerOptions } from "./pcr-pacer.ts"

const SLOT = 1316
const PCR_WRAP = 2 ** 33 * 300

interface Slot {
  /** Time at which the slot's first byte left the encoder, in encoder microseconds. */
  readonly mediaUs: number
  readonly rxUs: number
  readonly pcr: number | null
  readonly discontinuity?: boolean
  readonly pcrOffset?: number
}

interface Stream {
  readonly mbps: number
  readonly seconds: number
  readonly burstMs: number
  readonly driftPpm?: number
  readonly pcrEveryMs?: number
  readonly startPcr?: number
  /** Offset in a slot at which its PCR stands, in bytes. */
  readonly pcrOffset?: number
  /** Additional network delay of a slot in us. */
  readonly jitter?: (slot: number) => number
}

/** A CBR stream whose slots arrive in bursts: all that an encoder made within `burstMs` comes at its end. */
const stream = ({
  mbps,
  seconds,
  burstMs,
  driftPpm = 0,
  pcrEveryMs = 35,
  startPcr = 0,
  pcrOffset = 0,
  jitter = () => 0,
}: Stream): Slot[] => {
  const slotUs = (SLOT * 8) / mbps
  const slots: Slot[] = []
  let nextPcr = 0
  let lastRx = 0
  for (let i = 0; i * slotUs < seconds * 1e6; i++) {
    const mediaUs = i * slotUs
    const realUs = mediaUs * (1 + driftPpm * 1e-6)
    const burst = burstMs * 1000
    const rxUs = Math.max(lastRx, 1e9 + (burst === 0 ? realUs : Math.floor(realUs / burst + 1) * burst) + jitter(i))
    lastRx = rxUs
    const hasPcr = mediaUs >= nextPcr
    if (hasPcr) nextPcr = mediaUs + pcrEveryMs * 1000
    const pcrUs = mediaUs + (pcrOffset / SLOT) * slotUs
    slots.push({ mediaUs, rxUs, pcr: hasPcr ? Math.round(startPcr + pcrUs * 27) % PCR_WRAP : null, pcrOffset })
  }
  return slots
}

/** Runs slots through a pacer that is polled every `tickUs`; returns the time at which each was released. */
const run = (
  slots: ReadonlyArray<Slot>,
  options: PcrPacerOptions = {},
  tickUs = 250,
): { at: number[]; pacer: PcrPacer; maxHeld: number } => {
  const pacer = new PcrPacer(options)
  const at: number[] = []
  let next = 0
  let maxHeld = 0
  const end = (slots.at(-1)?.rxUs ?? 0) + 2e6
  for (let now = slots[0]?.rxUs ?? 0; now < end && at.length < slots.length; now += tickUs) {
    for (let slot = slots[next]; slot !== undefined && slot.rxUs <= now; slot = slots[++next])
      pacer.push(next >>> 0, slot.rxUs, SLOT, slot.pcr, slot.discontinuity ?? false, slot.pcrOffset ?? 0)
    const count = pacer.releaseUntil(now)
    for (let i = 0; i < count; i++) at.push(now)
    maxHeld = Math.max(maxHeld, pacer.held)
  }
  return { at, pacer, maxHeld }
}

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

/** Time in ms of the first slot whose predecessors all left before the first PCR interval was known. */
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

  it("lets the oldest go early rather than hold more than it may", () => {
    const pacer = new PcrPacer({ delayMs: 1000, maxHeld: 100 })
    for (let i = 0; i < 250; i++) pacer.push(i, 1_000_000 + i, SLOT, i % 20 === 0 ? i * 1000 : null, false)
    expect(pacer.held).toBe(100)
    expect(pacer.nextReleaseUs()).toBe(0)
    expect(pacer.releaseUntil(1_000_250)).toBe(150)
    expect(pacer.releaseUntil(9_000_000)).toBe(100)
  })

  /** Highest number of slots that left within one poll in the last 3 s. */
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
            // All slots that are due before this arrival have left by then.
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
