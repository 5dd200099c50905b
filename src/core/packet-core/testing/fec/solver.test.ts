import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { fecVectors } from "../../../../../test/fec-vectors.ts"
import { hasMedia } from "../../../../../test/media.ts"
import { buildRtp } from "../../../rtp/header.ts"
import { FecEncoder } from "./encoder.ts"
import { buildFec, parseFec, protectedBy, sequenceOf } from "./packet.ts"
import { isConfirmed, recoverAll } from "./solver.ts"

const SSRC = 7
const media = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) =>
    buildRtp({ sequence: first + i, timestamp: i * 100, ssrc: SSRC }, new Uint8Array(1 + ((i * 3) % 8)).fill(i + 1)),
  )
const encode = (datagrams: ReadonlyArray<Uint8Array>, columns: number, rows: number) => {
  const encoder = new FecEncoder({ columns, rows })
  return [...datagrams.flatMap((datagram) => encoder.push(datagram)), ...encoder.flush()].map(({ bytes }) => bytes)
}

describe("FEC packets", () => {
  it("write the fields of SMPTE 2022-1 where they belong", () => {
    const datagrams = media(6, 65_534).filter((_, i) => i % 2 === 0)
    const bytes = buildFec({ isRow: false, offset: 2, sequence: 9, timestamp: 5 }, datagrams)
    // The media have lengths 1, 7 and 5, timestamps 0, 200 and 400, and payloads of 1, 3 and 5 bytes.
    const header = [0x80, 96, 0, 9, 0, 0, 0, 5, 0, 0, 0, 0]
    const fields = [0xff, 0xfe, 0, 1 ^ 7 ^ 5, 0x80 | 33, 0, 0, 0, 0, 0, (200 ^ 400) >> 8, (200 ^ 400) & 255, 0, 2, 3, 0]
    expect([...bytes]).toEqual([...header, ...fields, 1 ^ 3 ^ 5, 3 ^ 5, 3 ^ 5, 3 ^ 5, 3 ^ 5, 3, 3])
    expect(parseFec(bytes)).toMatchObject({ isRow: false, base: 65_534, offset: 2, count: 3 })
    expect(protectedBy({ base: 65_534, offset: 2, count: 3 })).toEqual([65_534, 0, 2])
  })

  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    [
      "a header without payload",
      buildFec({ isRow: true, offset: 1, sequence: 0, timestamp: 0 }, media(2)).subarray(0, 28),
    ],
    ["media", media(1)[0] ?? new Uint8Array()],
  ])("are not read from %s", (_, bytes) => expect(parseFec(bytes)).toBeNull())
})

describe("the offline solver", () => {
  it("recovers any single loss of a matrix", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 10 }),
        fc.nat(),
        fc.nat(65_535),
        (columns, rows, at, first) => {
          const all = media(columns * rows, first)
          const lost = all[at % all.length] ?? new Uint8Array()
          const recovered = recoverAll(
            all.filter((datagram) => datagram !== lost),
            encode(all, columns, rows),
            SSRC,
          )
          expect([...recovered]).toEqual([[sequenceOf(lost), lost]])
        },
      ),
    )
  })

  it("stops at a 2 x 2 square", () => {
    const all = media(25)
    const lost = [6, 8, 16, 18, 24]
    const left = all.filter((datagram) => !lost.includes(sequenceOf(datagram)))
    expect([...recoverAll(left, encode(all, 5, 5), SSRC)]).toEqual([[24, all[24]]])
    expect(isConfirmed(left, encode(all, 5, 5))).toBe(true)
    expect(isConfirmed(left.slice(20), encode(all, 5, 5))).toBe(false)
  })
})

describe.skipIf(!hasMedia)("[media] vectors of GStreamer's FEC decoder", () => {
  it.each(fecVectors())("%s", (_, steps) => {
    const arrived: Uint8Array[] = []
    const fec: Uint8Array[] = []
    let before = 0
    for (const { media: datagrams, rows, columns, recovered } of steps) {
      arrived.push(...datagrams)
      fec.push(...rows, ...columns)
      const found = [...recoverAll(arrived, fec, 0)].map(([sequence, datagram]) => ({
        sequence,
        payload: datagram.slice(12),
      }))
      for (const one of recovered) expect(found).toContainEqual(one)
      expect(found.length).toBe(before + recovered.length)
      before = found.length
    }
    expect(before).toBeGreaterThan(0)
  })
})
