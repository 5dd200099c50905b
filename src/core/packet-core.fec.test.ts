import { describe, expect, it } from "vitest"
import { type Arrival, feedFec, mediaDatagrams, SSRC, startFec, storedDatagram, withFec } from "../../test/fec-feed.ts"
import { coreBuilds, loadCores } from "../../test/load-core.ts"
import { concat } from "../../test/ts-stream.ts"
import * as L from "./assembly/layout.ts"
import { buildFec, sequenceOf } from "./fec/packet.ts"
import { buildRtp } from "./rtp/header.ts"

const cores = await loadCores()
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => (from + i) & 0xffff)
const payloadsOf = (media: ReadonlyArray<Uint8Array>) => concat(media.map((datagram) => datagram.subarray(12)))
const isMedia = ({ port }: Arrival) => port === "media"
const sequenceIn = (sequences: ReadonlyArray<number>) => (arrival: Arrival) =>
  isMedia(arrival) && sequences.includes(sequenceOf(arrival.bytes))

/** Arrivals without the media datagrams of these sequence numbers. */
const losing = (arrivals: ReadonlyArray<Arrival>, sequences: ReadonlyArray<number>) =>
  arrivals.filter((arrival) => !sequenceIn(sequences)(arrival))

const fecOf = (media: ReadonlyArray<Uint8Array>, base: number, offset: number, count: number, isRow = offset === 1) => {
  const members = range(0, count).map((i) => media.find((datagram) => sequenceOf(datagram) === ((base + i * offset) & 0xffff)))
  return buildFec(
    { isRow, offset, sequence: 0, timestamp: 0 },
    members.filter((datagram) => datagram !== undefined),
  )
}

const arrival =
  (port: Arrival["port"]) =>
  (bytes: Uint8Array): Arrival => ({ port, bytes })

