import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseRtp } from "../src/core/rtp/header.ts"
import { numberedTs } from "./e2e/datagrams.ts"
import {
  between,
  bursts,
  cut,
  delay,
  displace,
  drop,
  duplicate,
  type Impairment,
  impair,
  jitter,
  loss,
  lostOnAll,
  overtaken,
  packetise,
  randomOf,
  type Schedule,
  straggle,
  tsWithout,
} from "./impairments.ts"

const ts = numberedTs(7 * 1000)
const stream = packetise(ts, { rtp: { ssrc: 7, sequence: 65_000, timestamp: 2 ** 32 - 45_000 } })
const indices = ({ datagrams }: Schedule) => datagrams.map(({ index }) => index)
const isSorted = (numbers: ReadonlyArray<number>) => numbers.every((n, i) => i === 0 || (numbers[i - 1] ?? 0) <= n)
const times = ({ datagrams }: Schedule) => datagrams.map(({ us }) => us)

describe("packetise", () => {
  it("carries every packet once, on time, with sequence and timestamp that wrap", () => {
    expect(stream.length).toBe(1000)
    expect(stream[10]?.us).toBeCloseTo((10 * 1316 * 8) / 4, 6)
    const headers = stream.map(({ bytes }) => parseRtp(bytes))
    expect(headers.map((h) => h?.sequence)).toEqual(stream.map((_, i) => (65_000 + i) & 0xffff))
    expect(headers.map((h) => h?.timestamp)).toEqual(
      stream.map(({ us }) => (2 ** 32 - 45_000 + Math.round(us * 0.09)) % 2 ** 32),
    )
    expect(Buffer.concat(stream.map(({ bytes }) => bytes.subarray(12))).equals(ts)).toBe(true)
  })

  it("any alignment and any sizes carry the same bytes, and know which packets they hold", () => {
    const size = fc.integer({ min: 1, max: 7 })
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 7 }), (packets, shift) => {
        const source = ts.subarray(0, 100 * 188)
        const datagrams = packetise(source, { packets, shift })
        expect(Buffer.concat(datagrams.map(({ bytes }) => bytes)).equals(source)).toBe(true)
        for (const { bytes, first, packets: count } of datagrams) {
          expect(bytes.length).toBe(count * 188)
          expect(Buffer.from(bytes).readUInt32BE(4)).toBe(first)
        }
        if (shift > 0) expect(datagrams[0]?.packets).toBe(shift)
      }),
    )
  })

  it.each([{ packets: 0 }, { packets: 8 }, { shift: 8 }, { packets: [] as number[], shift: 9 }])(
    "refuses %o",
    (how) => {
      expect(() => packetise(ts, how)).toThrow(RangeError)
    },
  )
})

describe("impair", () => {
  const steps: ReadonlyArray<readonly [string, Impairment]> = [
    ["loss", loss(0.1)],
    ["bursts", bursts(0.01, 0.2)],
    ["duplicate", duplicate(0.1, 5000)],
    ["displace", displace(0.1, 10)],
    ["jitter", jitter(20_000, true)],
    ["straggle", straggle(0.05, 150_000)],
  ]

  it.each(steps)("%s: a seed gives the same schedule again, another seed another one", (_, step) => {
    const ofSeed = (seed: number) =>
      JSON.stringify(impair(stream, seed, step).datagrams.map(({ index, us }) => [index, us]))
    expect(ofSeed(1)).toBe(ofSeed(1))
    expect(ofSeed(1)).not.toBe(ofSeed(2))
    expect(isSorted(times(impair(stream, 3, step)))).toBe(true)
  })

  it("sent and lost make the whole; a later step does not change what an earlier one chose", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const lossy = impair(stream, seed, loss(0.02))
        expect([...new Set([...indices(lossy), ...lossy.lost])].sort((a, b) => a - b)).toEqual(
          stream.map(({ index }) => index),
        )
        expect(impair(stream, seed, loss(0.02), jitter(5000, true), delay(80_000)).lost).toEqual(lossy.lost)
      }),
      { numRuns: 20 },
    )
  })

  it("two legs of one seed lose differently from two seeds, by chance only", () => {
    const [a, b] = [impair(stream, 11, loss(0.1)).lost, impair(stream, 12, loss(0.1)).lost]
    const both = a.filter((index) => b.includes(index)).length
    expect(a.length).toBeGreaterThan(60)
    expect(b.length).toBeGreaterThan(60)
    expect(both).toBeLessThan(30)
  })
})

