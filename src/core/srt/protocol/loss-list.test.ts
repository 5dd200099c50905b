import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromHex } from "../../bytes/bytes-text.ts"
import { lossListWords, walkLossList } from "./loss-list.ts"
import { CONTROL, controlPacket, sequenceAfter } from "./packet.ts"

type Ranges = Array<readonly [first: number, last: number]>

const walk = (bytes: Uint8Array, isSent: (sequence: number) => boolean = () => true) => {
  const ranges: Ranges = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = walkLossList(view, 0, bytes.length, isSent, (first, last) => ranges.push([first, last]))
  return { whole, ranges }
}

const nak = (hex: string): Uint8Array =>
  fromHex(`80030000000000000000000000000000${hex.replaceAll(" ", "")}`) ?? new Uint8Array(0)

describe("a loss list", () => {
  it.each([
    ["a single one", "00000005", [[5, 5]]],
    ["a range", "80000005 00000009", [[5, 9]]],
    ["a range of one", "80000005 00000005", [[5, 5]]],
    [
      "both, as appendix A shows them",
      "00000001 80000003 00000006 00000009",
      [
        [1, 1],
        [3, 6],
        [9, 9],
      ],
    ],
    ["a range over the wrap", "fffffffe 00000002", [[0x7ffffffe, 2]]],
    ["with bytes behind that make no word", "00000005 0000", [[5, 5]]],
  ])("%s", (_, hex, ranges) => {
    expect(walk(nak(hex))).toEqual({ whole: true, ranges })
  })

  it.each([
    ["empty", "", []],
    ["a range without its end", "00000001 80000003", [[1, 1]]],
    ["a range that runs backwards", "00000001 80000006 00000003 00000009", [[1, 1]]],
    ["a range whose end begins another", "80000003 80000006 00000009", []],
    ["less than a word", "0000", []],
  ])("%s cannot be trusted from there on", (_, hex, ranges) => {
    expect(walk(nak(hex))).toEqual({ whole: false, ranges })
  })

  it("ends at what was never sent, at either end of a range", () => {
    const sent = (sequence: number) => sequence >= 10 && sequence < 20
    expect(walk(nak("0000000b 8000000c 00000014 0000000e"), sent)).toEqual({ whole: false, ranges: [[11, 11]] })
    expect(walk(nak("80000009 0000000b"), sent)).toEqual({ whole: false, ranges: [] })
    expect(walk(nak("00000014"), sent)).toEqual({ whole: false, ranges: [] })
  })

  it("is read as it was written, wherever it stands", () => {
    const starts = fc.integer({ min: 0, max: 0x7fffffff })
    const range = fc.tuple(starts, fc.nat(1000)).map(([first, more]) => [first, sequenceAfter(first, more)] as const)
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 50 }), fc.nat(40), (ranges, at) => {
        const packet = controlPacket({ type: CONTROL.NAK, timestamp: 0, to: 0 }, lossListWords(ranges))
        const around = new Uint8Array(at + packet.length + 30).fill(0xff)
        around.set(packet, at)
        const read: Ranges = []
        const take = (first: number, last: number) => read.push([first, last])
        expect(walkLossList(new DataView(around.buffer), at, packet.length, () => true, take)).toBe(true)
        expect(read).toEqual(ranges)
      }),
    )
  })
})
