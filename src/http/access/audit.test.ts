import { expect, it } from "vitest"
import { MAX_REFUSALS, makeOncePerMinute } from "./audit.ts"

it("refusals are told once a minute for each subject, and so many in all", () => {
  let now = 0
  const isNews = makeOncePerMinute(() => now)
  expect([isNews("a"), isNews("a"), isNews("b")]).toEqual([true, false, true])
  now = 59_999
  expect(isNews("a")).toBe(false)
  now = 60_000
  expect([isNews("a"), isNews("a")]).toEqual([true, false])
  const passed = Array.from({ length: 10_000 }, (_, n) => isNews(`flood ${n}`)).filter(Boolean)
  expect(passed).toHaveLength(MAX_REFUSALS - 1)
  now = 120_000
  expect(isNews("c")).toBe(true)
})
