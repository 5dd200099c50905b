import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromBase64, fromHex, toBase64, toHex } from "../bytes/bytes-text.ts"
import { BitReader, BitWriter } from "./bits.ts"

const fields = fc.array(
  fc
    .integer({ min: 1, max: 53 })
    .chain((width) => fc.record({ width: fc.constant(width), value: fc.maxSafeNat().map((n) => n % 2 ** width) })),
  { maxLength: 20 },
)

describe("bit fields", () => {
  it("come back as they were written, and as the digits of one big number", () => {
    fc.assert(
      fc.property(fields, (list) => {
        const w = new BitWriter()
        for (const { width, value } of list) w.field("f", value, width)
        const bits = list.reduce((sum, { width }) => sum + width, 0)
        w.field("padding", 0, ((8 - (bits % 8)) % 8) + 8)
        const bytes = w.finish()
        const digits = list.map(({ width, value }) => value.toString(2).padStart(width, "0")).join("")
        expect([...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("")).toMatch(
          new RegExp(`^${digits}0*$`),
        )
        const r = new BitReader(bytes, 0, bytes.length, "test")
        expect(list.map(({ width }) => r.bits(width))).toEqual(list.map(({ value }) => value))
      }),
    )
  })

  it("are zero past the end, which the first group that does not fit reports", () => {
    const r = new BitReader(Uint8Array.of(1, 2, 3, 4), 1, 3, "thing")
    expect([r.group(2, "first"), r.bits(16), r.group(4, "second"), r.bits(40), r.group(1, "third")]).toEqual([
      true,
      0x0203,
      false,
      0,
      false,
    ])
    expect(r.problem).toBe("thing is truncated at byte 3 of 3: second needs 4 bytes, 0 left")
    expect([...r.take(5)]).toEqual([])
  })
})

describe("bytes as text", () => {
  it("are what the platform makes of them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const buffer = Buffer.from(bytes)
        expect([toHex(bytes), toBase64(bytes)]).toEqual([buffer.toString("hex"), buffer.toString("base64")])
        for (const text of [buffer.toString("base64"), buffer.toString("base64url")])
          expect([...(fromBase64(text) ?? [-1])]).toEqual([...bytes])
        expect([...(fromHex(toHex(bytes).toUpperCase()) ?? [-1])]).toEqual([...bytes])
      }),
    )
  })

  it.each(["a", "ab=c", "a===", "ab%d", "abcde", "é"])("%j is not base64", (text) =>
    expect(fromBase64(text)).toBeNull(),
  )
  it.each(["a", "0g", "0x00", " 00"])("%j is not hexadecimal", (text) => expect(fromHex(text)).toBeNull())
})
