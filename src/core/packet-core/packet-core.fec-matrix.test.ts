import { describe, expect, it } from "vitest"
import {
  arrival,
  fecOf,
  isMedia,
  losing,
  mediaDatagrams,
  payloadsOf,
  SSRC,
  withFec,
} from "../../../test/fec-arrivals.ts"
import { feedFec, startFec } from "../../../test/fec-feed.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildRtp } from "../rtp/header.ts"
import { sequenceOf } from "./testing/fec/packet.ts"

const cores = await loadCores()

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
    expect(Buffer.compare(joinBytes(out), payloadsOf(media))).toBe(0)
  })

  it("is not moved by a single packet of another shape", () => {
    const media = mediaDatagrams(200)
    startFec(core)
    feedFec(core, withFec(media.slice(0, 100), { columns: 5, rows: 4 }))
    feedFec(core, [{ port: "column", bytes: fecOf(media, 50, 7, 6) }], 1_200_000)
    expect(matrix()).toEqual([5, 4])
  })

  /** Plays a loss without FEC for it, and then media until the loss is given up. Returns how many datagrams waited. */
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
    // When FEC comes back, the core learns the matrix again.
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
    expect(Buffer.compare(joinBytes(out), payloadsOf(media.slice(1500)))).toBe(0)
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
