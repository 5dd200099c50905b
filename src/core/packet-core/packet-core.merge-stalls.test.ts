/**
 * Two legs that carry the same stream and lose nothing, while the distance between them jumps: senders, switches and
 * machines stall for a while and then deliver all that they held back. Nothing may be missing on the outputs.
 */
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { feedBatch } from "../../../test/feed-core.ts"
import { loadCore } from "../../../test/load-core.ts"
import { propertyRuns } from "../../../test/property-runs.ts"
import * as L from "../assembly/memory/layout.ts"
import type { PacketCore } from "./packet-core.ts"

const PACKETS = 7
const DATAGRAM_BITS = PACKETS * 188 * 8
const TICK_US = 10_000

const datagram = (number: number, ssrc: number): Uint8Array => {
  const bytes = new Uint8Array(12 + PACKETS * 188)
  bytes.set([0x80, 33, (number >> 8) & 255, number & 255])
  bytes[11] = ssrc
  for (let i = 0; i < PACKETS; i++)
    bytes.set(
      [0x47, 1, 0, 0x10 | ((number * PACKETS + i) & 15), number & 255, (number >> 8) & 255, (number >> 16) & 255, i],
      12 + i * 188,
    )
  return bytes
}

/** Nothing of the leg arrives from `atMs` for `forMs`; then all that was due arrives at once. */
interface Stall {
  readonly leg: 0 | 1
  readonly atMs: number
  readonly forMs: number
}

interface Play {
  readonly mbit: number
  readonly windowMs: number
  /** How much later the backup is from the beginning on; the primary when negative. */
  readonly skewMs: number
  readonly stalls: ReadonlyArray<Stall>
  readonly seconds: number
  /** Every so many datagrams of these legs one comes `late` places too late. */
  readonly reorder?: { readonly legs: ReadonlyArray<0 | 1>; readonly every: number; readonly late: number }
}

/** The numbers of a leg's datagrams in the order of their arrival. */
const arrivals = (count: number, leg: 0 | 1, reorder: Play["reorder"]): number[] => {
  const numbers = Array.from({ length: count }, (_, i) => i)
  if (reorder?.legs.includes(leg) !== true) return numbers
  for (let i = reorder.every; i + reorder.late < count; i += reorder.every)
    numbers.splice(i + reorder.late, 0, ...numbers.splice(i, 1))
  return numbers
}

let core: PacketCore

/** When what is due on a leg at `us` arrives. */
const arrival = (us: number, leg: 0 | 1, stalls: ReadonlyArray<Stall>): number => {
  let at = us
  for (const stall of stalls)
    if (stall.leg === leg && at >= stall.atMs * 1000 && at < (stall.atMs + stall.forMs) * 1000)
      at = (stall.atMs + stall.forMs) * 1000
  return at
}

interface Found {
  readonly numbers: number[]
  readonly rxUs: number[]
}

/** The numbers of the TS packets in the ring, in their order, and the times of their slots. */
const readRing = (from: number, into: Found): number => {
  let head = from
  for (; head !== core.ringHead(0); head = (head + 1) >>> 0) {
    const slot = core.slotAddress(0, head)
    const length = core.view.getUint32(slot + L.SLOT_LENGTH, true)
    into.rxUs.push(core.view.getFloat64(slot + L.SLOT_RX_US, true))
    for (let offset = slot + L.SLOT_PAYLOAD; offset < slot + L.SLOT_PAYLOAD + length; offset += 188) {
      const number = core.view.getUint32(offset + 4, true)
      into.numbers.push((number & 0xffffff) * PACKETS + (number >>> 24))
    }
  }
  return head
}

