import { describe, expect, it } from "vitest"
import { Acknowledgements, DEFAULT_WINDOW } from "./acknowledgements.ts"
import { parseMessage } from "./messages.ts"

const sequence = (acks: Acknowledgements, bytes: number): number | null => {
  const message = acks.count(bytes)
  const parsed = message === null ? null : parseMessage(message)
  return parsed?.type === "acknowledgement" ? parsed.sequenceNumber : null
}

describe("acknowledgements", () => {
  it("are due when a window has come since the last", () => {
    const acks = new Acknowledgements()
    acks.setWindow(1000)
    expect([999, 1, 999, 500, 501].map((bytes) => sequence(acks, bytes))).toEqual([null, 1000, null, 2499, null])
  })

  it("have a window of their own until the peer sets one, and none with 0", () => {
    const acks = new Acknowledgements()
    expect([sequence(acks, DEFAULT_WINDOW - 1), sequence(acks, 1)]).toEqual([null, DEFAULT_WINDOW])
    acks.setWindow(0)
    expect(sequence(acks, 2 ** 33)).toBeNull()
  })

  it("count modulo 2^32", () => {
    const acks = new Acknowledgements()
    acks.setWindow(2 ** 31)
    expect([2 ** 31, 2 ** 31, 2 ** 31 + 7].map((bytes) => sequence(acks, bytes))).toEqual([2 ** 31, 0, 2 ** 31 + 7])
    expect(acks.receivedBytes).toBe(3 * 2 ** 31 + 7)
  })

  it("of the peer add up over wraps, and steps back count for nothing", () => {
    const acks = new Acknowledgements()
    const totals = [2 ** 30, 2 ** 31, 0xfffffff0, 0x10, 0x8, 2 ** 31 - 1].map((n) => {
      acks.peerAcknowledges(n)
      return acks.peerReceivedBytes
    })
    expect(totals).toEqual([2 ** 30, 2 ** 31, 0xfffffff0, 2 ** 32 + 0x10, 2 ** 32 + 0x10, 2 ** 32 + 2 ** 31 - 1])
  })

  it("answer Set Peer Bandwidth once for each size", () => {
    const acks = new Acknowledgements()
    const answers = [5000, 5000, 6000, 0].map((size) => acks.setPeerBandwidth(size))
    expect(answers.map((message) => (message === null ? null : parseMessage(message)))).toEqual([
      { type: "windowAcknowledgementSize", size: 5000 },
      null,
      { type: "windowAcknowledgementSize", size: 6000 },
      null,
    ])
  })
})
