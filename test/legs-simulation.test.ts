/**
 * Merge and reordering of the packet core under many seeds of impairments, on made-up time. The tests know to the
 * packet what must come out.
 */
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import * as L from "../src/core/assembly/memory/layout.ts"
import type { PacketCore } from "../src/core/packet-core/packet-core.ts"
import { generateTs } from "../src/test-source/test-programme.ts"
import {
  between,
  bursts,
  cut,
  delay,
  displace,
  duplicate,
  type Impairment,
  impair,
  jitter,
  loss,
  lostOnAll,
  overtaken,
  type Packetising,
  packetise,
  type Schedule,
} from "./impairments.ts"
import { coreBuilds, loadCores } from "./load-core.ts"
import { propertyRuns } from "./property-runs.ts"
import { type Simulation, simulate } from "./simulate-legs.ts"
import { numberNulls, tsDifference } from "./ts-difference.ts"

const BITRATE = 4_000_000
/** For this time both legs stay whole, so that the core can see that they are alike. */
const CLEAN_US = 1e6
const ENDLESS = Number.POSITIVE_INFINITY
const later = (impairment: Impairment): Impairment => between(CLEAN_US, ENDLESS, impairment)

const ts = numberNulls(generateTs(4, { bitrate: BITRATE }))
const long = numberNulls(generateTs(14, { bitrate: BITRATE }))
const wrapTs = numberNulls(generateTs(4, { bitrate: BITRATE, startPts90k: 2 ** 33 - 2 * 90_000 }))
const RTP: Packetising = { rtp: { ssrc: 1, sequence: 64_900, timestamp: 2 ** 32 - 90_000 } }

let cores: Awaited<ReturnType<typeof loadCores>>
beforeAll(async () => {
  cores = await loadCores()
})

const leg = (source: Uint8Array, how: Packetising, seed: number, ...steps: ReadonlyArray<Impairment>): Schedule =>
  impair(packetise(source, how), seed, ...steps)
const lostPackets = (source: Uint8Array, ...legs: ReadonlyArray<Schedule>) => lostOnAll(source.length / 188, ...legs)
const isAscending = (numbers: ReadonlyArray<number>) => numbers.every((n, i) => i === 0 || n >= (numbers[i - 1] ?? 0))

/** Plays both legs into the core, and expects every packet that either leg brought to come out. */
const isHitless = (
  core: PacketCore,
  source: Uint8Array,
  legs: readonly [Schedule, Schedule],
  mode: number,
  how: Simulation = { windowUs: 200_000 },
) => {
  const result = simulate(core, legs, how)
  const missing = lostPackets(source, ...legs)
  expect(tsDifference(source, result.bytes)).toEqual({ missing, extra: 0 })
  expect(result.merge).toBe(mode)
  expect(result.channel(L.CHANNEL_MERGE_MISMATCHES)).toBe(0)
  expect(isAscending(result.slotTimes)).toBe(true)
  return { ...result, missing }
}

const seeds = fc.integer({ min: 0, max: 1e6 })
const skews = fc.integer({ min: -150_000, max: 150_000 })
const skewed = (us: number): readonly [Impairment, Impairment] => [delay(Math.max(0, -us)), delay(Math.max(0, us))]

