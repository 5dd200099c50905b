import { afterEach, expect, it, vi } from "vitest"
import { realtimeOffsetUs } from "./clock.ts"
import { CLOCK_MONOTONIC, libc } from "./libc.ts"

afterEach(() => vi.restoreAllMocks())

const OFFSET_US = 1_764_000_000_000_000

/** Clocks of a machine that takes the processor away for `pausesUs`, in turn, before a clock is read. */
const clocks = (pausesUs: ReadonlyArray<number>) => {
  let [us, reading] = [5e12, 0]
  const target = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset)
  return vi.spyOn(libc, "clockGettime").mockImplementation((clock: number, bytes: Uint8Array) => {
    us += 1 + (pausesUs[reading++] ?? 0)
    const shown = clock === CLOCK_MONOTONIC ? us : us + OFFSET_US
    target(bytes).setBigInt64(0, BigInt(Math.floor(shown / 1e6)), true)
    target(bytes).setBigInt64(8, BigInt((shown % 1e6) * 1000), true)
    return 0
  })
}

it.each([
  ["not at all", [], 3],
  ["between the monotonic clock and the wall clock", [0, 30_000], 6],
  ["between the wall clock and the monotonic clock", [0, 0, 30_000], 6],
  ["three times in a row", [0, 30_000, 0, 0, 40_000, 0, 0, 0, 20_000], 12],
])("the two clocks are compared at one moment when others had the processor %s", (_when, pausesUs, readings) => {
  const spy = clocks(pausesUs)
  expect(realtimeOffsetUs()).toBe(OFFSET_US + 1)
  expect(spy).toHaveBeenCalledTimes(readings)
})

it("of readings that were all interrupted the closest counts", () => {
  clocks([0, 50_000, 0, 0, 40_000, 0, 0, 100, 0, 0, 60_000, 0, 0, 70_000, 0])
  expect(realtimeOffsetUs()).toBe(OFFSET_US + 101)
})
