import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { type Arrival, mediaDatagrams, SSRC, withFec } from "../../../test/fec-arrivals.ts"
import { feedFec, startFec, storedDatagram } from "../../../test/fec-feed.ts"
import { type Random, randomOf } from "../../../test/impairments.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import type { FecMatrix } from "./testing/fec/encoder.ts"
import { sequenceOf } from "./testing/fec/packet.ts"
import { isConfirmed, recoverAll } from "./testing/fec/solver.ts"

const cores = await loadCores()
/** Most media datagrams in a scenario: as many as the datagram store still holds at its end. */
const MEDIA_MAX = 700

const matrix: fc.Arbitrary<FecMatrix> = fc
  .record({
    columns: fc.integer({ min: 1, max: 20 }),
    rows: fc.integer({ min: 4, max: 20 }),
    streams: fc.constantFrom("both" as const, "both" as const, "columns" as const, "rows" as const),
  })
  // A matrix with one column has no row packets.
  .map((fields) => (fields.columns === 1 ? { ...fields, streams: "columns" as const } : fields))

const scenario = fc.record({
  matrix,
  matrices: fc.constantFrom(2, 3, 5),
  firstSequence: fc.constantFrom(0, 30_000, 65_300, 65_535),
  sizes: fc.constantFrom(
    () => 7,
    (i: number) => 1 + ((i * 5) % 7),
  ),
  seed: fc.nat(),
  /** Share of datagrams at which a loss begins; the next field is the longest run that is lost. */
  mediaLoss: fc.constantFrom(0.005, 0.02, 0.05, 0.15),
  burst: fc.constantFrom(1, 1, 3, 12),
  fecLoss: fc.constantFrom(0, 0, 0.05, 0.3),
  /** Share of arrivals that are late, by up to 30 places. */
  late: fc.constantFrom(0, 0, 0.02),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

const without = <T>(items: ReadonlyArray<T>, random: Random, rate: number, burst = 1): T[] => {
  let run = 0
  return items.filter(() => {
    if (run === 0 && random() < rate) run = 1 + Math.floor(random() * burst)
    const isLost = run > 0
    if (isLost) run -= 1
    return !isLost
  })
}

const delayed = (arrivals: ReadonlyArray<Arrival>, random: Random, rate: number): Arrival[] =>
  arrivals
    .map((arrival, i) => ({ arrival, place: random() < rate ? i + 0.5 + Math.floor(random() * 30) : i }))
    .sort((a, b) => a.place - b.place)
    .map(({ arrival }) => arrival)

/**
 * Plays a scenario. The first two datagrams and the last one always arrive in their places: what lies outside of them
 * does not count as lost.
 */
const play = (s: Scenario) => {
  const random = randomOf(s.seed)
  const media = mediaDatagrams(
    Math.min(s.matrices * s.matrix.columns * s.matrix.rows + 1, MEDIA_MAX),
    s.firstSequence,
    s.sizes,
  )
  const ends = [...media.slice(0, 2), ...media.slice(-1)]
  const kept = new Set([...ends, ...without(media, random, s.mediaLoss, s.burst)])
  const all = withFec(media, s.matrix)
  const sound = new Set(without(all, random, s.fecLoss))
  const left = all.filter((arrival) => (arrival.port === "media" ? kept.has(arrival.bytes) : sound.has(arrival)))
  const [first, second, last] = ends.map((bytes): Arrival[] => [{ port: "media", bytes }])
  const between = left.filter(({ bytes }) => !ends.includes(bytes))
  return { media, arrivals: [first ?? [], second ?? [], delayed(between, random, s.late), last ?? []].flat() }
}

describe.each(coreBuilds)("FEC recovery against an offline solver (%s)", (build) => {
  const core = cores[build]

  it("rebuilds exactly what can be rebuilt, byte for byte", () => {
    let rebuilt = 0
    let lost = 0
    const check = (s: Scenario) => {
      const { media, arrivals } = play(s)
      const received = arrivals.filter(({ port }) => port === "media").map(({ bytes }) => bytes)
      const fec = arrivals.filter(({ port }) => port !== "media").map(({ bytes }) => bytes)
      const expected = isConfirmed(received, fec) ? recoverAll(received, fec, SSRC) : new Map<number, Uint8Array>()
      startFec(core)
      feedFec(core, arrivals)
      const known = new Set([...received.map(sequenceOf), ...expected.keys()])
      for (const datagram of media) {
        const sequence = sequenceOf(datagram)
        const stored = storedDatagram(core, sequence)
        expect(stored !== null, `datagram ${sequence} is there`).toBe(known.has(sequence))
        if (stored !== null) expect(Buffer.compare(stored, datagram), `bytes of datagram ${sequence}`).toBe(0)
      }
      const counters = core.legSnapshot(0)
      expect(counters).toMatchObject({ fec_bad: 0, fec_packets: fec.length })
      // When arrivals are late, a datagram may have been rebuilt before it came.
      if (s.late === 0) expect(counters.fec_recovered).toBe(expected.size)
      else expect(counters.fec_recovered).toBeGreaterThanOrEqual(expected.size)
      rebuilt += expected.size
      lost += media.length - known.size
    }
    fc.assert(fc.property(scenario, check), { numRuns: 120 })
    expect(rebuilt).toBeGreaterThan(200)
    expect(lost).toBeGreaterThan(200)
  })
})
