import { describe, expect, it } from "vitest"
import {
  type Arrival,
  arrival,
  fecOf,
  isMedia,
  losing,
  mediaDatagrams,
  range,
  withFec,
} from "../../../test/fec-arrivals.ts"
import { feedFec, startFec, storedDatagram } from "../../../test/fec-feed.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { sequenceOf } from "./testing/fec/packet.ts"

const cores = await loadCores()

describe.each(coreBuilds)("what an FEC port brings (%s)", (build) => {
  const core = cores[build]
  const media = mediaDatagrams(60, 1000)
  const row = fecOf(media, 1010, 1, 5)
  const column = fecOf(media, 1010, 5, 4)
  const changed = (bytes: Uint8Array, at: number, ...values: number[]) => {
    const copy = new Uint8Array(bytes)
    copy.set(values, at)
    return copy
  }

  it.each<[string, Arrival["port"], Uint8Array, "fec_packets" | "fec_bad"]>([
    ["a row", "row", row, "fec_packets"],
    ["a column", "column", column, "fec_packets"],
    ["a row on the column port", "column", row, "fec_packets"],
    ["a column on the row port", "row", column, "fec_packets"],
    ["a row without its D bit on the row port", "row", changed(row, 24, 0), "fec_packets"],
    ["an SSRC of its own", "row", changed(row, 8, 1, 2, 3, 4), "fec_packets"],
    ["another payload type", "row", changed(row, 1, 127), "fec_packets"],
    ["50 columns by 8 rows", "column", changed(column, 25, 50, 8), "fec_packets"],
    ["nothing", "row", new Uint8Array(), "fec_bad"],
    ["one byte", "row", row.subarray(0, 1), "fec_bad"],
    ["11 bytes", "row", row.subarray(0, 11), "fec_bad"],
    ["an RTP header alone", "row", row.subarray(0, 12), "fec_bad"],
    ["both headers and nothing behind", "row", row.subarray(0, 28), "fec_bad"],
    ["more than a datagram of ours holds", "row", joinBytes([row, new Uint8Array(1)]), "fec_bad"],
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
    const foreign = withFec(other, { columns: 5, rows }).map((each) =>
      isMedia(each) ? ours[sequenceOf(each.bytes) - 1000] : each.bytes,
    )
    const ports = withFec(other, { columns: 5, rows }).map(({ port }) => port)
    const mixed = foreign.flatMap((bytes, i): Arrival[] =>
      bytes === undefined ? [] : [{ port: ports[i] ?? "media", bytes }],
    )
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
    const arrivals = losing(all, [8, 103]).map((each, i) =>
      i === wrong ? { ...each, bytes: changed(each.bytes, 30, 1) } : each,
    )
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
    const padded = media.map((datagram, i) =>
      i % 2 === 0 ? datagram : changed(joinBytes([datagram, new Uint8Array([0, 0, 0, 4])]), 0, 0xa0),
    )
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
