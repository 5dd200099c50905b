import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { spliceInsert, spliceNull } from "./splice.ts"

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

describe("splice sections", () => {
  it("writes splice_null", () => expect(hex(spliceNull())).toBe("fc301100000000000000fff0000000007a4fbfff"))

  it("writes splice_insert out of the network with a break duration", () => {
    const cue = { eventId: 1000, outOfNetwork: true, pts90k: 5_525_641_644, duration90k: 8_100_000, uniqueProgramId: 1 }
    expect(hex(spliceInsert(cue))).toBe("fc302500000000000000fff01405000003e87fefff495a99acfe007b98a000010101000041c7e754")
  })
})

interface Vector {
  readonly hex: string
  readonly expected: {
    readonly ok: boolean
    readonly command?: {
      readonly splice_event_id: number
      readonly out_of_network_indicator?: boolean
      readonly pts_time?: number
      readonly break_duration?: number
      readonly unique_program_id: number
    }
  }
}
const VECTORS = new URL("../../../../shared/media/scte35-vectors.json", import.meta.url)
const SHAPE = /^fc302[05]0{14}fff0(0f|14)05.{8}7f(ef|4f)f[ef].{8}(f[ef].{8})?.{4}01010000.{8}$/

describe.skipIf(!existsSync(VECTORS))("[media] splice_insert of other encoders", () => {
  const { vectors }: { vectors: Vector[] } = existsSync(VECTORS) ? JSON.parse(readFileSync(VECTORS, "utf8")) : { vectors: [] }
  const same = vectors.filter((vector) => vector.expected.ok && SHAPE.test(vector.hex))

  it("has vectors of the shape we write", () => expect(same.length).toBeGreaterThanOrEqual(4))

  it.each(same)("$hex", ({ hex: expected, expected: { command } }) => {
    if (command === undefined) throw new Error("no command")
    const { break_duration: duration } = command
    const section = spliceInsert({
      eventId: command.splice_event_id,
      outOfNetwork: command.out_of_network_indicator === true,
      pts90k: command.pts_time ?? 0,
      ...(duration === undefined ? {} : { duration90k: duration }),
      uniqueProgramId: command.unique_program_id,
    })
    expect(hex(section)).toBe(expected)
  })
})
