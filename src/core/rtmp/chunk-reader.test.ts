import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { joinBytes } from "../bytes/join-bytes.ts"
import { ChunkReader, type ChunkReaderLimits } from "./chunk-reader.ts"
import { ChunkWriter } from "./chunk-writer.ts"
import type { RtmpMessage } from "./constants.ts"
import { abortMessage, setChunkSizeMessage } from "./messages.ts"
import { hex } from "./testing/hex.ts"

interface Short {
  readonly id: number
  readonly ts: number
  readonly type: number
  readonly body: string
}

const shorten = ({ chunkStreamId, timestampMs, typeId, body }: RtmpMessage): Short => ({
  id: chunkStreamId,
  ts: timestampMs,
  type: typeId,
  body: Array.from(body, (byte) => byte.toString(16).padStart(2, "0")).join(""),
})

const read = (bytes: Uint8Array, limits: Partial<ChunkReaderLimits> = {}) => {
  const { messages, error } = new ChunkReader(limits).push(bytes)
  return { messages: messages.map(shorten), error }
}

const HEADER_0 = "04 000064 000002 08 01000000"
const two = (first: number, second: number, next = "bbbb"): ReadonlyArray<Short> => [
  { id: 4, ts: first, type: 8, body: "aaaa" },
  { id: 4, ts: second, type: 8, body: next },
]
/** A message of 200 bytes at an extended time, of which chunks of 128 are sent. */
const LONG = `06 ffffff 0000c8 09 01000000 01000000 ${"11".repeat(128)}`
const long = (ts: number): Short => ({ id: 6, ts, type: 9, body: `${"11".repeat(128)}${"22".repeat(72)}` })

const cases: ReadonlyArray<[name: string, bytes: string, messages: ReadonlyArray<Short>]> = [
  ["type 0", `${HEADER_0} aaaa`, two(100, 0).slice(0, 1)],
  ["type 1", `${HEADER_0} aaaa 44 00000a 000001 09 cc`, [...two(100, 0).slice(0, 1), { id: 4, ts: 110, type: 9, body: "cc" }]],
  ["type 2", `${HEADER_0} aaaa 84 00000a bbbb`, two(100, 110)],
  ["type 3 as a new message with the same delta", `${HEADER_0} aaaa 84 00000a bbbb c4 cccc`, [...two(100, 110), { id: 4, ts: 120, type: 8, body: "cccc" }]],
  // By 5.3.1.2.4, the delta behind a chunk of type 0 is its timestamp.
  ["type 3 as a new message behind type 0", `${HEADER_0} aaaa c4 bbbb`, two(100, 200)],
  ["a type 1 header as the first, as some clients send", "42 000005 000001 04 ee", [{ id: 2, ts: 5, type: 4, body: "ee" }]],
  ["a message without a body", "02 000000 000000 04 00000000", [{ id: 2, ts: 0, type: 4, body: "" }]],
  ["a 2-byte basic header", "00 0a 000001 000001 09 01000000 aa 40 0a 000001 000001 09 bb", [{ id: 74, ts: 1, type: 9, body: "aa" }, { id: 74, ts: 2, type: 9, body: "bb" }]],
  ["a 3-byte basic header", "01 0001 000001 000001 09 01000000 aa", [{ id: 320, ts: 1, type: 9, body: "aa" }]],
  ["an extended timestamp", "06 ffffff 000001 09 01000000 01000000 aa", [{ id: 6, ts: 0x1000000, type: 9, body: "aa" }]],
  ["an extended delta", "06 000001 000001 09 01000000 aa 46 ffffff 000001 09 01000000 bb", [{ id: 6, ts: 1, type: 9, body: "aa" }, { id: 6, ts: 0x1000001, type: 9, body: "bb" }]],
  ["a delta over 2^32", "06 ffffff 000001 09 01000000 fffffff0 aa 86 000020 bb", [{ id: 6, ts: 0xfffffff0, type: 9, body: "aa" }, { id: 6, ts: 0x10, type: 9, body: "bb" }]],
  ["a continuation with the extended timestamp again", `${LONG} c6 01000000 ${"22".repeat(72)}`, [long(0x1000000)]],
  ["a continuation without it, as rtmpdump sends", `${LONG} c6 ${"22".repeat(72)}`, [long(0x1000000)]],
  [
    "type 3 as a new message of such a peer",
    `${LONG} c6 ${"22".repeat(72)} c6 ${"11".repeat(128)} c6 ${"22".repeat(72)}`,
    [long(0x1000000), long(0x2000000)],
  ],
  [
    "type 3 as a new message with an extended delta of its own",
    "06 000000 000001 09 01000000 aa 46 ffffff 000001 09 01000000 bb c6 01000001 cc",
    [
      { id: 6, ts: 0, type: 9, body: "aa" },
      { id: 6, ts: 0x1000000, type: 9, body: "bb" },
      { id: 6, ts: 0x2000001, type: 9, body: "cc" },
    ],
  ],
  ["a delta after such a peer's message", `${LONG} c6 ${"22".repeat(72)} 86 000005 ${"11".repeat(128)} c6 ${"22".repeat(72)}`, [long(0x1000000), long(0x1000005)]],
  ["two chunk streams interleaved", `06 000000 000082 09 01000000 ${"11".repeat(128)} ${HEADER_0} aaaa c6 2222`, [two(100, 0)[0] ?? long(0), { id: 6, ts: 0, type: 9, body: `${"11".repeat(128)}2222` }]],
  ["Set Chunk Size, from the next chunk on", `02 000000 000004 01 00000000 00000001 ${HEADER_0} aa c4 aa`, [{ id: 2, ts: 0, type: 1, body: "00000001" }, ...two(100, 0).slice(0, 1)]],
  ["Abort in the middle of a message", `06 000000 000082 09 01000000 ${"11".repeat(128)} 02 000000 000004 02 00000000 00000006 86 000003 ${"33".repeat(128)} c6 4444`, [{ id: 2, ts: 0, type: 2, body: "00000006" }, { id: 6, ts: 3, type: 9, body: `${"33".repeat(128)}4444` }]],
  ["Abort of nothing", "02 000000 000004 02 00000000 00000009", [{ id: 2, ts: 0, type: 2, body: "00000009" }]],
] // biome-ignore format: one line a case

