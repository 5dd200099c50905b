import { describe, expect, it } from "vitest"
import { compareWithReference } from "../../../test/compare-with-reference.ts"
import { feed, readSlot, writeDatagram } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { buildStream, SCTE35_PID, toDatagrams, VIDEO_PID } from "../../../test/ts-stream.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"

const cores = await loadCores()
const RTP = { sequence: 65500, timestamp: 4294960000, ssrc: 0x1234 }

describe.each(coreBuilds)("packet core on a sound stream (%s)", (build) => {
  const core = cores[build]

  it("forwards raw UDP whole and counts what is in it", () => {
    const stream = buildStream(100)
    const { counters } = compareWithReference(core, toDatagrams(stream))
    expect(counters).toMatchObject({
      udp_datagrams: counters.datagrams,
      cc_errors: 0,
      sync_byte_errors: 0,
      crc_errors: 0,
    })
    expect(counters).toMatchObject({
      pat_sections: 100,
      pmt_sections: 100,
      scte35_sections: 10,
      pcrs: 100,
      null_packets: 100,
      rai: 4,
    })
    expect(counters.ts_packets).toBe(stream.length / 188)
  })

  it("forwards RTP across the wrap of sequence and timestamp without loss or a jitter spike", () => {
    const stream = buildStream(100)
    const reference = compareWithReference(core, toDatagrams(stream, { rtp: RTP }))
    expect(reference.counters).toMatchObject({ rtp_lost: 0, rtp_resets: 0, rtp_reordered: 0, cc_errors: 0 })
    expect(reference.gauges.jitter_90k).toBeLessThan(1)
    expect(Buffer.compare(joinBytes(reference.slots.map((slot) => slot.payload)), stream)).toBe(0)
  })

  it.each([1, 2, 3, 6, 8, 50, 348])("takes %i packets in a datagram, in slots of at most 7", (packets) => {
    const datagrams = toDatagrams(buildStream(60), { packets }).slice(0, 20)
    const reference = compareWithReference(core, datagrams)
    expect(reference.counters.forwarded).toBe(
      datagrams.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 188 / 7), 0),
    )
  })

  it("tells PAT and PMT once, and every cue", () => {
    const reference = compareWithReference(core, toDatagrams(buildStream(100)))
    expect(reference.events.map((event) => event.kind)).toEqual([
      "psi",
      "psi",
      ...Array.from({ length: 10 }, () => "scte35"),
    ])
    expect(reference.events.at(-1)).toMatchObject({ pid: SCTE35_PID, table_id: 0xfc, crc_ok: true })
  })

  it("notes first PCR, its packet and PID, in the slot", () => {
    const reference = compareWithReference(core, toDatagrams(buildStream(3)))
    const withPcr = reference.slots.filter((slot) => slot.pcr !== null)
    expect(withPcr.map((slot) => slot.pcr)).toEqual(
      [0, 1, 2].map((n) => expect.objectContaining({ ticks: n * 1_080_000, pid: VIDEO_PID })),
    )
  })

  it("measures only when the channel is -1", () => {
    core.resetLeg(3)
    core.resetChannel(0)
    expect(feed(core, toDatagrams(buildStream(10)), 3, false)).toEqual([])
    expect(core.ringHead(0)).toBe(0)
    expect(core.legSnapshot(3)).toMatchObject({ forwarded: 0, pat_sections: 10 })
  })

  it("keeps legs apart", () => {
    const stream = buildStream(20)
    core.resetLeg(126)
    core.resetLeg(127)
    feed(core, toDatagrams(stream, { rtp: RTP }), 126)
    expect(core.legSnapshot(127).datagrams).toBe(0)
    feed(core, toDatagrams(stream), 127, false)
    expect(core.legSnapshot(126).udp_datagrams).toBe(0)
    expect(core.legSnapshot(127)).toMatchObject({ udp_datagrams: toDatagrams(stream).length, cc_errors: 0 })
  })

  it("refuses a leg or channel that does not exist", () => {
    expect([core.ingest(-1, 1, 0, 0), core.ingest(L.MAX_LEGS, 1, 0, 0)]).toEqual([0, 0])
    core.setSource(L.MAX_CHANNELS, 1)
    core.setSource(-1, 1)
    core.allowMerge(L.MAX_CHANNELS, true, 0)
    core.resetLeg(L.MAX_LEGS)
    core.resetChannel(-1)
    expect(core.ingest(0, -5, 0, 0)).toBe(0)
  })
})

