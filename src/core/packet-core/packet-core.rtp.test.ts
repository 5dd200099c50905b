import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { feed, writeDatagram } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { buildStream, toDatagrams } from "../../../test/ts-stream.ts"
import * as L from "../assembly/memory/layout.ts"
import { addressOfWords, addressWords } from "../net/address.ts"
import { isInNetworks, parseNetwork } from "../net/network.ts"
import { buildRtp } from "../rtp/header.ts"
import { buildPacket, NULL_PID } from "../ts/packet.ts"
import { buildFec } from "./testing/fec/packet.ts"
import type { Datagram } from "./testing/reference-parser.ts"

const cores = await loadCores()
const bytes = (...parts: ReadonlyArray<Uint8Array | ReadonlyArray<number>>) =>
  Uint8Array.from(parts.flatMap((part) => [...part]))
const packet = buildPacket({ pid: NULL_PID, continuity_counter: 0, payload: new Uint8Array(184) })
const bad = Uint8Array.from(packet).fill(0x46, 0, 1)
const ts7 = bytes(...Array.from({ length: 7 }, () => packet))
const at = (datagram: Uint8Array, rx_us: number, port = 5000): Datagram => ({
  bytes: datagram,
  rx_us,
  ipv4: 0x0a000001,
  port,
})

/** Makes an RTP header from its fields, so that broken ones can be written too. */
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

