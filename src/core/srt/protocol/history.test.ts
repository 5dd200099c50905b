import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { SendHistory } from "./history.ts"
import { DATA, HEADER_BYTES, sequenceAfter } from "./packet.ts"

const memoryOf = (capacity: number, at = 0) => {
  const view = new DataView(new ArrayBuffer(at + capacity * HEADER_BYTES))
  return { view, at, capacity }
}

/** Notes packets `from` up to `from + count - 1`, each with values that tell it from the others. */
const fill = (history: SendHistory, from: number, count: number): void => {
  for (let i = 0; i < count; i++) {
    const sequence = sequenceAfter(from, i)
    history.view.setUint32(history.header(sequence), sequence)
    history.view.setUint32(history.header(sequence) + 4, 0xe0000001)
    history.view.setUint32(history.header(sequence) + 12, i)
    history.put(sequence, 0xffffff00 + i, 65535 - i, 1000 + i, 1e12 + i)
    if (i % 3 === 0) history.resend(sequence, 2e12 + i)
  }
}

const expectFilled = (history: SendHistory, from: number, first: number, count: number): void => {
  for (let i = first; i < count; i++) {
    const sequence = sequenceAfter(from, i)
    const header = history.header(sequence)
    expect([history.view.getUint32(header), history.view.getUint32(header + 12)]).toEqual([sequence, i])
    expect(history.position(sequence)).toBe((0xffffff00 + i) >>> 0)
    expect([history.offset(sequence), history.length(sequence)]).toEqual([65535 - i, 1000 + i])
    expect([history.isResent(sequence), history.sentUs(sequence)]).toEqual([
      i % 3 === 0,
      (i % 3 === 0 ? 2e12 : 1e12) + i,
    ])
    expect(history.view.getUint32(header + 4) & ~DATA.RESENT).toBe(0xe0000001 | 0)
  }
}

describe("a history", () => {
  it("keeps what it has room for, over the wrap of sequence numbers", () => {
    const history = new SendHistory(memoryOf(16, 100))
    fill(history, 0x7ffffff8, 16)
    expectFilled(history, 0x7ffffff8, 0, 16)
    expect(history.header(0x7ffffff8)).toBe(100 + 8 * HEADER_BYTES)
  })

  it("forgets with a new packet when the one in its place was sent again", () => {
    const history = new SendHistory(memoryOf(2))
    history.put(4, 1, 2, 3, 100)
    history.resend(4, 500)
    // Whoever sends a packet writes its header.
    history.view.setUint32(history.header(6) + 4, 0xe0000002)
    history.put(6, 7, 8, 9, 600)
    expect([history.position(6), history.sentUs(6), history.isResent(6)]).toEqual([7, 600, false])
  })

  it("is taken over whole by a larger one", () => {
    const cases = fc.record({
      from: fc.integer({ min: 0, max: 0x7fffffff }),
      count: fc.integer({ min: 0, max: 32 }),
      gone: fc.integer({ min: 0, max: 32 }),
      more: fc.constantFrom(64, 128, 1024),
    })
    fc.assert(
      fc.property(cases, ({ from, count, gone, more }) => {
        const history = new SendHistory(memoryOf(32))
        fill(history, from, count)
        const first = Math.min(gone, count)
        const larger = new SendHistory(memoryOf(more, 48))
        larger.copyFrom(history, sequenceAfter(from, first), sequenceAfter(from, count))
        expectFilled(larger, from, first, count)
      }),
    )
  })

  it.each([0, 1, 3, 1000])("has no room for %i packets", (capacity) => {
    expect(() => new SendHistory(memoryOf(capacity))).toThrow(RangeError)
  })
})
