import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { buildPacket, PCR_MODULUS, parsePacket } from "./packet.ts"

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

describe("TS packet", () => {
  it("has its fields where 2.4.3.2 says", () => {
    const packet = buildPacket({
      pid: 0x1abc,
      continuity_counter: 7,
      unit_start: true,
      transport_error: true,
      scrambling: 2,
      payload: new Uint8Array(184).fill(0xee),
    })
    expect(hex(packet.subarray(0, 6))).toBe("47dabc97eeee")
    expect(parsePacket(packet)).toMatchObject({
      pid: 0x1abc,
      scrambling: 2,
      adaptation_field_control: 1,
      adaptation: null,
    })
  })

  it("has its PCR where 2.4.3.5 says", () => {
    const packet = buildPacket({
      pid: 1,
      continuity_counter: 0,
      discontinuity: true,
      random_access: true,
      pcr: (2 ** 33 - 2) * 300 + 299,
    })
    expect(hex(packet.subarray(3, 13))).toBe("20b7d0ffffffff7f2bff")
    expect(parsePacket(packet)).toMatchObject({
      adaptation: { discontinuity: true, random_access: true, pcr: (2 ** 33 - 2) * 300 + 299 },
      payload: new Uint8Array(),
    })
  })

  it.each([183, 182, 181, 1])("fills up a payload of %i bytes with stuffing", (length) => {
    const payload = new Uint8Array(length).fill(0x12)
    const packet = buildPacket({ pid: 5, continuity_counter: 0, payload })
    expect(packet.length).toBe(188)
    expect(parsePacket(packet)?.payload).toEqual(payload)
  })

  it("refuses a payload that does not fit", () => {
    expect(() => buildPacket({ pid: 5, continuity_counter: 0, payload: new Uint8Array(185) })).toThrow(RangeError)
    expect(() => buildPacket({ pid: 5, continuity_counter: 0, pcr: 1, payload: new Uint8Array(177) })).toThrow(
      RangeError,
    )
  })

  it("reads what it writes", () => {
    const fields = fc.record({
      pid: fc.nat(8191),
      continuity_counter: fc.nat(15),
      unit_start: fc.boolean(),
      transport_error: fc.boolean(),
      scrambling: fc.nat(3),
      discontinuity: fc.boolean(),
      random_access: fc.boolean(),
      pcr: fc.maxSafeNat().map((n) => n % PCR_MODULUS),
      payload: fc.uint8Array({ minLength: 1, maxLength: 176 }),
    })
    fc.assert(
      fc.property(fields, ({ discontinuity, random_access, pcr, ...rest }) => {
        const parsed = parsePacket(buildPacket({ ...rest, discontinuity, random_access, pcr }))
        expect(parsed).toEqual({
          ...rest,
          adaptation_field_control: 3,
          adaptation: { discontinuity, random_access, pcr },
        })
      }),
    )
  })

  it("reads any 188 bytes without running past them, and nothing shorter or without 0x47", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 188, maxLength: 188 }), (bytes) => {
        expect(parsePacket(bytes.fill(0x47, 0, 1))?.payload.length).toBeLessThanOrEqual(184)
        expect(parsePacket(bytes, 1)).toBeNull()
        expect(parsePacket(bytes.fill(0x48, 0, 1))).toBeNull()
      }),
    )
  })
})
