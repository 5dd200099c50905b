import { assert, describe, it } from "vitest"
import { DelayHistogram } from "./delay-histogram.ts"
import { DATAGRAM_BYTES, DATAGRAM_WORDS, pcrStep, writeDatagram } from "./pattern.ts"
import { parseSelection } from "./selection.ts"
import { StreamCheck, totals } from "./stream-check.ts"

const datagram = (counter: number, channel = 1, sentNs = 0) => {
  const words = new Uint32Array(DATAGRAM_WORDS)
  writeDatagram(words, 0, channel, counter, sentNs, pcrStep(8e6))
  return new Uint8Array(words.buffer)
}
const check = (counters: ReadonlyArray<number>) => {
  const stream = new StreamCheck("s")
  for (const counter of counters) stream.push(datagram(counter), 1)
  return stream.report()
}

describe("the stream check", () => {
  it("counts loss, duplicates and late datagrams apart", () => {
    const cases: ReadonlyArray<
      [Array<number>, { received: number; lost: number; duplicated: number; out_of_order: number }]
    > = [
      [[10, 11, 12, 13], { received: 4, lost: 0, duplicated: 0, out_of_order: 0 }],
      [[10, 13, 14], { received: 3, lost: 2, duplicated: 0, out_of_order: 0 }],
      [[10, 11, 11, 12, 10], { received: 3, lost: 0, duplicated: 2, out_of_order: 0 }],
      [[10, 12, 11, 13], { received: 4, lost: 0, duplicated: 0, out_of_order: 1 }],
      [[10, 13, 11, 11], { received: 3, lost: 1, duplicated: 1, out_of_order: 1 }],
      [[10, 9, 11], { received: 3, lost: 0, duplicated: 0, out_of_order: 1 }],
    ]
    for (const [counters, want] of cases) {
      const { received, lost, duplicated, out_of_order } = check(counters)
      assert.deepStrictEqual({ received, lost, duplicated, out_of_order }, want, counters.join(" "))
    }
  })

  it("counts altered and truncated datagrams as corrupt, those of another channel as foreign", () => {
    const stream = new StreamCheck("s")
    stream.push(datagram(0), 1)
    const altered = datagram(1)
    altered[700] = (altered[700] ?? 0) ^ 1
    stream.push(altered, 2)
    stream.push(datagram(2).subarray(0, 1000), 3)
    stream.push(datagram(3, 9), 4)
    const report = stream.report()
    assert.deepStrictEqual([report.corrupt, report.foreign, report.received], [2, 1, 1])
  })

  it("puts datagrams together again however TS packets are grouped into messages", () => {
    const bytes = new Uint8Array(20 * DATAGRAM_BYTES)
    for (let i = 0; i < 20; i++) bytes.set(datagram(i), i * DATAGRAM_BYTES)
    for (const packets of [1, 2, 3, 5, 7, 10]) {
      const stream = new StreamCheck("s", "pattern", bytes.length)
      for (let at = 0; at < bytes.length; at += packets * 188) stream.push(bytes.subarray(at, at + packets * 188), 1)
      const { received, lost, corrupt } = stream.report()
      assert.deepStrictEqual({ received, lost, corrupt }, { received: 20, lost: 0, corrupt: 0 }, `${packets} a message`)
      assert.deepStrictEqual(stream.captured(), bytes)
    }
  })

  it("measures delay and the longest gap, and starts again at a reset without missing a loss across it", () => {
    const stream = new StreamCheck("s")
    stream.push(datagram(0, 1, 1_000_000), 1_050_000)
    stream.push(datagram(1, 1, 2_000_000), 32_000_000)
    assert.deepStrictEqual([stream.report().delay_us.max, stream.report().gap_max_ms], [30_000, 30.95])
    stream.reset()
    stream.push(datagram(3, 1, 40_000_000), 40_010_000)
    const sum = totals([stream])
    assert.deepStrictEqual([sum.received, sum.lost, sum.delay_us.max, sum.streams], [1, 1, 10, 1])
  })

  it("counts continuity errors of any transport stream in ts mode", () => {
    const stream = new StreamCheck("s", "ts")
    for (const counter of [0, 1, 3, 4]) stream.push(datagram(counter), 1)
    // Pattern PID and video PID both jump.
    assert.deepStrictEqual([stream.report().cc_errors, stream.report().corrupt], [2, 0])
  })
})

describe("the delay histogram", () => {
  it("gives percentiles within 1.6 % and the exact maximum", () => {
    const histogram = new DelayHistogram()
    for (let us = 1; us <= 100_000; us++) histogram.add(us)
    assert.approximately(histogram.percentile(0.5), 50_000, 800)
    assert.approximately(histogram.percentile(0.99), 99_000, 1600)
    assert.strictEqual(histogram.percentile(1), 100_000)
    histogram.add(-5)
    assert.strictEqual(histogram.percentile(0), 0)
  })
})

describe("selections", () => {
  const chosen = (text: string, count = 12) => {
    const select = parseSelection(text)
    return Array.from({ length: count }, (_, i) => i).filter((i) => select(i, 0))
  }

  it("reads every, burst, list and fractions, and refuses anything else", () => {
    assert.deepStrictEqual(chosen("every:5"), [4, 9])
    assert.deepStrictEqual(chosen("burst:6:2"), [4, 5, 10, 11])
    assert.deepStrictEqual(chosen("list:3,8"), [3, 8])
    assert.approximately(chosen("0.1", 10_000).length, 1000, 150)
    for (const bad of ["", "every:0", "every:x", "burst:5", "list:", "2", "often"])
      assert.throws(() => parseSelection(bad))
  })
})
