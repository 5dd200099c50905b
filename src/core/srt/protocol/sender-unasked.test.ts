import { describe, expect, it } from "vitest"
import { propertyRuns } from "../../../../test/property-runs.ts"
import { SenderBench } from "../testing/sender-bench.ts"
import { SenderRun } from "../testing/sender-run.ts"
import { CONTROL } from "./packet.ts"

/** Lets the sender have its turns from `fromUs` to `toUs`, 10 ms apart; returns when it sent something again. */
const turns = (bench: SenderBench, fromUs: number, toUs: number): number[] => {
  const times: number[] = []
  for (let nowUs = fromUs; nowUs <= toUs; nowUs += 10_000) {
    const before = bench.data.length
    bench.sender.poll(nowUs)
    if (bench.data.length > before) times.push(nowUs)
  }
  return times
}

/** A sender of packets 100 to 119, of which the receiver lacks 105: it says so only by acknowledging nothing more. */
const lackingOne = (rttUs = 20_000, rttVarUs = 5000): SenderBench => {
  const bench = new SenderBench({ latencyMs: 8000 })
  bench.send(20, 0)
  bench.ack(100, 20_000, { rttUs: 20_000 })
  bench.ack(105, 30_000, { rttUs, rttVarUs })
  return bench
}

describe("what nobody asks for", () => {
  it("is sent again when nothing behind it is acknowledged, 100 ms or more after it was sent last", () => {
    const bench = lackingOne()
    expect(turns(bench, 30_000, 500_000)).toEqual([100_000, 200_000, 300_000, 400_000, 500_000])
    expect(bench.resent).toEqual([105, 105, 105, 105, 105])
  })

  it("is the last packet, too, whose loss nothing that follows can show", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    bench.ack(119, 30_000)
    expect(turns(bench, 30_000, 150_000)).toEqual([100_000])
    bench.ack(120, 160_000)
    expect(turns(bench, 170_000, 900_000)).toEqual([])
    expect(bench.resent).toEqual([119])
  })

  it("waits for a round trip and its variation", () => {
    // 150 ms + 4 × 30 ms, and 20 ms by which an acknowledgement may be late by itself.
    const bench = new SenderBench()
    bench.send(20, 0)
    bench.ack(105, 30_000, { rttUs: 150_000, rttVarUs: 30_000 })
    expect(turns(bench, 30_000, 700_000)).toEqual([290_000, 580_000])
  })

  it("waits while acknowledgements move on, and goes on with the next one that is missing", () => {
    const bench = lackingOne()
    expect(turns(bench, 30_000, 190_000)).toEqual([100_000])
    for (let i = 0; i < 5; i++) {
      bench.ack(110 + i, 200_000 + i * 10_000)
      expect(turns(bench, 200_000 + i * 10_000, 209_000 + i * 10_000)).toEqual([])
    }
    // 40 ms after the last move at 240 ms.
    expect(turns(bench, 240_000, 330_000)).toEqual([280_000])
    expect(bench.resent).toEqual([105, 114])
  })

  it("does not wait for seconds because the receiver took a standstill for the round trip", () => {
    const bench = lackingOne(2_000_000, 2_500_000)
    // Twice the lowest round trip of 20 ms, 100 ms and 20 ms; nobody waits 12 s.
    expect(turns(bench, 30_000, 350_000)).toEqual([170_000, 340_000])
    // Twice the lowest round trip and 20 ms, where 2 s would be the round trip.
    bench.nak([[105, 105]], 399_000)
    expect(bench.resent).toHaveLength(2)
    bench.nak([[105, 105]], 402_000)
    expect(bench.resent).toHaveLength(3)
  })

  it("waits for a round trip that has become longer, some seconds later", () => {
    const bench = new SenderBench({}, { idleUs: 1e9, dropDelayMs: -1 })
    bench.send(20, 0)
    for (let nowUs = 10_000; nowUs <= 20e6; nowUs += 10_000)
      bench.ack(105, nowUs, { rttUs: nowUs < 1e6 ? 20_000 : 600_000, rttVarUs: 1000 })
    const [first = 0, second = 0, third = 0] = turns(bench, 20e6, 22e6)
    expect([first, second - first, third - second]).toEqual([20e6, 630_000, 630_000])
  })

  it("is a whole burst at the end of a stream, within a second: each repair that arrives lets the next one go", () => {
    const bench = new SenderBench({ latencyMs: 1500 })
    bench.send(20, 0)
    bench.ack(108, 20_000)
    let [answered, doneUs] = [108, 0]
    for (let nowUs = 30_000; answered < 120 && nowUs < 3e6; nowUs += 10_000) {
      const before = bench.resent.length
      bench.sender.poll(nowUs)
      // What was sent again in this turn is acknowledged in the next but one.
      if (bench.resent.length > before) {
        answered += 1
        bench.ack(answered, nowUs + 15_000)
        doneUs = nowUs
      }
    }
    expect(bench.resent).toEqual(Array.from({ length: 12 }, (_, at) => 108 + at))
    expect(doneUs).toBeLessThan(1e6)
  })

  it("is at most ten packets a second to a receiver that is not there, each of which is the first until it is given up", () => {
    const bench = new SenderBench()
    const resentBy = [0, 0, 0]
    for (let nowUs = 0; nowUs < 3e6; nowUs += 10_000) {
      bench.send(2, nowUs)
      bench.sender.poll(nowUs)
      resentBy[Math.floor(nowUs / 1e6)] = bench.resent.length
    }
    const [, second = 0, third = 0] = resentBy
    expect(bench.sender.figures.pktSndDrop).toBeGreaterThan(300)
    expect(third - second).toBeGreaterThan(0)
    expect(third - second).toBeLessThanOrEqual(10)
  })

  it("is paid for like any other resend", () => {
    const bench = new SenderBench({}, { idleUs: 1e9, dropDelayMs: -1 }, 16)
    bench.send(1, 0)
    turns(bench, 0, 170e6)
    // 512 are saved up at the start.
    expect(bench.sender.figures).toMatchObject({ pktRetrans: 512 })
    expect(bench.sender.figures.resendsRefused).toBeGreaterThan(10)
  })
})

