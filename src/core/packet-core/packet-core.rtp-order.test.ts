/**
 * The output of an RTP leg whose datagrams come late, twice, or under numbers that start over: no datagram leaves
 * behind its successor.
 */
import { describe, expect, it } from "vitest"
import { choose, feedBatch, readSlot } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import { buildRtp } from "../rtp/header.ts"
import { buildPacket } from "../ts/packet.ts"
import type { Datagram } from "./testing/reference-parser.ts"

const cores = await loadCores()
const SSRC = 7
/** Datagrams a second at 20 Mbit/s. */
const RATE = 1900
/** Byte of a leg's private state that counts the datagrams ever held: STATE_SEQ_HELD_EVER. */
const HELD_EVER = L.LEG_FIELDS * 8 + 84

/** Datagram `place` of a source, which goes out with the number `first` + place. */
interface Sent {
  readonly source: number
  readonly place: number
  readonly sequence: number
  readonly timestamp: number
  /** Microseconds of silence in front of the datagram. */
  readonly afterUs?: number
}

interface Source {
  readonly source?: number
  readonly first?: number
  readonly timestamp?: number
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const send = (places: ReadonlyArray<number>, { source = 0, first = 0, timestamp = 0 }: Source = {}): Sent[] =>
  places.map((place) => ({
    source,
    place,
    sequence: (first + place) & 0xffff,
    timestamp: (timestamp + place * 47) >>> 0,
  }))
const silent = (afterUs: number, [head, ...rest]: ReadonlyArray<Sent>): Sent[] =>
  head === undefined ? [] : [{ ...head, afterUs }, ...rest]

const datagramOf = ({ source, place, sequence, timestamp }: Sent): Uint8Array => {
  const filling = new Uint8Array(184)
  const view = new DataView(filling.buffer)
  for (let at = 0; at < 184; at += 8) {
    view.setUint32(at, source)
    view.setUint32(at + 4, place)
  }
  return buildRtp(
    { sequence, timestamp, ssrc: SSRC },
    buildPacket({ pid: 0x100, continuity_counter: place & 15, payload: filling }),
  )
}

/** Takes `burst` datagrams of each list in turn. */
const interleave = (lists: ReadonlyArray<ReadonlyArray<Sent>>, burst = 1): Sent[] => {
  const longest = Math.max(...lists.map((list) => list.length))
  return range(0, Math.ceil(longest / burst)).flatMap((turn) =>
    lists.flatMap((list) => list.slice(turn * burst, (turn + 1) * burst)),
  )
}

/** Interleaves two lists, the second of which begins `skew` datagrams later. */
const skewed = (first: ReadonlyArray<Sent>, second: ReadonlyArray<Sent>, skew: number, burst = 1): Sent[] => [
  ...first.slice(0, skew),
  ...interleave([first.slice(skew), second], burst),
]

describe.each(coreBuilds)("order of an RTP leg (%s)", (build) => {
  const core = cores[build]

  /** Plays datagrams at an even rate; returns what went out, as [source, place]. */
  const play = (
    sent: ReadonlyArray<Sent>,
    { reorderMs = 50, perSecond = RATE, heldEver = 0, startUs = 10_000_000 } = {},
  ) => {
    core.resetLeg(0)
    core.resetChannel(0)
    core.takeEvents()
    core.view.setUint32(L.LEGS + HELD_EVER, heldEver, true)
    core.setLegField(0, L.LEG_REORDER_US, reorderMs * 1000)
    core.setLegField(0, L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
    choose(core, 0)
    const out: Array<readonly [source: number, place: number]> = []
    const collect = (head: number) => {
      for (let n = head; n !== core.ringHead(0); n = (n + 1) >>> 0) {
        const { payload } = readSlot(core, 0, n)
        const view = new DataView(payload.buffer, payload.byteOffset)
        out.push([view.getUint32(4), view.getUint32(8)])
      }
    }
    let us = startUs
    let nextTickUs = us
    let batch: Datagram[] = []
    const ingest = () => {
      const head = core.ringHead(0)
      if (batch.length > 0) feedBatch(core, batch, 0)
      batch = []
      collect(head)
    }
    const tick = () => {
      const head = core.ringHead(0)
      core.tick(us)
      collect(head)
    }
    for (const each of sent) {
      if (each.afterUs !== undefined) ingest()
      us += each.afterUs ?? 0
      us += 1e6 / perSecond
      if (us >= nextTickUs) {
        ingest()
        tick()
        nextTickUs = us + 10_000
      }
      batch.push({ bytes: datagramOf(each), rx_us: Math.floor(us), ipv4: 0x0a000001, port: 5 })
      if (batch.length === L.RX_BATCH) ingest()
    }
    ingest()
    for (let i = 0; i < 20; i++) {
      us += 100_000
      tick()
    }
    return {
      out,
      counters: core.legSnapshot(0),
      restarts: core.takeEvents().filter(({ type }) => type === L.EVENT_SEQUENCE_RESET).length,
    }
  }

  const placesOf = (out: ReadonlyArray<readonly [number, number]>, source = 0) =>
    out.filter(([s]) => s === source).map(([, place]) => place)
  const isAscending = (places: ReadonlyArray<number>) =>
    places.every((place, i) => i === 0 || place > (places[i - 1] ?? 0))

  describe("a late datagram", () => {
    const lateBy = (n: number) => [
      ...send(range(0, 300)),
      ...send(range(301, 301 + n)),
      ...send([300]),
      ...send(range(301 + n, 2200)),
    ]

    it.each([1, 60, 70, 127, 128, 130, 200, 500])(
      "by %i places fills its gap while reorder_ms run and 512 datagrams wait",
      (places) => {
        const { out, counters } = play(lateBy(places), { reorderMs: 1000 })
        expect(placesOf(out)).toEqual(range(0, 2200))
        expect(counters).toMatchObject({
          rtp_reordered: 1,
          rtp_late: 0,
          rtp_unrecovered: 0,
          rtp_lost: 0,
          rtp_resets: 0,
          reorder_full: 0,
        })
      },
    )

    it.each([513, 1000, 1500])("by %i places is dropped and counted: 512 wait at most, which is told", (places) => {
      const { out, counters } = play(lateBy(places), { reorderMs: 1000 })
      expect(placesOf(out)).toEqual(range(0, 2200).filter((place) => place !== 300))
      expect(counters).toMatchObject({
        rtp_reordered: 1,
        rtp_late: 1,
        rtp_unrecovered: 1,
        rtp_resets: 0,
        reorder_full: 1,
      })
    })

    it.each([0, 20])("later than reorder_ms %i is dropped and counted", (reorderMs) => {
      for (const places of [50, 127, 128, 129, 200, 1000]) {
        const { out, counters } = play(lateBy(places), { reorderMs })
        expect(placesOf(out)).toEqual(range(0, 2200).filter((place) => place !== 300))
        expect(counters).toMatchObject({ rtp_late: 1, rtp_unrecovered: 1, rtp_resets: 0, reorder_full: 0 })
      }
    })

    it("that is a copy is a duplicate, 150 or 2500 places later", () => {
      for (const lag of [150, 2500]) {
        const { out, counters } = play([...send(range(0, 300 + lag)), ...send([300]), ...send(range(300 + lag, 3000))])
        expect(placesOf(out)).toEqual(range(0, 3000))
        expect(counters).toMatchObject({ rtp_duplicates: 1, rtp_reordered: 0, rtp_late: 0, rtp_resets: 0 })
      }
    })

    it.each([0, 2 ** 32 - 1000])("with one time stamp for all, or one that wraps: %i", (timestamp) => {
      const constant = (sent: ReadonlyArray<Sent>) =>
        timestamp === 0 ? sent.map((each) => ({ ...each, timestamp: 0 })) : sent
      const all = constant(send(range(0, 2000), { timestamp, first: 65_000 }))
      const { out, counters } = play([
        ...all.slice(0, 300),
        ...all.slice(301, 700),
        ...all.slice(300, 301),
        ...all.slice(700),
      ])
      expect(placesOf(out)).toEqual(range(0, 2000).filter((place) => place !== 300))
      expect(counters).toMatchObject({ rtp_late: 1, rtp_resets: 0 })
    })
  })

  describe("both paths of SMPTE 2022-7 into one port", () => {
    // The last ones are 450 ms apart at 20 and at 50 Mbit/s.
    it.each([
      [1, 1, RATE],
      [100, 1, RATE],
      [190, 1, RATE],
      [190, 40, RATE],
      [855, 150, RATE],
      [2137, 1, 4749],
      [2137, 300, 4749],
    ])("%i datagrams apart, in bursts of %i, %i a second: everything once, in order", (skew, burst, perSecond) => {
      const all = send(range(0, 5000), { first: 62_000 })
      const { out, counters, restarts } = play(skewed(all, all, skew, burst), { perSecond: 2 * perSecond })
      expect(placesOf(out)).toEqual(range(0, 5000))
      expect(counters).toMatchObject({
        rtp_duplicates: 5000,
        rtp_late: 0,
        rtp_reordered: 0,
        rtp_lost: 0,
        rtp_unrecovered: 0,
      })
      expect(restarts).toBe(0)
    })

    const isLost = (place: number) => place > 100 && place < 3500 && (place % 31 === 7 || place % 400 < 12)

    it.each([
      [150, 0],
      [50, 1],
      [0, 1],
    ])("what the first path loses comes from the second within reorder_ms %i, else it is late", (reorderMs, isLate) => {
      const all = send(range(0, 4000))
      const lost = range(0, 4000).filter(isLost).length
      const both = skewed(all, all, 190)
      const arrived = both.filter((each, i) => both.indexOf(each) !== i || !isLost(each.place))
      const { out, counters, restarts } = play(arrived, { perSecond: 2 * RATE, reorderMs })
      expect(placesOf(out)).toEqual(range(0, 4000).filter((place) => !isLate || !isLost(place)))
      expect(counters).toMatchObject({
        rtp_late: isLate * lost,
        rtp_unrecovered: isLate * lost,
        rtp_reordered: lost,
        rtp_lost: 0,
      })
      expect(restarts).toBe(0)
    })

    it.each([190, 855])("the first path ends: the second, %i datagrams behind, goes on in its place", (skew) => {
      const all = send(range(0, 5000))
      const { out, restarts } = play([
        ...skewed(all.slice(0, 2000), all.slice(0, 2000 - skew), skew),
        ...all.slice(2000 - skew),
      ])
      expect(placesOf(out)).toEqual(range(0, 5000))
      expect(restarts).toBe(0)
    })

    it("the first path ends and the second stands still for 300 ms: its copies are no restart", () => {
      const all = send(range(0, 3000))
      const { out, restarts } = play([
        ...skewed(all.slice(0, 2000), all.slice(0, 1700), 300),
        ...silent(300_000, all.slice(1700)),
      ])
      expect(placesOf(out)).toEqual(range(0, 3000))
      expect(restarts).toBe(0)
    })

    it("the clock of the sender jumps: copies from before the jump are copies", () => {
      const all = [
        ...send(range(0, 1000)),
        ...send(range(1000, 2000), { timestamp: 3e9 }),
        ...send(range(2000, 3000), { timestamp: 5 }),
      ]
      const { out, restarts } = play(skewed(all, all, 400))
      expect(placesOf(out)).toEqual(range(0, 3000))
      expect(restarts).toBe(0)
    })

    it("a cut of both paths beyond 3000 numbers: the numbers go on from there", () => {
      const rest = send(range(6000, 7000))
      const { out, counters, restarts } = play([...send(range(0, 1000)), ...silent(2e6, skewed(rest, rest, 190))])
      expect(placesOf(out)).toEqual([...range(0, 1000), ...range(6000, 7000)])
      // After the cut the slower path comes first, and nothing that fits is lost.
      const slow = send(range(5810, 7000))
      const both = play([...send(range(0, 1000)), ...silent(2e6, interleave([slow, rest]))], { reorderMs: 1000 })
      expect(placesOf(both.out)).toEqual([...range(0, 1000), ...range(5810, 7000)])
      expect([restarts, both.restarts, counters.rtp_lost]).toEqual([1, 1, 0])
    })

    it("the source starts over: what the second path still brings of the old numbers is late", () => {
      const old = send(range(0, 2000))
      const fresh = send(range(0, 2000), { source: 1, first: 40_000, timestamp: 9e8 })
      for (const burst of [1, 5]) {
        const first = [...old, ...fresh]
        const { out, counters, restarts } = play(skewed(first, first.toSpliced(500, 10), 190, burst))
        expect(out.map(([source]) => source)).toEqual([...old, ...fresh].map(({ source }) => source))
        expect([isAscending(placesOf(out)), isAscending(placesOf(out, 1)), restarts]).toEqual([true, true, 1])
        expect(counters.rtp_late).toBeGreaterThan(100)
      }
    })
  })

  describe("a source that starts over under its SSRC", () => {
    const again = (from: number, silenceUs: number, timestamp: number, heldEver = 0) =>
      play(
        [
          ...send(range(0, 5000), { first: 10_000 }),
          ...silent(silenceUs, send(range(0, 500), { source: 1, first: from, timestamp })),
        ],
        {
          heldEver,
        },
      )

    it.each([14_998, 14_950, 14_871, 14_870, 14_000, 11_000, 10_950, 10_001, 9_000, 50_000, 20_000])(
      "from %i on, where 15000 was next, with something else under its numbers: nothing is lost",
      (from) => {
        for (const [silenceUs, timestamp] of [
          [0, 3_000_000_000] as const,
          [0, 5000 * 47] as const,
          [300_000, 0] as const,
        ]) {
          const { out, counters, restarts } = again(from, silenceUs, timestamp)
          expect([placesOf(out), placesOf(out, 1), restarts]).toEqual([range(0, 5000), range(0, 500), 1])
          expect(counters).toMatchObject({
            rtp_resets: 1,
            rtp_lost: 0,
            rtp_late: 0,
            rtp_duplicates: 0,
            rtp_unrecovered: 0,
          })
        }
      },
    )

    it("at its last number: the one datagram under that is lost", () => {
      const { out, counters } = again(14_999, 0, 5)
      expect([placesOf(out), placesOf(out, 1)]).toEqual([range(0, 5000), range(1, 500)])
      expect(counters).toMatchObject({ rtp_late: 1, rtp_resets: 0 })
    })

    it("just ahead of its last number: taken for a loss or for none, and nothing is lost", () => {
      for (const from of [15_000, 15_001, 15_100]) {
        const { out, restarts } = again(from, 0, 5)
        expect([placesOf(out), placesOf(out, 1), restarts]).toEqual([range(0, 5000), range(0, 500), 0])
      }
    })

    it("across the wrap of the numbers, and of the count of datagrams held", () => {
      const last = send(range(0, 300), { first: 65_400 })
      for (const first of [65_530, 65_535, 0, 100, 30_000]) {
        const { out, restarts } = play([...last, ...send(range(0, 300), { source: 1, first, timestamp: 4e9 })], {
          heldEver: 2 ** 32 - 1,
        })
        expect([placesOf(out), placesOf(out, 1), restarts]).toEqual([range(0, 300), range(0, 300), 1])
      }
      const { out } = again(50_000, 0, 5, 2 ** 31 - 1)
      expect(placesOf(out, 1)).toEqual(range(0, 500))
    })

    it("with the same datagrams, as a capture played again, after 500 ms", () => {
      const all = send(range(0, 3000))
      const paused = play([...all, ...silent(500_000, all)])
      expect(paused.out.map(([, place]) => place)).toEqual([...range(0, 3000), ...range(0, 3000)])
      // The copies come at once: what comes in the first 500 ms could be a second path.
      const { out, restarts } = play([...all, ...all])
      const second = placesOf(out).slice(3000)
      expect([isAscending(second), second.at(-1), restarts]).toEqual([true, 2999, 1])
      expect(second.length).toBeGreaterThan(3000 - RATE * 0.51)
    })

    it.each([
      [1, 1],
      [3, 2],
      [20, 10],
    ])(
      "two sources at once, %i and %i datagrams by turns: one of them goes out, and is not given up for the other",
      (a, b) => {
        const one = send(range(0, 3000))
        const two = send(range(0, 3000), { source: 1, first: 40_000, timestamp: 5e8 })
        const turns = range(0, 100).flatMap((i) => [...one.slice(i * a, (i + 1) * a), ...two.slice(i * b, (i + 1) * b)])
        const { out, restarts, counters } = play(turns)
        expect(out.map(([source]) => source).filter((source, i, all) => source !== all[i - 1]).length).toBe(
          restarts + 1,
        )
        expect(restarts).toBeLessThanOrEqual(1)
        expect([isAscending(placesOf(out)), isAscending(placesOf(out, 1))]).toEqual([true, true])
        expect(counters.rtp_late + counters.foreign).toBeGreaterThan(90)
      },
    )
  })

  it("drops a lone stray, whatever its number, and goes on", () => {
    for (const sequence of [5000, 30_000, 60_000]) {
      const { out, counters, restarts } = play([
        ...send(range(0, 1000)),
        ...send([0], { source: 1, first: sequence }),
        ...send(range(1000, 1500)),
      ])
      expect([placesOf(out), placesOf(out, 1), restarts]).toEqual([range(0, 1500), [], 0])
      expect(counters).toMatchObject({ rtp_late: 1, rtp_lost: 0, rtp_unrecovered: 0 })
    }
  })

  it("finds the new numbers between strays", () => {
    const strays = (i: number) => send([0], { source: 2, first: 30_000 + i * 1500 })
    const fresh = send(range(0, 200), { source: 1, first: 9000, timestamp: 8e8 })
    const { out, restarts } = play([
      ...send(range(0, 1000)),
      ...fresh.flatMap((each, i) => [each, ...(i < 3 ? strays(i) : [])]),
    ])
    expect([placesOf(out), placesOf(out, 1), placesOf(out, 2), restarts]).toEqual([
      range(0, 1000),
      range(0, 200),
      [],
      1,
    ])
  })

  it("does not send what was held 2 s ago as the first of new numbers", () => {
    const stray = send([0, 1, 2, 3], { source: 1, first: 30_000 })
    const { out, restarts } = play([
      ...send(range(0, 1000)),
      ...stray.slice(0, 1),
      ...silent(2_100_000, stray.slice(1)),
    ])
    expect([placesOf(out), placesOf(out, 1), restarts]).toEqual([range(0, 1000), [1, 2, 3], 1])
  })

  it("counts each datagram once, however they come", () => {
    const all = send(range(0, 3000), { first: 64_000 })
    const shuffled = all.toSorted(
      (a, b) => ((a.place * 7919) % 997) + a.place / 3 - (((b.place * 7919) % 997) + b.place / 3),
    )
    const { out, counters } = play([...shuffled, ...send(range(0, 10), { source: 1, first: 20_000 })])
    expect(isAscending(placesOf(out))).toBe(true)
    expect(out.length + counters.rtp_duplicates + counters.rtp_late + counters.foreign).toBe(3010)
  })
})