describe.each(coreBuilds)("ring (%s)", (build) => {
  const core = cores[build]
  const datagrams = toDatagrams(buildStream(1300), { rtp: RTP }).slice(0, L.RING_SLOTS + 300)

  it("overwrites the oldest slot after RING_SLOTS", () => {
    core.resetLeg(0)
    core.resetChannel(0)
    feed(core, datagrams)
    const head = core.ringHead(0)
    expect(head).toBe(datagrams.length)
    for (const back of [1, 2, L.RING_SLOTS - 1, L.RING_SLOTS]) {
      const n = head - back
      expect(Buffer.compare(readSlot(core, 0, n).payload, datagrams[n]?.bytes.subarray(12) ?? new Uint8Array())).toBe(0)
    }
  })

  it("goes on when its head passes 2^32", () => {
    core.resetLeg(10)
    const start = 2 ** 32 - 20
    core.u32[(L.RING_HEADS + 5 * 64) >> 2] = start
    feed(core, datagrams.slice(0, 40), 10)
    expect(core.ringHead(5)).toBe(20)
    for (const [i, { bytes }] of datagrams.slice(0, 40).entries()) {
      expect(Buffer.compare(readSlot(core, 5, (start + i) >>> 0).payload, bytes.subarray(12))).toBe(0)
    }
  })
})

