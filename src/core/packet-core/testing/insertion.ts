/** A section let out into a stream, and what became of the packets around it. */
import { expect } from "vitest"
import { feed, feedBatch } from "../../../../test/feed-core.ts"
import { PMT_PID, pat, pmt, SCTE35_PID, TsWriter, toDatagrams, VIDEO_PID } from "../../../../test/ts-stream.ts"
import * as L from "../../assembly/memory/layout.ts"
import { joinBytes } from "../../bytes/join-bytes.ts"
import { spliceInsert } from "../../scte35/build-cue.ts"
import { buildPacket, NULL_PID, TS_PACKET_SIZE } from "../../ts/packet.ts"
import { packetizeSection, sealSection } from "../../ts/psi.ts"
import type { PacketCore } from "../packet-core.ts"
import type { ReferenceSlot } from "./reference-results.ts"

/** In microseconds. */
export const SECOND = 1e6

export const cue = (splice_event_id: number): Uint8Array => {
  const built = spliceInsert({
    splice_event_id,
    out_of_network_indicator: true,
    pts_time: 900_000,
    break_duration: 2_700_000,
  })
  if (!built.ok) throw new Error(built.problems.join())
  return built.bytes
}
/** A section of `length` bytes in all that is no known command. */
export const longSection = (length: number, fill: number): Uint8Array => {
  const bytes = new Uint8Array(length).fill(fill)
  bytes.set([0xfc, 0x30 | ((length - 3) >> 8), (length - 3) & 255, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
  return sealSection(bytes)
}
export const ours = (section: Uint8Array, pid = SCTE35_PID) => packetizeSection(section, pid, 0)
export const nullPacket = () => buildPacket({ pid: NULL_PID, continuity_counter: 0, payload: new Uint8Array(184) })

export const packetsOf = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / TS_PACKET_SIZE }, (_, i) =>
    bytes.subarray(i * TS_PACKET_SIZE, (i + 1) * TS_PACKET_SIZE),
  )
export const pidOf = (packet: Uint8Array) => (((packet[1] ?? 0) & 0x1f) << 8) | (packet[2] ?? 0)
const counterOf = (packet: Uint8Array) => (packet[3] ?? 0) & 15
const hasPayload = (packet: Uint8Array) => ((packet[3] ?? 0) & 0x10) !== 0
export const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
export const withoutCounter = (packet: Uint8Array) =>
  hexOf(Uint8Array.from(packet, (byte, i) => (i === 3 ? byte & 0xf0 : byte)))

export const bytesOf = (slots: ReadonlyArray<ReferenceSlot>) =>
  packetsOf(joinBytes(slots.map(({ payload }) => payload)))
export const sectionsTold = (core: PacketCore) =>
  core
    .takeEvents()
    .filter(({ leg, type }) => type === L.EVENT_SCTE35 && leg === L.MAX_LEGS)
    .map(({ b, data }) => (b === 1 ? hexOf(data) : "bad"))

/** Counters of a PID that do not follow the one before, packets without payload repeating it. */
export const breaks = (packets: ReadonlyArray<Uint8Array>, pid: number) => {
  const own = packets.filter((packet) => pidOf(packet) === pid)
  return own.filter((packet, i) => {
    const before = own[i - 1]
    return before !== undefined && counterOf(packet) !== ((counterOf(before) + (hasPayload(packet) ? 1 : 0)) & 15)
  }).length
}

/**
 * What must hold of any insertion: every packet that came goes out as it was, but for counters of the PID and null
 * packets.
 */
export const check = (
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
export const insertAt = (
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

/** Frames with tables, video, a cue now and then, and `nulls` null packets each. */
export const stream = (frames: number, nulls: number, cueEvery = 5): Uint8Array => {
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
