import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { propertyRuns } from "../../../../test/property-runs.ts"
import { type RunOptions, SenderRun } from "../testing/sender-run.ts"
import { MESSAGE_MAX, sequenceAfter } from "./packet.ts"

/** The receiver's turns are this far apart. */
const TURN_US = 1000
/** And the sender's, to which new packets wait. */
const SENDER_TURN_US = 5000

/** A run of `us` at some 760 packets a second, whose last packets are all acknowledged or given up. */
const play = (options: RunOptions, us = 2e6): SenderRun => {
  const run = new SenderRun(options)
  run.run(us)
  run.offering = false
  run.run(options.latencyMs * 1000 + 1.5e6)
  return run
}

/**
 * What was played is what was offered, in its order, with nothing twice, and not before it was due. A repair may come
 * when a packet is due already and the next one is not.
 */
const expectFaithful = (run: SenderRun, { latencyMs, there, session, sender, beginUs = 0 }: RunOptions): void => {
  const first = session?.sequence ?? 1000
  const firstMessage = sender?.firstMessage ?? 1
  const complete = run.there.lost === 0 && (there.jitterUs ?? 0) + 2 * SENDER_TURN_US < latencyMs * 1000
  let before = -1
  for (const packet of run.receiver.delivered) {
    const position = (packet.sequence - first) & 0x7fffffff
    const offeredUs = run.offered[position] ?? Number.NaN
    if (position <= before || packet.stampUs !== offeredUs || packet.sequence !== sequenceAfter(first, position))
      throw new Error(`packet ${position} after ${before}, stamped ${packet.stampUs} for ${offeredUs}`)
    if (packet.message !== ((firstMessage - 1 + position) % MESSAGE_MAX) + 1)
      throw new Error(`packet ${position} is message ${packet.message}`)
    if (Buffer.compare(packet.payload, run.payload(position)) !== 0) throw new Error(`packet ${position} is altered`)
    const dueUs = packet.stampUs + there.delayUs + latencyMs * 1000
    if (packet.atUs < dueUs || (complete && packet.atUs > dueUs + TURN_US))
      throw new Error(`packet ${position} at ${packet.atUs}`)
    before = position
  }
  expect(run.receiver.delivered.length + run.receiver.counts.skipped).toBeGreaterThan(0)
  expect(run.offered[0]).toBe(beginUs)
}

/** No packet leaves again before the round trip that the sender knew was over, which is `leastUs` or more. */
const expectNoHaste = (run: SenderRun, leastUs: number): void => {
  const last = new Map<number, number>()
  for (const { sequence, atUs, resent } of run.sent) {
    const before = last.get(sequence)
    if (before !== undefined && atUs - before < leastUs)
      throw new Error(`packet ${sequence} was sent again after ${atUs - before} µs`)
    if (resent) last.set(sequence, atUs)
  }
}

const network = (delayUs: number, jitterUs: number, loss: number, burst: number, timesRtt: number): RunOptions => ({
  there: { delayUs, jitterUs, loss, burst, duplicate: 0.01 },
  back: { delayUs, jitterUs, loss, burst },
  latencyMs: Math.ceil(((2 * delayUs + 2 * jitterUs + 10_000) * timesRtt) / 1000),
})

