import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { generateTs } from "../src/test-source/test-programme.ts"
import { numberedTs } from "./e2e/datagrams.ts"
import { tsWithout } from "./impairments.ts"
import { numberNulls, tsDifference } from "./ts-difference.ts"

const ts = numberedTs(200)
const packet = (n: number) => ts.subarray(n * 188, n * 188 + 188)

describe("tsDifference", () => {
  it("nothing for equal streams, null packets alike included", () => {
    const programme = generateTs(0.5, { bitrate: 4_000_000 })
    expect(tsDifference(programme, programme)).toEqual({ missing: [], extra: 0 })
    expect(tsDifference(ts, Buffer.from(ts))).toEqual({ missing: [], extra: 0 })
  })

  it("any packets left out are named exactly", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 199 }), { maxLength: 30 }), (lost) => {
        expect(tsDifference(ts, tsWithout(ts, lost))).toEqual({ missing: [...lost].sort((a, b) => a - b), extra: 0 })
      }),
    )
  })

  it.each([
    ["a repeated packet", [0, 1, 1, 2], { missing: [], extra: 1 }],
    ["packets out of order", [0, 2, 1, 3], { missing: [1], extra: 1 }],
  ])("%s", (_, order, expected) => {
    const source = ts.subarray(0, (Math.max(...order) + 1) * 188)
    expect(tsDifference(source, Buffer.concat(order.map(packet)))).toEqual(expected)
  })

  it("foreign packets and loose bytes are extra", () => {
    expect(tsDifference(ts, Buffer.concat([ts, numberedTs(1, 1000), Buffer.alloc(3)]))).toEqual({
      missing: [],
      extra: 2,
    })
  })

  it("nothing came out", () => {
    expect(tsDifference(ts.subarray(0, 3 * 188), new Uint8Array())).toEqual({ missing: [0, 1, 2], extra: 0 })
  })
})

describe("numberNulls", () => {
  it("makes null packets one of a kind and leaves the others and the source alone", () => {
    const programme = generateTs(0.5, { bitrate: 4_000_000 })
    const before = Buffer.from(programme)
    const numbered = Buffer.from(numberNulls(programme))
    expect(before.equals(programme)).toBe(true)
    const nulls = new Set<string>()
    let count = 0
    for (let at = 0; at < numbered.length; at += 188) {
      const bytes = numbered.subarray(at, at + 188)
      if ((bytes.readUInt16BE(1) & 0x1fff) === 0x1fff) {
        nulls.add(bytes.toString("latin1"))
        count += 1
      } else expect(bytes.equals(before.subarray(at, at + 188))).toBe(true)
    }
    expect(count).toBeGreaterThan(500)
    expect(nulls.size).toBe(count)
  })
})