describe.each(coreBuilds)("receive time (%s)", (build) => {
  const core = cores[build]
  const [datagram] = toDatagrams(buildStream(1), { startUs: 5_000_000 })
  if (datagram === undefined) throw new Error("no datagram")
  const OFFSET = 1_763_700_000_000_000

  const rxOf = (rxUs: number, nowUs: number, stamped = true) => {
    writeDatagram(core, 0, { ...datagram, rx_us: rxUs }, stamped)
    core.ingest(0, 1, OFFSET, nowUs)
    return core.legField(0, L.LEG_LAST_RX_US)
  }

  it("is the kernel's when there is one, else now", () => {
    core.resetLeg(0)
    core.resetChannel(0)
    core.setSource(0, 1)
    expect(rxOf(5_000_000, 5_000_700)).toBe(5_000_000)
    expect(rxOf(0, 5_001_000, false)).toBe(5_001_000)
    expect(core.view.getBigInt64(core.slotAddress(0, core.ringHead(0) - 1) + L.SLOT_RX_I64, true)).toBe(5_001_000n)
  })

  it("is never in the future, more than a second old, or before the last", () => {
    core.resetLeg(0)
    expect(rxOf(9_000_000, 5_000_000)).toBe(5_000_000)
    expect(rxOf(1_000_000, 8_000_000)).toBe(7_000_000)
    expect(rxOf(6_500_000, 6_500_000)).toBe(7_000_000)
    expect(rxOf(6_500_000, Number.NaN)).toBe(7_000_000)
    expect(rxOf(6_500_000, Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(7_000_000)
  })

  it("ignores control data that is not a timestamp or runs past its room", () => {
    core.resetLeg(0)
    const control = L.RX_CONTROL
    for (const length of [0n, 15n, 31n, 65n, 2n ** 63n]) {
      writeDatagram(core, 0, { ...datagram, rx_us: 1 })
      core.view.setBigUint64(control, length, true)
      core.view.setBigUint64(L.RX_MMSG + 40, 2n ** 40n, true)
      core.ingest(0, 1, OFFSET, 6_000_000)
      expect(core.legField(0, L.LEG_LAST_RX_US)).toBe(6_000_000)
    }
  })

  it("keeps the longest gap until it is taken", () => {
    core.resetLeg(0)
    rxOf(5_000_000, 5_000_000)
    rxOf(5_040_000, 5_040_000)
    rxOf(5_050_000, 5_050_000)
    expect([core.takeMaxGapUs(0), core.takeMaxGapUs(0)]).toEqual([40_000, 0])
  })
})

describe.each(coreBuilds)("batches (%s)", (build) => {
  const core = cores[build]
  const BASE = 0x7f12_3456_8000

  it("points every receive header at its own buffers and gives them full room again after ingest", () => {
    core.bind(BASE)
    const { view } = core
    for (let i = 0; i < L.RX_BATCH; i++) {
      const header = L.RX_MMSG + i * L.MMSGHDR_SIZE
      const iovec = L.RX_IOVEC + i * L.IOVEC_SIZE
      expect(view.getBigUint64(header, true)).toBe(BigInt(BASE + L.RX_NAME + i * L.RX_NAME_SIZE))
      expect(view.getBigUint64(header + 16, true)).toBe(BigInt(BASE + iovec))
      expect(view.getBigUint64(header + 24, true)).toBe(1n)
      expect(view.getBigUint64(header + 32, true)).toBe(BigInt(BASE + L.RX_CONTROL + i * L.RX_CONTROL_SIZE))
      expect(view.getBigUint64(iovec, true)).toBe(BigInt(BASE + L.RX_DATA + i * L.RX_STRIDE))
      expect(view.getBigUint64(iovec + 8, true)).toBe(BigInt(L.RX_STRIDE))
    }
    const room = () => [
      view.getUint32(L.RX_MMSG + 8, true),
      view.getBigUint64(L.RX_MMSG + 40, true),
      view.getUint32(L.RX_MMSG + 48, true),
    ]
    const full = [L.RX_NAME_SIZE, BigInt(L.RX_CONTROL_SIZE), 0]
    expect(room()).toEqual(full)
    core.resetLeg(0)
    feed(core, toDatagrams(buildStream(1)))
    expect(room()).toEqual(full)
    view.setUint32(L.RX_MMSG + 8, 0, true)
    core.prepareReceive()
    expect(room()).toEqual(full)
  })

  it("builds send messages with and without an RTP header", () => {
    core.bind(BASE)
    const { view } = core
    const slot = core.slotAddress(2, 77)
    core.setSend(3, slot, 188, 376, true, 65536 + 7, 2 ** 32 - 1, 0xdeadbeef)
    const header = L.TX_MMSG + 3 * L.MMSGHDR_SIZE
    const pair = L.TX_IOVEC + 3 * 2 * L.IOVEC_SIZE
    const rtp = L.TX_RTP_HEADER + 3 * L.TX_RTP_HEADER_SIZE
    const words = (at: number, n: number) =>
      Array.from({ length: n }, (_, i) => Number(view.getBigUint64(at + i * 8, true)))
    expect(words(header, 7)).toEqual([0, 0, BASE + pair, 2, 0, 0, 0])
    expect(words(pair, 4)).toEqual([BASE + rtp, 12, BASE + slot + L.SLOT_PAYLOAD + 188, 376])
    expect(Buffer.from(core.u8.slice(rtp, rtp + 12)).toString("hex")).toBe("80210007ffffffffdeadbeef")
    core.setSend(3, slot, 0, 1316, false, 0, 0, 0)
    expect(words(header, 7)).toEqual([0, 0, BASE + pair + 16, 1, 0, 0, 0])
    expect(words(pair + 16, 2)).toEqual([BASE + slot + L.SLOT_PAYLOAD, 1316])
    core.setSend(L.TX_BATCH, slot, 0, 1316, true, 0, 0, 0)
    core.setSend(-1, slot, 0, 1316, true, 0, 0, 0)
  })

  it("fills SRT_MSGCTRL: in order, with the slot's time, but not before the time given", () => {
    core.resetLeg(0)
    core.resetChannel(0)
    feed(core, toDatagrams(buildStream(1), { startUs: 5_000_000 }))
    const slot = core.slotAddress(0, 0)
    core.u8.fill(0xaa, L.TX_MSGCTRL, L.TX_MSGCTRL + 48)
    core.setMsgCtrl(slot, 0)
    const { view } = core
    const int = (at: number) => view.getInt32(L.TX_MSGCTRL + at, true)
    expect([0, 4, 8, 12, 24, 28, 32, 36, 40, 44].map(int)).toEqual([0, -1, 1, 0, -1, -1, 0, 0, 0, 0])
    expect(view.getBigInt64(L.TX_MSGCTRL + 16, true)).toBe(5_000_000n)
    core.setMsgCtrl(slot, 6_000_000.5)
    expect(view.getBigInt64(L.TX_MSGCTRL + 16, true)).toBe(6_000_000n)
    core.setMsgCtrl(slot, Number.POSITIVE_INFINITY)
    core.setMsgCtrl(slot, Number.NaN)
    expect(view.getBigInt64(L.TX_MSGCTRL + 16, true)).toBe(5_000_000n)
  })
})

describe.each(coreBuilds)("memory (%s)", (build) => {
  it("has the compiler's data above the map: the CRC table", () => {
    expect(cores[build].u32[(L.MAP_END >> 2) + 1]).toBe(0x04c11db7)
    expect(cores[build].memory.buffer.byteLength).toBeGreaterThanOrEqual(L.MEMORY_BYTES)
  })
})
