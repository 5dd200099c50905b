import { beforeAll, describe, expect, it } from "vitest"
import { loadCores } from "../../../test/load-core.ts"
import { type InputRun, simulateInput } from "../../../test/simulate-input.ts"
import { analyseStrictly } from "../../../test/strict-analyser.ts"
import { type Carriage, toDatagrams } from "../../../test/ts-stream.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { Datagram } from "../../core/packet-core/testing/reference-datagram.ts"
import { generateTs, type TestProgrammeOptions } from "../../test-source/test-programme.ts"

const BITRATE = 3_000_000
const SECONDS = 12
const S = 1_000_000
/** Distance between random access points in the test programme, in us. */
const GOP_US = 2 * S

let core: PacketCore
beforeAll(async () => {
  core = (await loadCores()).debug
})

const programme = (options: TestProgrammeOptions = {}) =>
  generateTs(SECONDS, { bitrate: BITRATE, videoBitrate: 1_500_000, ...options })
const carried = (ts: Uint8Array, how: Carriage = {}): Datagram[] =>
  toDatagrams(ts, {
    startUs: 0,
    stepUs: (7 * 188 * 8 * S) / BITRATE,
    rtp: { sequence: 1, timestamp: 0, ssrc: 1 },
    ...how,
  }).map((d) => ({
    ...d,
    rx_us: Math.round(d.rx_us),
  }))
const between = (datagrams: ReadonlyArray<Datagram>, fromUs: number, toUs: number) =>
  datagrams.filter(({ rx_us }) => rx_us >= fromUs && rx_us < toUs)

const one = programme({ label: "ONE", seed: 1 })
const two = programme({ label: "TWO", seed: 2, startPts90k: 90_000 * 500 })
const primary = carried(one)
const backup = carried(two, { rtp: { sequence: 40_000, timestamp: 9, ssrc: 2 }, startUs: 700_000 })

const run = (more: Partial<InputRun>) => simulateInput(core, { primary, backup, untilUs: SECONDS * S, ...more })
const kinds = (result: ReturnType<typeof run>) => result.reports.map(({ kind }) => kind)
const longestGap = (slots: ReadonlyArray<{ atUs: number }>) =>
  Math.max(...slots.slice(1).map(({ atUs }, i) => atUs - (slots[i]?.atUs ?? 0)))

describe("the primary dies", () => {
  it("resumes on the backup at its next random access point, flagged", () => {
    const result = run({ settings: { failover_after_ms: 300 }, primary: between(primary, 0, 5 * S) })
    const [switched] = result.reports.filter(({ kind }) => kind === "switched")
    expect(switched).toMatchObject({ leg: "backup", reason: "no_packets" })
    expect(longestGap(result.slots)).toBeLessThan(300_000 + GOP_US + 100_000)
    const { segments, violations } = analyseStrictly(result.bytes)
    expect(violations).toEqual([])
    expect(segments).toHaveLength(2)
    expect(kinds(result)).toEqual(expect.arrayContaining(["leg_lost", "redundancy_lost"]))
  })

  it("at once when the settings say so", () => {
    const result = run({
      settings: { failover_after_ms: 300, switch: "immediate" },
      primary: between(primary, 0, 5 * S),
    })
    expect(longestGap(result.slots)).toBeLessThan(400_000)
  })
})

describe("a switch that waits for a random access point of the backup", () => {
  const settings = { failover_after_ms: 300 }
  /** What the primary brings when it is away at these times. */
  const without = (...gaps: ReadonlyArray<readonly [fromUs: number, toUs: number]>) =>
    primary.filter(({ rx_us }) => !gaps.some(([from, to]) => rx_us >= from && rx_us < to))
  const switches = (result: ReturnType<typeof run>) => result.reports.filter(({ kind }) => kind === "switched")

  it("is given up when the primary is good again before it", () => {
    // The backup's points are at 4.7 and 6.7 s.
    const result = run({ settings, primary: without([4.75 * S, 5.4 * S]) })
    expect(switches(result)).toEqual([])
    expect(analyseStrictly(result.bytes).segments).toHaveLength(1)
    expect(result.control.stats()).toMatchObject({ active_source: "primary", pending_source: null, switches: 0 })
  })

  it("is given up when the primary came later than the backup, and nothing went out yet", () => {
    const result = run({ settings, primary: without([0, 1.3 * S]) })
    expect(switches(result)).toEqual([])
    const from = 188 * 7 * (primary.length - without([0, 1.3 * S]).length)
    const sent = one.subarray(from, from + result.bytes.length)
    expect(Buffer.compare(result.bytes, sent)).toBe(0)
  })

  it("is made when the primary fails again within a minute", () => {
    const result = run({ settings, primary: without([4.75 * S, 5.4 * S], [6.75 * S, 7.4 * S]) })
    expect(switches(result)).toMatchObject([{ leg: "backup", reason: "no_packets" }])
  })

  it("is made when an operator asked for it, however good the primary is", () => {
    const result = run({ settings, primary: without([4.75 * S, 5.4 * S]), operator: [{ atUs: 5 * S, leg: "backup" }] })
    expect(switches(result)).toMatchObject([{ leg: "backup", reason: "operator" }])
  })
})