describe.each(coreBuilds)("merge (%s)", (build) => {
  const runs = { numRuns: propertyRuns(build === "debug" ? 3 : 15) }

  it("by RTP: any loss, reordering, repeats and skew on both legs", () => {
    const share = fc.double({ min: 0, max: 0.1, noNaN: true })
    fc.assert(
      fc.property(seeds, share, share, skews, (seed, lossA, lossB, skew) => {
        const [early, late] = skewed(skew)
        const rough = [displace(0.05, 5), duplicate(0.02, 10_000)].map(later)
        const legs = [
          leg(ts, RTP, seed, later(loss(lossA)), ...rough, early),
          leg(ts, RTP, seed + 1, later(loss(lossB)), ...rough, late),
        ] as const
        const { channel, missing, pathDifferenceUs } = isHitless(cores[build], ts, legs, L.MERGE_RTP)
        expect(channel(L.CHANNEL_MERGE_LOST)).toBe(missing.length)
        expect(Math.abs(pathDifferenceUs - skew)).toBeLessThan(5000)
      }),
      runs,
    )
  })

  it("by RTP: bursts and jitter that reorders", () => {
    fc.assert(
      fc.property(seeds, skews, (seed, skew) => {
        const [early, late] = skewed(skew)
        const legs = [
          leg(ts, RTP, seed, later(bursts(0.02, 0.2)), later(jitter(20_000, true)), early),
          leg(ts, RTP, seed + 1, later(bursts(0.02, 0.2)), later(jitter(20_000, true)), late),
        ] as const
        isHitless(cores[build], ts, legs, L.MERGE_RTP)
      }),
      runs,
    )
  })

  it("a machine that is busy elsewhere for 100 ms at a time: what waits in the sockets is not given up", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: -180_000, max: 180_000 }), (seed, skew) => {
        const [early, late] = skewed(skew)
        const legs = [
          leg(ts, RTP, seed, later(bursts(0.01, 0.4)), early),
          leg(ts, RTP, seed + 1, later(bursts(0.01, 0.4)), late),
        ] as const
        isHitless(cores[build], ts, legs, L.MERGE_RTP, {
          windowUs: 200_000,
          stalls: { everyUs: 300_000, lengthUs: 100_000 },
        })
      }),
      runs,
    )
  })

  it("a machine that stood still, and then reads little at once: what waits in the sockets is not given up", () => {
    fc.assert(
      fc.property(seeds, skews, fc.integer({ min: 1, max: 12 }), (seed, skew, mostAtOnce) => {
        const [early, late] = skewed(skew)
        const rough = [bursts(0.01, 0.4), displace(0.05, 5)].map(later)
        const legs = [leg(ts, RTP, seed, ...rough, early), leg(ts, RTP, seed + 1, ...rough, late)] as const
        isHitless(cores[build], ts, legs, L.MERGE_RTP, {
          windowUs: 200_000,
          stalls: { everyUs: 900_000, lengthUs: 600_000 },
          mostAtOnce,
        })
      }),
      runs,
    )
  })

  it("by RTP: datagrams of changing size", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(seeds, sizes, (seed, rest) => {
        const how = { ...RTP, packets: [7, ...rest] }
        const legs = [
          leg(ts, how, seed, later(loss(0.03))),
          leg(ts, how, seed + 1, later(loss(0.03)), delay(60_000)),
        ] as const
        isHitless(cores[build], ts, legs, L.MERGE_RTP)
      }),
      runs,
    )
  })

  it("by content: any numbering, alignment and constant size of the datagrams", () => {
    const way = fc.record({
      packets: fc.integer({ min: 1, max: 7 }),
      shift: fc.integer({ min: 0, max: 7 }),
      sequence: fc.integer({ min: 0, max: 65_535 }),
      timestamp: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    })
    // Shifted by one packet and not at all, legs of single packets are the same: by RTP.
    const single = { packets: 1, sequence: 65_532, timestamp: 0 }
    fc.assert(
      fc.property(seeds, way, way, skews, (seed, a, b, skew) => {
        const [early, late] = skewed(skew)
        // A shift that is less than the datagram's size gives a shorter first datagram; one as long as it gives none.
        const shiftOf = ({ packets, shift }: typeof a) => Math.min(shift, packets) % packets
        const of = (how: typeof a, ssrc: number): Packetising => ({
          packets: how.packets,
          shift: shiftOf(how),
          rtp: { ssrc, sequence: how.sequence, timestamp: how.timestamp },
        })
        const legs = [
          leg(ts, of(a, 1), seed, later(loss(0.02)), later(displace(0.05, 5)), early),
          leg(ts, of(b, 2), seed + 1, later(loss(0.02)), later(displace(0.05, 5)), late),
        ] as const
        const isSame = a.packets === b.packets && a.sequence === b.sequence && shiftOf(a) === shiftOf(b)
        isHitless(cores[build], ts, legs, isSame ? L.MERGE_RTP : L.MERGE_CONTENT)
      }),
      { ...runs, examples: [[0, { ...single, shift: 1 }, { ...single, shift: 0 }, 0]] },
    )
  })

  it("PCR, PTS, RTP sequence and timestamp wrap without a jump, a reset or an error", () => {
    const legs = [
      leg(wrapTs, RTP, 1, later(loss(0.02))),
      leg(wrapTs, RTP, 2, later(loss(0.02)), delay(80_000)),
    ] as const
    const { events } = isHitless(cores[build], wrapTs, legs, L.MERGE_RTP)
    const kinds = events.map(({ type }) => type)
    for (const kind of [L.EVENT_PCR_JUMP, L.EVENT_SEQUENCE_RESET, L.EVENT_SENDER]) expect(kinds).not.toContain(kind)
    expect(kinds.filter((kind) => kind === L.EVENT_MERGE)).toHaveLength(1)
    for (const index of [0, 1]) expect(cores[build].legField(index, L.LEG_PCR_DISCONTINUITY_ERRORS)).toBe(0)
  })
})

