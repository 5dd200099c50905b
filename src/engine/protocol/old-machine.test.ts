import { describe, expect, it } from "vitest"
import { refuseOldMachine, startOf } from "./old-machine.ts"

describe("where numbers begin", () => {
  it("is as usual without the switch, in production as elsewhere", () => {
    expect(startOf("core", 0, {})).toBe(0)
    expect(startOf("rtp", 4711, { NODE_ENV: "production" })).toBe(4711)
    expect(startOf("srt", 5, { OLD_MACHINE: "0", NODE_ENV: "test" })).toBe(5)
    expect(() => refuseOldMachine({ NODE_ENV: "production" })).not.toThrow()
  })

  it("is just before their wraps on an old machine", () => {
    const old = { OLD_MACHINE: "1", NODE_ENV: "test" }
    expect(2 ** 32 - startOf("core", 0, old)).toBe(1500)
    expect(2 ** 31 - startOf("srt", 0, old)).toBe(300)
    expect(2 ** 16 - startOf("rtp", 0, old)).toBe(50)
    expect(startOf("numbers", 1, old)).toBeLessThan(2 ** 32)
  })

  it("is refused in production", () => {
    for (const value of ["1", "0", ""])
      expect(() => refuseOldMachine({ OLD_MACHINE: value, NODE_ENV: "production" })).toThrow(/a switch for tests/)
    expect(() => startOf("core", 0, { OLD_MACHINE: "1", NODE_ENV: "production" })).toThrow(/a switch for tests/)
  })
})