describe.each(coreBuilds)("FEC recovery (%s)", (build) => {
  const core = cores[build]
  const fec = () => {
    const { fec_packets, fec_bad, fec_recovered, rtp_unrecovered } = core.legSnapshot(0)
    return { fec_packets, fec_bad, fec_recovered, rtp_unrecovered }
  }
  const run = (arrivals: ReadonlyArray<Arrival>) => {
    startFec(core)
    return concat(feedFec(core, arrivals))
  }

  // 4 x 5 from sequence number 0, so that row and column of a number are easily seen. The first row is whole.
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
    const lost = [65_533, 65_534, 65_535, 0, 1, 20].filter((sequence) => media.slice(2).some((each) => sequenceOf(each) === sequence))
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
    const late = [...all.slice(0, -3), { port: "media" as const, bytes: media[6] ?? new Uint8Array() }, ...all.slice(-3)]
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
    const twice = losing(withFec(media, { columns: 5, rows: 4 }), [6]).flatMap((each) => (isMedia(each) ? [each] : [each, each]))
    expect(Buffer.compare(run(twice), payloadsOf(media))).toBe(0)
    expect(fec()).toMatchObject({ fec_recovered: 1, fec_bad: 0 })
  })

  it("shows how late a rebuilt datagram was", () => {
    const media = mediaDatagrams(41)
    // Arrivals are 1 ms apart, and the row packet comes right behind 9.
    run(losing(withFec(media, { columns: 5, rows: 4, streams: "rows" }), [8]))
    expect(core.legField(0, L.LEG_FEC_LATENCY_US)).toBe(1000)
    // The packets of columns 0, 1 and 2 are sent behind 23, 27 and 31. With that of column 2, the first to be whole, 5 and 6 are
    // rebuilt: 26 arrivals after 7, of which 2 are FEC.
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

describe.each(coreBuilds)("what a FEC port brings (%s)", (build) => {
  const core = cores[build]
  const media = mediaDatagrams(60, 1000)
  const row = fecOf(media, 1010, 1, 5)
  const column = fecOf(media, 1010, 5, 4)
  const changed = (bytes: Uint8Array, at: number, ...values: number[]) => {
    const copy = Uint8Array.from(bytes)
    copy.set(values, at)
    return copy
  }

  it.each<[string, Arrival["port"], Uint8Array, "fec_packets" | "fec_bad"]>([
    ["a row", "row", row, "fec_packets"],
    ["a column", "column", column, "fec_packets"],
    ["a row on the column port", "column", row, "fec_packets"],
    ["a column on the row port", "row", column, "fec_packets"],
    ["a row without its D bit on the row port", "row", changed(row, 24, 0), "fec_packets"],
    ["a SSRC of its own", "row", changed(row, 8, 1, 2, 3, 4), "fec_packets"],
    ["another payload type", "row", changed(row, 1, 127), "fec_packets"],
    ["50 columns by 8 rows", "column", changed(column, 25, 50, 8), "fec_packets"],
    ["nothing", "row", new Uint8Array(), "fec_bad"],
    ["one byte", "row", row.subarray(0, 1), "fec_bad"],
    ["11 bytes", "row", row.subarray(0, 11), "fec_bad"],
    ["an RTP header alone", "row", row.subarray(0, 12), "fec_bad"],
    ["both headers and nothing behind", "row", row.subarray(0, 28), "fec_bad"],
    ["more than a datagram of ours holds", "row", concat([row, new Uint8Array(1)]), "fec_bad"],
    ["RTP version 1", "row", changed(row, 0, 0x40), "fec_bad"],
    ["RTCP", "row", changed(row, 1, 200), "fec_bad"],
    ["no E bit", "row", changed(row, 16, 33), "fec_bad"],
    ["a mask", "row", changed(row, 17, 1), "fec_bad"],
    ["another code than XOR", "row", changed(row, 24, 0x48), "fec_bad"],
    ["an index", "row", changed(row, 24, 0x41), "fec_bad"],
    ["offset 0", "column", changed(column, 25, 0), "fec_bad"],
    ["NA 0", "column", changed(column, 26, 0), "fec_bad"],
    ["51 columns", "column", changed(column, 25, 51), "fec_bad"],
    ["51 rows", "column", changed(column, 25, 2, 51), "fec_bad"],
    ["a row of 51", "row", changed(row, 26, 51), "fec_bad"],
    ["21 x 20", "column", changed(column, 25, 21, 20), "fec_bad"],
    ["255 x 255", "column", changed(column, 25, 255, 255), "fec_bad"],
    ["a row whose numbers do not follow each other", "row", changed(row, 25, 2), "fec_bad"],
    ["SNBase half the numbers away", "row", changed(row, 12, 0x84, 0), "fec_bad"],
    ["SNBase 1100 ahead", "row", changed(row, 12, (1059 + 1100) >> 8, (1059 + 1100) & 255), "fec_bad"],
    ["media on the FEC port", "row", media[0] ?? new Uint8Array(), "fec_bad"],
  ])("%s", (_, port, bytes, counter) => {
    startFec(core)
    feedFec(core, [...media.map(arrival("media")), { port, bytes }])
    expect(core.legSnapshot(0)).toMatchObject({ fec_packets: 0, fec_bad: 0, fec_recovered: 0, [counter]: 1 })
  })

  it.each<[string, Uint8Array]>([
    ["length recovery that gives no whole packets", changed(row, 14, 0, 1)],
    ["length recovery beyond the payload", changed(row, 14, 0xff, 0xff)],
    ["a payload that gives no sync byte", changed(row, 28, (row[28] ?? 0) ^ 1)],
    ["a payload shorter than what it protects", row.subarray(0, 28 + 188)],
    ["options the stream does not have", changed(row, 0, 0x90)],
    ["timestamps of another stream", changed(row, 20, (row[20] ?? 0) ^ 0x40)],
  ])("rebuilds nothing from %s", (_, bytes) => {
    startFec(core)
    const right = arrival("row")(fecOf(media, 1020, 1, 5))
    feedFec(core, [...losing(media.map(arrival("media")), [1012]), right, { port: "row", bytes }])
    expect(core.legSnapshot(0)).toMatchObject({ fec_packets: 2, fec_bad: 1, fec_recovered: 0 })
    expect(storedDatagram(core, 1012)).toBeNull()
    feedFec(core, [{ port: "row", bytes: row }], 2_000_000)
    expect(storedDatagram(core, 1012)).toEqual(media[12])
  })

  it.each([4, 5])("rebuilds nothing from the FEC of another programme with near numbers, %i rows", (rows) => {
    const other = mediaDatagrams(200, 1003).map((datagram) => {
      const copy = datagram.map((byte, at) => (at > 12 && at % 188 > 13 ? byte ^ (at * 31 + (datagram[3] ?? 0)) : byte))
      copy.set([0x12, 0x34], 4)
      return copy
    })
    const ours = mediaDatagrams(200, 1000)
    const foreign = withFec(other, { columns: 5, rows }).map((each) => (isMedia(each) ? ours[sequenceOf(each.bytes) - 1000] : each.bytes))
    const ports = withFec(other, { columns: 5, rows }).map(({ port }) => port)
    const mixed = foreign.flatMap((bytes, i): Arrival[] => (bytes === undefined ? [] : [{ port: ports[i] ?? "media", bytes }]))
    startFec(core)
    feedFec(
      core,
      losing(
        mixed,
        range(1010, 1190).filter((sequence) => sequence % 17 === 3),
      ),
    )
    expect(core.legSnapshot(0)).toMatchObject({ fec_recovered: 0 })
    expect(core.legSnapshot(0).fec_bad).toBeGreaterThan(10)
  })

  it("trusts FEC again after 16 packets that are right", () => {
    const stream = mediaDatagrams(400)
    const all = withFec(stream, { columns: 5, rows: 4, streams: "rows" })
    const wrong = all.findIndex(({ port }) => port === "row")
    const arrivals = losing(all, [8, 103]).map((each, i) => (i === wrong ? { ...each, bytes: changed(each.bytes, 30, 1) } : each))
    startFec(core)
    feedFec(core, arrivals.slice(0, wrong + 1))
    expect(core.legSnapshot(0)).toMatchObject({ fec_packets: 1, fec_bad: 1 })
    feedFec(core, arrivals.slice(wrong + 1), 1_100_000)
    // The second row packet lacks a datagram and waits; the third to the eighteenth are right.
    expect(core.legSnapshot(0)).toMatchObject({ fec_bad: 1, fec_recovered: 2 })
    expect(storedDatagram(core, 8)).toEqual(stream[8])
    expect(core.legField(0, L.LEG_FEC_LATENCY_US)).toBe(16 * 6000 + 1000)
  })

  it("leaves alone media with options, which it cannot rebuild", () => {
    const padded = media.map((datagram, i) => (i % 2 === 0 ? datagram : changed(concat([datagram, new Uint8Array([0, 0, 0, 4])]), 0, 0xa0)))
    startFec(core)
    feedFec(
      core,
      losing(
        withFec(
          padded.map((d) => d.subarray(0, 1328)),
          { columns: 5, rows: 4 },
        ),
        [1012, 1021],
      ),
    )
    expect(core.legSnapshot(0)).toMatchObject({ fec_recovered: 0 })
    for (const sequence of [1012, 1021]) expect(storedDatagram(core, sequence)).toBeNull()
  })
})

describe.each(coreBuilds)("FEC matrix (%s)", (build) => {
  const core = cores[build]
  const matrix = () => [core.legField(0, L.LEG_FEC_COLUMNS), core.legField(0, L.LEG_FEC_ROWS)]

  it.each<[string, Parameters<typeof withFec>[1], columns: number, rows: number]>([
    ["8 x 8", { columns: 8, rows: 8 }, 8, 8],
    ["20 x 5", { columns: 20, rows: 5 }, 20, 5],
    ["columns only", { columns: 6, rows: 7, streams: "columns" }, 6, 7],
    ["one column", { columns: 1, rows: 10, streams: "columns" }, 1, 10],
    ["rows only", { columns: 9, rows: 4, streams: "rows" }, 9, 0],
  ])("learns %s", (_, how, columns, rows) => {
    startFec(core)
    expect(matrix()).toEqual([0, 0])
    feedFec(core, withFec(mediaDatagrams(210), how))
    expect(matrix()).toEqual([columns, rows])
  })

  it("learns a new matrix live with the second packet of it, and recovers in both", () => {
    const media = mediaDatagrams(301)
    const first = withFec(media.slice(0, 120), { columns: 5, rows: 4 })
    const second = withFec(media.slice(120), { columns: 10, rows: 6 })
    startFec(core)
    const out = feedFec(core, losing(first, [30, 50, 51]))
    expect(matrix()).toEqual([5, 4])
    out.push(...feedFec(core, losing(second, [130, 150, 151]), 1_200_000))
    expect(matrix()).toEqual([10, 6])
    expect(core.legSnapshot(0)).toMatchObject({ fec_recovered: 6, fec_bad: 0, rtp_unrecovered: 0 })
    expect(Buffer.compare(concat(out), payloadsOf(media))).toBe(0)
  })

  it("is not moved by a single packet of another shape", () => {
    const media = mediaDatagrams(200)
    startFec(core)
    feedFec(core, withFec(media.slice(0, 100), { columns: 5, rows: 4 }))
    feedFec(core, [{ port: "column", bytes: fecOf(media, 50, 7, 6) }], 1_200_000)
    expect(matrix()).toEqual([5, 4])
  })

  /** A loss with no FEC for it, then media until it is given up: how many datagrams waited. */
  const waited = (media: ReadonlyArray<Uint8Array>, startUs: number): number => {
    const [, ...behind] = media
    let most = 0
    for (const [i, bytes] of behind.entries()) {
      feedFec(core, [{ port: "media", bytes }], startUs + i * 1000)
      most = Math.max(most, core.legField(0, L.LEG_HELD))
    }
    return most
  }

  it("lets a gap wait for two matrices, and no longer when FEC has stopped", () => {
    const media = mediaDatagrams(5000)
    startFec(core)
    feedFec(core, withFec(media.slice(0, 400), { columns: 10, rows: 10 }))
    expect(waited(media.slice(400, 800), 1_500_000)).toBe(200)
    expect(matrix()).toEqual([10, 10])
    feedFec(core, media.slice(800, 3000).map(arrival("media")), 1_900_000)
    expect(matrix()).toEqual([0, 0])
    expect(waited(media.slice(3000, 3400), 4_500_000)).toBeLessThanOrEqual(64)
    // FEC comes back: learnt again.
    feedFec(core, losing(withFec(media.slice(3400, 3801), { columns: 10, rows: 10 }), [3500]), 5_000_000)
    expect(matrix()).toEqual([10, 10])
    expect(core.legSnapshot(0)).toMatchObject({ fec_recovered: 1, rtp_unrecovered: 2 })
  })

  it("goes from columns and rows to rows alone", () => {
    const media = mediaDatagrams(4000)
    startFec(core)
    feedFec(core, withFec(media.slice(0, 400), { columns: 10, rows: 10 }))
    feedFec(core, withFec(media.slice(400, 4000), { columns: 10, rows: 10, streams: "rows" }), 1_500_000)
    expect(matrix()).toEqual([10, 0])
  })

  it("takes FEC without media, and media without FEC after it", () => {
    const media = mediaDatagrams(2000, 60_000)
    startFec(core)
    const all = withFec(media.slice(0, 1500), { columns: 5, rows: 4 })
    feedFec(
      core,
      all.filter((each) => !isMedia(each)),
    )
    expect(core.legSnapshot(0)).toMatchObject({ fec_bad: 0, fec_recovered: 0, forwarded: 0 })
    const out = feedFec(core, media.slice(1500).map(arrival("media")), 9_000_000)
    expect(Buffer.compare(concat(out), payloadsOf(media.slice(1500)))).toBe(0)
    expect(core.legSnapshot(0)).toMatchObject({ fec_recovered: 0, rtp_unrecovered: 0 })
  })

  it("starts over with a new sender", () => {
    const media = mediaDatagrams(200)
    startFec(core)
    feedFec(core, withFec(media.slice(0, 100), { columns: 5, rows: 4 }))
    const restarted = mediaDatagrams(101, 40_000).map((datagram) => {
      const payload = datagram.subarray(12)
      return buildRtp({ sequence: sequenceOf(datagram), timestamp: sequenceOf(datagram) * 90, ssrc: SSRC + 1 }, payload)
    })
    feedFec(core, losing(withFec(restarted, { columns: 6, rows: 5 }), [40_033, 40_040]), 4_000_000)
    expect(matrix()).toEqual([6, 5])
    expect(core.legSnapshot(0)).toMatchObject({ fec_recovered: 2, rtp_unrecovered: 0 })
  })
})
