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

  // 2^31 slots are 13 days at 20 Mbit/s, and the ring's positions begin again at twice that.
  it.each([1000, 2 ** 31 - 10, 2 ** 31 + 10, 3 * 2 ** 30, 2 ** 32 - 10, 2 ** 32 + 10, 5 * 2 ** 32])(
    "knows what became of slots after %d of them",
    (age) => {
      const reader = new RingReader(1000)
      for (let left = age; left > 0; left -= 2 ** 30) reader.cursor = (reader.cursor + Math.min(left, 2 ** 30)) >>> 0
      const at = (slots: number) => (reader.cursor + slots) >>> 0
      expect([reader.fateOf(at(-5)), reader.fateOf(at(0)), reader.fateOf(at(5))]).toEqual([
        "sent",
        "waiting",
        "waiting",
      ])
      expect([reader.covers(at(-1001)), reader.covers(at(-5)), reader.covers(at(5))]).toEqual([age > 1000, true, true])
      reader.backlog(at(QUEUE_SLOTS + 3))
      expect([-4, -3, -1, 0].map((slots) => reader.fateOf(at(slots)))).toEqual([
        "sent",
        "dropped",
        "dropped",
        "waiting",
      ])
    },
  )

  it("does not take a slot for one that was given up 2^32 slots before", () => {
    const reader = new RingReader(0)
    reader.spoil()
    reader.next()
    expect(reader.fateOf(0)).toBe("dropped")
    for (let i = 0; i < 4; i++) reader.cursor = (reader.cursor + 2 ** 30) >>> 0
    expect([reader.cursor, reader.fateOf(0)]).toEqual([1, "sent"])
  })
})
