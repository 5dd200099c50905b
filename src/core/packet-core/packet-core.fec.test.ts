import { describe, expect, it } from "vitest"
import {
  type Arrival,
  arrival,
  fecOf,
  isMedia,
  losing,
  mediaDatagrams,
  payloadsOf,
  range,
  sequenceIn,
  withFec,
} from "../../../test/fec-arrivals.ts"
import { feedFec, startFec, storedDatagram } from "../../../test/fec-feed.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildFec, sequenceOf } from "./testing/fec/packet.ts"

const cores = await loadCores()

describe.each(coreBuilds)("FEC recovery (%s)", (build) => {
  const core = cores[build]
  const fec = () => {
    const { fec_packets, fec_bad, fec_recovered, rtp_unrecovered } = core.legSnapshot(0)
    return { fec_packets, fec_bad, fec_recovered, rtp_unrecovered }
  }
  const run = (arrivals: ReadonlyArray<Arrival>) => {
    startFec(core)
    return joinBytes(feedFec(core, arrivals))
  }

  // The matrix is 4 x 5 from sequence number 0 on, so that row and column of a number are easy to see. The first row is
  // whole.
  it.each<[string, ReadonlyArray<number>, unrecoverable: ReadonlyArray<number>]>([
    ["nothing lost", [], []],
    ["one lost", [21], []],
    ["a whole row: a burst of L", range(24, 28), []],
    ["a burst of L over two rows", range(22, 26), []],
    ["a whole column", [21, 25, 29, 33, 37], []],
    ["an L of three, columns first", [20, 21, 24], []],
    ["a 2 x 2 square", [20, 22, 28, 30], [20, 22, 28, 30]],
    ["a 2 x 2 square and one elsewhere", [20, 22, 28, 30, 35], [20, 22, 28, 30]],
    ["a staircase, one row or column at a time", [20, 21, 25, 26, 30, 31, 35], []],
    ["a 2 x 3 block", [20, 21, 22, 24, 25, 26], [20, 21, 22, 24, 25, 26]],
    ["one in each of three matrices", [5, 25, 45], []],
  ])("%s", (_, lost, unrecoverable) => {
    const media = mediaDatagrams(101)
    const arrivals = withFec(media, { columns: 4, rows: 5 })
    const out = run(losing(arrivals, lost))
    const expected = media.filter((datagram) => !unrecoverable.includes(sequenceOf(datagram)))
    expect(Buffer.compare(out, payloadsOf(expected))).toBe(0)
    expect(fec()).toEqual({
      fec_packets: arrivals.filter((each) => !isMedia(each)).length,
      fec_bad: 0,
      fec_recovered: lost.length - unrecoverable.length,
      rtp_unrecovered: unrecoverable.length,
    })
  })

  it.each<[string, number]>([
    ["numbers that wrap within a row", 65_535 - 41],
    ["numbers that wrap between matrices", 65_536 - 40],
    ["numbers that wrap in the first matrix", 65_530],
  ])("carries %s", (_, first) => {
    const media = mediaDatagrams(121, first)
    const lost = [65_533, 65_534, 65_535, 0, 1, 20].filter((sequence) =>
      media.slice(2).some((each) => sequenceOf(each) === sequence),
    )
    const out = run(losing(withFec(media, { columns: 8, rows: 5 }), lost))
    expect(Buffer.compare(out, payloadsOf(media))).toBe(0)
    expect(fec()).toMatchObject({ fec_bad: 0, fec_recovered: lost.length, rtp_unrecovered: 0 })
  })

  it("rebuilds datagrams of any length, the marker bit and the timestamp across its wrap", () => {
    const media = mediaDatagrams(101, 0, (i) => 1 + (i % 7))
    const lost = range(20, 100).filter((i) => i % 20 === (i / 20) % 5 || i % 23 === 3)
    run(losing(withFec(media, { columns: 5, rows: 4 }), lost))
    for (const sequence of lost) expect(storedDatagram(core, sequence)).toEqual(media[sequence])
    expect(fec()).toMatchObject({ fec_recovered: lost.length, fec_bad: 0 })
  })

  it("takes FEC packets that come before the media, and in any order", () => {
    const media = mediaDatagrams(41)
    const all = withFec(media, { columns: 5, rows: 4 })
    const early = [...all.filter((each) => !isMedia(each)).reverse(), ...losing(all.filter(isMedia), [7, 13, 28])]
    expect(Buffer.compare(run(early), payloadsOf(media))).toBe(0)
    expect(fec()).toMatchObject({ fec_recovered: 3, fec_bad: 0 })
  })

  it("waits for a later datagram before it takes one for lost", () => {
    const media = mediaDatagrams(11)
    const all = withFec(media, { columns: 5, rows: 4, streams: "rows" })
    const [tenth] = all.filter(sequenceIn([9]))
    if (tenth === undefined) throw new Error("no tenth datagram")
    const rowFirst = [...losing(all, [9, 10]), tenth, ...all.filter(sequenceIn([10]))]
    expect(Buffer.compare(run(rowFirst), payloadsOf(media))).toBe(0)
    expect(fec()).toMatchObject({ fec_packets: 2, fec_recovered: 0 })
  })

  it("rebuilds more once a late datagram completes a group", () => {
    const media = mediaDatagrams(21)
    const all = losing(withFec(media, { columns: 5, rows: 4, streams: "rows" }), [6, 8])
    const late = [
      ...all.slice(0, -3),
      { port: "media" as const, bytes: media[6] ?? new Uint8Array() },
      ...all.slice(-3),
    ]
    expect(Buffer.compare(run(late), payloadsOf(media))).toBe(0)
    expect(fec()).toMatchObject({ fec_recovered: 1, rtp_unrecovered: 0 })
    expect(storedDatagram(core, 8)).toEqual(media[8])
  })

  it("does not count what was sent before it listened as lost", () => {
    const media = mediaDatagrams(60)
    const out = run(losing(withFec(media, { columns: 5, rows: 4 }), range(0, 4)))
    expect(Buffer.compare(out, payloadsOf(media.slice(4)))).toBe(0)
    expect(fec()).toMatchObject({ fec_recovered: 0, fec_bad: 0 })
  })

  it("takes the same FEC packet twice as one", () => {
    const media = mediaDatagrams(21)
    const twice = losing(withFec(media, { columns: 5, rows: 4 }), [6]).flatMap((each) =>
      isMedia(each) ? [each] : [each, each],
    )
    expect(Buffer.compare(run(twice), payloadsOf(media))).toBe(0)
    expect(fec()).toMatchObject({ fec_recovered: 1, fec_bad: 0 })
  })

  /** Row packets of a 2 x n matrix over datagrams `from` to `to`. */
  const rowsOf = (media: ReadonlyArray<Uint8Array>, from: number, to: number) =>
    range(from, to)
      .filter((sequence) => sequence % 2 === 0)
      .map((sequence) => arrival("row")(fecOf(media, sequence, 1, 2)))

  it("keeps the newest FEC packets when there are more of them than it has room for", () => {
    const media = mediaDatagrams(330)
    const sent = (from: number, to: number) => media.slice(from, to).map(arrival("media"))
    // Datagrams 10 to 312 never come, but their FEC does. 313 comes late, after FEC of others that are lost.
    run([
      ...sent(0, 10),
      ...rowsOf(media, 0, 314),
      ...sent(314, 316),
      ...rowsOf(media, 316, 318),
      ...sent(318, 320),
      ...sent(313, 314),
    ])
    expect(fec()).toMatchObject({ fec_recovered: 1, fec_bad: 0 })
    expect(storedDatagram(core, 312)).toEqual(media[312])
  })

  it("gives one FEC packet sent 300 times no more room than once", () => {
    const media = mediaDatagrams(40)
    const sent = (from: number, to: number) => media.slice(from, to).map(arrival("media"))
    const flood = Array.from({ length: 300 }, () => rowsOf(media, 16, 18)).flat()
    run([...sent(0, 10), ...rowsOf(media, 0, 12), ...sent(12, 16), ...flood, ...sent(18, 22), ...sent(11, 12)])
    expect(fec()).toMatchObject({ fec_recovered: 1, fec_bad: 0 })
    expect(storedDatagram(core, 10)).toEqual(media[10])
  })

  it("has forgotten an FEC packet by the time its numbers come round again", () => {
    const turns = range(0, 43).flatMap((turn) => [turn * 1500, turn * 1500 + 1])
    // First 4 and 5 come for the first time, then 0 to 9 for the second.
    const places = [...turns, 4, 5, ...range(0, 10)]
    const media = mediaDatagrams(places.length).map((datagram, i) => {
      const sequence = places[i] ?? 0
      return datagram.with(2, sequence >> 8).with(3, sequence & 255)
    })
    const rowOf = (at: number) =>
      arrival("row")(buildFec({ isRow: true, offset: 1, sequence: 0, timestamp: 0 }, media.slice(at, at + 2)))
    const sent = (...at: number[]) => at.flatMap((i) => media.slice(i, i + 1)).map(arrival("media"))
    const second = turns.length + 2
    run([
      ...turns.flatMap((_, i) =>
        i % 2 === 0 ? sent(i) : [...sent(i), rowOf(i - 1), ...(i === 1 ? [rowOf(turns.length)] : [])],
      ),
      ...sent(second, second + 1, second + 2, second + 3, second + 5, second + 7),
      rowOf(second + 6),
      ...sent(second + 8),
    ])
    expect(fec()).toMatchObject({ fec_recovered: 1, fec_bad: 0 })
    expect(storedDatagram(core, 6)).toEqual(media[second + 6])
    expect(storedDatagram(core, 4)).toBeNull()
  })

  it("shows how late a rebuilt datagram was", () => {
    const media = mediaDatagrams(41)
    // Arrivals are 1 ms apart, and the row packet comes right behind 9.
    run(losing(withFec(media, { columns: 5, rows: 4, streams: "rows" }), [8]))
    expect(core.legField(0, L.LEG_FEC_LATENCY_US)).toBe(1000)
    // The packets of columns 0, 1 and 2 are sent behind 23, 27 and 31. Column 2 is the first to be whole; its packet
    // rebuilds 5 and 6, 26 arrivals after 7, of which 2 are FEC.
    run(losing(withFec(media, { columns: 5, rows: 4, streams: "columns" }), [5, 6]))
    expect(core.legField(0, L.LEG_FEC_LATENCY_US)).toBe((31 - 7 + 3) * 1000)
  })

  it("goes on with media that jump, and forgets FEC of the numbers before", () => {
    const before = mediaDatagrams(30)
    const after = mediaDatagrams(41, 20_000)
    const arrivals = [
      ...losing(withFec(before, { columns: 5, rows: 4 }), [27, 28]),
      ...losing(withFec(after, { columns: 5, rows: 4 }), [20_007]),
    ]
    run(arrivals)
    expect(storedDatagram(core, 20_007)).toEqual(after[7])
    expect(fec()).toMatchObject({ fec_recovered: 1 })
  })
})
