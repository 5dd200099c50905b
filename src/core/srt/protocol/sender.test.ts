import { describe, expect, it } from "vitest"
import { testSession } from "../testing/sender-run.ts"
import { lossListWords } from "./loss-list.ts"
import { CONTROL, controlPacket, HEADER_BYTES, sequenceAfter, USER_KMRSP } from "./packet.ts"
import { SENDER_DEFAULTS, type SenderOptions, SrtSender } from "./sender.ts"
import type { Session } from "./session.ts"

interface Out {
  readonly sequence: number
  readonly word: number
  readonly stamp: number
  readonly position: number
  readonly length: number
}

/** A sender of which every packet is kept. */
class Bench {
  readonly data: Out[] = []
  readonly controls: Uint8Array[] = []
  readonly sender: SrtSender
  view: DataView

  constructor(session: Partial<Session> = {}, options: Partial<SenderOptions> = {}, capacity = 1024) {
    this.view = new DataView(new ArrayBuffer(capacity * HEADER_BYTES + 64))
    this.sender = new SrtSender(
      testSession({ sequence: 100, ...session }),
      { view: this.view, at: 64, capacity },
      {
        data: (header, sequence, position, offset, length) => {
          expect(this.view.getUint32(header)).toBe(sequence)
          expect(this.view.getUint32(header + 12)).toBe(22)
          expect(offset).toBe(position % 7)
          const [word, stamp] = [this.view.getUint32(header + 4), this.view.getUint32(header + 8)]
          this.data.push({ sequence, word, stamp, position, length })
        },
        control: (packet) => this.controls.push(packet),
      },
      { ...SENDER_DEFAULTS, ...options },
      0,
    )
  }

  /** Sends `count` packets at `nowUs`, 1 ms apart in their stamps; returns how many the window let through. */
  send(count: number, nowUs: number): number {
    let sent = 0
    for (let i = 0; i < count; i++) {
      const position = this.data.length
      if (this.sender.send(position, position % 7, 1000 + (position % 300), nowUs + i * 1000, nowUs)) sent += 1
    }
    return sent
  }

  hear(packet: Uint8Array, nowUs: number): string | null {
    return this.sender.receive(packet, new DataView(packet.buffer), 0, packet.length, nowUs)
  }

  ack(acked: number, nowUs: number, { number = 1, rttUs = 20_000, rttVarUs = 5000, room = 8192 } = {}): string | null {
    const words = [acked, rttUs, rttVarUs, room, 1000, 5000, 1e6]
    return this.hear(controlPacket({ type: CONTROL.ACK, about: number, timestamp: 0, to: 11 }, words), nowUs)
  }

  lightAck(acked: number, nowUs: number): string | null {
    return this.hear(controlPacket({ type: CONTROL.ACK, timestamp: 0, to: 11 }, [acked]), nowUs)
  }

  nak(ranges: ReadonlyArray<readonly [number, number]>, nowUs: number): string | null {
    return this.hear(controlPacket({ type: CONTROL.NAK, timestamp: 0, to: 11 }, lossListWords(ranges)), nowUs)
  }

  /** Types of the control packets sent since the last call. */
  said(): number[] {
    return this.controls.splice(0).map((packet) => ((packet[0] ?? 0) & 0x7f) * 256 + (packet[1] ?? 0))
  }

  get resent(): number[] {
    return this.data.filter(({ word }) => (word & 0x04000000) !== 0).map(({ sequence }) => sequence)
  }
}

describe("a data packet", () => {
  it("has the header of clause 3.1", () => {
    const bench = new Bench({ sequence: 0x7fffffff, startUs: -5_000_000 })
    bench.send(2, 0)
    expect(bench.data.slice(0, 2)).toEqual([
      { sequence: 0x7fffffff, word: 0xe0000001, stamp: 5_000_000, position: 0, length: 1000 },
      { sequence: 0, word: 0xe0000002, stamp: 5_001_000, position: 1, length: 1001 },
    ])
  })

  it("is sent again as it was, but for the R bit", () => {
    const bench = new Bench()
    bench.send(3, 0)
    bench.nak([[101, 101]], 50_000)
    expect(bench.data[3]).toEqual({ ...bench.data[1], word: 0xe4000002 })
  })

  it("has a stamp of 32 bits, which wraps and which never runs backwards", () => {
    const bench = new Bench({ startUs: -4294967290 })
    for (const receivedUs of [0, 4, 2, 5.9, 6, 3, 20]) bench.sender.send(0, 0, 1, receivedUs, 20)
    expect(bench.data.map(({ stamp }) => stamp)).toEqual([4294967290, 4294967294, 4294967294, 4294967295, 0, 0, 14])
  })

  it("that was received before the connection began is stamped 0", () => {
    const bench = new Bench({ startUs: 1000 })
    bench.sender.send(0, 0, 1, 400, 1000)
    expect(bench.data[0]?.stamp).toBe(0)
  })
})

describe("the window", () => {
  it("closes when it is full, and opens with an acknowledgement", () => {
    const bench = new Bench({ flowWindow: 10 })
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
    const bench = new Bench()
    bench.send(20, 0)
    bench.ack(110, 1000, { room: 500 })
    bench.ack(105, 1100, { room: 600 })
    expect([bench.sender.window, bench.sender.acked]).toEqual([500, 110])
  })
})