const play = ({ mbit, windowMs, skewMs, stalls, seconds, reorder }: Play) => {
  core.resetChannel(0)
  for (const leg of [0, 1]) {
    core.resetLeg(leg)
    core.setLegField(leg, L.LEG_REORDER_US, 50_000)
    core.setLegField(leg, L.LEG_REORDER_MAX, 64)
  }
  core.setSource(0, 1)
  core.allowMerge(0, true, windowMs * 1000)
  const lostBefore = core.channelField(0, L.CHANNEL_MERGE_LOST)
  const inOrder = [...stalls].sort((a, b) => a.atMs - b.atMs)
  const stepUs = DATAGRAM_BITS / mbit
  const sent = [0, 0]
  const late = [Math.max(0, -skewMs) * 1000, Math.max(0, skewMs) * 1000]
  const count = Math.floor((seconds * 1e6) / stepUs)
  const order = [arrivals(count, 0, reorder), arrivals(count, 1, reorder)]
  const found: Found = { numbers: [], rxUs: [] }
  let head = core.ringHead(0)
  let parted = 0
  for (let us = TICK_US; us < (seconds + 1.5) * 1e6; us += TICK_US) {
    for (const leg of [0, 1] as const) {
      const batch = []
      for (;;) {
        const place = sent[leg] ?? 0
        const number = order[leg]?.[place]
        if (number === undefined || arrival(place * stepUs + (late[leg] ?? 0), leg, inOrder) > us) break
        batch.push({ bytes: datagram(number, leg + 1), rx_us: 1e7 + us, ipv4: 1 + leg, port: 5 })
        sent[leg] = place + 1
        if (batch.length === L.RX_BATCH) {
          feedBatch(core, batch.splice(0), leg)
          head = readRing(head, found)
        }
      }
      if (batch.length > 0) feedBatch(core, batch, leg)
      head = readRing(head, found)
    }
    core.tick(1e7 + us)
    head = readRing(head, found)
    parted += core.takeEvents().filter(({ type, a }) => type === L.EVENT_MERGE_LEG && a === 0).length
  }
  const bad = found.numbers.findIndex((packet, i) => packet !== i)
  const farthest = found.rxUs.findIndex((rx, i) => i > 0 && Math.abs(rx - (found.rxUs[i - 1] ?? rx)) > 1.5e6)
  return {
    bad: bad < 0 ? null : `${found.numbers[bad - 1]} is followed by ${found.numbers[bad]}`,
    badTime: farthest < 0 ? null : `${found.rxUs[farthest - 1]} is followed by ${found.rxUs[farthest]}`,
    missingAtEnd: count * PACKETS - found.numbers.length,
    lost: core.channelField(0, L.CHANNEL_MERGE_LOST) - lostBefore,
    parted,
  }
}

const WHOLE = { bad: null, badTime: null, missingAtEnd: 0, lost: 0 }

/** Stalls of one leg, one after another: stalls that met would be a longer one. */
const stallsOf = (leg: 0 | 1) =>
  fc
    .array(fc.record({ pauseMs: fc.integer({ min: 50, max: 1500 }), forMs: fc.integer({ min: 100, max: 900 }) }), {
      maxLength: 5,
    })
    .map((list) => {
      let end = -50
      return list.map(({ pauseMs, forMs }): Stall => {
        const atMs = end + pauseMs
        end = atMs + forMs
        return { leg, atMs, forMs }
      })
    })

const stalls = (legs: ReadonlyArray<0 | 1>) => fc.tuple(...legs.map(stallsOf)).map((lists) => lists.flat())

const plays = {
  mbit: fc.integer({ min: 1, max: 20 }),
  windowMs: fc.integer({ min: 50, max: 500 }),
  skewMs: fc.integer({ min: -400, max: 400 }),
  seconds: fc.constant(6),
}

const starts = [
  { what: "0", countersFrom: 0 },
  { what: "just below 2^31", countersFrom: 2 ** 31 - 3000 },
  { what: "just below 2^32", countersFrom: 2 ** 32 - 3000 },
]

describe.each(starts)("two whole legs whose distance jumps, counted from $what", ({ countersFrom }) => {
  beforeAll(async () => {
    core = await loadCore("release", { countersFrom })
  })

  it("give a whole stream, whatever stalls for up to a second", () => {
    fc.assert(
      fc.property(fc.record({ ...plays, stalls: stalls([0, 1]) }), (how) => {
        expect(play(how)).toMatchObject(WHOLE)
      }),
      { numRuns: propertyRuns(20) },
    )
  })

  it("give a whole stream when one stalls and the other brings some datagrams late", () => {
    const reorder = (leg: 0 | 1) =>
      fc.record({
        legs: fc.constant([leg]),
        every: fc.integer({ min: 5, max: 40 }),
        late: fc.integer({ min: 1, max: 4 }),
      })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.record({ ...plays, stalls: stalls([0]), reorder: reorder(1) }),
          fc.record({ ...plays, stalls: stalls([1]), reorder: reorder(0) }),
        ),
        (how) => {
          expect(play(how)).toMatchObject(WHOLE)
        },
      ),
      { numRuns: propertyRuns(20) },
    )
  })

  it("are not parted by a sender, or an engine, that stands still for longer than a leg may be silent", () => {
    const standstill = ([0, 1] as const).map((leg): Stall => ({ leg, atMs: 2000, forMs: 1400 }))
    const { parted, ...rest } = play({ mbit: 5, windowMs: 100, skewMs: 40, stalls: standstill, seconds: 6 })
    expect(rest).toMatchObject(WHOLE)
    expect(parted).toBe(0)
  })
})
