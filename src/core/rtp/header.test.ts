import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { buildRtp, parseRtp, type RtpHeader, writeRtpHeader } from "./header.ts"

const base = {
  marker: false,
  payload_type: 33,
  sequence: 0x1234,
  timestamp: 0xfffffff0,
  ssrc: 0xdeadbeef,
  csrc: [],
  payload_offset: 12,
}
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"))

describe("RTP header", () => {
  it.each<[string, string, RtpHeader | null]>([
    ["plain", "80 21 1234 fffffff0 deadbeef 47", { ...base, payload_length: 1 }],
    ["no payload", "80 21 1234 fffffff0 deadbeef", { ...base, payload_length: 0 }],
    [
      "marker and payload type",
      "80 e0 1234 fffffff0 deadbeef 47",
      { ...base, marker: true, payload_type: 96, payload_length: 1 },
    ],
    [
      "CSRC",
      "82 21 1234 fffffff0 deadbeef 00000001 ffffffff 47",
      { ...base, csrc: [1, 0xffffffff], payload_offset: 20, payload_length: 1 },
    ],
    [
      "extension",
      "90 21 1234 fffffff0 deadbeef bede0001 00000000 47",
      { ...base, payload_offset: 20, payload_length: 1 },
    ],
    ["empty extension", "90 21 1234 fffffff0 deadbeef bede0000 47", { ...base, payload_offset: 16, payload_length: 1 }],
    ["padding", "a0 21 1234 fffffff0 deadbeef 47 000003", { ...base, payload_length: 1 }],
    ["nothing but padding", "a0 21 1234 fffffff0 deadbeef 000003", { ...base, payload_length: 0 }],
    ["11 bytes", "80 21 1234 fffffff0 deadbe", null],
    ["version 0", "00 21 1234 fffffff0 deadbeef", null],
    ["version 1", "47 21 1234 fffffff0 deadbeef", null],
    ["version 3", "c0 21 1234 fffffff0 deadbeef", null],
    ["CSRC beyond the end", "8f 21 1234 fffffff0 deadbeef 00000001", null],
    ["extension beyond the end", "90 21 1234 fffffff0 deadbeef bede0002 00000000", null],
    ["extension header cut", "90 21 1234 fffffff0 deadbeef bede", null],
    ["padding of 0", "a0 21 1234 fffffff0 deadbeef 00", null],
    ["padding beyond the header", "a0 21 1234 fffffff0 deadbeef 02", null],
  ])("%s", (_, hex, expected) => {
    expect(parseRtp(fromHex(hex))).toEqual(expected)
  })

  it("reads what it writes", () => {
    const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
    const fields = fc.record({
      marker: fc.boolean(),
      payload_type: uint(7),
      sequence: uint(16),
      timestamp: uint(32),
      ssrc: uint(32),
    })
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 50 }), (header, payload) => {
        const datagram = buildRtp(header, payload)
        expect(parseRtp(datagram)).toEqual({ ...header, csrc: [], payload_offset: 12, payload_length: payload.length })
        expect(datagram.subarray(12)).toEqual(payload)
      }),
    )
  })

  it("writes sequence and timestamp modulo their width, payload type 33 unless told", () => {
    const target = new Uint8Array(14)
    writeRtpHeader(target, { sequence: 65536 + 5, timestamp: 2 ** 32 + 6, ssrc: 7 }, 1)
    expect(Buffer.from(target).toString("hex")).toBe("0080210005000000060000000700")
  })

  it("finds a header or null in any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const header = parseRtp(bytes)
        if (header !== null) expect(header.payload_offset + header.payload_length).toBeLessThanOrEqual(bytes.length)
      }),
    )
  })
})