describe("an acknowledgement", () => {
  it("in full is answered once, by the next turn; a light one is not", () => {
    const bench = new Bench()
    bench.send(20, 0)
    bench.ack(105, 1000, { number: 7 })
    bench.ack(106, 1500, { number: 8 })
    bench.lightAck(107, 1600)
    bench.sender.poll(2000)
    expect(bench.controls).toEqual([controlPacket({ type: CONTROL.ACKACK, about: 8, timestamp: 2000, to: 22 })])
    bench.sender.poll(3000)
    expect(bench.controls).toHaveLength(1)
    expect([bench.sender.acked, bench.sender.inFlight, bench.sender.ackedPosition]).toEqual([107, 13, 6])
  })

  it("brings the round trip and the capacity of the link; what cannot be one is not taken", () => {
    const bench = new Bench()
    bench.send(20, 0)
    bench.ack(105, 1000)
    expect([bench.sender.rttUs, bench.sender.rttVarUs, bench.sender.figures.pktsBandwidth]).toEqual([
      20_000, 5000, 5000,
    ])
    for (const rttUs of [0, 60_000_001, 0xffffffff]) bench.ack(106, 1100, { rttUs })
    expect(bench.sender.rttUs).toBe(20_000)
  })

  it("of what was never sent changes nothing", () => {
    const bench = new Bench()
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

describe("a loss report", () => {
  it("is repaired at once, in its order", () => {
    const bench = new Bench()
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
    const bench = new Bench()
    bench.send(20, 0)
    bench.ack(100, 1000, { rttUs: 20_000 })
    for (const nowUs of [50_000, 60_000, 69_999, 70_000, 80_000, 90_000]) bench.nak([[103, 103]], nowUs)
    expect(bench.resent).toEqual([103, 103, 103])
  })

  it("of what was acknowledged since is late: nothing is sent again, and nothing called lost", () => {
    const bench = new Bench()
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
    const bench = new Bench({ latencyMs: 100 })
    bench.send(10, 0)
    bench.send(10, 1_000_000)
    bench.nak([[105, 112]], 1_029_999)
    // Stamps 0 to 9 ms are older than 1.02 s.
    expect(bench.controls).toEqual([controlPacket({ type: CONTROL.DROPREQ, timestamp: 1_029_999, to: 22 }, [105, 109])])
    expect(bench.resent).toEqual([110, 111, 112])
    expect(bench.sender.figures).toMatchObject({ pktSndDrop: 10, dropRequests: 1 })
  })

  it("of what was never sent is not believed, and what stands behind it neither", () => {
    const bench = new Bench()
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
    const bench = new Bench({}, { idleUs: 1e9 })
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
    const bench = new Bench({}, { idleUs: 1e9 })
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
    const bench = new Bench({ latencyMs }, { dropDelayMs, idleUs: 1e9 })
    bench.send(1, 0)
    bench.sender.poll(afterUs)
    expect([bench.sender.kept, bench.sender.figures.pktSndDrop]).toEqual([1, 0])
    bench.sender.poll(afterUs + 1)
    expect([bench.sender.kept, bench.sender.figures.pktSndDrop, bench.sender.inFlight]).toEqual([0, 1, 0])
    expect(bench.sender.figures.byteSndDrop).toBe(1000)
  })

  it("is kept for ever with a delay of -1, as long as the history has room", () => {
    const bench = new Bench({}, { dropDelayMs: -1, idleUs: 1e9 }, 16)
    bench.send(10, 0)
    bench.sender.poll(900e6)
    expect(bench.sender.kept).toBe(10)
    bench.send(10, 900e6)
    expect([bench.sender.kept, bench.sender.figures.pktSndDrop, bench.sender.acked]).toEqual([16, 4, 104])
  })

  it("does not count as given up when it was acknowledged", () => {
    const bench = new Bench()
    bench.send(10, 0)
    bench.ack(110, 1000)
    bench.sender.poll(2e6)
    expect([bench.sender.kept, bench.sender.figures.pktSndDrop]).toEqual([0, 0])
  })

  it("is known over the wrap of the stamps", () => {
    const bench = new Bench({ startUs: -4294967296 + 500_000 })
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
    const bench = new Bench()
    const harmless = [CONTROL.KEEPALIVE, CONTROL.CONGESTION, CONTROL.HANDSHAKE, CONTROL.ACKACK, CONTROL.DROPREQ]
    expect(harmless.map((type) => bench.hear(packetOf(type), 0))).toEqual([null, null, null, null, null])
    expect(bench.hear(packetOf(9), 0)).toBe("type")
    expect(bench.hear(packetOf(8), 0)).toBeNull()
    expect(bench.sender.ended).toBe("peer_error")
    const other = new Bench()
    other.hear(packetOf(CONTROL.SHUTDOWN), 0)
    expect(other.sender.ended).toBe("shutdown")
    expect(other.hear(new Uint8Array(15), 0)).toBe("short")
    expect(other.hear(new Uint8Array(16), 0)).toBe("data")
    expect(other.hear(packetOf(CONTROL.ACK).slice(0, 18), 0)).toBe("short")
    const kmrsp = controlPacket({ type: CONTROL.USER, subtype: USER_KMRSP, timestamp: 0, to: 11 })
    expect(other.hear(kmrsp, 0)).toBeNull()
  })
})
