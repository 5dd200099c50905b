import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { writeDatagram } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import * as L from "../assembly/memory/layout.ts"
import { buildRtp } from "../rtp/header.ts"
import type { Datagram } from "./testing/reference-datagram.ts"
import { at, bad, bytes, packet, range, ts7 } from "./testing/rtp-bytes.ts"

const cores = await loadCores()

/** RTP header by its fields, so that the broken ones can be written too. */
const rtp = (first: number, rest: ReadonlyArray<number> = [], second = 33) => [
  first,
  second,
  0,
  1,
  0,
  0,
  0,
  0,
  1,
  2,
  3,
  4,
  ...rest,
]
const reedSolomon = bytes(packet, new Uint8Array(16))

/** One null packet as RTP, 1 ms apart. */
const sequenced = (numbers: ReadonlyArray<number>, ssrc = 1): Datagram[] =>
  numbers.map((sequence, i) => at(buildRtp({ sequence, timestamp: i * 90, ssrc }, packet), 1_000_000 + i * 1000))

describe.each(coreBuilds)("what a datagram is (%s)", (build) => {
  const core = cores[build]

  it.each<[string, Uint8Array, string]>([
    ["raw TS", ts7, "udp_datagrams"],
    ["RTP", bytes(rtp(0x80), ts7), "rtp_datagrams"],
    ["RTP of another payload type with marker", bytes(rtp(0x80, [], 0x80 | 96), ts7), "rtp_datagrams"],
    ["RTP with CSRC list", bytes(rtp(0x82, [1, 1, 1, 1, 2, 2, 2, 2]), packet), "rtp_datagrams"],
    ["RTP with extension", bytes(rtp(0x90, [0xbe, 0xde, 0, 1, 9, 9, 9, 9]), packet), "rtp_datagrams"],
    ["RTP with padding", bytes(rtp(0xa0), packet, [0, 0, 0, 4]), "rtp_datagrams"],
    ["RTP with all three", bytes(rtp(0xb1, [1, 1, 1, 1, 0, 0, 0, 0]), packet, [1]), "rtp_datagrams"],
    ["RTP whose first packet lost its sync byte", bytes(rtp(0x80), bad, packet), "rtp_datagrams"],
    ["raw TS whose first sync byte is damaged", bytes(bad, packet), "udp_datagrams"],
    ["raw TS whose first byte looks like RTP", bytes(ts7).fill(0x80, 0, 1), "udp_datagrams"],
    ["raw TS whose first byte looks like RTP with padding", bytes(ts7).fill(0xbf, 0, 1), "udp_datagrams"],
    ["RTP in a later version", bytes(rtp(0xc0), ts7), "bad_not_ts"],
    ["nothing", bytes(), "bad_not_ts"],
    ["text", bytes([72, 101, 108, 108, 111]), "bad_not_ts"],
    ["RTCP sender report", bytes([0x80, 200, 0, 6], new Uint8Array(24)), "bad_not_ts"],
    ["RTP without payload", bytes(rtp(0x80)), "bad_not_ts"],
    ["11 bytes of RTP", bytes(rtp(0x80)).subarray(0, 11), "bad_rtp"],
    ["15 CSRC in a short packet", bytes(rtp(0x8f), packet.subarray(0, 40)), "bad_rtp"],
    ["extension beyond the datagram", bytes(rtp(0x90, [0, 0, 0xff, 0xff]), packet), "bad_rtp"],
    ["extension header cut", bytes(rtp(0x90, [0, 0])), "bad_rtp"],
    ["padding of 0", bytes(rtp(0xa0), packet, [0]), "bad_rtp"],
    ["padding longer than the payload", bytes(rtp(0xa0), [200]), "bad_rtp"],
    ["RTP with half a packet", bytes(rtp(0x80), packet, packet.subarray(0, 94)), "bad_length"],
    ["raw TS with half a packet", bytes(packet, packet.subarray(0, 94)), "bad_length"],
    [
      "raw TS that begins and ends within a packet",
      bytes(packet.subarray(100), ts7, packet.subarray(50)),
      "udp_datagrams",
    ],
    ["five 204-byte packets", bytes(...Array.from({ length: 5 }, () => reedSolomon)), "udp_datagrams"],
    ["two 204-byte packets, which may be anything yet", bytes(reedSolomon, reedSolomon), "bad_length"],
    ["204-byte packets in RTP", bytes(rtp(0x80), reedSolomon, reedSolomon, reedSolomon), "rtp_datagrams"],
    [
      "204-byte packets in RTP, one without sync byte",
      bytes(rtp(0x80), reedSolomon, bytes([0], reedSolomon.subarray(1))),
      "bad_length",
    ],
    ["right length, no sync", bytes(bad, bad), "bad_sync"],
    ["RTP, right length, no sync", bytes(rtp(0x80), bad, bad), "bad_sync"],
  ])("%s", (_, datagram, counter) => {
    const { counters } = compareWithReference(core, [at(datagram, 1_000_000)])
    expect(counters).toMatchObject({ datagrams: 1, bytes: datagram.length, [counter]: 1 })
    expect(counters.forwarded).toBe(counter.endsWith("_datagrams") ? 1 : 0)
  })

  it("drops and counts what the receive buffer cut", () => {
    core.resetLeg(0)
    writeDatagram(core, 0, at(ts7, 1_000_000))
    core.view.setUint32(L.RX_MMSG + 48, 0x20, true)
    expect(core.ingest(0, 1, 0, 1_000_000)).toBe(0)
    expect(core.legSnapshot(0)).toMatchObject({ datagrams: 1, truncated: 1, udp_datagrams: 0 })
  })
})

