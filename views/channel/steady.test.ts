import { expect, it } from "vitest"
import { makeSteady } from "./steady.ts"

it("keeps a time that moves a little, and follows one that moves", () => {
  const steady = makeSteady()
  expect([10_400, 10_900, 11_499, 8_900].map((at) => steady("a", at))).toEqual([10_000, 10_000, 10_000, 10_000])
  expect(steady("b", 11_499)).toBe(11_000)
  expect(steady("a", 11_500)).toBe(12_000)
})
