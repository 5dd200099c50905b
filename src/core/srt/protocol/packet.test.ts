import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { toHex } from "../../bytes/bytes-text.ts"
import {
  CONTROL,
  controlPacket,
  controlType,
  isControl,
  MESSAGE_MAX,
  messageAfter,
  SEQUENCE_MASK,
  sequenceAfter,
  sequenceDistance,
  USER_KMREQ,
} from "./packet.ts"

const sequences = fc.integer({ min: 0, max: SEQUENCE_MASK })

describe("sequence numbers", () => {
  it.each([
    [0, 0, 0],
    [5, 3, 2],
    [3, 5, -2],
    [0, 0x7fffffff, 1],
    [0x7fffffff, 0, -1],
    [4, 0x7ffffffe, 6],
    [0x3fffffff, 0, 0x3fffffff],
    [0x40000001, 0, -0x3fffffff],
  ])("%i lies behind %i by %i", (a, b, distance) => {
    expect(sequenceDistance(a, b)).toBe(distance)
  })

  it("a step forward and its distance agree over the wrap", () => {
    fc.assert(
      fc.property(sequences, fc.integer({ min: -0x3fffffff, max: 0x3fffffff }), (sequence, count) => {
        const after = sequenceAfter(sequence, count)
        expect(after).toBeGreaterThanOrEqual(0)
        expect(after).toBeLessThanOrEqual(SEQUENCE_MASK)
        expect(sequenceDistance(after, sequence)).toBe(count)
      }),
    )
  })
})

describe("message numbers", () => {
  it("count from 1 to 2^26 - 1 and begin again with 1", () => {
    expect([1, 2, MESSAGE_MAX - 1, MESSAGE_MAX].map(messageAfter)).toEqual([2, 3, MESSAGE_MAX, 1])
  })
})

describe("control packets", () => {
  it.each([
    [
      "a keepalive has four zero bytes behind its header",
      controlPacket({ type: CONTROL.KEEPALIVE, timestamp: 0x01020304, to: 0xaabbccdd }),
      "80010000 00000000 01020304 aabbccdd 00000000",
    ],
    [
      "an ACKACK names the ACK",
      controlPacket({ type: CONTROL.ACKACK, about: 0xfffffffe, timestamp: 1, to: 2 }),
      "80060000 fffffffe 00000001 00000002 00000000",
    ],
    [
      "a DROPREQ names both ends of a range",
      controlPacket({ type: CONTROL.DROPREQ, timestamp: 1, to: 2 }, [0x7ffffffe, 1]),
      "80070000 00000000 00000001 00000002 7ffffffe 00000001",
    ],
    [
      "an ACK: sequence, RTT, its variation, room, packets and capacity in packets per second, bytes per second",
      controlPacket({ type: CONTROL.ACK, about: 7, timestamp: 1, to: 2 }, [3, 100000, 50000, 8192, 760, 5000, 1000000]),
      "80020000 00000007 00000001 00000002 00000003 000186a0 0000c350 00002000 000002f8 00001388 000f4240",
    ],
    [
      "a KMREQ is user-defined, with a subtype",
      controlPacket({ type: CONTROL.USER, subtype: USER_KMREQ, timestamp: 1, to: 2 }, []),
      "ffff0003 00000000 00000001 00000002",
    ],
  ])("%s", (_, packet, hex) => {
    expect(toHex(packet)).toBe(hex.replaceAll(" ", ""))
  })

  it("take their time stamp modulo 2^32, whole µs of it", () => {
    const stampOf = (timestamp: number) =>
      new DataView(controlPacket({ type: CONTROL.SHUTDOWN, timestamp, to: 0 }).buffer).getUint32(8)
    expect([4294967295, 4294967296, 4294967301.75, 2 * 4294967296 + 9].map(stampOf)).toEqual([4294967295, 0, 5, 9])
  })

  it("are told from data by bit 31, and say their type in the 15 bits behind it", () => {
    expect([0, 0x7fffffff, 0x80000000, 0xffff0003].map(isControl)).toEqual([false, false, true, true])
    expect([0x80000000, 0x80030000, 0xffff0003].map(controlType)).toEqual([
      CONTROL.HANDSHAKE,
      CONTROL.NAK,
      CONTROL.USER,
    ])
  })
})
