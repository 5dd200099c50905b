import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { spliceInsert, spliceNull } from "./splice.ts"
import { slowCrc } from "./testing/analyse.ts"

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
const digits = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, "0")
/** A 33-bit time behind seven one bits: time_specified_flag or auto_return, and reserved bits. */
const time = (ticks: number): string => digits(0xfe * 2 ** 32 + ticks, 5)
const sealed = (text: string): string => `${text}${digits(slowCrc(new Uint8Array(Buffer.from(text, "hex"))), 4)}`

describe("splice sections of the test source", () => {
  it("writes splice_null", () => expect(hex(spliceNull())).toBe("fc301100000000000000fff0000000007a4fbfff"))

  it("writes splice_insert out of the network with a break duration", () => {
    const cue = { eventId: 1000, outOfNetwork: true, pts90k: 5_525_641_644, duration90k: 8_100_000, uniqueProgramId: 1 }
    expect(hex(spliceInsert(cue))).toBe(
      "fc302500000000000000fff01405000003e87fefff495a99acfe007b98a000010101000041c7e754",
    )
  })

  it("puts each field where 9.7.3 has it", () => {
    const event = fc.record({
      eventId: fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      pts90k: fc.oneof(fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 33 - 1), fc.integer({ min: 0, max: 2 ** 33 - 1 })),
      duration90k: fc.option(
        fc.oneof(fc.constantFrom(1, 2 ** 32, 2 ** 33 - 1), fc.integer({ min: 1, max: 2 ** 33 - 1 })),
        {
          nil: undefined,
        },
      ),
      uniqueProgramId: fc.integer({ min: 0, max: 0xffff }),
    })
    const check = fc.property(event, ({ duration90k, ...fields }) => {
      const given =
        duration90k === undefined ? { ...fields, outOfNetwork: false } : { ...fields, outOfNetwork: true, duration90k }
      const flags = duration90k === undefined ? "4f" : "ef"
      const [length, commandLength] = duration90k === undefined ? ["20", "0f"] : ["25", "14"]
      const command = [
        digits(fields.eventId, 4),
        "7f",
        flags,
        time(fields.pts90k),
        duration90k === undefined ? "" : time(duration90k),
        digits(fields.uniqueProgramId, 2),
        "0101",
      ].join("")
      expect(hex(spliceInsert(given))).toBe(sealed(`fc30${length}00000000000000fff0${commandLength}05${command}0000`))
    })
    fc.assert(check, { numRuns: 1000 })
  })

  it("refuses what does not fit its field, and names it", () => {
    const cue = { eventId: 2 ** 32, outOfNetwork: false, pts90k: 2 ** 33, uniqueProgramId: 70_000 }
    expect(() => spliceInsert(cue)).toThrow(/splice_event_id.*pts_time.*unique_program_id/)
  })
})
