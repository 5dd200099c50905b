/** FEC of streams with low bit rates, whose matrices take seconds: what they can give back goes out, in order. */
import { describe, expect, it } from "vitest"
import { type Arrival, fecOf, isMedia, mediaDatagrams, payloadsOf, range, withFec } from "../../../test/fec-arrivals.ts"
import { startFec } from "../../../test/fec-feed.ts"
import { readSlot, writeDatagram } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import type { FecMatrix } from "./testing/fec/encoder.ts"
import { sequenceOf } from "./testing/fec/packet.ts"

const cores = await loadCores()
const TICK_US = 10_000
/** Microseconds between datagrams at a bit rate in Mbit/s. */
const stepOf = (mbit: number) => Math.round((1316 * 8) / mbit)

/** Sends the column packets of a matrix one behind the other at its end, as some encoders do. */
const inBursts = (arrivals: ReadonlyArray<Arrival>, { columns, rows }: FecMatrix): Arrival[] => {
  const columnPackets = arrivals.filter(({ port }) => port === "column")
  let media = 0
  return arrivals
    .filter(({ port }) => port !== "column")
    .flatMap((each) => {
      if (isMedia(each)) media += 1
      return isMedia(each) && media % (columns * rows) === 0 ? [each, ...columnPackets.splice(0, columns)] : [each]
    })
}

describe.each(coreBuilds)("FEC at low bit rates (%s)", (build) => {
  const core = cores[build]

  /**
   * Plays arrivals with media `stepUs` apart, FEC right behind them, and the ticks of the engine in between. A lost
   * datagram takes its time all the same.
   */
  const play = (arrivals: ReadonlyArray<Arrival>, lost: ReadonlyArray<number>, stepUs: number) => {
    startFec(core)
    const payloads: Uint8Array[] = []
    let us = 1_000_000
    let quietUs = 0
    let longestQuietUs = 0
    const collect = (act: () => void) => {
      const head = core.ringHead(0)
      act()
      core.takeEvents()
      if (core.ringHead(0) !== head) quietUs = us
      longestQuietUs = Math.max(longestQuietUs, us - quietUs)
      for (let n = head; n !== core.ringHead(0); n = (n + 1) >>> 0) payloads.push(readSlot(core, 0, n).payload)
    }
    quietUs = us
    const wait = (forUs: number) => {
      for (const end = us + forUs; us < end; us = Math.min(end, us + TICK_US)) collect(() => core.tick(us))
    }
    for (const { port, bytes } of arrivals) {
      if (port === "media") wait(stepUs)
      if (port === "media" && lost.includes(sequenceOf(bytes))) continue
      collect(() => {
        writeDatagram(core, 0, { bytes, rx_us: us, ipv4: 0x7f000001, port: 5000 }, false)
        if (port === "media") core.ingest(0, 1, 0, us)
        else core.ingestFec(0, port === "row", 1, 0, us)
        core.fecPortsEmpty(0)
      })
    }
    const quietest = longestQuietUs
    wait(20e6)
    return { out: joinBytes(payloads), counters: core.legSnapshot(0), longestQuietUs: quietest }
  }

  const COUNT = 1100
  const media = mediaDatagrams(COUNT)
  /** Losses that rows and columns give back together: bursts of a row, and single ones. */
  const losses = ({ columns, rows }: FecMatrix) => {
    const area = columns * rows
    const burst = range(2 * area + columns + 1, 2 * area + 2 * columns + 1)
    return [...burst, 3 * area + 5, 3 * area + 5 + columns + 1].filter((sequence) => sequence < COUNT - 2 * area)
  }

  it.each<[mbit: number, columns: number, rows: number, streams: FecMatrix["streams"]]>([
    [0.28, 5, 5, "both"],
    [0.28, 10, 10, "both"],
    [0.28, 20, 5, "both"],
    [0.28, 5, 20, "both"],
    [0.28, 10, 5, "columns"],
    [0.28, 10, 10, "columns"],
    [0.28, 20, 5, "columns"],
    [0.5, 10, 20, "both"],
    [0.5, 10, 20, "columns"],
    [20, 10, 10, "columns"],
  ])("at %f Mbit/s with L%i D%i and %s nothing is lost that the matrix gives back", (mbit, columns, rows, streams) => {
    const matrix: FecMatrix = { columns, rows, streams: streams ?? "both" }
    const lost = losses(matrix)
    expect(lost.length).toBe(columns + 2)
    const spread = withFec(media, matrix)
    for (const arrivals of [spread, inBursts(spread, matrix)]) {
      const { out, counters } = play(arrivals, lost, stepOf(mbit))
      expect(counters).toMatchObject({ fec_recovered: lost.length, rtp_unrecovered: 0, rtp_late: 0, fec_bad: 0 })
      expect(Buffer.compare(out, payloadsOf(media))).toBe(0)
    }
  })

  it("gives back what is lost before the matrix is known for sure, once the first FEC packet has come", () => {
    const { out, counters } = play(withFec(media, { columns: 5, rows: 5 }), [8], stepOf(0.28))
    expect(counters).toMatchObject({ fec_recovered: 1, rtp_unrecovered: 0 })
    expect(Buffer.compare(out, payloadsOf(media))).toBe(0)
  })

  it("one stray packet on an FEC port holds nothing up for longer than 2 s", () => {
    const stray = { port: "row" as const, bytes: fecOf(media, 0, 1, 20) }
    const arrivals = media.slice(0, 500).map((bytes): Arrival => ({ port: "media", bytes }))
    const { longestQuietUs, counters } = play(
      [...arrivals.slice(0, 30), stray, ...arrivals.slice(30)],
      [31, 200],
      stepOf(0.28),
    )
    expect(longestQuietUs).toBeLessThan(2.2e6)
    expect(counters).toMatchObject({ rtp_unrecovered: 2, fec_recovered: 0 })
  })

  it("waits for no more than 10 s, and no longer once FEC has stopped", () => {
    const matrix: FecMatrix = { columns: 20, rows: 20, streams: "columns" }
    const arrivals = withFec(media, matrix)
    // With 20 x 20 at 0.14 Mbit/s, a matrix takes 30 s, and the packet of a column comes in the next one.
    const { longestQuietUs, counters } = play(arrivals, [830], stepOf(0.14))
    expect(longestQuietUs).toBeGreaterThan(9.9e6)
    expect(longestQuietUs).toBeLessThan(10.2e6)
    expect(counters).toMatchObject({ rtp_unrecovered: 1, fec_recovered: 0 })
    // With 5 x 5 at 0.28 Mbit/s, a matrix takes 0.94 s; its FEC has stopped long before the loss.
    const stopped = withFec(media.slice(0, 250), { columns: 5, rows: 5 })
    const rest = media.slice(250).map((bytes): Arrival => ({ port: "media", bytes }))
    const { longestQuietUs: short } = play([...stopped, ...rest], [500], stepOf(0.28))
    expect(short).toBeLessThan(200_000)
  })
})
