import { describe, expect, it } from "vitest"
import { QUEUE_SLOTS, RingReader } from "./ring-reader.ts"

describe("RingReader", () => {
  it("counts what waits across the 2^32 wrap of the head", () => {
    const reader = new RingReader(0xffffffff)
    expect(reader.backlog(2)).toBe(3)
    reader.next()
    expect(reader.cursor).toBe(0)
    expect(reader.backlog(2)).toBe(2)
  })

  it("keeps everything up to its bound", () => {
    const reader = new RingReader(100)
    expect(reader.backlog(100 + QUEUE_SLOTS)).toBe(QUEUE_SLOTS)
    expect(reader.dropped).toBe(0)
  })

  it("drops the oldest above its bound, counts them, and starts a slot afresh", () => {
    const reader = new RingReader(0)
    reader.offset = 188
    expect(reader.backlog(QUEUE_SLOTS + 5)).toBe(QUEUE_SLOTS)
    expect(reader).toMatchObject({ cursor: 5, dropped: 5, offset: 0 })
  })
})
