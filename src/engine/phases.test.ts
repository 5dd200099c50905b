import { describe, expect, it } from "vitest"
import { Phases, phasesFor } from "./phases.ts"

describe("phasesFor", () => {
  it.each([
    [10_000, 25, 8],
    [10_000, 3, 3],
    [10_000, 0, 1],
    [5000, 25, 4],
    [2000, 25, 1],
    [1000, 25, 1],
  ])("a tick of %i µs with %i channels has %i", (tickUs, channels, count) => {
    expect(phasesFor(tickUs, channels)).toBe(count)
  })
})

describe("Phases", () => {
  /** Phases handed out at `nowUs`. */
  const due = (phases: Phases, nowUs: number): number[] => {
    const taken: number[] = []
    for (let one = phases.take(nowUs); one !== null; one = phases.take(nowUs)) taken.push(one)
    return taken
  }

  it("hands out each phase when it is due, and once", () => {
    const phases = new Phases()
    phases.begin(1_000_000, 1_010_000, 4)
    expect(phases.nextUs).toBe(1_002_500)
    expect(due(phases, 1_002_499)).toEqual([])
    expect(due(phases, 1_002_500)).toEqual([1])
    expect(due(phases, 1_002_500)).toEqual([])
    expect(due(phases, 1_007_500)).toEqual([2, 3])
    expect(phases.nextUs).toBe(Number.POSITIVE_INFINITY)
    expect(due(phases, 1_020_000)).toEqual([])
  })

  it("hands out all that a machine that stood still has missed", () => {
    const phases = new Phases()
    phases.begin(1_000_000, 1_010_000, 8)
    expect(due(phases, 2_000_000)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it("has them all at once in a tick that began after its end", () => {
    const phases = new Phases()
    phases.begin(1_010_000, 1_009_000, 3)
    expect(due(phases, 1_010_000)).toEqual([1, 2])
  })

  it("has none beside the beginning before a tick has begun, and in a tick of one phase", () => {
    const phases = new Phases()
    expect(due(phases, 1e9)).toEqual([])
    phases.begin(0, 10_000, 1)
    expect(due(phases, 1e9)).toEqual([])
    expect(phases.nextUs).toBe(Number.POSITIVE_INFINITY)
  })

  it("gives channels their phases in turn", () => {
    const phases = new Phases()
    phases.begin(0, 10_000, 3)
    expect([0, 1, 2, 3, 4].map((rank) => phases.of(rank))).toEqual([0, 1, 2, 0, 1])
  })
})
