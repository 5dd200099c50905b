import { expect, it } from "vitest"
import { makeRateLimit } from "./rate-limit.ts"

it("passes one line a second of each kind and counts what it held back", () => {
  const { pass } = makeRateLimit()
  expect([0, 1, 500, 999].map((ms) => pass("a", ms))).toEqual([0, null, null, null])
  expect(pass("b", 999)).toBe(0)
  expect([1000, 1001, 2000].map((ms) => pass("a", ms))).toEqual([3, null, 1])
})