describe("a sender over a network that loses packets", () => {
  it.each([
    [0.02, 4],
    [0.05, 6],
    [0.1, 8],
  ])("of %d of them, to a receiver with a latency of %i round trips, loses nothing", (loss, timesRtt) => {
    for (let seed = 1; seed <= propertyRuns(6); seed++) {
      const options = { ...network(5000 * seed, (seed % 3) * 3000, loss, 1 + (seed % 4), timesRtt), seed }
      const run = play(options)
      // A loss behind the last packet shows in nothing that follows: it is repaired unasked.
      const end = run.offered.length - run.receiver.delivered.length
      expect([seed, run.receiver.counts.skipped, run.receiver.counts.overflows]).toEqual([seed, 0, 0])
      expect(end).toBe(0)
      expect(run.there.lost).toBeGreaterThan(10)
      expect(run.sender.figures).toMatchObject({ resendsRefused: 0, dropRequests: 0 })
      expectFaithful(run, options)
      // Before the first acknowledgement a sender takes 100 ms for the round trip.
      expectNoHaste(run, Math.min(100_000, options.there.delayUs * 2))
    }
  })

  it("of one in twenty, with a latency of 4 round trips, loses less than one in a thousand", () => {
    const counts = Array.from({ length: propertyRuns(6) }, (_, i) => {
      const run = play({ ...network(15_000, 2000, 0.05, 1, 4), seed: 100 + i })
      return { lost: run.receiver.counts.skipped, offered: run.offered.length }
    })
    const sum = (of: (count: (typeof counts)[number]) => number) =>
      counts.reduce((total, count) => total + of(count), 0)
    expect(sum(({ lost }) => lost) / sum(({ offered }) => offered)).toBeLessThan(0.001)
  })

  it("loses nothing while its sequence and message numbers and its time stamps begin anew", () => {
    const options: RunOptions = {
      ...network(20_000, 3000, 0.05, 2, 8),
      seed: 7,
      session: { sequence: 0x7ffffe00 },
      sender: { refreshPackets: 400, announcePackets: 100, firstMessage: MESSAGE_MAX - 700 },
      passphrase: "correct horse battery",
      beginUs: 4294967296 - 1.2e6,
    }
    const run = play(options)
    expectFaithful(run, options)
    const { delivered, counts } = run.receiver
    expect([counts.skipped, delivered.length]).toEqual([0, run.offered.length])
    const wraps = (of: (one: (typeof delivered)[number]) => number) =>
      delivered.filter((one, i) => i > 0 && of(one) < of(delivered[i - 1] ?? one)).length
    expect([wraps(({ sequence }) => sequence), wraps(({ message }) => message)]).toEqual([1, 1])
    const stamps = run.sent.filter(({ resent }) => !resent).map(({ stamp }) => stamp)
    expect(stamps.filter((stamp, i) => i > 0 && stamp < (stamps[i - 1] ?? 0))).toHaveLength(1)
  })

  it("stays faithful over whatever network", () => {
    const networks = fc.record({
      delayUs: fc.integer({ min: 0, max: 80_000 }),
      jitterUs: fc.integer({ min: 0, max: 20_000 }),
      loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
      burst: fc.integer({ min: 1, max: 20 }),
      duplicate: fc.double({ min: 0, max: 0.2, noNaN: true }),
    })
    const cases = fc.record({
      seed: fc.nat(),
      there: networks,
      back: networks,
      latencyMs: fc.integer({ min: 20, max: 800 }),
      sequence: fc.constantFrom(0, 1, 0x3fffffff, 0x7ffffe00, 0x7fffffff),
      beginUs: fc.constantFrom(0, 2147483648 - 1e6, 4294967296 - 1e6),
      passphrase: fc.constantFrom(undefined, "correct horse battery"),
      periodicNak: fc.boolean(),
      firstMessage: fc.constantFrom(1, MESSAGE_MAX - 500, MESSAGE_MAX),
    })
    fc.assert(
      fc.property(cases, ({ sequence, passphrase, periodicNak, firstMessage, ...rest }) => {
        const options: RunOptions = {
          ...rest,
          session: { sequence, periodicNak },
          sender: { refreshPackets: 300, announcePackets: 100, firstMessage },
          ...(passphrase === undefined ? {} : { passphrase }),
        }
        const run = play(options, 1.5e6)
        expectFaithful(run, options)
        const { figures } = run.sender
        expect(figures.pktSentUnique).toBe(run.offered.length)
        expect(figures.pktRetrans).toBe(run.sent.filter(({ resent }) => resent).length)
        // The budget: what may be saved up, and half a resend for each packet.
        expect(figures.pktRetrans).toBeLessThanOrEqual(8192 + run.offered.length / 2)
      }),
      { numRuns: propertyRuns(25) },
    )
  })
})