describe("a leg away for 10 s, on made-up time", () => {
  const ways = [
    ["by RTP", RTP, RTP, L.MERGE_RTP],
    [
      "by content",
      RTP,
      { rtp: { ssrc: 2, sequence: 9, timestamp: 9 }, shift: 3 } satisfies Packetising,
      L.MERGE_CONTENT,
    ],
  ] as const

  it.each(ways)("%s: nothing is lost that the other leg had; both merge again", (_, a, b, mode) => {
    for (const away of [0, 1]) {
      const rough = [later(loss(0.02)), later(displace(0.05, 5))]
      const gap = cut(2e6, 12e6)
      const legs = [
        leg(long, a, 5, ...rough, ...(away === 0 ? [gap] : [])),
        leg(long, b, 6, ...rough, delay(80_000), ...(away === 1 ? [gap] : [])),
      ] as const
      const { channel, events } = isHitless(cores.release, long, legs, mode)
      expect(channel(L.CHANNEL_MERGE)).not.toBe(L.MERGE_OFF)
      const told = events
        .filter(({ type, leg: index }) => type === L.EVENT_MERGE_LEG && index === away)
        .map(({ a: joined }) => joined)
      expect(told.slice(0, 2)).toEqual([0, 1])
    }
  })
})

describe("legs of different programmes", () => {
  const filled = { bitrate: BITRATE, videoBitrate: 2_500_000 }
  const one = generateTs(5, filled)
  const other = generateTs(5, { ...filled, seed: 5, label: "OTHER" })

  it("that have tables, sound, null packets and long runs of filler in common are never merged", () => {
    for (let skew = 0; skew < 40_000; skew += 1500) {
      const legs = [
        leg(one, RTP, 1),
        leg(other, { rtp: { ssrc: 2, sequence: 9, timestamp: 9 }, shift: 3 }, 2, delay(skew)),
      ] as const
      const { bytes, events } = simulate(cores.release, legs, { windowUs: 200_000 })
      expect([skew, events.filter(({ type }) => type === L.EVENT_MERGE)]).toEqual([skew, []])
      expect(bytes.equals(one)).toBe(true)
    }
  })
})

describe("raw UDP legs, one cut", () => {
  it("merge again although the counters of several PIDs break one after the other", () => {
    for (let seed = 0; seed < 24; seed++) {
      const gap = cut(2e6 + seed * 1300, 3.4e6 + seed * 700)
      const later = cut(7e6 + seed * 900, 8.6e6 + seed * 300)
      const legs = [leg(long, {}, 1, later), leg(long, {}, 2, gap, delay(seed % 2 === 0 ? 30_000 : 0))]
      const { events } = simulate(cores.release, legs, { windowUs: 200_000 })
      for (const away of [0, 1]) {
        const told = events
          .filter(({ type, leg: index }) => type === L.EVENT_MERGE_LEG && index === away)
          .map(({ a: joined }) => joined)
        expect(told.slice(0, 2), `seed ${seed}, leg ${away}`).toEqual([0, 1])
      }
    }
  })
})

describe("skew beyond the window", () => {
  it("in order, nothing twice, nothing missing that the first leg had", () => {
    for (const skew of [250_000, 400_000, 900_000]) {
      const legs = [leg(ts, RTP, 3, later(loss(0.02))), leg(ts, RTP, 4, later(loss(0.02)), delay(skew))] as const
      const { missing, extra } = tsDifference(ts, simulate(cores.release, legs, { windowUs: 200_000 }).bytes)
      expect(extra).toBe(0)
      const lostOnA = new Set(lostPackets(ts, legs[0]))
      expect(missing.filter((packet) => !lostOnA.has(packet))).toEqual([])
    }
  })
})

describe("reordering of a single leg", () => {
  it("any displacement, loss and repetition within reorder_ms: complete, in order, counted", () => {
    const core = cores.release
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 15 }), (seed, most) => {
        const only = leg(
          ts,
          RTP,
          seed,
          between(1e5, 3.8e6, loss(0.02)),
          between(1e5, 3.8e6, displace(0.1, most)),
          duplicate(0.05, 30_000),
        )
        const { bytes, mostHeld } = simulate(core, [only])
        expect(tsDifference(ts, bytes)).toEqual({ missing: lostPackets(ts, only), extra: 0 })
        expect(core.legField(0, L.LEG_RTP_UNRECOVERED)).toBe(only.lost.length)
        expect(core.legField(0, L.LEG_RTP_LOST)).toBe(only.lost.length)
        expect(core.legField(0, L.LEG_RTP_REORDERED)).toBe(overtaken(only).length)
        expect(core.legField(0, L.LEG_RTP_LATE)).toBe(0)
        expect(mostHeld).toBeLessThan(64)
      }),
      { numRuns: propertyRuns(16) },
    )
  })
})
