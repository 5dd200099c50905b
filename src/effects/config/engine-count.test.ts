import { describe, expect, it } from "vitest"
import { engineCount, quotaOf } from "./engine-count.ts"

describe("engineCount", () => {
  it.each([
    [1, null, 1],
    [2, null, 1],
    [4, null, 3],
    [40, null, 39],
    [64, 2, 1],
    [64, 8, 7],
    [4, 16, 3],
    [1000, null, 256],
  ])("is %i processors with a quota of %s: %i", (processors, quota, count) => {
    expect(engineCount(processors, quota)).toBe(count)
  })
})

describe("quotaOf", () => {
  it.each([
    ["max 100000\n", null],
    ["200000 100000\n", 2],
    ["250000 100000\n", 2],
    ["50000 100000\n", 1],
    ["", null],
    ["0 100000", null],
  ])("reads %j as %s", (text, quota) => {
    expect(quotaOf(text)).toBe(quota)
  })
})
