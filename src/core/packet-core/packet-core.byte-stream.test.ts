/** Raw UDP whose datagrams are no whole number of TS packets, and TS packets of 204 bytes. */
import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { feed, feedBatch, readSlot } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { AUDIO_PID, buildStream, TsWriter, toDatagrams, VIDEO_PID } from "../../../test/ts-stream.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { buildRtp } from "../rtp/header.ts"
import { arriving, cut, hexOf, noise, packetsOf, START_US, stream, with204 } from "./testing/byte-stream.ts"
import type { Datagram } from "./testing/reference-datagram.ts"

const cores = await loadCores()

describe.each(coreBuilds)("raw UDP as a byte stream (%s)", (build) => {
  const core = cores[build]
  const run = (datagrams: ReadonlyArray<Datagram>) => {
    const reference = compareWithReference(core, datagrams)
    return { ...reference, bytes: joinBytes(reference.slots.map(({ payload }) => payload)) }
  }
  const expectAll = (bytes: Uint8Array, expected: Uint8Array) => {
    expect(bytes.length).toBe(expected.length)
    expect(Buffer.compare(bytes, expected)).toBe(0)
  }

  it.each<[string, number[]]>([
    ["1472 bytes, as ffmpeg sends them", [1472]],
    ["1328 bytes, of the length of RTP with seven packets", [1328]],
    ["1000 bytes", [1000]],
    ["300 bytes", [300]],
    ["188 bytes, after 40", [40, ...Array.from({ length: 4000 }, () => 188)]],
    ["1316 bytes, after one of 1400", [1400, ...Array.from({ length: 900 }, () => 1316)]],
    ["9000 bytes", [9000]],
    ["65507 bytes", [65507]],
    ["7 bytes", [7]],
    ["1 byte, for a while", [...Array.from({ length: 4000 }, () => 1), 1472, 1472]],
  ])("takes datagrams of %s: every byte, in order, seven packets to a slot", (_, sizes) => {
    // No more than the ring holds of what the test feeds at once, or of small datagrams than go round all borders of
    // packets and datagrams a hundred times.
    const packets = sizes.some((size) => size > 9000) ? 3000 : Math.min(...sizes) < 40 ? 1000 : 6000
    const part = stream.subarray(0, 188 * packets)
    const { bytes, counters, slots } = run(arriving(cut(part, sizes)))
    expectAll(bytes, part)
    expect(counters).toMatchObject({
      cc_errors: 0,
      resyncs: 0,
      skipped_bytes: 0,
      sync_byte_errors: 0,
      rtp_datagrams: 0,
      foreign: 0,
    })
    expect(slots.slice(0, -1).filter(({ payload }) => payload.length !== 1316)).toEqual([])
  })

  it("takes what ffmpeg sends: 1472 bytes, the last datagram of a picture shorter, and the next begins with a packet", () => {
    const pieces = Array.from({ length: 40 }, (_, i) => stream.subarray(i * 47 * 188, (i + 1) * 47 * 188)).flatMap(
      (each) => cut(each, [1472]),
    )
    const { bytes, counters } = run(arriving(pieces, 100))
    expectAll(bytes, stream.subarray(0, 40 * 47 * 188))
    expect(counters).toMatchObject({
      bad_length: 0,
      bad_not_ts: 0,
      bad_rtp: 0,
      bad_sync: 0,
      udp_datagrams: pieces.length,
      resyncs: 0,
    })
    expect(counters.unaligned).toBe(pieces.length)
  })

  it("gives a packet the time of the datagram that completes it, and waits 2 ms for more", () => {
    const pieces = cut(stream.subarray(0, 1472 * 40), [1472])
    const { slots } = run(arriving(pieces, 10_000))
    // 1472 bytes hold seven packets and a part: what makes an eighth whole leaves by itself before the next comes.
    for (const { payload, rx_us } of slots) {
      const at = slots.filter((slot) => slot.rx_us < rx_us).reduce((sum, slot) => sum + slot.payload.length, 0)
      expect(rx_us).toBe(START_US + Math.floor((at + payload.length - 1) / 1472) * 10_000)
    }
    core.resetLeg(0)
    core.resetChannel(0)
    expect(feed(core, arriving(pieces.slice(0, 2), 100)).map(({ payload }) => payload.length)).toEqual([1316, 1316])
    core.tick(START_US + 2099)
    expect(core.ringHead(0)).toBe(2)
    core.tick(START_US + 2100)
    expect(core.ringHead(0)).toBe(3)
    expect(readSlot(core, 0, 2)).toMatchObject({ rx_us: START_US + 100, payload: { length: 188 } })
  })

  it("leaves a sender of whole packets on its path: slots are its datagrams", () => {
    const { counters, slots } = run(toDatagrams(stream, { packets: 3 }))
    expect(counters).toMatchObject({ unaligned: 0, resyncs: 0, skipped_bytes: 0 })
    expect(slots.every(({ payload }) => payload.length <= 3 * 188)).toBe(true)
  })

  it("never takes a datagram for RTP that goes on where the one before ended", () => {
    // Each datagram is of the length of RTP, begins with version 2, and has its packets where RTP would have them.
    const writer = new TsWriter()
    const packets = Array.from({ length: 700 }, (_, i) => writer.media(i % 9 === 0 ? AUDIO_PID : VIDEO_PID))
    for (const packet of packets) packet.fill(0x80, 176, 177).fill(33, 177, 178)
    const bytes = joinBytes(packets)
    const pieces = [bytes.subarray(0, 1316 + 176), ...cut(bytes.subarray(1316 + 176), [1316])]
    const shifted = [bytes.subarray(0, 1316 + 176), ...cut(bytes.subarray(1316 + 176), [1328, 1304])]
    for (const each of [pieces, shifted]) {
      const { counters, bytes: out } = run(arriving(each))
      expect(counters).toMatchObject({ rtp_datagrams: 0, foreign: 0, udp_datagrams: each.length })
      expectAll(out, bytes)
    }
  })

  it("takes RTP for RTP when another sender comes with it, from another address and from the same", () => {
    const raw = arriving(cut(stream.subarray(0, 1472 * 50), [1472]))
    const rtp = (port: number, startUs: number) =>
      toDatagrams(stream, { rtp: { sequence: 7, timestamp: 0, ssrc: 5 }, port, startUs }).slice(0, 100)
    const endUs = raw.at(-1)?.rx_us ?? 0
    for (const port of [5000, 5001]) {
      const while_ = run([...raw, ...rtp(port, endUs + 10).map((each, i) => ({ ...each, rx_us: endUs + 10 + i * 10 }))])
      expect(while_.counters).toMatchObject({ rtp_datagrams: 0, foreign: 100, udp_datagrams: 50, resyncs: 0 })
      const after = run([...raw, ...rtp(port, endUs + 1_000_000)])
      expect(after.counters).toMatchObject({ rtp_datagrams: 100, foreign: 0, sender_changes: 1, skipped_bytes: 0 })
    }
  })

  it("keeps out a second sender of bytes while the first is alive, and takes it on within 21 ms of its end, its bytes apart", () => {
    const first = arriving(cut(stream.subarray(0, 1472 * 60), [1472]), 1000)
    const rival = arriving(cut(stream, [1000]), 1000, 6000, START_US + 300)
    const { bytes, counters } = run([...first, ...rival].sort((a, b) => a.rx_us - b.rx_us))
    expect(counters).toMatchObject({ sender_changes: 1, resyncs: 0, cc_errors: 0 })
    expect(counters.foreign).toBeGreaterThan(59)
    expect(counters.foreign).toBeLessThan(85)
    const mine = Math.floor((1472 * 60) / 188) * 188
    expectAll(bytes.subarray(0, mine), stream.subarray(0, mine))
    // From a packet's begin on, all that the second one sent since.
    expect(Buffer.from(stream).indexOf(bytes.subarray(mine)) % 188).toBe(0)
  })

  it("goes on after junk: the packet it falls into is lost, and what was passed over is counted", () => {
    const junk = noise(100, 3)
    const pieces = cut(stream.subarray(0, 1472 * 30), [1472])
    pieces.splice(10, 0, junk)
    const { bytes, counters } = run(arriving(pieces))
    const whole = stream.subarray(0, Math.floor((1472 * 30) / 188) * 188)
    const at = Math.floor((1472 * 10) / 188) * 188
    expectAll(bytes, joinBytes([whole.subarray(0, at), whole.subarray(at + 188)]))
    expect(counters).toMatchObject({ resyncs: 1, skipped_bytes: 288, cc_errors: expect.any(Number) })
  })

  it.each([1472, 1000, 500, 100])(
    "a lost datagram of %i bytes costs the packets it held parts of, and nothing is glued",
    (size) => {
      const pieces = cut(stream.subarray(0, 60_000), [size])
      const known = new Set(packetsOf(stream).map(hexOf))
      const lost = Math.floor(pieces.length / 2)
      const { bytes, counters } = run(arriving(pieces.filter((_, i) => i !== lost)))
      expect(packetsOf(bytes).filter((packet) => !known.has(hexOf(packet)))).toEqual([])
      expect(counters).toMatchObject({ resyncs: 1, sync_byte_errors: 0 })
      const gone = Math.floor(60_000 / 188) - bytes.length / 188
      expect(gone).toBeGreaterThanOrEqual(1)
      expect(gone).toBeLessThanOrEqual(Math.ceil(size / 188) + 1)
    },
  )

  it("says what cannot be known: a loss of whole packets shows by their continuity counters alone", () => {
    const bytes = buildStream(30)
    const { counters } = run(
      arriving(cut(joinBytes([bytes.subarray(0, 188 * 100 + 50), bytes.subarray(188 * 103 + 50)]), [1472])),
    )
    expect(counters.resyncs).toBe(0)
    expect(counters.cc_errors).toBeGreaterThan(0)
  })

  it("does not take 0x47 in a payload for a sync byte, however often it comes", () => {
    const full = packetsOf(buildStream(60)).map((packet) => new Uint8Array(packet).fill(0x47, 20, 180))
    const bytes = joinBytes(full)
    expectAll(run(arriving(cut(bytes, [1472]))).bytes, bytes)
    // The first datagram is cut within a packet: the packet's end passes by, and sync is found among all those 0x47 or
    // a bit later.
    const sparse = joinBytes(
      packetsOf(buildStream(60)).map((packet, i) => new Uint8Array(packet).fill(0x47, 20 + (i % 90), 60 + (i % 90))),
    )
    const { bytes: out, counters } = run(arriving(cut(sparse.subarray(150), [1472])))
    expectAll(out, sparse.subarray(188))
    expect(counters).toMatchObject({ resyncs: 0, sync_byte_errors: 0 })
  })

  it.each<[string, number[]]>([
    ["whole, six to a datagram", [1224]],
    ["whole, one to a datagram", [204]],
    ["in datagrams of 1472 bytes", [1472]],
    ["in datagrams of 1316 bytes", [1316]],
    ["in datagrams of 50 bytes", [50]],
  ])("strips 204-byte packets, %s", (_, sizes) => {
    const short = stream.subarray(0, 188 * 1000)
    const { bytes, counters } = run(arriving(cut(with204(short), sizes)))
    expectAll(bytes, short)
    expect(counters).toMatchObject({ ts_204: 1000, resyncs: 0, cc_errors: 0 })
    expect(counters.unaligned > 0).toBe((sizes[0] ?? 0) % 204 !== 0)
  })

  it("strips 204-byte packets in RTP, of which reordering holds what it should", () => {
    const short = stream.subarray(0, 188 * 700)
    const datagrams = cut(with204(short), [7 * 204]).map((payload, i) =>
      buildRtp({ sequence: i, timestamp: i * 90, ssrc: 9 }, payload),
    )
    const { bytes, counters } = run(arriving(datagrams))
    expectAll(bytes, short)
    expect(counters).toMatchObject({ ts_204: 700, rtp_datagrams: 100, bad_length: 0, unaligned: 0 })
    const swapped = [
      ...datagrams.slice(0, 10),
      ...datagrams.slice(11, 13),
      ...datagrams.slice(10, 11),
      ...datagrams.slice(13),
    ]
    core.resetLeg(0)
    core.resetChannel(0)
    core.setLegField(0, L.LEG_REORDER_US, 50_000)
    core.setLegField(0, L.LEG_REORDER_MAX, 64)
    expectAll(joinBytes(feed(core, arriving(swapped)).map(({ payload }) => payload)), short)
  })

  it("drops what it held when the leg is reset", () => {
    run(arriving(cut(stream.subarray(0, 1472 * 3), [1472])))
    core.resetLeg(0)
    core.resetChannel(0)
    core.tick(START_US + 1e6)
    expect(core.ringHead(0)).toBe(0)
    expectAll(run(arriving(cut(stream.subarray(188 * 20), [1472]))).bytes, stream.subarray(188 * 20))
  })

  it.each([
    ["whole", [1316]],
    ["cut otherwise", [1000]],
  ])("is merged with a leg that brings the same packets, %s: what one loses the other fills in", (_, sizes) => {
    for (const leg of [0, 1]) core.resetLeg(leg)
    core.resetChannel(0)
    core.allowMerge(0, true, 200_000)
    core.setSource(0, 1)
    core.takeEvents()
    const lost = new Set([300, 500, 501])
    const primary = arriving(cut(stream, [1472]), 1000).filter((_, i) => !lost.has(i))
    const backup = arriving(cut(stream, sizes), (1000 * (sizes[0] ?? 0)) / 1472, 6000, START_US + 4000)
    const all = [...primary.map((each) => [0, each] as const), ...backup.map((each) => [1, each] as const)]
    const slots: Uint8Array[] = []
    let head = 0
    let ticked = START_US
    const tick = () => {
      ticked += 10_000
      core.tick(ticked)
      drain()
    }
    const drain = () => {
      for (; head !== core.ringHead(0); head++) slots.push(readSlot(core, 0, head).payload)
    }
    for (const [leg, datagram] of all.sort(([, a], [, b]) => a.rx_us - b.rx_us)) {
      while (ticked + 10_000 <= datagram.rx_us) tick()
      feedBatch(core, [{ ...datagram, rx_us: Math.floor(datagram.rx_us) }], leg)
      drain()
    }
    for (let i = 0; i < 60; i++) tick()
    expect(core.channelField(0, L.CHANNEL_MERGE)).toBe(L.MERGE_CONTENT)
    expect(core.channelField(0, L.CHANNEL_MERGE_MISMATCHES)).toBe(0)
    expect(core.channelField(0, L.CHANNEL_MERGE_LOST)).toBe(0)
    expect(core.legSnapshot(0).resyncs).toBe(2)
    expectAll(joinBytes(slots), stream)
  })

  it("begins no packet in the bytes of one that was cut off by a lost datagram, though a byte there lies where sync bytes follow", () => {
    // 41 bytes of packet 25 are carried over; the last but one is made a sync byte, 188 bytes before that of packet 31.
    const bytes = stream.slice(0, 188 * 100)
    bytes[4739] = 0x47
    const pieces = [bytes.subarray(0, 1800), bytes.subarray(1800, 4741), ...cut(bytes.subarray(5642), [900])]
    const { bytes: left, counters } = run(arriving(pieces))
    expectAll(left, joinBytes([bytes.subarray(0, 25 * 188), bytes.subarray(31 * 188)]))
    expect(counters).toMatchObject({ resyncs: 1, skipped_bytes: 41 + 186, tei: 0 })
  })

  it("goes on over the wrap of the ring's head and of counters", () => {
    for (const start of [2 ** 31 - 5, 2 ** 32 - 5]) {
      core.resetLeg(0)
      core.resetChannel(0)
      core.u32[L.RING_HEADS >> 2] = start
      for (const field of [L.LEG_UNALIGNED, L.LEG_SKIPPED_BYTES, L.LEG_RESYNCS]) core.setLegField(0, field, start)
      const pieces = cut(stream.subarray(0, 1472 * 20), [1472])
      expectAll(
        joinBytes(feed(core, arriving(pieces, 100)).map(({ payload }) => payload)),
        stream.subarray(0, Math.floor((1472 * 20) / 1316) * 1316),
      )
      expect(core.legSnapshot(0)).toMatchObject({ unaligned: start + 20, skipped_bytes: start, resyncs: start })
    }
  })
})
