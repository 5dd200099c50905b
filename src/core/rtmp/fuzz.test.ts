import { describe, expect, it } from "vitest"
import { fuzzRtmp } from "./testing/fuzz-rtmp.ts"

const CASES = 8000

describe("fuzzing RTMP", () => {
  it(`holds its promises for any bytes: ${CASES} cases`, () => {
    const counts = fuzzRtmp(CASES, 20_261_121)
    expect(counts.amfSound + counts.amfRefused).toBeGreaterThan(CASES / 3)
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(CASES / 40)
  })

  it("fails with the case and its seed", () => {
    const check = () => {
      throw new TypeError("oops")
    }
    expect(() => fuzzRtmp(1, 9, { amf: check, reader: check, publisher: check })).toThrow(
      /^case 0 of seed 9, [0-9a-f]*: oops$/,
    )
  })
})
