import { describe, expect, it } from "vitest"
import { type DatagramEnd, pcapFileHeader, pcapRecordLength, putPcapChecksum, putPcapRecord } from "./pcap.ts"

const v4 = (last: number, port: number): DatagramEnd => ({ address: Uint8Array.of(192, 0, 2, last), port })
const v6 = (last: number, port: number): DatagramEnd => {
  const address = new Uint8Array(16)
  address.set([0x20, 0x01, 0x0d, 0xb8])
  address[15] = last
  return { address, port }
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

/** One record, written into dirty memory behind `before` bytes. */
const record = (from: DatagramEnd, to: DatagramEnd, payload: Uint8Array, us = 1_700_000_000_123_456, before = 3) => {
  const into = new Uint8Array(before + pcapRecordLength(to, payload.length)).fill(0xee)
  const at = putPcapRecord(into, before, us, from, to, payload.length)
  into.set(payload, at)
  putPcapChecksum(into, before, to, payload.length)
  expect(at + payload.length).toBe(into.length)
  return into.subarray(before)
}

/** The ones' complement sum of 16-bit words, written otherwise than in the codec: 0xffff where a checksum is right. */
const onesSum = (bytes: Uint8Array): number => {
  const even = bytes.length % 2 === 0 ? bytes : Uint8Array.of(...bytes, 0)
  let sum = 0
  for (let i = 0; i < even.length; i += 2) {
    sum += (even[i] ?? 0) * 256 + (even[i + 1] ?? 0)
    if (sum > 0xffff) sum -= 0xffff
  }
  return sum
}

describe("pcapFileHeader", () => {
  it("is format 2.4 in microseconds with packets from their IP header on", () =>
    expect(hex(pcapFileHeader())).toBe("d4c3b2a10200040000000000000000000000040065000000"))
})

describe("putPcapRecord", () => {
  it("writes IPv4 and UDP with the checksum of IP alone", () =>
    expect(hex(record(v4(1, 5000), v4(2, 1234), Uint8Array.of(0x47, 1, 2)))).toBe(
      [
        "00f15365 40e20100 1f000000 1f000000",
        "4500 001f 0000 0000 40 11 f6ca c0000201 c0000202",
        "1388 04d2 000b 0000",
        "470102",
      ]
        .join("")
        .replaceAll(" ", ""),
    ))

  it.each([0, 1, 2, 7, 1316, 65_507])("lengths and checksums are right with %i bytes", (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => (i * 37 + 11) & 0xff)
    const four = record(v4(1, 5000), v4(2, 1234), payload)
    expect(four.length).toBe(16 + 28 + length)
    expect(onesSum(four.subarray(16, 36))).toBe(0xffff)

    const six = record(v6(1, 5000), v6(2, 1234), payload)
    expect(six.length).toBe(16 + 48 + length)
    const view = new DataView(six.buffer, six.byteOffset, six.byteLength)
    expect([view.getUint32(8, true), view.getUint16(20), view.getUint16(60)]).toEqual([
      48 + length,
      8 + length,
      8 + length,
    ])
    const pseudo = Uint8Array.of(...six.subarray(24, 56), 0, 0, (8 + length) >> 8, (8 + length) & 0xff, 0, 0, 0, 17)
    expect(onesSum(Uint8Array.from([...pseudo, ...six.subarray(56)]))).toBe(0xffff)
    expect([...six.subarray(64)].every((byte, i) => byte === payload[i])).toBe(true)
  })

  it("never leaves the checksum of IPv6 at 0, which would mean none", () => {
    // Found by its own sum: what is missing to 0xffff goes into the payload.
    const bare = record(v6(1, 5000), v6(2, 1234), new Uint8Array(2))
    const missing = bare.subarray(62, 64)
    const six = record(v6(1, 5000), v6(2, 1234), missing)
    expect(hex(six.subarray(62, 64))).toBe("ffff")
  })

  it("shows a sender of the other family, or none, as zeros", () => {
    expect(hex(record(v6(1, 5000), v4(2, 1234), new Uint8Array(0)).subarray(28, 32))).toBe("00000000")
    const nobody = { address: new Uint8Array(0), port: 0 }
    expect(hex(record(nobody, v6(2, 1234), new Uint8Array(0)).subarray(24, 40))).toBe("0".repeat(32))
  })
})
