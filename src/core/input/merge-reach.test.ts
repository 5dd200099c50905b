import { describe, expect, it } from "vitest"
import {
  type Alignment,
  describeTooFar,
  judgeAlignment,
  type LegsFacts,
  mergeReachMs,
  pathsApartMs,
} from "./merge-reach.ts"

const packetsPerS = (mbit: number) => (mbit * 1e6) / 1504
const reach = (mbit: number) => mergeReachMs(packetsPerS(mbit)) ?? Number.NaN

describe("the reach of a merge", () => {
  it.each([
    [5, 9857],
    [20, 2464],
    [50, 986],
    [100, 493],
  ])("at %d Mbit/s is %d ms", (mbit, ms) => {
    expect(reach(mbit)).toBeCloseTo(ms, -1)
  })

  it("is not known without packets", () => {
    expect(mergeReachMs(0)).toBeNull()
  })
})

describe("how far apart the paths are by their PCR", () => {
  const clock = (pcrMs: number, lastMs: number, pcrPid = 256) => ({
    pcr27m: pcrMs * 27_000,
    pcrPid,
    lastUs: lastMs * 1000,
  })
  const wrapMs = (2 ** 33 * 300) / 27_000

  it.each([
    ["the backup later", clock(5000, 90_000), clock(3800, 90_000), 1200],
    ["the backup earlier", clock(5000, 90_000), clock(5700, 90_010), -690],
    ["across the wrap of the PCR", clock(300, 90_000), clock(wrapMs - 900, 90_000), 1200],
  ])("%s", (_, primary, backup, apart) => {
    expect(pathsApartMs(primary, backup)).toBeCloseTo(apart, 3)
  })

  it.each([
    ["clocks of two encoders", clock(5000, 90_000), clock(900_000, 90_000)],
    ["PCRs of two PIDs", clock(5000, 90_000), clock(5000, 90_000, 257)],
    ["no PCR", clock(0, 90_000, 0), clock(0, 90_000, 0)],
    ["a leg that has had nothing", clock(5000, 90_000), clock(0, 0)],
  ])("is not told by %s", (_, primary, backup) => {
    expect(pathsApartMs(primary, backup)).toBeNull()
  })
})

describe("legs without packets in common", () => {
  const facts = (mbit: number, apartMs: number | null, windowMs = 2000): LegsFacts => ({
    found: "different",
    reachMs: reach(mbit),
    windowMs,
    apartMs,
  })
  const cases: ReadonlyArray<readonly [string, LegsFacts, boolean, Alignment]> = [
    ["near each other differ", facts(50, 300), true, "different"],
    ["further apart than the bit rate lets compare may be the same", facts(50, 1400), true, "too_far"],
    ["the same at a lower bit rate differ", facts(20, 1400), true, "different"],
    ["further apart than they were looked at for", facts(2, -4000, 200), true, "too_far"],
    ["of two clocks differ, however short the reach", facts(100, null), true, "different"],
    ["without any clock may be the same where the window is longer than the reach", facts(50, null), false, "too_far"],
    ["without any clock differ where the reach is longer", facts(50, null, 500), false, "different"],
    ["are not known before the bit rate is", { ...facts(50, 1400), reachMs: null }, true, "different"],
    ["are the same when they were found to be", { ...facts(50, 1400), found: "same" }, true, "same"],
    ["are not known before they were compared", { ...facts(50, 1400), found: "unknown" }, true, "unknown"],
  ]
  it.each(cases)("%s", (_, legs, hasPcr, alignment) => {
    expect(judgeAlignment(legs, hasPcr)).toBe(alignment)
  })

  it("are told with the bit rate, the reach and the distance", () => {
    expect(describeTooFar(facts(50, 1400))).toMatch(
      /too far apart to be merged at 50\.0 Mbit\/s.*over 0\.99 s.*1\.40 s apart.*not known/,
    )
    expect(describeTooFar(facts(50, null))).toMatch(/may be further apart/)
  })
})
