import { describe, expect, it } from "vitest"
import { SenderBench } from "../testing/sender-bench.ts"
import { CONTROL, controlPacket, sequenceAfter, USER_KMRSP } from "./packet.ts"

describe("a loss report", () => {
  it("is repaired at once, in its order", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    const ranges = [
      [103, 105],
      [110, 110],
    ] as const
    expect(bench.nak(ranges, 50_000)).toBeNull()
    expect(bench.resent).toEqual([103, 104, 105, 110])
    expect(bench.sender.figures).toMatchObject({ pktRecvNak: 1, pktSndLoss: 4, pktRetrans: 4, pktSentUnique: 20 })
  })

  it("that comes again within a round trip finds the packet under way", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    bench.ack(100, 1000, { rttUs: 20_000 })
    for (const nowUs of [50_000, 60_000, 69_999, 70_000, 80_000, 90_000]) bench.nak([[103, 103]], nowUs)
    expect(bench.resent).toEqual([103, 103, 103])
  })

  it("of what was acknowledged since is late: nothing is sent again, and nothing called lost", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    bench.ack(110, 1000)
    bench.sender.poll(2000)
    bench.said()
    expect(bench.nak([[103, 105]], 50_000)).toBeNull()
    expect([bench.resent, bench.said()]).toEqual([[], []])
    bench.nak([[108, 111]], 50_000)
    expect([bench.resent, bench.said()]).toEqual([[110, 111], []])
  })

  it("of what was given up is answered with its range", () => {
    const bench = new SenderBench({ latencyMs: 100 })
    bench.send(10, 0)
    bench.send(10, 1_000_000)
    bench.nak([[105, 112]], 1_029_999)
    // Stamps 0 to 9 ms are older than 1.02 s.
    expect(bench.controls).toEqual([controlPacket({ type: CONTROL.DROPREQ, timestamp: 1_029_999, to: 22 }, [105, 109])])
    expect(bench.resent).toEqual([110, 111, 112])
    expect(bench.sender.figures).toMatchObject({ pktSndDrop: 10, dropRequests: 1 })
  })

  it("of what was never sent is not believed, and what stands behind it neither", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    for (const range of [
      [120, 120],
      [110, 120],
      [101, 101 + (1 << 30)],
      [110, 105],
      [100 + (1 << 29), 110],
      [sequenceAfter(100, -70_000), 110],
    ] as const)
      expect(bench.nak([range, [105, 105]], 50_000)).toBe("nak")
    expect([bench.resent, bench.said(), bench.sender.figures.pktSndLoss]).toEqual([[], [], 0])
  })
})

describe("forged loss reports", () => {
  it("make a sender look at no more than two histories between two turns", () => {
    const bench = new SenderBench({}, { idleUs: 1e9 })
    bench.send(1024, 0)
    bench.ack(100, 0, { rttUs: 1 })
    for (let i = 1; i <= 20; i++) bench.nak([[100, 1123]], i * 10)
    const { figures } = bench.sender
    const looks = figures.pktRetrans + figures.resendsRefused
    expect(looks).toBe(2048)
    bench.sender.poll(1000)
    bench.nak([[100, 101]], 1000)
    expect(figures.pktRetrans + figures.resendsRefused).toBe(looks + 2)
  })

  it("of what was given up are answered 32 times between two turns of a history of 1024", () => {
    const bench = new SenderBench({}, { idleUs: 1e9 })
    bench.send(1000, 0)
    bench.sender.poll(3e6)
    bench.said()
    const singles = Array.from({ length: 300 }, (_, i) => [100 + 2 * i, 100 + 2 * i] as const)
    bench.nak(singles, 3e6)
    bench.nak(singles, 3e6)
    expect(bench.said()).toEqual(new Array(32).fill(CONTROL.DROPREQ))
    bench.sender.poll(3_005_000)
    bench.said()
    bench.nak(singles.slice(0, 3), 3_005_000)
    expect(bench.said()).toHaveLength(3)
  })
})

describe("what is too late", () => {
  it.each([
    [100, 0, 1_020_000],
    [4000, 0, 4_020_000],
    [4000, 500, 4_520_000],
    [100, 500, 1_020_000],
  ])("with a latency of %i ms and a delay of %i ms is given up after %i µs", (latencyMs, dropDelayMs, afterUs) => {
    const bench = new SenderBench({ latencyMs }, { dropDelayMs, idleUs: 1e9 })
    bench.send(1, 0)
    bench.sender.poll(afterUs)
    expect([bench.sender.kept, bench.sender.figures.pktSndDrop]).toEqual([1, 0])
    bench.sender.poll(afterUs + 1)
    expect([bench.sender.kept, bench.sender.figures.pktSndDrop, bench.sender.inFlight]).toEqual([0, 1, 0])
    expect(bench.sender.figures.byteSndDrop).toBe(1000)
  })

  it("is kept for ever with a delay of -1, as long as the history has room", () => {
    const bench = new SenderBench({}, { dropDelayMs: -1, idleUs: 1e9 }, 16)
    bench.send(10, 0)
    bench.sender.poll(900e6)
    expect(bench.sender.kept).toBe(10)
    bench.send(10, 900e6)
    expect([bench.sender.kept, bench.sender.figures.pktSndDrop, bench.sender.acked]).toEqual([16, 4, 104])
  })

  it("does not count as given up when it was acknowledged", () => {
    const bench = new SenderBench()
    bench.send(10, 0)
    bench.ack(110, 1000)
    bench.sender.poll(2e6)
    expect([bench.sender.kept, bench.sender.figures.pktSndDrop]).toEqual([0, 0])
  })

  it("is known over the wrap of the stamps", () => {
    const bench = new SenderBench({ startUs: -4294967296 + 500_000 })
    bench.send(10, 0)
    bench.sender.poll(1_000_000)
    expect(bench.sender.kept).toBe(10)
    bench.sender.poll(1_024_001)
    expect(bench.sender.kept).toBe(5)
  })
})

describe("control packets of other kinds", () => {
  it("end the connection, keep it alive, or are refused", () => {
    const packetOf = (type: number) => controlPacket({ type, timestamp: 0, to: 11 })
    const bench = new SenderBench()
    const harmless = [CONTROL.KEEPALIVE, CONTROL.CONGESTION, CONTROL.HANDSHAKE, CONTROL.ACKACK, CONTROL.DROPREQ]
    expect(harmless.map((type) => bench.hear(packetOf(type), 0))).toEqual([null, null, null, null, null])
    expect(bench.hear(packetOf(9), 0)).toBe("type")
    expect(bench.hear(packetOf(8), 0)).toBeNull()
    expect(bench.sender.ended).toBe("peer_error")
    const other = new SenderBench()
    other.hear(packetOf(CONTROL.SHUTDOWN), 0)
    expect(other.sender.ended).toBe("shutdown")
    expect(other.hear(new Uint8Array(15), 0)).toBe("short")
    expect(other.hear(new Uint8Array(16), 0)).toBe("data")
    expect(other.hear(packetOf(CONTROL.ACK).slice(0, 18), 0)).toBe("short")
    const kmrsp = controlPacket({ type: CONTROL.USER, subtype: USER_KMRSP, timestamp: 0, to: 11 })
    expect(other.hear(kmrsp, 0)).toBeNull()
  })
})
