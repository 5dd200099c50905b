import { describe, expect, it } from "vitest"
import { BitWriter } from "./bit-writer.ts"

const bits = (write: (w: BitWriter) => void): string => {
  const w = new BitWriter(1)
  write(w)
  const length = w.bitLength
  w.align()
  return Array.from(w.view(), (byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .slice(0, length)
}

describe("BitWriter", () => {
  it("writes fields most significant bit first, up to 32 bits", () => {
    expect(bits((w) => w.put(5, 4))).toBe("0101")
    expect(
      bits((w) => {
        w.put(1, 3)
        w.put(0xdeadbeef, 32)
      }),
    ).toBe(`001${(0xdeadbeef).toString(2)}`)
  })

  it.each([
    [0, "1"],
    [1, "010"],
    [2, "011"],
    [3, "00100"],
    [6, "00111"],
    [7, "0001000"],
    [919, "0000000001110011000"],
  ])("ue(%i) is %s", (value, expected) => expect(bits((w) => w.ue(value))).toBe(expected))

  it.each([
    [0, "1"],
    [1, "010"],
    [-1, "011"],
    [2, "00100"],
    [-2, "00101"],
    [-6, "0001101"],
  ])("se(%i) is %s", (value, expected) => expect(bits((w) => w.se(value))).toBe(expected))
})