describe.each(coreBuilds)("RTP sequence numbers (%s)", (build) => {
  const core = cores[build]
  const clean = { rtp_lost: 0, rtp_duplicates: 0, rtp_reordered: 0, rtp_resets: 0 }

  // Nothing waits here, so what comes behind its successor is among the dropped.
  it.each<[string, ReadonlyArray<number>, Partial<typeof clean>, dropped: number]>([
    ["in order", range(0, 50), {}, 0],
    ["wrap", [...range(65500, 65536), ...range(0, 40)], {}, 0],
    ["loss on the wrap", [65533, 65534, 1, 2], { rtp_lost: 2 }, 0],
    ["reorder on the wrap", [65533, 0, 65534, 65535, 1], { rtp_reordered: 2 }, 2],
    ["duplicates on the wrap", [65534, 65535, 65535, 0, 65535, 1], { rtp_duplicates: 2 }, 2],
    ["late packet takes its loss back", [1, 2, 4, 5, 3, 6], { rtp_reordered: 1 }, 1],
    ["late packet twice", [1, 2, 4, 3, 3, 5], { rtp_reordered: 1, rtp_duplicates: 1 }, 2],
    ["late by 127", [...range(0, 10), ...range(11, 138), 10], { rtp_reordered: 1 }, 1],
    ["2999 lost in a row", [1, 2, 3002, 3003], { rtp_lost: 2999 }, 0],
    ["one loss, 300 later its number again", [0, 2, ...range(3, 300), 300], { rtp_lost: 1 }, 0],
    ["restart", [...range(5000, 5010), ...range(20, 30)], { rtp_resets: 1 }, 0],
    ["restart with loss after it", [100, 101, 40000, 40001, 40003], { rtp_resets: 1, rtp_lost: 1 }, 0],
    [
      "restart whose first number comes again",
      [100, 101, 40000, 40001, 40000, 40002],
      { rtp_resets: 1, rtp_duplicates: 1 },
      1,
    ],
    ["one stray number", [100, 101, 40000, 102, 103], {}, 1],
    ["stray number twice", [100, 101, 40000, 40000, 102], { rtp_duplicates: 1 }, 2],
    ["two stray numbers", [100, 101, 40000, 20000, 102], {}, 2],
    ["packets from before the first", [100, 99, 98, 101, 99], { rtp_reordered: 2, rtp_duplicates: 1 }, 3],
    [
      "a first one from before the restart",
      [100, 101, 40000, 40001, 39999, 40002],
      { rtp_resets: 1, rtp_reordered: 1 },
      1,
    ],
  ])("%s", (_, numbers, expected, dropped) => {
    const { counters } = compareWithReference(core, sequenced(numbers))
    expect(counters).toMatchObject({
      ...clean,
      ...expected,
      rtp_datagrams: numbers.length,
      forwarded: numbers.length - dropped,
    })
  })

  it("takes the same datagrams again for a source that started over after 500 ms, which no path of SMPTE 2022-7 is late", () => {
    const again = (silenceUs: number) => {
      const first = sequenced(range(1, 101))
      const startUs = (first.at(-1)?.rx_us ?? 0) + silenceUs
      return compareWithReference(core, [
        ...first,
        ...sequenced(range(1, 101)).map((d) => ({ ...d, rx_us: d.rx_us - 1_000_000 + startUs })),
      ]).counters
    }
    expect(again(500_000)).toMatchObject({ ...clean, rtp_resets: 1, forwarded: 200 })
    expect(again(400_000)).toMatchObject({ ...clean, rtp_duplicates: 100, forwarded: 100 })
  })

  it("tells of a restart with the new and the expected number", () => {
    const { events } = compareWithReference(core, sequenced([...range(5000, 5010), ...range(20, 30)]))
    expect(events).toEqual([{ kind: "sequence_reset", sequence: 20, expected: 5010 }])
  })
})

describe.each(coreBuilds)("jitter (%s)", (build) => {
  const core = cores[build]
  const paced = (timestamp: (i: number) => number) =>
    range(0, 200).map((i) =>
      at(buildRtp({ sequence: i, timestamp: timestamp(i), ssrc: 9 }, packet), 1_000_000 + i * 1000),
    )

  it("is nothing at an even pace, also across 2^32", () => {
    expect(
      compareWithReference(
        core,
        paced((i) => 2 ** 32 - 9000 + i * 90),
      ).gauges.jitter_90k,
    ).toBe(0)
  })

  it("settles near the deviation", () => {
    const { gauges } = compareWithReference(
      core,
      paced((i) => i * 90 + (i % 2) * 45),
    )
    expect(gauges.jitter_90k).toBeGreaterThan(40)
    expect(gauges.jitter_90k).toBeLessThan(50)
  })

  it("ignores a jump of the time base", () => {
    expect(
      compareWithReference(
        core,
        paced((i) => i * 90 + (i > 100 ? 1e9 : 0)),
      ).gauges.jitter_90k,
    ).toBe(0)
  })
})