/** Makes RTP datagrams of one null packet each, 1 ms apart. */
const sequenced = (numbers: ReadonlyArray<number>, ssrc = 1): Datagram[] =>
  numbers.map((sequence, i) => at(buildRtp({ sequence, timestamp: i * 90, ssrc }, packet), 1_000_000 + i * 1000))
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe.each(coreBuilds)("RTP sequence numbers (%s)", (build) => {
  const core = cores[build]
  const clean = { rtp_lost: 0, rtp_duplicates: 0, rtp_reordered: 0, rtp_resets: 0 }

  // Nothing waits here, so a datagram that comes behind its successor is among the dropped ones.
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

describe.each(coreBuilds)("two senders on one port (%s)", (build) => {
  const core = cores[build]
  const stream = buildStream(100)
  const rtpOf = (ssrc: number, startUs: number, sequence = 7) =>
    toDatagrams(stream, { rtp: { ssrc, sequence, timestamp: ssrc }, startUs })
  const merge = (...lists: ReadonlyArray<Datagram>[]) => lists.flat().sort((a, b) => a.rx_us - b.rx_us)

  it("keeps the first while it is alive, and counts the other", () => {
    const first = rtpOf(1, 1_000_000)
    const { counters, gauges, events } = compareWithReference(core, merge(first, rtpOf(2, 1_000_500)))
    expect(counters).toMatchObject({ rtp_datagrams: first.length, sender_changes: 0, cc_errors: 0, rtp_lost: 0 })
    // Two of the second sender's datagrams come after the last of the first, before the first counts as silent.
    expect(counters.foreign).toBe(first.length)
    expect(gauges.identity).toBe(1)
    expect(events.some((event) => event.kind === "sender")).toBe(false)
  })

  it.each(["rtp", "udp"])(
    "takes another %s sender within 21 ms of the first one's end, with no false loss",
    (framing) => {
      const first = framing === "rtp" ? rtpOf(1, 1_000_000) : toDatagrams(stream, { port: 5000 })
      const endUs = first.at(-1)?.rx_us ?? 0
      const second =
        framing === "rtp" ? rtpOf(2, endUs + 500, 40000) : toDatagrams(stream, { port: 5001, startUs: endUs + 500 })
      const { counters, gauges, events } = compareWithReference(core, [...first, ...second])
      expect(counters).toMatchObject({
        sender_changes: 1,
        cc_errors: 0,
        cc_duplicates: 0,
        rtp_lost: 0,
        rtp_resets: 0,
        foreign: 20,
      })
      expect(gauges.jitter_90k).toBeLessThan(1)
      expect(events.filter((event) => event.kind === "sender")).toHaveLength(1)
    },
  )

  it("waits four times the longest recent gap of a bursty sender", () => {
    const burst = (startUs: number, ssrc: number, n: number) =>
      rtpOf(ssrc, startUs)
        .slice(0, n)
        .map((d) => ({ ...d, rx_us: startUs }))
    const first = range(0, 20).flatMap((i) =>
      burst(1_000_000 + i * 50_000, 1, 1).map((d) => ({
        ...d,
        bytes: buildRtp({ sequence: i, timestamp: 0, ssrc: 1 }, packet),
      })),
    )
    const endUs = first.at(-1)?.rx_us ?? 0
    const second = (delayUs: number) =>
      range(0, 3).map((i) => at(buildRtp({ sequence: i, timestamp: 0, ssrc: 2 }, packet), endUs + delayUs + i))
    expect(compareWithReference(core, [...first, ...second(199_990)]).counters.sender_changes).toBe(0)
    expect(compareWithReference(core, [...first, ...second(200_000)]).counters.sender_changes).toBe(1)
  })

  it("needs two datagrams in a row from the new one", () => {
    const later = (ssrc: number, us: number) => at(buildRtp({ sequence: 1, timestamp: 0, ssrc }, packet), us)
    const { counters } = compareWithReference(core, [
      ...rtpOf(1, 1_000_000).slice(0, 50),
      later(2, 1_500_000),
      later(3, 1_500_001),
      later(2, 1_500_002),
    ])
    expect(counters).toMatchObject({ sender_changes: 0, foreign: 3 })
  })

  it("takes the first datagram of another sender after a second of silence", () => {
    const first = rtpOf(1, 1_000_000)
    const second = rtpOf(2, (first.at(-1)?.rx_us ?? 0) + 1_000_000)
    const { counters } = compareWithReference(core, [...first, ...second])
    expect(counters).toMatchObject({
      sender_changes: 1,
      foreign: 0,
      cc_errors: 0,
      rtp_lost: 0,
      forwarded: first.length + second.length,
    })
  })

  it("does not add up datagrams of the new one from before the first was last heard", () => {
    const one = (ssrc: number, sequence: number, us: number) =>
      at(buildRtp({ sequence, timestamp: 0, ssrc }, packet), us)
    const start = [
      ...range(0, 50).map((i) => one(1, i, 1_000_000 + i * 1000)),
      one(2, 0, 1_049_100),
      one(1, 50, 1_050_000),
    ]
    expect(compareWithReference(core, [...start, one(2, 1, 1_090_000)]).counters.sender_changes).toBe(0)
    expect(
      compareWithReference(core, [...start, one(2, 1, 1_090_000), one(2, 2, 1_090_001)]).counters.sender_changes,
    ).toBe(1)
  })

  it.each([
    [1900, 0],
    [2000, 1],
  ])("remembers a gap of 400 ms in the first second: %i ms after its begin %i changes", (ms, changes) => {
    const one = (ssrc: number, sequence: number, us: number) =>
      at(buildRtp({ sequence, timestamp: 0, ssrc }, packet), us)
    const steady = range(0, (ms - 400) / 10 + 1).map((i) => one(1, i + 1, 1_400_000 + i * 10_000))
    const endUs = steady.at(-1)?.rx_us ?? 0
    const rivals = [one(2, 0, endUs + 50_000), one(2, 1, endUs + 50_001)]
    expect(compareWithReference(core, [one(1, 0, 1_000_000), ...steady, ...rivals]).counters.sender_changes).toBe(
      changes,
    )
  })

  it("takes a change of framing for a change of sender", () => {
    const first = rtpOf(1, 1_000_000)
    const { counters, gauges } = compareWithReference(core, [...first, ...toDatagrams(stream, { startUs: 5_000_000 })])
    expect(counters).toMatchObject({ sender_changes: 1, foreign: 0, cc_errors: 0 })
    expect(gauges.framing).toBe(2)
  })

  const addressAt = (field: number) => {
    const word = (n: number) => core.legField(0, field + n)
    return addressOfWords([word(0), word(1), word(2), word(3)])
  }
  const sourceAddress = () => addressAt(L.LEG_SOURCE_ADDRESS)
  /** Counters after one datagram of `sender`, with one network allowed. */
  const answer = (sender: string, entry: string, prefix: number) => {
    core.resetLeg(0)
    for (const [i, field] of [...(addressWords(entry) ?? []), prefix].entries())
      core.setLegField(0, L.LEG_ALLOWED + i, field)
    core.setLegField(0, L.LEG_ALLOWED_COUNT, 1)
    writeDatagram(core, 0, at(ts7, 1_000_000))
    core.view.setUint32(L.RX_MMSG + 8, 28, true)
    core.view.setUint16(L.RX_NAME, 10, true)
    for (const [i, word] of (addressWords(sender) ?? []).entries()) core.view.setUint32(L.RX_NAME + 8 + i * 4, word)
    core.ingest(0, 1, 0, 1_000_000)
    return core.legSnapshot(0)
  }

  it("shows the source address of the sender in use", () => {
    core.resetLeg(0)
    feed(core, [at(ts7, 1_000_000, 40123)])
    expect([sourceAddress(), core.legField(0, L.LEG_SOURCE_PORT)]).toEqual(["10.0.0.1", 40123])
  })

  it("knows IPv6 senders apart, and the IPv4 address in a mapped one", () => {
    core.resetLeg(0)
    const send = (address: ReadonlyArray<number>, rxUs: number) => {
      writeDatagram(core, 0, at(ts7, rxUs))
      core.view.setUint32(L.RX_MMSG + 8, 28, true)
      core.view.setUint16(L.RX_NAME, 10, true)
      core.u8.set(address, L.RX_NAME + 8)
      core.ingest(0, 1, 0, rxUs)
      return core.legField(0, L.LEG_IDENTITY)
    }
    const mapped = [...new Array(10).fill(0), 255, 255, 10, 1, 2, 3]
    const first = send(mapped, 1_000_000)
    expect(sourceAddress()).toBe("10.1.2.3")
    const second = [0x20, 1, ...new Array(13).fill(0), 1]
    expect([send(second, 1_500_000), core.legSnapshot(0).foreign]).toEqual([first, 1])
    expect(send(second, 1_500_001)).not.toBe(first)
    expect(sourceAddress()).toBe("2001::1")
  })
  it.each<[sender: string, entry: string, prefix: number, allowed: boolean]>([
    ["10.1.2.3", "10.0.0.0", 96 + 8, true],
    ["11.1.2.3", "10.0.0.0", 96 + 8, false],
    ["10.1.2.3", "0.0.0.0", 96, true],
    ["10.1.2.3", "::", 0, false],
    ["10.1.2.3", "::", 80, false],
    ["2001:db8::1", "::", 0, true],
    ["2001:db8::1", "0.0.0.0", 96, false],
    ["2001:db8::1", "2001:db8::", 32, true],
    ["2001:db9::1", "2001:db8::", 32, false],
    ["2001:db9::1", "2001:db8::", 31, true],
    ["2001:db8::1", "2001:db8::1", 128, true],
    ["2001:db8::2", "2001:db8::1", 128, false],
    ["2001:db8::2", "2001:db8::1", 126, true],
    ["2001:db8:8000::", "2001:db8::", 33, false],
    ["fe80::1", "fe80::", 10, true],
  ])("%s is of %s/%i: %s", (sender, entry, prefix, allowed) => {
    const { not_allowed, ts_packets } = answer(sender, entry, prefix)
    expect([not_allowed, ts_packets]).toEqual(allowed ? [0, 7] : [1, 0])
    expect(addressAt(allowed ? L.LEG_SOURCE_ADDRESS : L.LEG_FOREIGN_ADDRESS)).toBe(sender)
  })

  it("holds exactly the senders whose first bits agree, IPv4 and IPv6 for themselves", () => {
    const group = fc.integer({ min: 0, max: 0xffff })
    const address = fc
      .array(group, { minLength: 8, maxLength: 8 })
      .map((groups) => groups.map((g) => g.toString(16)).join(":"))
    fc.assert(
      fc.property(address, address, fc.nat(128), fc.nat(7), (network, other, prefix, shared) => {
        // The sender's address begins as the network's does, so that both outcomes are common.
        const sender = [...network.split(":").slice(0, shared), ...other.split(":").slice(shared)].join(":")
        const parsed = parseNetwork(`${network}/${prefix}`)
        const wanted = parsed !== null && isInNetworks([parsed], sender)
        expect(answer(sender, network, prefix).not_allowed).toBe(wanted ? 0 : 1)
      }),
    )
  })

  it("takes FEC of the media's own IPv6 sender, and of no other", () => {
    core.resetLeg(0)
    core.setLegField(0, L.LEG_FEC_ENABLED, 1)
    const name = (last: number) => {
      core.view.setUint32(L.RX_MMSG + 8, 28, true)
      core.view.setUint16(L.RX_NAME, 10, true)
      core.u8.set([0x20, 1, ...new Array(13).fill(0), last], L.RX_NAME + 8)
    }
    const media = [1, 6].map((sequence) => buildRtp({ sequence, timestamp: 0, ssrc: 7 }, ts7))
    const column = buildFec({ isRow: false, offset: 5, sequence: 1, timestamp: 0 }, media)
    writeDatagram(core, 0, at(media[0] ?? ts7, 1_000_000))
    name(1)
    core.ingest(0, 1, 0, 1_000_000)
    const bad = (last: number) => {
      const before = core.legSnapshot(0).fec_bad
      writeDatagram(core, 0, at(column, 1_000_100))
      name(last)
      core.ingestFec(0, false, 1, 0, 1_000_100)
      return core.legSnapshot(0).fec_bad - before
    }
    expect([bad(2), bad(1)]).toEqual([1, 0])
  })
})
