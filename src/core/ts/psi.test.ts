import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { ReferenceParser } from "../packet-core/testing/reference-parser.ts"
import { crc32 } from "./crc32.ts"
import {
  buildPat,
  buildPmt,
  packetizeSection,
  parseDescriptors,
  parsePat,
  parsePmt,
  registrationDescriptor,
  sealSection,
} from "./psi.ts"

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
const descriptor = fc.record({ tag: uint(8), data: fc.uint8Array({ maxLength: 12 }) })

describe("CRC-32/MPEG-2", () => {
  it("has the published check value", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0x0376e6e7)
    expect(crc32(new Uint8Array())).toBe(0xffffffff)
  })
})

describe("PAT", () => {
  it("is written bit by bit as in 2.4.4.3", () => {
    const section = buildPat({
      transport_stream_id: 0x1234,
      version: 5,
      programs: [{ program_number: 1, pid: 0x1000 }],
    })
    expect(hex(section.subarray(0, -4))).toBe("00b00d1234cb00000001f000")
    expect(crc32(section)).toBe(0)
  })

  it("reads what it writes", () => {
    const program = fc.record({ program_number: uint(16), pid: uint(13) })
    fc.assert(
      fc.property(
        fc.record({ transport_stream_id: uint(16), version: uint(5), programs: fc.array(program, { maxLength: 253 }) }),
        (pat) => {
          expect(parsePat(buildPat(pat))).toEqual(pat)
        },
      ),
    )
  })

  it("refuses more than fits one section", () => {
    const programs = Array.from({ length: 254 }, () => ({ program_number: 1, pid: 16 }))
    expect(() => buildPat({ transport_stream_id: 1, version: 0, programs })).toThrow(RangeError)
  })
})

describe("PMT", () => {
  const streams = [
    { pid: 0x101, stream_type: 0x1b, descriptors: [] },
    { pid: 500, stream_type: 0x86, descriptors: [{ tag: 0x8a, data: Uint8Array.of(1) }] },
  ]
  const pmt = { program_number: 7, version: 3, pcr_pid: 0x101, descriptors: [registrationDescriptor("CUEI")], streams }

  it("is written bit by bit as in 2.4.4.8", () => {
    expect(hex(buildPmt(pmt).subarray(0, -4))).toBe(
      "02b0200007c70000e101f006" + "050443554549" + "1be101f000" + "86e1f4f0038a0101",
    )
  })

  it("knows the CUEI registration at programme level only", () => {
    expect(parsePmt(buildPmt(pmt))).toEqual({ ...pmt, cuei: true })
    const elsewhere = {
      ...pmt,
      descriptors: [registrationDescriptor("HDMV")],
      streams: [{ ...streams[0], pid: 1, stream_type: 2, descriptors: pmt.descriptors }],
    }
    expect(parsePmt(buildPmt(elsewhere))?.cuei).toBe(false)
  })

  it("reads what it writes", () => {
    const stream = fc.record({
      pid: uint(13),
      stream_type: uint(8),
      descriptors: fc.array(descriptor, { maxLength: 3 }),
    })
    const arbitrary = fc.record({
      program_number: uint(16),
      version: uint(5),
      pcr_pid: uint(13),
      descriptors: fc.array(descriptor, { maxLength: 3 }),
      streams: fc.array(stream, { maxLength: 10 }),
    })
    fc.assert(
      fc.property(arbitrary, (each) => {
        expect(parsePmt(buildPmt(each))).toMatchObject(each)
      }),
    )
  })

  it("stops at a loop that overruns", () => {
    const section = buildPmt(pmt)
    section[21] = 0xff
    expect(parsePmt(sealSection(section))?.streams).toHaveLength(1)
    section[10] = 0xff
    expect(parsePmt(sealSection(section))?.streams).toEqual([])
    expect(parseDescriptors(Uint8Array.of(5, 1, 9, 6, 200, 1))).toEqual([{ tag: 5, data: Uint8Array.of(9) }])
  })
})

describe("sections that are not sound", () => {
  const pat = buildPat({ transport_stream_id: 1, version: 0, programs: [] })
  it.each<[string, Uint8Array]>([
    ["empty", new Uint8Array()],
    ["another table", sealSection(new Uint8Array(pat).fill(0x40, 0, 1))],
    ["no section syntax", sealSection(new Uint8Array(pat).fill(0x30, 1, 2))],
    ["a length that disagrees", sealSection(new Uint8Array(pat).fill(8, 2, 3))],
    ["a bad CRC", new Uint8Array(pat).fill(0, 8)],
  ])("%s", (_, section) => {
    expect([parsePat(section), parsePmt(section)]).toEqual([null, null])
  })

  it("any bytes: a table or null", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 300 }), fc.constantFrom(0, 2), (bytes, table) => {
        bytes.set([table, 0xb0 | ((bytes.length - 3) >> 8), (bytes.length - 3) & 255])
        sealSection(bytes)
        expect((table === 0 ? parsePat(bytes) : parsePmt(bytes)) === null).toBe(table === 2 && bytes.length < 16)
      }),
    )
  })
})

describe("packetizeSection", () => {
  it.each([12, 183, 184, 367, 368, 4096])("carries a section of %i bytes in as many packets as it needs", (length) => {
    const section = new Uint8Array(length).fill(0xfc)
    section.set([0xfc, 0x30 | ((length - 3) >> 8), (length - 3) & 255])
    sealSection(section)
    const packets = packetizeSection(section, 500, 14)
    expect(packets.length).toBe(Math.ceil((length + 1) / 184) * 188)
    expect(packets[3]).toBe(0x1e)
    const pat = packetizeSection(
      buildPat({ transport_stream_id: 1, version: 0, programs: [{ program_number: 1, pid: 16 }] }),
      0,
      0,
    )
    const stream = { pid: 500, stream_type: 0x86, descriptors: [] }
    const pmt = packetizeSection(
      buildPmt({ program_number: 1, version: 0, pcr_pid: 0x1fff, descriptors: [], streams: [stream] }),
      16,
      0,
    )
    const parser = new ReferenceParser()
    for (const bytes of [pat, pmt, packets]) parser.push({ bytes, rx_us: 1, ipv4: 1, port: 1 })
    expect(parser.events.at(-1)).toMatchObject({ kind: "scte35", crc_ok: true, section })
  })

  it("refuses a section longer than a private section can be", () => {
    expect(() => packetizeSection(new Uint8Array(4097), 500, 0)).toThrow(RangeError)
  })
})
