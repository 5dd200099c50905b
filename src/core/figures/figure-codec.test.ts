import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { addEncoded, decodeSums, encodeSums } from "./figure-codec.ts"
import {
  addChannelSums,
  addSums,
  type ChannelSums,
  noSums,
  outputOfSubject,
  SUM,
  SUMS,
  subjectOfLeg,
  subjectOfOutput,
} from "./figure-sums.ts"

const value = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 1000 }),
  fc.constantFrom(127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
)
const channelSums: fc.Arbitrary<ChannelSums> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.array(value, { minLength: SUMS, maxLength: SUMS })))
  .map((all) => new Map(all.map(([subject, sums]) => [subject, Float64Array.from(sums)])))
const plain = (sums: ChannelSums) =>
  [...sums].filter(([, one]) => one.some((n) => n > 0)).map(([subject, one]) => [subject, [...one]])

describe("sums", () => {
  it("are read as they were written, up to 2^53 - 1", () =>
    fc.assert(
      fc.property(channelSums, (sums) => {
        expect(plain(decodeSums(encodeSums(sums)))).toEqual(plain(sums))
      }),
    ))

  it("come from any bytes without an exception", () =>
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void decodeSums(Uint8Array.of(1, ...bytes)))))

  it("are read up to a damaged place, and not at all from another version", () => {
    const whole = encodeSums(
      new Map([
        [0, noSums().fill(5)],
        [2, noSums().fill(300)],
      ]),
    )
    expect([...decodeSums(whole.subarray(0, whole.length - 2)).keys()]).toEqual([0])
    expect(decodeSums(Uint8Array.of(2, ...whole.subarray(1))).size).toBe(0)
    expect(decodeSums(new Uint8Array(0)).size).toBe(0)
  })

  it("of a connected output take about 25 bytes an hour", () => {
    const hour = noSums()
    hour.set([3600, 0, 3_600_000_000, 2_735_000, 12, 0, 0, 12, 720_000, 3600, 450, 990_001, 1_010_000])
    expect(encodeSums(new Map([[5, hour]])).length).toBeLessThan(32)
  })

  it("add up, the highest and lowest staying what they are", () => {
    const a = noSums()
    const b = noSums()
    a.set([60, 0, 2 ** 32 - 1, 10, 1, 0, 0, 1, 600, 60, 30, 0, 900])
    b.set([50, 10, 1, 5, 0, 2, 3, 0, 100, 10, 80, 401, 500])
    addSums(a, b)
    expect([...a]).toEqual([110, 10, 2 ** 32, 15, 1, 2, 3, 1, 700, 70, 80, 401, 900])
    addSums(b, noSums())
    expect(b[SUM.rate_low]).toBe(401)
  })

  it("add up the same whether they are stored in between, one after the other, or not", () =>
    fc.assert(
      fc.property(channelSums, channelSums, (a, b) => {
        // Sums of two cannot be above what is exact.
        for (const one of [...a.values(), ...b.values()])
          one.forEach((n, i) => {
            one[i] = Math.min(n, 2 ** 51)
          })
        const direct: ChannelSums = new Map()
        addChannelSums(direct, a)
        addChannelSums(direct, b)
        const stored: ChannelSums = new Map()
        addEncoded(stored, Uint8Array.of(...encodeSums(a), ...encodeSums(new Map()), ...encodeSums(b)))
        expect(new Map(plain(stored) as [])).toEqual(new Map(plain(direct) as []))
      }),
    ))

  it("are read for the wanted subjects alone", () => {
    const all = encodeSums(
      new Map([
        [0, noSums().fill(1)],
        [3, noSums().fill(2)],
      ]),
    )
    const sums: ChannelSums = new Map()
    addEncoded(sums, all, (subject) => outputOfSubject(subject) === 2)
    expect([...sums.keys()]).toEqual([subjectOfOutput(2)])
    expect([subjectOfLeg("primary"), subjectOfLeg("backup"), outputOfSubject(1)]).toEqual([0, 1, null])
  })
})
