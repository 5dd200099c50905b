import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { atOnce, inSlices, type Sliced } from "./slices.ts"

function* sumTo(last: number, spinMs = 0): Sliced<number> {
  let sum = 0
  for (let n = 1; n <= last; n++) {
    yield
    sum += n
    for (const until = performance.now() + spinMs; performance.now() < until; );
  }
  return sum
}

describe("work in slices", () => {
  it("gives the result that it gives at once", async () => {
    expect(atOnce(sumTo(1000))).toBe(500_500)
    expect(await Effect.runPromise(inSlices(() => sumTo(1000)))).toBe(500_500)
  })

  it("lets the event loop turn while it runs", async () => {
    let turns = 0
    const count = () => {
      turns += 1
      again = setImmediate(count)
    }
    let again = setImmediate(count)
    await Effect.runPromise(inSlices(() => sumTo(100, 1)))
    clearImmediate(again)
    // 100 ms of work in slices of 8 ms.
    expect(turns).toBeGreaterThanOrEqual(5)
  })

  it("fails with what the work throws", async () => {
    const broken = function* (): Sliced<number> {
      yield
      throw new Error("broken")
    }
    await expect(Effect.runPromise(inSlices(broken))).rejects.toThrow("broken")
  })
})
