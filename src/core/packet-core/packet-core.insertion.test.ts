/** Sections that the operator inserts: they go out whole and in order, and nothing else of the stream is changed. */

import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { feed, feedBatch } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { PMT_PID, pat, pmt, SCTE35_PID, spliceNull, TsWriter, toDatagrams, VIDEO_PID } from "../../../test/ts-stream.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { spliceInsert } from "../scte35/build-cue.ts"
import { buildPacket, NULL_PID, TS_PACKET_SIZE } from "../ts/packet.ts"
import { packetizeSection, sealSection } from "../ts/psi.ts"
import type { PacketCore } from "./packet-core.ts"
import type { ReferenceSlot } from "./testing/reference-parser.ts"

const START_US = 1_000_000
const SECOND = 1e6

let cores: Awaited<ReturnType<typeof loadCores>>
beforeAll(async () => {
  cores = await loadCores()
})

const cue = (splice_event_id: number): Uint8Array => {
  const built = spliceInsert({
    splice_event_id,
    out_of_network_indicator: true,
    pts_time: 900_000,
    break_duration: 2_700_000,
  })
  if (!built.ok) throw new Error(built.problems.join())
  return built.bytes
}
/** A section of `length` bytes in all that holds no known command. */
const longSection = (length: number, fill: number): Uint8Array => {
  const bytes = new Uint8Array(length).fill(fill)
  bytes.set([0xfc, 0x30 | ((length - 3) >> 8), (length - 3) & 255, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
  return sealSection(bytes)
}
const ours = (section: Uint8Array, pid = SCTE35_PID) => packetizeSection(section, pid, 0)
const nullPacket = () => buildPacket({ pid: NULL_PID, continuity_counter: 0, payload: new Uint8Array(184) })

const packetsOf = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / TS_PACKET_SIZE }, (_, i) =>
    bytes.subarray(i * TS_PACKET_SIZE, (i + 1) * TS_PACKET_SIZE),
  )
const pidOf = (packet: Uint8Array) => (((packet[1] ?? 0) & 0x1f) << 8) | (packet[2] ?? 0)
const counterOf = (packet: Uint8Array) => (packet[3] ?? 0) & 15
const hasPayload = (packet: Uint8Array) => ((packet[3] ?? 0) & 0x10) !== 0
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const withoutCounter = (packet: Uint8Array) =>
  hexOf(Uint8Array.from(packet, (byte, i) => (i === 3 ? byte & 0xf0 : byte)))

const bytesOf = (slots: ReadonlyArray<ReferenceSlot>) => packetsOf(joinBytes(slots.map(({ payload }) => payload)))
const sectionsTold = (core: PacketCore) =>
  core
    .takeEvents()
    .filter(({ leg, type }) => type === L.EVENT_SCTE35 && leg === L.MAX_LEGS)
    .map(({ b, data }) => (b === 1 ? hexOf(data) : "bad"))

/** Counters of a PID that do not follow the one before, where packets without payload repeat it. */
const breaks = (packets: ReadonlyArray<Uint8Array>, pid: number) => {
  const own = packets.filter((packet) => pidOf(packet) === pid)
  return own.filter((packet, i) => {
    const before = own[i - 1]
    return before !== undefined && counterOf(packet) !== ((counterOf(before) + (hasPayload(packet) ? 1 : 0)) & 15)
  }).length
}

/**
 * Checks what must hold after any insertion: every packet that came goes out as it was, except for counters of the PID
 * and null packets.
 */
const check = (
  before: ReadonlyArray<Uint8Array>,
  after: ReadonlyArray<Uint8Array>,
  inserted: ReadonlyArray<Uint8Array>,
  pid = SCTE35_PID,
) => {
  const others = (packets: ReadonlyArray<Uint8Array>) =>
    packets.filter((p) => pidOf(p) !== pid && pidOf(p) !== NULL_PID).map(hexOf)
  expect(others(after)).toEqual(others(before))
  const mine = new Set(inserted.map(withoutCounter))
  const own = (packets: ReadonlyArray<Uint8Array>) => packets.filter((p) => pidOf(p) === pid).map(withoutCounter)
  expect(own(after).filter((packet) => !mine.has(packet))).toEqual(own(before))
  expect(own(after).filter((packet) => mine.has(packet))).toEqual(inserted.map(withoutCounter))
  expect(breaks(after, pid)).toBe(0)
}