describe("the operator switches", () => {
  it("the old leg goes on until the new one has a random access point", () => {
    const result = run({ operator: [{ atUs: 4.1 * S, leg: "backup" }] })
    expect(longestGap(result.slots)).toBeLessThan(50_000)
    expect(analyseStrictly(result.bytes).violations).toEqual([])
    expect(result.reports.filter(({ kind }) => kind === "switched")).toMatchObject([
      { leg: "backup", reason: "operator" },
    ])
    expect(kinds(result)).not.toContain("leg_lost")
  })
})

describe("what must not cause a switch", () => {
  const calm = (result: ReturnType<typeof run>) => {
    expect(kinds(result)).not.toContain("switched")
    expect(kinds(result)).not.toContain("leg_lost")
    return result
  }
  const near = { startPts90k: 2 ** 33 - 5 * 90_000 }

  it("PCR and PTS wrap at 33 bits (26.5 hours), the RTP timestamp at 32 (13 hours), the sequence at 16", () => {
    const rtp = { sequence: 65_000, timestamp: 2 ** 32 - 5 * 90_000, ssrc: 1 }
    const result = calm(
      run({
        primary: carried(programme({ label: "ONE", seed: 1, ...near }), { rtp }),
        backup: carried(programme({ label: "TWO", seed: 2, ...near }), { rtp: { ...rtp, ssrc: 2 } }),
      }),
    )
    expect(analyseStrictly(result.bytes).violations).toEqual([])
    expect(core.legSnapshot(0)).toMatchObject({ rtp_resets: 0, pcr_discontinuity_errors: 0, cc_errors: 0, rtp_lost: 0 })
  })

  it("an encoder that starts again with another SSRC, sequence and clock", () => {
    const again = carried(programme({ label: "ONE", seed: 3, startPts90k: 12_345 }), {
      rtp: { sequence: 9, timestamp: 77, ssrc: 99 },
      startUs: 5.2 * S,
    })
    calm(run({ primary: [...between(primary, 0, 5 * S), ...again] }))
    expect(core.legSnapshot(0).sender_changes).toBe(1)
  })

  it("a jump of the encoder's clock by an hour", () => {
    const later = carried(programme({ label: "ONE", seed: 1, startPts90k: 3600 * 90_000 }), {
      rtp: { sequence: 1 + between(primary, 0, 5 * S).length, timestamp: 2 ** 31, ssrc: 1 },
      startUs: 5 * S,
    })
    calm(run({ primary: [...between(primary, 0, 5 * S), ...later] }))
  })
})

describe("legs that carry the same", () => {
  const same = carried(one, { startUs: 80_000 })

  it("are merged by RTP: the primary's death is not seen on the output", () => {
    const result = run({ primary: between(primary, 0, 5 * S), backup: same })
    const sent = one.subarray(0, between(same, 0, SECONDS * S).length * 7 * 188)
    expect(Buffer.compare(result.bytes.subarray(0, sent.length), sent)).toBe(0)
    expect(kinds(result)).toEqual(expect.arrayContaining(["merge_on", "merge_off", "leg_lost", "redundancy_lost"]))
    expect(result.control.active).toBe("backup")
    expect(longestGap(result.slots)).toBeLessThan(150_000)
  })

  it("are not merged when the settings say failover", () => {
    const result = run({ settings: { mode: "failover" }, backup: same })
    expect(kinds(result)).not.toContain("merge_on")
    expect(result.control.stats()).toMatchObject({ merge: "off", path_difference_ms: null })
  })
})

describe("legs that are to be merged and are not", () => {
  const settings = { mode: "merge" } as const
  const differ = (result: ReturnType<typeof run>) =>
    result.reports.filter(({ kind }) => kind === "legs_differ").map(({ message }) => message)

  it("of two encoders carry different packets", () => {
    expect(differ(run({ settings }))).toEqual([expect.stringMatching(/^primary and backup carry different packets/)])
  })

  it("of one encoder, seconds apart, are too far apart to know; nobody calls them different", () => {
    const late = carried(one, { rtp: { sequence: 1, timestamp: 0, ssrc: 2 }, startUs: 5 * S })
    const told = differ(run({ settings, backup: late, untilUs: 9.5 * S }))
    expect(told).toEqual([
      expect.stringMatching(
        /too far apart to be merged at 3\.\d Mbit\/s.*by their PCR the paths are (4\.9|5\.[01])\d s apart/,
      ),
    ])
  })
})
