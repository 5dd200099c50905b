import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { propertyRuns } from "../../../../test/property-runs.ts"
import { SenderBench } from "../testing/sender-bench.ts"
import { SenderRun } from "../testing/sender-run.ts"
import { proofWithinUs } from "./send-window.ts"

describe("the receipt of a slot", () => {
  it("waits until the acknowledgement has passed the slot's last packet", () => {
    const bench = new SenderBench()
    // Slot 7 leaves in two packets.
    bench.send(8, 0)
    bench.sender.send(7, 7 % 7, 188, 8000, 0)
    bench.send(1, 9000)
    const receipts = () => [6, 7, 9].map((position) => bench.sender.receiptOf(position, 0, 10_000))
    expect(receipts()).toEqual(["waiting", "waiting", "waiting"])
    bench.lightAck(108, 10_000)
    expect(receipts()).toEqual(["acknowledged", "waiting", "waiting"])
    bench.lightAck(109, 10_000)
    expect(receipts()).toEqual(["acknowledged", "acknowledged", "waiting"])
    bench.ack(110, 10_000)
    expect(receipts()).toEqual(["acknowledged", "acknowledged", "acknowledged"])
  })

  it("is never known of what was given up, even if the receiver skips it in its acknowledgements", () => {
    const bench = new SenderBench({ latencyMs: 5000 })
    bench.send(10, 0)
    bench.lightAck(103, 1000)
    bench.sender.retain(6)
    bench.ack(110, 2000)
    const receipts = [5, 6, 9].map((position) => bench.sender.receiptOf(position, 0, 3000))
    expect(receipts).toEqual(["unknown", "acknowledged", "acknowledged"])
  })

  it("is known again of all that comes after a loss, however long after", () => {
    const bench = new SenderBench({ latencyMs: 5000, dropsTooLate: false, flowWindow: 8192 })
    const put = (position: number, sequence: number) => {
      bench.sender.send(position, position % 7, 1316, 0, 0)
      bench.lightAck(sequence + 1, 0)
    }
    bench.sender.send(0, 0, 1316, 0, 0)
    bench.sender.retain(1)
    let sequence = 101
    for (const position of [1, 2 ** 20 + 2, 2 ** 30, 2 ** 31 + 2 ** 29]) {
      put(position, sequence++)
      // Slots are forgotten as the ring goes on, acknowledged or not.
      bench.sender.retain((position + 1) >>> 0)
      expect([position, bench.sender.receiptOf(position, 0, 0)]).toEqual([position, "acknowledged"])
    }
  })

  it("counts for as long as the receiver cannot have given the packet up", () => {
    const session = { dropsTooLate: true, latencyMs: 200 }
    expect(proofWithinUs(session, 20_000)).toBe(220_000)
    expect(proofWithinUs({ ...session, dropsTooLate: false }, 20_000)).toBe(Number.POSITIVE_INFINITY)
    expect(proofWithinUs({ ...session, latencyMs: 0 }, 20_000)).toBe(Number.POSITIVE_INFINITY)
    const bench = new SenderBench({ latencyMs: 200 })
    bench.send(2, 0)
    bench.ack(102, 50_000)
    expect([200_000, 200_001].map((nowUs) => bench.sender.receiptOf(1, 0, nowUs))).toEqual(["acknowledged", "unknown"])
  })

  it("never says acknowledged of what the receiver did not play, whatever the network loses", () => {
    const share = fc.double({ min: 0, max: 0.4, noNaN: true })
    const run = (
      seed: number,
      loss: number,
      lossBack: number,
      delayUs: number,
      jitterUs: number,
      latencyMs: number,
    ) => {
      const played = new SenderRun({
        seed,
        there: { delayUs, jitterUs, loss, burst: 8 },
        back: { delayUs, jitterUs, loss: lossBack },
        latencyMs,
      })
      const acknowledged: number[] = []
      let waiting: number[] = []
      let known = 0
      for (let turn = 0; turn < 300; turn++) {
        played.run(5000)
        for (; known < played.offered.length; known++) waiting.push(known)
        waiting = waiting.filter((position) => {
          const receipt = played.sender.receiptOf(position, played.offered[position] ?? 0, played.nowUs)
          if (receipt === "acknowledged") acknowledged.push(position)
          return receipt === "waiting"
        })
        if (turn === 150) played.offering = false
      }
      played.run(latencyMs * 1000)
      const delivered = new Set(played.receiver.delivered.map(({ sequence }) => sequence - 1000))
      expect(acknowledged.filter((position) => !delivered.has(position))).toEqual([])
      return acknowledged.length / played.offered.length
    }
    // Without loss the proof is there for all.
    expect(run(1, 0, 0, 20_000, 0, 200)).toBe(1)
    fc.assert(
      fc.property(
        fc.integer(),
        share,
        share,
        fc.integer({ min: 1000, max: 100_000 }),
        fc.integer({ min: 0, max: 40_000 }),
        fc.integer({ min: 50, max: 500 }),
        (...args) => void run(...args),
      ),
      {
        numRuns: propertyRuns(10),
        // Round trips whose variation was small by chance.
        examples: [
          [0, 0.3514181580394507, 0, 5081, 19_682, 57],
          [749263513, 0.3687976114451886, 0, 1634, 32_897, 133],
          [-384606411, 0.39656572043895727, 0, 17_612, 35_839, 318],
        ],
      },
    )
  })
})