/** Feeds the head of a stream, asks for an insertion, and feeds the rest. */
const insertAt = (
  core: PacketCore,
  stream: Uint8Array,
  at: number,
  packets: Uint8Array,
  { afterUs = SECOND, pid = SCTE35_PID, untilUs = 10 * SECOND } = {},
) => {
  core.resetLeg(0)
  core.resetChannel(0)
  core.takeEvents()
  const datagrams = toDatagrams(stream)
  const slots = [...feed(core, datagrams.slice(0, at))]
  const nowUs = datagrams[at]?.rx_us ?? 0
  const accepted = core.insertPackets(0, pid, packets, nowUs + afterUs, nowUs + untilUs, nowUs)
  for (const datagram of datagrams.slice(at)) slots.push(...feedBatch(core, [datagram], 0))
  return { accepted, after: bytesOf(slots), slots, told: sectionsTold(core) }
}

/** Makes frames with tables, video, a cue now and then, and `nulls` null packets each. */
const stream = (frames: number, nulls: number, cueEvery = 5): Uint8Array => {
  const writer = new TsWriter()
  const parts: Uint8Array[] = []
  for (let frame = 0; frame < frames; frame++) {
    parts.push(writer.section(0, pat()), writer.section(PMT_PID, pmt()))
    if (cueEvery > 0 && frame % cueEvery === 1) parts.push(writer.section(SCTE35_PID, cue(frame)))
    parts.push(writer.media(VIDEO_PID, { pcr: frame * 1_080_000 }))
    for (let i = 0; i < 9; i++) parts.push(writer.media(VIDEO_PID))
    for (let i = 0; i < nulls; i++) parts.push(nullPacket())
  }
  return joinBytes(parts)
}

