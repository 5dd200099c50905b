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
import { buildFec } from "./testing/fec/packet.ts"
import type { Datagram } from "./testing/reference-datagram.ts"
import { at, packet, range, ts7 } from "./testing/rtp-bytes.ts"

const cores = await loadCores()

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
    // Two of the second's datagrams come after the last of the first, before it counts as silent.
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
        // A sender that begins as the network does, so that both outcomes are common.
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
