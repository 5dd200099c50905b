import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { joinBytes } from "../bytes/join-bytes.ts"
import { ChunkWriter } from "./chunk-writer.ts"
import type { RtmpMessage } from "./constants.ts"
import { hex } from "./testing/hex.ts"
import { readStrictly } from "./testing/strict-chunks.ts"

const message = (
  chunkStreamId: number,
  timestampMs: number,
  body: Uint8Array | string,
  typeId = 9,
  messageStreamId = 1,
): RtmpMessage => ({
  chunkStreamId,
  timestampMs,
  typeId,
  messageStreamId,
  body: typeof body === "string" ? hex(body) : body,
})

const written = (writer: ChunkWriter, ...messages: RtmpMessage[]): Uint8Array =>
  joinBytes(messages.flatMap((one) => writer.pieces(one)))

const cases: ReadonlyArray<[name: string, messages: ReadonlyArray<RtmpMessage>, bytes: string]> = [
  ["type 0 first, the message stream id little-endian", [message(6, 0x010203, "aabb", 9, 0x01020304)], "06 010203 000002 09 04030201 aabb"],
  ["type 1 with a delta then", [message(4, 1000, "aa", 8), message(4, 1023, "bbcc", 8)], "04 0003e8 000001 08 01000000 aa 44 000017 000002 08 bbcc"],
  ["type 1 for the same time again", [message(4, 7, "aa"), message(4, 7, "aa")], "04 000007 000001 09 01000000 aa 44 000000 000001 09 aa"],
  ["type 0 for a step back", [message(4, 1000, "aa"), message(4, 999, "bb")], "04 0003e8 000001 09 01000000 aa 04 0003e7 000001 09 01000000 bb"],
  ["type 0 for another message stream", [message(3, 0, "aa", 20, 0), message(3, 0, "bb", 20, 1)], "03 000000 000001 14 00000000 aa 03 000000 000001 14 01000000 bb"],
  ["deltas of each chunk stream for itself", [message(4, 10, "aa"), message(6, 20, "bb"), message(4, 30, "cc")], "04 00000a 000001 09 01000000 aa 06 000014 000001 09 01000000 bb 44 000014 000001 09 cc"],
  ["a message without a body", [message(2, 0, "", 4, 0)], "02 000000 000000 04 00000000"],
  ["an absolute time of 4 h 39 min, one less than extended", [message(6, 0xfffffe, "aa")], "06 fffffe 000001 09 01000000 aa"],
  ["an extended time from there", [message(6, 0xffffff, "aa")], "06 ffffff 000001 09 01000000 00ffffff aa"],
  ["a delta after an extended time, without one", [message(6, 0x01000000, "aa"), message(6, 0x01000028, "bb")], "06 ffffff 000001 09 01000000 01000000 aa 46 000028 000001 09 bb"],
  ["deltas across 4 h 39 min", [message(6, 0xfffff0, "aa"), message(6, 0x01000010, "bb")], "06 fffff0 000001 09 01000000 aa 46 000020 000001 09 bb"],
  ["deltas across 2^31", [message(6, 0x7ffffff0, "aa"), message(6, 0x80000010, "bb")], "06 ffffff 000001 09 01000000 7ffffff0 aa 46 000020 000001 09 bb"],
  ["deltas across 2^32, wrapped or not", [message(6, 0xfffffff0, "aa"), message(6, 0x100000010, "bb"), message(6, 0x30, "cc")], "06 ffffff 000001 09 01000000 fffffff0 aa 46 000020 000001 09 bb 46 000020 000001 09 cc"],
  ["type 0 for a gap too long for a delta", [message(6, 0, "aa"), message(6, 0xffffff, "bb")], "06 000000 000001 09 01000000 aa 06 ffffff 000001 09 01000000 00ffffff bb"],
  ["2-byte basic headers", [message(64, 1, "aa"), message(319, 1, "bb")], "00 00 000001 000001 09 01000000 aa 00 ff 000001 000001 09 01000000 bb"],
  ["3-byte basic headers", [message(320, 1, "aa"), message(65599, 1, "bb")], "01 0001 000001 000001 09 01000000 aa 01 ffff 000001 000001 09 01000000 bb"],
] // biome-ignore format: one line a case

describe("the chunk writer", () => {
  it.each(cases)("writes %s", (_, messages, bytes) => {
    expect(written(new ChunkWriter(), ...messages)).toEqual(hex(bytes))
  })

  it("cuts bodies at the chunk size and continues with type 3", () => {
    const writer = new ChunkWriter()
    const body = Uint8Array.from({ length: 300 }, (_, i) => i)
    const pieces = writer.pieces(message(6, 5, body))
    expect(pieces.map(({ length }) => length)).toEqual([12, 128, 1, 128, 1, 44])
    expect([pieces[2], pieces[4]]).toEqual([hex("c6"), hex("c6")])
    writer.chunkSize = 65_536
    expect(writer.pieces(message(6, 5, body)).map(({ length }) => length)).toEqual([8, 300])
  })

  it("ends a body of exactly some chunks without an empty one", () => {
    expect(new ChunkWriter().pieces(message(6, 5, new Uint8Array(256))).map(({ length }) => length)).toEqual([
      12, 128, 1, 128,
    ])
  })

  it("repeats an extended timestamp on every continuation, and not behind a delta", () => {
    const writer = new ChunkWriter()
    const first = writer.pieces(message(6, 0x12345678, new Uint8Array(300)))
    expect([first[2], first[4]]).toEqual([hex("c6 12345678"), hex("c6 12345678")])
    expect(writer.pieces(message(6, 0x12345679, new Uint8Array(129)))[2]).toEqual(hex("c6"))
  })

  it("never copies a body", () => {
    const body = new Uint8Array(1000)
    for (const piece of new ChunkWriter().pieces(message(6, 0, body)).filter((_, index) => index % 2 === 1)) {
      expect(piece.buffer).toBe(body.buffer)
    }
  })

  it.each([0, -1, 1.5, 0x1000000, Number.NaN])("refuses a chunk size of %d", (size) => {
    expect(() => {
      new ChunkWriter().chunkSize = size
    }).toThrow(RangeError)
  })

  it("refuses chunk streams and bodies that the headers cannot hold", () => {
    const writer = new ChunkWriter()
    for (const id of [0, 1, 65_600, 2.5]) expect(() => writer.pieces(message(id, 0, "aa"))).toThrow(RangeError)
    expect(() => writer.pieces(message(6, 0, new Uint8Array(0x1000000)))).toThrow(/16777215 bytes, not 16777216/)
  })

  it("writes what a strict reader reads, for any messages and chunk size", () => {
    const one = fc.record({
      chunkStreamId: fc.constantFrom(2, 3, 4, 6, 31),
      timestampMs: fc.oneof(
        fc.nat(1000),
        fc.integer({ min: 0xfffff0, max: 0x1000010 }),
        fc.nat({ max: 2 ** 31 - 1 }).map((n) => n * 3),
      ),
      typeId: fc.constantFrom(8, 9, 18, 20),
      messageStreamId: fc.constantFrom(0, 1, 0xfffffffe),
      body: fc.uint8Array({ maxLength: 400 }),
    })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), fc.integer({ min: 1, max: 300 }), (messages, chunkSize) => {
        const writer = new ChunkWriter()
        writer.chunkSize = chunkSize
        const read = readStrictly(written(writer, ...messages), chunkSize)
        expect(read.map(({ format: _, chunks: __, ...rest }) => rest)).toEqual(
          messages.map((sent) => ({ ...sent, timestampMs: sent.timestampMs % 2 ** 32 })),
        )
      }),
    )
  })
})
