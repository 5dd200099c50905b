import { describe, expect, it } from "vitest"
import { SPECTRUM_BOOK_11 } from "./aac-tables.ts"
import { BitWriter } from "./bit-writer.ts"
import { writeResidualBlock } from "./cavlc.ts"
import { COEFF_TOKEN, COEFF_TOKEN_CHROMA_DC, RUN_BEFORE, TOTAL_ZEROS, TOTAL_ZEROS_CHROMA_DC } from "./cavlc-tables.ts"

const bits = (coefficients: ReadonlyArray<number>): string => {
  const w = new BitWriter()
  writeResidualBlock(w, Int32Array.from(coefficients))
  const length = w.bitLength
  w.align()
  return Array.from(w.view(), (byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .slice(0, length)
}

const isPrefixFree = (words: ReadonlyArray<string>): boolean =>
  words.every((word, i) => words.every((other, j) => i === j || !other.startsWith(word)))

/** Sum of 2^-length over code words; it is 1 for a code that wastes nothing. */
const kraft = (words: ReadonlyArray<string>): number => words.reduce((sum, word) => sum + 2 ** -word.length, 0)

describe("code tables", () => {
  it.each([
    ["coeff_token, nC 0", COEFF_TOKEN.flat(), 62, 1 - 2 ** -15],
    ["coeff_token, chroma DC", COEFF_TOKEN_CHROMA_DC.flat(), 14, 1],
    ["AAC spectrum codebook 11", SPECTRUM_BOOK_11.flat(), 289, 1],
  ])("%s is a complete prefix code", (_, words, count, sum) => {
    expect(words).toHaveLength(count)
    expect(isPrefixFree(words)).toBe(true)
    expect(kraft(words)).toBe(sum)
  })

  it("total_zeros and run_before are prefix codes of the right sizes", () => {
    expect(TOTAL_ZEROS.map((row) => row.length)).toEqual(Array.from({ length: 15 }, (_, i) => 16 - i))
    expect(TOTAL_ZEROS_CHROMA_DC.map((row) => row.length)).toEqual([4, 3, 2])
    expect(RUN_BEFORE.map((row) => row.length)).toEqual([2, 3, 4, 5, 6, 7, 15])
    for (const row of [...TOTAL_ZEROS, ...TOTAL_ZEROS_CHROMA_DC, ...RUN_BEFORE]) expect(isPrefixFree(row)).toBe(true)
  })
})

describe("writeResidualBlock", () => {
  it("writes an empty block as one bit", () => expect(bits(new Array(16).fill(0))).toBe("1"))

  it("writes token, signs, levels, total_zeros and runs in order", () => {
    // Token for 5 coefficients with 3 trailing ones, signs + - -, levels 1 and 3, 3 zeros, runs 1 0 0 1.
    expect(bits([0, 3, 0, 1, -1, -1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])).toBe(
      ["0000100", "011", "1", "0010", "111", "10", "1", "1", "01"].join(""),
    )
  })

  it("escapes large levels", () => {
    // One coefficient without trailing ones: levelCode is 2 x 600 - 2 - 2 = 1196, and escapes begin at 30.
    expect(bits([600, ...new Array(15).fill(0)])).toBe(
      `000101${"0".repeat(15)}1${(1166).toString(2).padStart(12, "0")}1`,
    )
  })

  it("writes chroma DC with its own tables", () => expect(bits([-1, 0, 0, 0])).toBe("111"))
})