describe.each(coreBuilds)("insertion (%s core)", (build) => {
  it("takes the place of a null packet, and counts the PID on", () => {
    const ts = stream(60, 2)
    const section = cue(4711)
    const { accepted, after, told } = insertAt(cores[build], ts, 20, ours(section))
    expect(accepted).toBe(true)
    check(packetsOf(ts), after, packetsOf(ours(section)))
    expect(after.length).toBe(packetsOf(ts).length)
    expect(told.filter((hex) => hex === hexOf(section)).length).toBe(1)
    expect(told.length).toBe(13)
    expect(told).not.toContain("bad")
  })

  it("is a packet of its own when no null packet comes, and not before its time", () => {
    const ts = stream(60, 0)
    const section = cue(4711)
    const { after, slots, told } = insertAt(cores[build], ts, 20, ours(section), { afterUs: 10_000 })
    check(packetsOf(ts), after, packetsOf(ours(section)))
    expect(after.length).toBe(packetsOf(ts).length + 1)
    expect(told).toContain(hexOf(section))
    const carrier = slots.find(({ payload }) =>
      packetsOf(payload).some((p) => withoutCounter(p) === withoutCounter(ours(section))),
    )
    expect(carrier?.rx_us).toBe(START_US + 30_000)
    for (const { payload } of slots) expect(payload.length).toBeLessThanOrEqual(1316)
  })

  it("keeps the PCR's place in the slot when packets move", () => {
    const ts = stream(60, 0)
    const { slots } = insertAt(cores[build], ts, 20, ours(cue(1)), { afterUs: 0 })
    for (const { payload, pcr } of slots) {
      if (pcr === null) continue
      const packet = packetsOf(payload)[pcr.index] ?? new Uint8Array()
      expect([pidOf(packet), (packet[5] ?? 0) & 0x10]).toEqual([VIDEO_PID, 0x10])
    }
    expect(slots.filter(({ pcr }) => pcr !== null).length).toBe(60)
  })

  it("goes out whole in several packets, before the next packet of the PID", () => {
    const section = longSection(700, 0xa5)
    const writer = new TsWriter()
    const head = [writer.section(0, pat()), writer.section(PMT_PID, pmt()), writer.section(SCTE35_PID, cue(1))]
    const filler = () => Array.from({ length: 4 }, () => writer.media(VIDEO_PID))
    const tail = [
      nullPacket(),
      ...filler(),
      nullPacket(),
      ...filler(),
      writer.section(SCTE35_PID, cue(2)),
      ...filler(),
      nullPacket(),
    ]
    const ts = joinBytes([...head, ...filler(), ...tail])
    const { after, told } = insertAt(cores[build], ts, 1, ours(section))
    check(packetsOf(ts), after, packetsOf(ours(section)))
    expect(told).toEqual([hexOf(cue(1)), hexOf(section), hexOf(cue(2))])
    expect(after.length).toBe(packetsOf(ts).length + 2)
  })

  it("waits for the end of a section of the stream that is under way, also within one slot", () => {
    const writer = new TsWriter()
    const theirs = packetsOf(writer.section(SCTE35_PID, longSection(500, 0x5a)))
    const [first, second, third] = theirs
    if (first === undefined || second === undefined || third === undefined) throw new Error("not three packets")
    const head = joinBytes([
      writer.section(0, pat()),
      writer.section(PMT_PID, pmt()),
      ...Array.from({ length: 5 }, nullPacket),
    ])
    for (const between of [0, 1, 5, 9]) {
      const gap = Array.from({ length: between }, () => nullPacket())
      const ts = joinBytes([head, first, ...gap, second, ...gap, third, ...Array.from({ length: 9 }, nullPacket)])
      const { after, told } = insertAt(cores[build], ts, 1, ours(cue(9)))
      expect(told).toEqual([hexOf(longSection(500, 0x5a)), hexOf(cue(9))])
      expect(breaks(after, SCTE35_PID)).toBe(0)
    }
  })

  it("does not wait for ever for a section that is never completed", () => {
    const writer = new TsWriter()
    const [begun] = packetsOf(writer.section(SCTE35_PID, longSection(500, 0x5a)))
    if (begun === undefined) throw new Error("no packet")
    const head = joinBytes([writer.section(0, pat()), writer.section(PMT_PID, pmt()), begun])
    const ts = joinBytes([head, ...Array.from({ length: 7 * 700 }, () => writer.media(VIDEO_PID))])
    const { told } = insertAt(cores[build], ts, 1, ours(cue(9)), { afterUs: 100_000 })
    expect(told).toEqual(["bad", hexOf(cue(9))])
  })

  it("has its own counter while none of the PID is known, and the stream's follow it", () => {
    const writer = new TsWriter()
    for (let i = 0; i < 9; i++) writer.section(SCTE35_PID, spliceNull())
    const late = [
      writer.section(SCTE35_PID, cue(2)),
      writer.section(SCTE35_PID, cue(3)),
      ...Array.from({ length: 7 }, nullPacket),
    ]
    const { after, told } = insertAt(cores[build], joinBytes([stream(40, 1, 0), ...late]), 20, ours(cue(9)))
    expect(told).toEqual([hexOf(cue(9)), hexOf(cue(2)), hexOf(cue(3))])
    expect(breaks(after, SCTE35_PID)).toBe(0)
  })

  it("two before the first of the stream's: that one is not taken for a repetition, whatever its counter", () => {
    const core = cores[build]
    for (const first of [0, 1, 2, 15]) {
      const writer = new TsWriter()
      for (let i = 0; i < first; i++) writer.section(SCTE35_PID, spliceNull())
      const head = joinBytes([writer.section(0, pat()), writer.section(PMT_PID, pmt())])
      const parts = [
        joinBytes([head, nullPacket()]),
        nullPacket(),
        nullPacket(),
        writer.section(SCTE35_PID, cue(2)),
        nullPacket(),
      ]
      core.resetLeg(0)
      core.resetChannel(0)
      core.takeEvents()
      const slots = parts.flatMap((bytes, i) => {
        const rx = START_US + i * 1000
        if (i === 1 || i === 2)
          expect(core.insertPackets(0, SCTE35_PID, ours(cue(100 + i)), rx + SECOND, rx + 2 * SECOND, rx)).toBe(true)
        return feed(core, toDatagrams(bytes, { startUs: rx }))
      })
      expect(sectionsTold(core)).toEqual([cue(101), cue(102), cue(2)].map(hexOf))
      expect(breaks(bytesOf(slots), SCTE35_PID)).toBe(0)
    }
  })

  it("several in a row count on, and a repeated packet of the stream is not taken for a repetition of ours", () => {
    const core = cores[build]
    const writer = new TsWriter()
    const head = joinBytes([writer.section(0, pat()), writer.section(PMT_PID, pmt())])
    const their = writer.section(SCTE35_PID, cue(1))
    const fill = () => joinBytes(Array.from({ length: 6 }, () => writer.media(VIDEO_PID)))
    core.resetLeg(0)
    core.resetChannel(0)
    const parts = [
      joinBytes([head, their, fill()]),
      joinBytes([nullPacket(), fill()]),
      joinBytes([nullPacket(), fill()]),
      joinBytes([their, fill()]),
    ]
    const slots = parts.flatMap((bytes, i) => {
      const rx = START_US + i * 1000
      const made = feed(core, toDatagrams(bytes, { startUs: rx }))
      if (i < 2)
        expect(core.insertPackets(0, SCTE35_PID, ours(cue(100 + i)), rx + SECOND, rx + 2 * SECOND, rx)).toBe(true)
      return made
    })
    slots.push(
      ...feed(core, toDatagrams(joinBytes([writer.section(SCTE35_PID, cue(2)), fill()]), { startUs: START_US + 9000 })),
    )
    const after = bytesOf(slots)
    expect(sectionsTold(core)).toEqual([cue(1), cue(100), cue(101), cue(2)].map(hexOf))
    expect(breaks(after, SCTE35_PID)).toBe(0)
    expect(after.filter((p) => pidOf(p) === SCTE35_PID).length).toBe(4)
  })

  it("refuses a PID that no table names, a second one while one waits, and drops what came too late", () => {
    const core = cores[build]
    const ts = stream(20, 0)
    expect(insertAt(core, ts, 10, ours(cue(1), 700), { pid: 700 }).accepted).toBe(false)
    const { accepted, after, told } = insertAt(core, ts, 10, ours(cue(9999)), { afterUs: 20 * SECOND, untilUs: 5000 })
    expect(accepted).toBe(true)
    check(packetsOf(ts), after, [])
    expect(told).not.toContain(hexOf(cue(9999)))
    core.resetLeg(0)
    core.resetChannel(0)
    feed(core, toDatagrams(ts))
    const nowUs = START_US + SECOND
    expect(core.insertPackets(0, SCTE35_PID, ours(cue(1)), nowUs + 1, nowUs + 2000, nowUs)).toBe(true)
    expect(core.insertPackets(0, SCTE35_PID, ours(cue(2)), nowUs + 1, nowUs + 2000, nowUs + 1999)).toBe(false)
    expect(core.insertPackets(0, SCTE35_PID, ours(cue(2)), nowUs + 1, nowUs + 2000, nowUs + 2000)).toBe(true)
    core.resetChannel(0)
    expect(core.sectionWaits(0, nowUs)).toBe(false)
  })

  it("any stream, any section, any moment", () => {
    const core = cores[build]
    const piece = fc.constantFrom("video", "null", "cue", "long", "bare")
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 30, maxLength: 200 }),
        fc.integer({ min: 14, max: 2000 }),
        fc.nat({ max: 12 }),
        (pieces, size, at) => {
          const writer = new TsWriter()
          const head = joinBytes([writer.section(0, pat()), writer.section(PMT_PID, pmt())])
          const make = (kind: string, i: number) => {
            if (kind === "cue") return writer.section(SCTE35_PID, cue(i))
            if (kind === "long") return writer.section(SCTE35_PID, longSection(300 + i, i & 255))
            return kind === "null" ? nullPacket() : writer.media(VIDEO_PID, kind === "bare" ? { pcr: i * 1000 } : {})
          }
          const ts = joinBytes([
            head,
            ...pieces.map(make),
            ...Array.from({ length: 140 }, () => writer.media(VIDEO_PID)),
          ])
          const section = longSection(size, 0x77)
          const { after, accepted, told } = insertAt(core, ts, 1 + at, ours(section), { afterUs: 3000 })
          if (!accepted) return
          check(packetsOf(ts), after, packetsOf(ours(section)))
          expect(told.filter((hex) => hex === hexOf(section)).length).toBe(1)
          expect(told.length).toBe(1 + pieces.filter((kind) => kind === "cue" || kind === "long").length)
          expect(told).not.toContain("bad")
        },
      ),
      { numRuns: 60 },
    )
  })
})
