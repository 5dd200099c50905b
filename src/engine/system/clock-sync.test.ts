import { expect, it } from "vitest"
import { clockSync } from "./clock-sync.ts"

it("reads what the kernel says: a bound between nothing and its greatest, 16 s", () => {
  const sync = clockSync()
  expect(sync).toBeDefined()
  expect(sync?.max_error_us).toBeGreaterThanOrEqual(0)
  expect(sync?.max_error_us).toBeLessThanOrEqual(16_000_000)
  // The kernel itself calls a clock unsynchronized once the bound has reached its greatest.
  if (sync?.max_error_us === 16_000_000) expect(sync.synchronized).toBe(false)
})