describe("each impairment", () => {
  it("loss takes its share", () => {
    const losses = Array.from({ length: 50 }, (_, seed) => impair(stream, seed, loss(0.02)).lost.length)
    const mean = losses.reduce((sum, n) => sum + n, 0) / losses.length
    expect(mean).toBeGreaterThan(17)
    expect(mean).toBeLessThan(23)
  })

  it("drop and cut take exactly what they name", () => {
    expect(impair(stream, 1, drop([3, 5, 2000])).lost).toEqual([3, 5])
    const [from, to] = [stream[100]?.us ?? 0, stream[200]?.us ?? 0]
    expect(impair(stream, 1, cut(from, to)).lost).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i))
  })

  it("bursts: mean length 1/r, mean loss p/(p+r)", () => {
    let [lost, runs] = [0, 0]
    for (let seed = 0; seed < 50; seed++) {
      const gone = impair(stream, seed, bursts(0.01, 0.25)).lost
      lost += gone.length
      runs += gone.filter((index, i) => gone[i - 1] !== index - 1).length
    }
    expect(lost / 50_000).toBeGreaterThan(0.03)
    expect(lost / 50_000).toBeLessThan(0.048)
    expect(lost / runs).toBeGreaterThan(3.4)
    expect(lost / runs).toBeLessThan(4.6)
  })

  it("duplicate: copies are whole and late by no more than was asked for", () => {
    const { datagrams, lost } = impair(stream, 4, duplicate(0.1, 5000))
    expect(lost).toEqual([])
    expect(datagrams.length).toBeGreaterThan(1060)
    for (const { index, us, bytes } of datagrams) {
      expect(us - (stream[index]?.us ?? 0)).toBeLessThanOrEqual(5000)
      expect(bytes).toBe(stream[index]?.bytes)
    }
  })

  it("displace: overtaken by at most as many as asked for, nothing lost", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 1000 }), (most, seed) => {
        const schedule = impair(stream, seed, displace(0.05, most))
        const order = indices(schedule)
        expect([...order].sort((a, b) => a - b)).toEqual(stream.map(({ index }) => index))
        const late = overtaken(schedule)
        expect(late.length).toBeGreaterThan(10)
        for (const index of late) {
          const passed = order.slice(0, order.indexOf(index)).filter((other) => other > index).length
          expect(passed).toBeGreaterThan(0)
          expect(passed).toBeLessThanOrEqual(most)
        }
      }),
      { numRuns: 20 },
    )
  })

  it("delay and straggle add what they say", () => {
    expect(times(impair(stream, 1, delay(80_000)))).toEqual(stream.map(({ us }) => us + 80_000))
    const late = impair(stream, 1, straggle(0.05, 150_000)).datagrams.filter(
      ({ index, us }) => us !== stream[index]?.us,
    )
    expect(late.length).toBeGreaterThan(20)
    for (const { index, us } of late) expect(us).toBeCloseTo((stream[index]?.us ?? 0) + 150_000, 6)
  })

  it("jitter keeps the order unless it may reorder, and never exceeds its span", () => {
    for (const reorder of [false, true]) {
      const schedule = impair(stream, 9, jitter(20_000, reorder))
      expect(overtaken(schedule).length > 0).toBe(reorder)
      for (const { index, us } of schedule.datagrams) {
        expect(us - (stream[index]?.us ?? 0)).toBeGreaterThanOrEqual(0)
        expect(us - (stream[index]?.us ?? 0)).toBeLessThanOrEqual(20_000)
      }
    }
  })

  it("between leaves the rest alone", () => {
    const { lost } = impair(stream, 2, between(1e6, 2e6, loss(0.5)))
    expect(lost.length).toBeGreaterThan(100)
    for (const index of lost) {
      expect(stream[index]?.us).toBeGreaterThanOrEqual(1e6)
      expect(stream[index]?.us).toBeLessThan(2e6)
    }
  })
})

describe("what must come out", () => {
  it("lostOnAll counts TS packets, whatever the alignment of the legs", () => {
    const a = impair(packetise(ts), 1, drop([2]))
    const b = impair(packetise(ts, { shift: 3 }), 1, drop([3]))
    // Leg A lost 14..20, leg B 17..23.
    expect(lostOnAll(7000, a, b)).toEqual([17, 18, 19, 20])
    expect(lostOnAll(7000, a)).toEqual([14, 15, 16, 17, 18, 19, 20])
  })

  it("tsWithout leaves out exactly those packets", () => {
    const left = Buffer.from(tsWithout(ts.subarray(0, 10 * 188), [0, 4, 9]))
    expect(Array.from({ length: 7 }, (_, i) => left.readUInt32BE(i * 188 + 4))).toEqual([1, 2, 3, 5, 6, 7, 8])
  })

  it("overtaken knows late ones from copies", () => {
    const [zero, one, two, three] = stream
    if (!zero || !one || !two || !three) throw new Error("no stream")
    expect(overtaken({ datagrams: [zero, two, one, one, three, two], lost: [] })).toEqual([1])
  })

  it("neighbouring seeds give unrelated numbers", () => {
    const firsts = Array.from({ length: 1000 }, (_, seed) => randomOf(seed)())
    expect(new Set(firsts).size).toBe(1000)
    expect(firsts.filter((x) => x < 0.5).length).toBeGreaterThan(430)
    expect(firsts.filter((x) => x < 0.5).length).toBeLessThan(570)
  })
})
