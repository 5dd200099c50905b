/** What leaves an RTP leg whose source starts over under its SSRC. */
import { describe, expect, it } from "vitest"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { isAscending, placesOf, play, RATE, range, send, silent } from "./testing/rtp-order.ts"

const cores = await loadCores()

describe.each(coreBuilds)("order of an RTP leg (%s)", (build) => {
  const core = cores[build]

  describe("a source that starts over under its SSRC", () => {
    const again = (from: number, silenceUs: number, timestamp: number, heldEver = 0) =>
      play(
        core,
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
        const { out, restarts } = play(core, [...last, ...send(range(0, 300), { source: 1, first, timestamp: 4e9 })], {
          heldEver: 2 ** 32 - 1,
        })
        expect([placesOf(out), placesOf(out, 1), restarts]).toEqual([range(0, 300), range(0, 300), 1])
      }
      const { out } = again(50_000, 0, 5, 2 ** 31 - 1)
      expect(placesOf(out, 1)).toEqual(range(0, 500))
    })

    it("with the same datagrams, as a capture played again, after 500 ms", () => {
      const all = send(range(0, 3000))
      const paused = play(core, [...all, ...silent(500_000, all)])
      expect(paused.out.map(([, place]) => place)).toEqual([...range(0, 3000), ...range(0, 3000)])
      // At once: what comes in the first 500 ms could be a second path.
      const { out, restarts } = play(core, [...all, ...all])
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
        const { out, restarts, counters } = play(core, turns)
        expect(out.map(([source]) => source).filter((source, i, all) => source !== all[i - 1]).length).toBe(
          restarts + 1,
        )
        expect(restarts).toBeLessThanOrEqual(1)
        expect([isAscending(placesOf(out)), isAscending(placesOf(out, 1))]).toEqual([true, true])
        expect(counters.rtp_late + counters.foreign).toBeGreaterThan(90)
      },
    )
  })
})
