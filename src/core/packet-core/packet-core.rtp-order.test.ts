/**
 * What leaves an RTP leg whose datagrams come late, twice, or under numbers that start over: never one behind its
 * successor.
 */
import { describe, expect, it } from "vitest"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { isAscending, placesOf, play, RATE, range, type Sent, send, silent } from "./testing/rtp-order.ts"

const cores = await loadCores()

/** By turns `burst` datagrams of each list. */
const interleave = (lists: ReadonlyArray<ReadonlyArray<Sent>>, burst = 1): Sent[] => {
  const longest = Math.max(...lists.map((list) => list.length))
  return range(0, Math.ceil(longest / burst)).flatMap((turn) =>
    lists.flatMap((list) => list.slice(turn * burst, (turn + 1) * burst)),
  )
}

/** The second list begins `skew` datagrams later. */
const skewed = (first: ReadonlyArray<Sent>, second: ReadonlyArray<Sent>, skew: number, burst = 1): Sent[] => [
  ...first.slice(0, skew),
  ...interleave([first.slice(skew), second], burst),
]

describe.each(coreBuilds)("order of an RTP leg (%s)", (build) => {
  const core = cores[build]

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
        const { out, counters } = play(core, lateBy(places), { reorderMs: 1000 })
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
      const { out, counters } = play(core, lateBy(places), { reorderMs: 1000 })
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
        const { out, counters } = play(core, lateBy(places), { reorderMs })
        expect(placesOf(out)).toEqual(range(0, 2200).filter((place) => place !== 300))
        expect(counters).toMatchObject({ rtp_late: 1, rtp_unrecovered: 1, rtp_resets: 0, reorder_full: 0 })
      }
    })

    it("that is a copy is a duplicate, 150 or 2500 places later", () => {
      for (const lag of [150, 2500]) {
        const { out, counters } = play(core, [
          ...send(range(0, 300 + lag)),
          ...send([300]),
          ...send(range(300 + lag, 3000)),
        ])
        expect(placesOf(out)).toEqual(range(0, 3000))
        expect(counters).toMatchObject({ rtp_duplicates: 1, rtp_reordered: 0, rtp_late: 0, rtp_resets: 0 })
      }
    })

    it.each([0, 2 ** 32 - 1000])("with one time stamp for all, or one that wraps: %i", (timestamp) => {
      const constant = (sent: ReadonlyArray<Sent>) =>
        timestamp === 0 ? sent.map((each) => ({ ...each, timestamp: 0 })) : sent
      const all = constant(send(range(0, 2000), { timestamp, first: 65_000 }))
      const { out, counters } = play(core, [
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
      const { out, counters, restarts } = play(core, skewed(all, all, skew, burst), { perSecond: 2 * perSecond })
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
      const { out, counters, restarts } = play(core, arrived, { perSecond: 2 * RATE, reorderMs })
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
      const { out, restarts } = play(core, [
        ...skewed(all.slice(0, 2000), all.slice(0, 2000 - skew), skew),
        ...all.slice(2000 - skew),
      ])
      expect(placesOf(out)).toEqual(range(0, 5000))
      expect(restarts).toBe(0)
    })

    it("the first path ends and the second stands still for 300 ms: its copies are no restart", () => {
      const all = send(range(0, 3000))
      const { out, restarts } = play(core, [
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
      const { out, restarts } = play(core, skewed(all, all, 400))
      expect(placesOf(out)).toEqual(range(0, 3000))
      expect(restarts).toBe(0)
    })

    it("a cut of both paths beyond 3000 numbers: the numbers go on from there", () => {
      const rest = send(range(6000, 7000))
      const { out, counters, restarts } = play(core, [...send(range(0, 1000)), ...silent(2e6, skewed(rest, rest, 190))])
      expect(placesOf(out)).toEqual([...range(0, 1000), ...range(6000, 7000)])
      // The slower path comes first after the cut: nothing that fits is lost.
      const slow = send(range(5810, 7000))
      const both = play(core, [...send(range(0, 1000)), ...silent(2e6, interleave([slow, rest]))], { reorderMs: 1000 })
      expect(placesOf(both.out)).toEqual([...range(0, 1000), ...range(5810, 7000)])
      expect([restarts, both.restarts, counters.rtp_lost]).toEqual([1, 1, 0])
    })

    it("the source starts over: what the second path still brings of the old numbers is late", () => {
      const old = send(range(0, 2000))
      const fresh = send(range(0, 2000), { source: 1, first: 40_000, timestamp: 9e8 })
      for (const burst of [1, 5]) {
        const first = [...old, ...fresh]
        const { out, counters, restarts } = play(core, skewed(first, first.toSpliced(500, 10), 190, burst))
        expect(out.map(([source]) => source)).toEqual([...old, ...fresh].map(({ source }) => source))
        expect([isAscending(placesOf(out)), isAscending(placesOf(out, 1)), restarts]).toEqual([true, true, 1])
        expect(counters.rtp_late).toBeGreaterThan(100)
      }
    })
  })

  it("drops a lone stray, whatever its number, and goes on", () => {
    for (const sequence of [5000, 30_000, 60_000]) {
      const { out, counters, restarts } = play(core, [
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
    const { out, restarts } = play(core, [
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
    const { out, restarts } = play(core, [
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
    const { out, counters } = play(core, [...shuffled, ...send(range(0, 10), { source: 1, first: 20_000 })])
    expect(isAscending(placesOf(out))).toBe(true)
    expect(out.length + counters.rtp_duplicates + counters.rtp_late + counters.foreign).toBe(3010)
  })
})
