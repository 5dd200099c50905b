import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { AMF0_MAX_DEPTH, type AmfValue, amfEcmaArray, amfObject, amfProperty, amfText } from "./amf0.ts"
import { AMF0_MAX_VALUES, decodeAmf0 } from "./amf0-decode.ts"
import { encodeAmf0 } from "./amf0-encode.ts"
import { amfValue } from "./testing/arbitrary-amf.ts"
import { ascii, hex } from "./testing/hex.ts"

const cases: ReadonlyArray<[name: string, bytes: string, value: AmfValue]> = [
  ["0", "00 0000000000000000", 0],
  ["1", "00 3ff0000000000000", 1],
  ["-2.5", "00 c004000000000000", -2.5],
  ["not a number", "00 7ff8000000000000", Number.NaN],
  ["true", "01 01", true],
  ["false", "01 00", false],
  ["a string", `02 0004 ${ascii("live")}`, "live"],
  ["an empty string", "02 0000", ""],
  ["UTF-8 with a byte order mark", "02 0008 efbbbf c3a9 e282ac", "\ufeffé€"],
  ["null", "05", null],
  ["undefined", "06", undefined],
  ["an object", `03 0001 ${ascii("a")} 05 0001 ${ascii("b")} 0101 0000 09`, amfObject({ a: null, b: true })],
  ["an empty object", "03 0000 09", amfObject({})],
  ["a name that comes twice", "03 0001 61 05 0001 61 06 0000 09", { kind: "object", properties: [["a", null], ["a", undefined]] }], // biome-ignore format: one line a case
  ["an empty name", "03 0000 05 0000 09", { kind: "object", properties: [["", null]] }],
  ["an ECMA array", `08 00000001 0005 ${ascii("width")} 00 409e000000000000 0000 09`, amfEcmaArray({ width: 1920 })],
  ["a strict array", "0a 00000003 05 0100 02 0000", { kind: "strictArray", values: [null, false, ""] }],
  [
    "an array in an object",
    "03 0001 78 0a 00000001 03 0000 09 0000 09",
    amfObject({ x: { kind: "strictArray", values: [amfObject({})] } }),
  ],
  ["a date", "0b 4270000000000000 ff88", { kind: "date", milliseconds: 2 ** 40, timeZone: -120 }],
  ["XML", `0f 00000004 ${ascii("<a/>")}`, { kind: "xml", text: "<a/>" }],
  [
    "a typed object",
    "10 0001 43 0001 61 05 0000 09",
    { kind: "typedObject", className: "C", properties: [["a", null]] },
  ],
]

/** Bytes of a value inside `depth` strict arrays. */
const nested = (depth: number): string => `${"0a00000001".repeat(depth)}05`

describe("AMF0", () => {
  it.each(cases)("has %s both ways", (_, bytes, value) => {
    expect(decodeAmf0(hex(bytes))).toEqual({ values: [value], error: null })
    expect(encodeAmf0(value)).toEqual(hex(bytes))
  })

  it("writes a string of more than 65535 bytes as long string", () => {
    const bytes = encodeAmf0("x".repeat(65_536))
    expect([...bytes.subarray(0, 6)]).toEqual([0x0c, 0, 1, 0, 0, 0x78])
    expect(decodeAmf0(bytes).values).toEqual(["x".repeat(65_536)])
    expect(encodeAmf0("x".repeat(65_535)).subarray(0, 3)).toEqual(hex("02 ffff"))
    expect(decodeAmf0(hex("0c 00000001 78")).values).toEqual(["x"])
  })

  it.each([
    ["a reference", "07 0000", /byte 0 of 3: marker 0x07 is not supported/],
    ["a movie clip", "04", /marker 0x04/],
    ["a record set", "0e", /marker 0x0e/],
    ["an unsupported value", "0d", /marker 0x0d/],
    ["a switch to AMF3", "11 01", /marker 0x11/],
    ["an end without an object", "09", /marker 0x09/],
    ["a cut number", "00 3ff0", /a number needs 8 bytes, 2 are left/],
    ["a cut string", "02 0004 6c", /a string needs 4 bytes, 1 are left/],
    ["a long string of 4 GiB", "0c ffffffff", /a long string needs 4294967295 bytes, 0 are left/],
    ["a strict array of 4 thousand million", "0a ffffffff 05", /4294967295 values is longer than the message/],
    ["an object without its end", "03 0001 61 05", /the length of a property name needs 2 bytes/],
    ["an ECMA array without its end", "08 00000000", /the length of a property name/],
    ["a property without its value", "03 0001 61", /a marker needs 1 bytes/],
    ["a cut date", "0b 0000000000000000", /a time zone needs 2 bytes/],
  ])("refuses %s, and keeps what stands before it", (_, bytes, message) => {
    const decoded = decodeAmf0(hex(`05${bytes}`))
    expect(decoded.values).toEqual([null])
    expect(decodeAmf0(hex(bytes)).error).toMatch(message)
    expect(decoded.error).not.toBeNull()
  })

  it("goes as deep as the limit and no deeper", () => {
    expect(decodeAmf0(hex(nested(AMF0_MAX_DEPTH - 1))).error).toBeNull()
    expect(decodeAmf0(hex(nested(AMF0_MAX_DEPTH))).error).toMatch(/more than 16 deep/)
    const deep = (depth: number): AmfValue => (depth === 0 ? null : { kind: "strictArray", values: [deep(depth - 1)] })
    expect(encodeAmf0(deep(AMF0_MAX_DEPTH - 1))).toEqual(hex(nested(AMF0_MAX_DEPTH - 1)))
    expect(() => encodeAmf0(deep(AMF0_MAX_DEPTH + 1))).toThrow(RangeError)
  })

  it("counts values, so that a message of a few bytes each cannot fill memory", () => {
    const many = (count: number) => new Uint8Array(count).fill(0x05)
    expect(decodeAmf0(many(AMF0_MAX_VALUES)).error).toBeNull()
    expect(decodeAmf0(many(AMF0_MAX_VALUES + 1)).error).toMatch(/more than 4096 values/)
  })

  it("reads what it writes", () => {
    fc.assert(
      fc.property(fc.array(amfValue, { maxLength: 5 }), (values) => {
        expect(decodeAmf0(encodeAmf0(...values))).toEqual({ values, error: null })
      }),
    )
  })

  it("reads any bytes to values that it can write again, or says what is wrong", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { values, error } = decodeAmf0(bytes)
        expect(decodeAmf0(encodeAmf0(...values))).toEqual({ values, error: null })
        if (error !== null) expect(error).toMatch(/^AMF0 at byte \d+ of \d+: /)
      }),
    )
  })

  it("finds properties, of a name that comes twice the last", () => {
    const value: AmfValue = { kind: "object", properties: [["code", "a"], ["code", "b"], ["n", 1]] } // biome-ignore format: pairs
    expect([amfProperty(value, "code"), amfText(value, "code"), amfText(value, "n"), amfProperty(value, "x")]).toEqual([
      "b",
      "b",
      "",
      undefined,
    ])
    expect([amfProperty(null, "a"), amfProperty("text", "length"), amfText({ kind: "strictArray", values: [] }, "values")]).toEqual([undefined, undefined, ""]) // biome-ignore format: one line
  })
})
