import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { findNals, nalViews } from "./nal.ts"
import { RbspReader, unescapeRbsp } from "./rbsp.ts"
import { escapeRbsp } from "./testing/parameter-sets.ts"

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"))

describe("findNals", () => {
  it.each<[string, string, string[]]>([
    ["start codes of 3 and 4 bytes", "00000001 09f0 000001 6742 00000001 68", ["09f0", "6742", "68"]],
    ["zeros in front and behind", "0000000000 000001 0901 000000 000001 6501 0000", ["0901", "6501"]],
    ["nothing before the first start code", "abcdef 000001 41", ["41"]],
    ["empty units", "000001 000001 000001 41 000001", ["41"]],
    ["no start code", "0001020304", []],
    ["too short", "0001", []],
    ["emulation prevention inside", "000001 65 00000301 00000300", ["6500000301000003"]],
  ])("%s", (_, stream, nals) => {
    expect(nalViews(bytes(stream)).map(hex)).toEqual(nals)
  })

  it("finds what was joined, whatever stands between", () => {
    const nal = fc
      .uint8Array({ minLength: 1, maxLength: 60 })
      .map((body) => Uint8Array.of(0x41, ...escapeRbsp(body), 0x80))
    const code = fc.integer({ min: 2, max: 6 }).map((zeros) => [...new Array<number>(zeros).fill(0), 1])
    fc.assert(
      fc.property(fc.array(fc.tuple(code, nal), { maxLength: 8 }), fc.integer({ min: 0, max: 3 }), (parts, tail) => {
        const stream = Uint8Array.from([
          ...parts.flatMap(([start, body]) => [...start, ...body]),
          ...new Array<number>(tail).fill(0),
        ])
        expect(nalViews(stream).map(hex)).toEqual(parts.map(([, body]) => hex(body)))
      }),
    )
  })

  it("adds to a list", () => {
    expect(findNals(bytes("00000141"), [7, 8])).toEqual([7, 8, 3, 4])
  })
})

describe("RBSP", () => {
  it("takes out what was put in, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 255), { maxLength: 80 }), (body) => {
        const escaped = escapeRbsp(new Uint8Array(body))
        expect([...unescapeRbsp(escaped)]).toEqual(body)
        expect(hex(escaped)).not.toMatch(/^(..)*00000[012]/)
      }),
    )
  })

  it.each([
    ["1", 0, 0],
    ["010", 1, 1],
    ["011", 2, -1],
    ["00100", 3, 2],
    ["00111", 6, -3],
    ["0001000", 7, 4],
  ])("Exp-Golomb %s", (bits, unsigned, signed) => {
    const data = Uint8Array.of(Number.parseInt(bits.padEnd(8, "0"), 2))
    expect(new RbspReader(data).ue()).toBe(unsigned)
    expect(new RbspReader(data).se()).toBe(signed)
  })

  it("says when it read too far, and ends", () => {
    const r = new RbspReader(Uint8Array.of(0, 0))
    expect(r.ue()).toBe(0)
    expect(r.overrun).toBe(true)
    expect(r.u(32)).toBe(0)
  })
})
