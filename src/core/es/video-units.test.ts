import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { propertyRuns } from "../../../test/property-runs.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { findNals, NalScan } from "./nal.ts"
import { annexB, h264Slice } from "./testing/parameter-sets.ts"
import { block, hex, inter, key } from "./testing/pictures.ts"
import type { LossReason } from "./units.ts"
import { UNIT_MAX, UNIT_NALS_MAX, VideoUnits } from "./video-units.ts"

const collector = () => {
  const units: string[] = []
  const sizes: number[] = []
  const losses: Array<{ reason: LossReason; bytes: number }> = []
  const video = new VideoUnits(
    "h264",
    ({ bytes }) => {
      sizes.push(bytes.length)
      if (bytes.length < 100_000) units.push(hex(bytes))
    },
    (reason, bytes) => losses.push({ reason, bytes }),
  )
  return { units, sizes, losses, video }
}

const at = (n: number) => ({ pts: n * 3600, dts: n * 3600 })

describe("a video PID whose payload has no start codes", () => {
  it("a unit that finds no end within the bound is dropped and told, and the next access unit goes out", () => {
    const { losses, units, video } = collector()
    video.push(key(), at(0), false)
    video.push(key(300, 2), at(1), true)
    const junk = block(100_000)
    for (let i = 2; i < 252; i++) video.push(junk, at(i), true)
    video.push(key(300, 3), at(252), false)
    video.push(inter(), at(253), false)
    expect(units).toEqual([key(), key(300, 3), inter()].map(hex))
    const large = losses.filter(({ reason }) => reason === "too_large")
    expect(large).toHaveLength(1)
    expect(large[0]?.bytes).toBeGreaterThan(UNIT_MAX - 100_000)
    expect(large[0]?.bytes).toBeLessThanOrEqual(UNIT_MAX)
    expect(losses.filter(({ reason }) => reason === "no_start_code").length).toBeGreaterThan(100)
  })

  it("the rest of the PES packet behind the bound is searched for the next access unit", () => {
    const { units, video } = collector()
    video.push(key(), at(0), true)
    for (let i = 0; i < 8; i++) video.push(block(1 << 20), null, true)
    video.push(joinBytes([block(1000), inter(70, 9)]), at(1), false)
    expect(units).toEqual([hex(inter(70, 9))])
  })

  it("a unit of 8 MiB in 45 000 PES packets is neither searched nor copied again with each of them", () => {
    const { losses, sizes, video } = collector()
    const part = block(184)
    video.push(key(), at(0), true)
    const parts = Math.floor((UNIT_MAX - key().length) / part.length)
    for (let i = 0; i < parts; i++) video.push(part, null, true)
    video.push(inter(), at(1), false)
    expect(losses).toEqual([{ reason: "too_large", bytes: key().length + parts * part.length }])
    expect(sizes).toEqual([inter().length])
  })

  it("nor one of zeros, of empty NAL units, or of the most NAL units there may be", () => {
    for (const part of [new Uint8Array(184), annexB(Uint8Array.of(1, 2, 3)), Uint8Array.of(0, 0, 1)]) {
      const { sizes, video } = collector()
      video.push(key(), at(0), true)
      for (let i = 0; i < 40_000; i++) video.push(part, null, true)
      video.push(inter(), at(1), false)
      expect(sizes.at(-1)).toBeGreaterThanOrEqual(inter().length)
    }
  })

  it("more NAL units than a picture can have are dropped", () => {
    const { losses, units, video } = collector()
    const flood = joinBytes(Array.from({ length: UNIT_NALS_MAX + 1 }, () => annexB(Uint8Array.of(6, 1))))
    video.push(flood, at(0), false)
    video.push(inter(), at(1), false)
    expect(losses).toEqual([{ reason: "malformed", bytes: flood.length }])
    expect(units).toEqual([hex(inter())])
  })
})

it("a picture of 7 MiB in PES packets of 64 kB goes out whole", () => {
  const { losses, sizes, video } = collector()
  const picture = joinBytes([
    key(),
    ...Array.from({ length: 70 }, (_, i) =>
      annexB(h264Slice({ idr: true, firstMb: i + 1, data: [...block(100_000)] })),
    ),
  ])
  for (let from = 0; from < picture.length; from += 65_000)
    video.push(picture.subarray(from, from + 65_000), from === 0 ? at(0) : null, from + 65_000 < picture.length)
  video.flush()
  expect(losses).toEqual([])
  expect(sizes).toEqual([picture.length])
})

/** Bytes in which start codes, cut start codes, zeros and slices are frequent. */
const stream = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        [0, 0, 1],
        [0, 0, 0, 1],
        [0, 0],
        [0],
        [1],
        [0, 0, 1, 9, 0xf0],
        [0, 0, 1, 0x65, 0x88],
        [0, 0, 1, 0x41, 0x9a],
        [0, 0, 1, 0x41, 0x40],
      ),
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 12 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => new Uint8Array(parts.flat()))
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })
const partsOf = (bytes: Uint8Array, places: ReadonlyArray<number>): Uint8Array[] => {
  const ends = [...new Set([...places.map((place) => Math.floor(place * bytes.length)), bytes.length])].sort(
    (a, b) => a - b,
  )
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}

it("NAL units of bytes that grow are those of the whole", () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, places) => {
      const scan = new NalScan()
      let size = 0
      for (const part of partsOf(bytes, places)) {
        size += part.length
        expect([...scan.take(bytes.subarray(0, size), 1000)]).toEqual(findNals(bytes.subarray(0, size)))
      }
    }),
    { numRuns: propertyRuns(500) },
  )
})

it("units do not depend on how their PES packets are cut", () => {
  fc.assert(
    fc.property(stream, cuts, (tail, places) => {
      const bytes = joinBytes([key(40), tail])
      // Sequence parameter sets made of noise would pair fields, which needs bytes that are not there yet.
      fc.pre(!findNals(tail).some((start, i) => i % 2 === 0 && ((tail[start] ?? 0) & 31) === 7))
      const whole = collector()
      whole.video.push(bytes, at(0), true)
      whole.video.flush()
      const inParts = collector()
      // A start code that is cut in front of the first unit loses its zeros.
      inParts.video.push(bytes.subarray(0, 8), at(0), true)
      for (const part of partsOf(bytes.subarray(8), places)) if (part.length > 0) inParts.video.push(part, at(0), true)
      inParts.video.flush()
      expect(inParts.units).toEqual(whole.units)
    }),
    { numRuns: propertyRuns(500) },
  )
})
