import { describe, expect, it } from "vitest"
import { MAX_CHANNELS } from "../../core/assembly/memory/layout.ts"
import { fenceClockUs } from "./fence-clock.ts"
import { Fences } from "./fences.ts"

const NEVER = Number.POSITIVE_INFINITY

const fencesAt = (startUs: number) => {
  const clock = { us: startUs, reads: 0 }
  const fences = new Fences(() => {
    clock.reads += 1
    return clock.us
  })
  return { clock, fences }
}

describe("fences", () => {
  it("cost no reading of the clock while no channel has one", () => {
    const { clock, fences } = fencesAt(1e9)
    for (let channel = 0; channel < MAX_CHANNELS; channel++) expect(fences.isOpen(channel)).toBe(true)
    expect(fences.nextUs).toBe(NEVER)
    expect(clock.reads).toBe(0)
  })

  it.each([
    ["low", 1e6],
    ["just below 2^31", 2 ** 31 - 5],
    ["just below 2^32", 2 ** 32 - 5],
    ["after a year", 365 * 86_400e6],
  ])("run out at their moment and not a microsecond later, %s", (_, startUs) => {
    const { clock, fences } = fencesAt(startUs)
    fences.set(3, startUs + 10)
    expect(fences.nextUs).toBe(startUs + 10)
    clock.us = startUs + 9
    expect(fences.isOpen(3)).toBe(true)
    expect(fences.takeClosed()).toEqual([])
    clock.us = startUs + 10
    expect(fences.isOpen(3)).toBe(false)
    expect(fences.isOpen(2)).toBe(true)
    expect(fences.takeClosed()).toEqual([3])
  })

  it("close a channel once, and again after it was leased again", () => {
    const { clock, fences } = fencesAt(1000)
    fences.set(0, 0)
    fences.set(1, 2000)
    expect(fences.nextUs).toBe(0)
    expect(fences.takeClosed()).toEqual([0])
    expect(fences.takeClosed()).toEqual([])
    expect(fences.nextUs).toBe(2000)
    fences.set(0, 5000)
    expect(fences.isOpen(0)).toBe(true)
    clock.us = 6000
    expect(fences.takeClosed()).toEqual([0, 1])
    expect(fences.nextUs).toBe(NEVER)
  })

  it("are moved back as well as on, and taken away", () => {
    const { clock, fences } = fencesAt(1000)
    fences.set(0, 9000)
    fences.set(0, 500)
    expect(fences.isOpen(0)).toBe(false)
    fences.set(0, undefined)
    expect(fences.isOpen(0)).toBe(true)
    clock.us = 1e15
    expect(fences.takeClosed()).toEqual([])
  })

  it("are a machine's: the clock is the one that the kernel counts from its start, as libsrt has it", () => {
    const before = fenceClockUs()
    const after = fenceClockUs()
    expect(after).toBeGreaterThanOrEqual(before)
    // The clock of this process counts from its own start: that a second one reads what we do is tried with processes.
    expect(after / 1e6).toBeGreaterThan(performance.now() / 1e3 - 1)
  })
})
