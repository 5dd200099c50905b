import { describe, expect, it } from "vitest"
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import { RingReader } from "../ring/ring-reader.ts"
import type { OwnConnection } from "../srt/own/connection.ts"
import { CarrierTerms } from "./carrier-terms.ts"

/** A connection that begins at `from`, and what its receiver says. */
const carrying = (from: number, receipt: SlotReceipt = "acknowledged") => {
  const reader = new RingReader(from >>> 0)
  const counted = { bytesSent: 0, packetsSent: 0, dropped: 0 }
  const connection = Object.assign(counted, { reader, receiptOf: () => receipt }) as unknown as OwnConnection
  const send = (slots: number) => {
    for (let i = 0; i < slots; i++) reader.next()
    counted.bytesSent += slots * 1316
    counted.packetsSent += slots
  }
  return { connection, counted, send }
}

// The ring's positions count modulo 2^32.
describe.each([100, 2 ** 31 - 6, 2 ** 32 - 6])("terms that begin at slot %d", (first) => {
  const at = (slot: number) => (first + slot) >>> 0
  const takeover = (receipt: SlotReceipt = "acknowledged") => {
    const terms = new CarrierTerms()
    const main = carrying(at(0), "waiting")
    terms.begin(main.connection)
    main.send(10)
    const backup = carrying(at(6), receipt)
    terms.begin(backup.connection)
    return { terms, main, backup }
  }

  it("know a slot that either sent, and wait for what is to be sent again", () => {
    const { backup, terms } = takeover()
    expect([5, 6, 9, 10].map((slot) => terms.fateOf(at(slot)))).toEqual(["sent", "waiting", "waiting", "waiting"])
    backup.send(3)
    expect([6, 8, 9].map((slot) => terms.fateOf(at(slot)))).toEqual(["sent", "sent", "waiting"])
    expect(terms.fateOf(at(-1))).toBe("dropped")
  })

  it("ask the receiver that was sent a slot last", () => {
    const { backup, terms } = takeover()
    expect(terms.receiptOf(at(7), 0, 0)).toBe("waiting")
    backup.send(3)
    expect(terms.receiptOf(at(7), 0, 0)).toBe("acknowledged")
    expect(terms.receiptOf(at(5), 0, 0)).toBe("waiting")
    expect(terms.receiptOf(at(-1), 0, 0)).toBe("unknown")
  })

  it("count what a connection sent and gave up while it carried, and nothing that it gave up later", () => {
    const { backup, main, terms } = takeover()
    main.counted.dropped = 4
    backup.send(5)
    backup.counted.dropped = 1
    expect(terms.sums).toEqual({ bytesSent: 15 * 1316, packetsSent: 15, packetsDropped: 1 })
    // It carries again, and has counted on meanwhile.
    terms.begin(main.connection)
    main.send(2)
    expect(terms.sums).toEqual({ bytesSent: 17 * 1316, packetsSent: 17, packetsDropped: 1 })
    expect(terms.count).toBe(3)
  })
})

it("without a term nothing is sent yet", () => {
  const terms = new CarrierTerms()
  expect(terms.fateOf(1)).toBe("waiting")
  expect(terms.connection).toBeNull()
})
