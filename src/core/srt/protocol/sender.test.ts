import { describe, expect, it } from "vitest"
import { SenderBench } from "../testing/sender-bench.ts"
import { CONTROL, controlPacket, MESSAGE_MAX } from "./packet.ts"

describe("a data packet", () => {
  it("has the header of clause 3.1", () => {
    const bench = new SenderBench({ sequence: 0x7fffffff, startUs: -5_000_000 })
    bench.send(2, 0)
    expect(bench.data.slice(0, 2)).toEqual([
      { sequence: 0x7fffffff, word: 0xe0000001, stamp: 5_000_000, position: 0, length: 1000 },
      { sequence: 0, word: 0xe0000002, stamp: 5_001_000, position: 1, length: 1001 },
    ])
  })

  it("is sent again as it was, but for the R bit", () => {
    const bench = new SenderBench()
    bench.send(3, 0)
    bench.nak([[101, 101]], 50_000)
    expect(bench.data[3]).toEqual({ ...bench.data[1], word: 0xe4000002 })
  })

  it("has a stamp of 32 bits, which wraps and which never runs backwards", () => {
    const bench = new SenderBench({ startUs: -4294967290 })
    for (const receivedUs of [0, 4, 2, 5.9, 6, 3, 20]) bench.sender.send(0, 0, 1, receivedUs, 20)
    expect(bench.data.map(({ stamp }) => stamp)).toEqual([4294967290, 4294967294, 4294967294, 4294967295, 0, 0, 14])
  })

  it("that was received before the connection began is stamped 0", () => {
    const bench = new SenderBench({ startUs: 1000 })
    bench.sender.send(0, 0, 1, 400, 1000)
    expect(bench.data[0]?.stamp).toBe(0)
  })
})

describe("message numbers", () => {
  it("begin again with 1 after 2^26 - 1", () => {
    const bench = new SenderBench({}, { firstMessage: MESSAGE_MAX - 1 })
    bench.send(4, 0)
    expect(bench.data.map(({ word }) => word)).toEqual([0xe3fffffe, 0xe3ffffff, 0xe0000001, 0xe0000002])
  })
})

describe("what is in flight", () => {
  it("reaches from the first to the last packet that is not acknowledged, over the wrap of stamps", () => {
    const bench = new SenderBench({ startUs: -4294967296 + 5000 })
    expect(bench.sender.inFlightUs).toBe(0)
    bench.send(11, 0)
    expect([bench.sender.inFlight, bench.sender.inFlightUs]).toEqual([11, 10_000])
    bench.lightAck(104, 20_000)
    expect([bench.sender.inFlight, bench.sender.inFlightUs]).toEqual([7, 6000])
    bench.lightAck(111, 20_000)
    expect([bench.sender.inFlight, bench.sender.inFlightUs]).toEqual([0, 0])
  })
})

describe("the window", () => {
  it("closes when it is full, and opens with an acknowledgement", () => {
    const bench = new SenderBench({ flowWindow: 10 })
    expect(bench.send(15, 0)).toBe(10)
    bench.lightAck(103, 1000)
    // A light acknowledgement takes what it acknowledges from the window: 7 in flight, room for 7.
    expect([bench.sender.window, bench.send(5, 1000)]).toEqual([7, 0])
    bench.ack(103, 2000, { room: 9 })
    expect(bench.send(5, 2000)).toBe(2)
    bench.ack(112, 3000, { room: 0 })
    expect(bench.send(5, 3000)).toBe(0)
    bench.ack(112, 4000, { room: 3 })
    expect(bench.send(5, 4000)).toBe(3)
  })

  it("is not what an acknowledgement that was overtaken says", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    bench.ack(110, 1000, { room: 500 })
    bench.ack(105, 1100, { room: 600 })
    expect([bench.sender.window, bench.sender.acked]).toEqual([500, 110])
  })
})

describe("an acknowledgement", () => {
  it("in full is answered once, by the next turn; a light one is not", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    bench.ack(105, 1000, { number: 7 })
    bench.ack(106, 1500, { number: 8 })
    bench.lightAck(107, 1600)
    bench.sender.poll(2000)
    expect(bench.controls).toEqual([controlPacket({ type: CONTROL.ACKACK, about: 8, timestamp: 2000, to: 22 })])
    bench.sender.poll(3000)
    expect(bench.controls).toHaveLength(1)
    expect([bench.sender.acked, bench.sender.inFlight]).toEqual([107, 13])
  })

  it("brings the round trip and the capacity of the link; what cannot be one is not taken", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    bench.ack(105, 1000)
    expect([bench.sender.rttUs, bench.sender.rttVarUs, bench.sender.figures.pktsBandwidth]).toEqual([
      20_000, 5000, 5000,
    ])
    for (const rttUs of [0, 60_000_001, 0xffffffff]) bench.ack(106, 1100, { rttUs })
    expect(bench.sender.rttUs).toBe(20_000)
  })

  it("of what was never sent changes nothing", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    for (const forged of [121, 120 + (1 << 29), 0x80000000, 0xffffffff]) {
      expect(bench.ack(forged, 1000, { room: 1, rttUs: 1 })).toBe("ack")
      expect(bench.lightAck(forged, 1000)).toBe("ack")
    }
    bench.sender.poll(2000)
    expect([bench.sender.acked, bench.sender.window, bench.sender.rttUs]).toEqual([100, 8192, 100_000])
    expect(bench.said()).toEqual([])
    expect(bench.sender.figures.pktRecvAck).toBe(0)
  })
})