describe("a machine that stood still for 4.75 s, with all that is on its way", () => {
  it("loses nothing of a stream with a latency of 8 s, one packet in ten of which is lost", () => {
    // libsrt takes the standstill for the round trip and asks only after 1.3 times as long: in each of three runs a
    // packet whose first repair was lost as well came too late.
    for (let seed = 1; seed <= propertyRuns(8); seed++) {
      const link = { delayUs: 25_000, loss: 0.1 }
      const run = new SenderRun({ seed, there: link, back: link, latencyMs: 8000, intervalUs: 5264 })
      run.run(1e6)
      run.machineStandsStill(4_750_000)
      run.run(8e6)
      const { figures, acked, next } = run.sender
      run.offering = false
      run.run(4e6)
      expect([seed, run.receiver.counts.skipped, figures.pktSndDrop, figures.resendsRefused]).toEqual([seed, 0, 0, 0])
      expect((next - acked) & 0x7fffffff).toBeLessThan(190)
    }
  })
})

describe("an acknowledgement that has waited while we stood still", () => {
  it("is not answered: the peer would measure the standstill", () => {
    const bench = new SenderBench()
    bench.send(20, 0)
    bench.sender.poll(10_000)
    bench.ack(105, 900_000, { number: 7 })
    bench.sender.poll(900_000)
    expect([bench.said(), bench.sender.acked]).toEqual([[], 105])
    bench.ack(106, 905_000, { number: 8 })
    bench.sender.poll(910_000)
    expect(bench.said()).toEqual([CONTROL.ACKACK])
  })
})