const refusals: ReadonlyArray<[name: string, bytes: string, error: RegExp]> = [
  ["a type 3 header first", "c6", /^chunk stream 6 starts with a type 3 header$/],
  ["a type 2 header first", "86 000000", /^chunk stream 6 starts with a type 2 header$/],
  ["a new header inside a message", `06 000000 000082 09 01000000 ${"11".repeat(128)} 86 000000`, /before the one before it is complete/],
  ["a chunk size of 0", "02 000000 000004 01 00000000 00000000", /chunk size of 0/],
  ["a chunk size with the highest bit", "02 000000 000004 01 00000000 80000000", /chunk size of 2147483648/],
  ["a chunk size of 3 bytes", "02 000000 000003 01 00000000 000001", /chunk size/],
] // biome-ignore format: one line a case

describe("the chunk reader", () => {
  it.each(cases)("reads %s", (_, bytes, messages) => {
    expect(read(hex(bytes))).toEqual({ messages, error: null })
  })

  it.each(cases)("reads %s byte by byte", (_, bytes, messages) => {
    const reader = new ChunkReader()
    const got = Array.from(hex(bytes), (byte) => reader.push(Uint8Array.of(byte))).flatMap((result) => result.messages)
    expect(got.map(shorten)).toEqual(messages)
  })

  it.each(refusals)("refuses %s, for good", (_, bytes, error) => {
    const reader = new ChunkReader()
    expect(reader.push(hex(bytes)).error).toMatch(error)
    expect(reader.push(hex(`${HEADER_0} aaaa`))).toEqual({ messages: [], error: expect.stringMatching(error) })
  })

  it("takes a chunk size of 2^31 - 1 as the longest message", () => {
    const reader = new ChunkReader()
    expect(reader.push(hex("02 000000 000004 01 00000000 7fffffff")).error).toBeNull()
    expect(reader.chunkSize).toBe(0xffffff)
  })

  it("gives the messages that stand before a fault", () => {
    expect(read(hex(`${HEADER_0} aaaa c7`))).toEqual({
      messages: two(100, 0).slice(0, 1),
      error: "chunk stream 7 starts with a type 3 header",
    })
  })

  it("keeps to its limits", () => {
    expect(read(hex(HEADER_0), { maxMessageBytes: 1 }).error).toMatch(/2 bytes is longer than the 1/)
    expect(read(hex("06 000000 ffffff 09 01000000")).error).toBeNull()
    const streams = (count: number) =>
      hex(
        Array.from(
          { length: count },
          (_, i) => `00 ${(i % 256).toString(16).padStart(2, "0")} 000000 000001 09 01000000 aa`,
        ).join(""),
      )
    expect(read(streams(64)).error).toBeNull()
    expect(read(streams(65)).error).toMatch(/more than 64 chunk streams/)
    const half = `000000 0000ff 09 01000000 ${"11".repeat(128)}`
    expect(read(hex(`04 ${half} 05 ${half}`), { maxPartialBytes: 255 }).error).toMatch(/more than 255 bytes/)
    expect(read(hex(`04 ${half} 05 ${half}`), { maxPartialBytes: 256 }).error).toBeNull()
  })

  it("takes no more messages at once than it is told, empty ones of one byte too", () => {
    const empty = (count: number) => hex(`05 000000 000000 14 00000000 ${"c5".repeat(count - 1)}`)
    expect(read(empty(512), { maxMessagesAtOnce: 512 })).toMatchObject({ error: null })
    const over = read(empty(100_000), { maxMessagesAtOnce: 512 })
    expect(over.error).toMatch(/more than 512 messages at once/)
    expect(over.messages).toHaveLength(512)
  })

  it("has all its room again for each message", () => {
    const reader = new ChunkReader({ maxPartialBytes: 3 })
    for (let round = 0; round < 10; round++) expect(reader.push(hex(`${HEADER_0} aaaa`)).error).toBeNull()
  })

  it("does not hold on to the bytes it was given", () => {
    const bytes = hex(`${HEADER_0} aaaa`)
    const { messages } = new ChunkReader().push(bytes)
    bytes.fill(0)
    expect(messages.map(shorten)).toEqual(two(100, 0).slice(0, 1))
  })

  const message = fc.record({
    chunkStreamId: fc.constantFrom(2, 3, 6, 64, 400),
    timestampMs: fc.oneof(
      fc.nat(100),
      fc.integer({ min: 0xfffff0, max: 0x1000010 }),
      fc.constantFrom(2 ** 31, 2 ** 32 - 1),
    ),
    typeId: fc.constantFrom(8, 9, 18, 20),
    messageStreamId: fc.constantFrom(0, 1),
    body: fc.uint8Array({ maxLength: 300 }),
  })

  it("reads what the writer writes, in any pieces and with any chunk sizes", () => {
    const parts = fc.array(
      fc.record({ messages: fc.array(message, { maxLength: 5 }), chunkSize: fc.integer({ min: 1, max: 200 }) }),
      {
        maxLength: 4,
      },
    )
    fc.assert(
      fc.property(parts, fc.infiniteStream(fc.integer({ min: 1, max: 40 })), (list, cuts) => {
        const writer = new ChunkWriter()
        const sent: RtmpMessage[] = []
        const pieces: Uint8Array[] = []
        const send = (one: RtmpMessage) => {
          sent.push(one)
          pieces.push(...writer.pieces(one))
        }
        for (const { messages, chunkSize } of list) {
          send(setChunkSizeMessage(chunkSize))
          writer.chunkSize = chunkSize
          for (const one of messages) send(one)
        }
        const bytes = joinBytes(pieces)
        const reader = new ChunkReader()
        const got: RtmpMessage[] = []
        for (let at = 0; at < bytes.length; ) {
          const size = cuts.next().value ?? 1
          const { messages, error } = reader.push(bytes.subarray(at, at + size))
          expect(error).toBeNull()
          got.push(...messages)
          at += size
        }
        expect(got).toEqual(sent)
      }),
    )
  })

  it("reads messages whose chunks lie between each other, whatever the order", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 129, maxLength: 600 }),
        fc.uint8Array({ minLength: 129, maxLength: 600 }),
        fc.infiniteStream(fc.boolean()),
        (a, b, order) => {
          const chunks = [a, b].map((body, index) => {
            const pieces = new ChunkWriter().pieces({
              chunkStreamId: 4 + index,
              timestampMs: 0x1000000,
              typeId: 9,
              messageStreamId: 1,
              body,
            })
            return Array.from({ length: pieces.length / 2 }, (_, i) => joinBytes(pieces.slice(i * 2, i * 2 + 2)))
          })
          const mixed: Uint8Array[] = []
          while (chunks.some((list) => list.length > 0)) {
            const next = chunks[order.next().value === true ? 0 : 1]?.shift()
            if (next !== undefined) mixed.push(next)
          }
          const { messages, error } = new ChunkReader().push(joinBytes(mixed))
          expect(error).toBeNull()
          expect(new Map(messages.map(({ chunkStreamId, body }) => [chunkStreamId, body]))).toEqual(new Map([[4, a], [5, b]])) // biome-ignore format: pairs
        },
      ),
    )
  })

  it("forgets an aborted message wherever it is cut", () => {
    const body = new Uint8Array(500).fill(0x55)
    const writer = new ChunkWriter()
    const [header = hex(""), first = hex("")] = writer.pieces({
      chunkStreamId: 6,
      timestampMs: 0,
      typeId: 9,
      messageStreamId: 1,
      body,
    })
    const reader = new ChunkReader({ maxPartialBytes: 600 })
    const other = new ChunkWriter()
    for (let round = 0; round < 20; round++) {
      const { error } = reader.push(joinBytes([header, first, ...other.pieces(abortMessage(6))]))
      expect(error).toBeNull()
    }
  })

  it("gives messages or an error for any bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), (list) => {
        const reader = new ChunkReader({ maxMessageBytes: 1000 })
        for (const bytes of list) {
          const { messages, error } = reader.push(bytes)
          expect(messages.every(({ body }) => body.length <= 1000)).toBe(true)
          if (error !== null) expect(error.length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 500 },
    )
  })
})
