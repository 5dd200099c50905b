/** A switch of source inside the packet core: the packets that go out in front of the new leg's random access point. */

import { beforeAll, describe, expect, it } from "vitest"
import { feed, feedBatch, readSlot } from "../../../test/feed-core.ts"
import { coreBuilds, loadCore, loadCores } from "../../../test/load-core.ts"
import { analyseStrictly } from "../../../test/strict-analyser.ts"
import { AUDIO_PID, PMT_PID, pat, TsWriter, toDatagrams, VIDEO_PID } from "../../../test/ts-stream.ts"
import { AUDIO_PID as SOUND_PID } from "../../test-source/program-tables.ts"
import { generateTs } from "../../test-source/test-programme.ts"
import * as L from "../assembly/memory/layout.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { TS_PACKET_SIZE } from "../ts/packet.ts"
import { buildPmt, registrationDescriptor } from "../ts/psi.ts"
import type { PacketCore } from "./packet-core.ts"
import type { Datagram } from "./testing/reference-datagram.ts"

let cores: Awaited<ReturnType<typeof loadCores>>
beforeAll(async () => {
  cores = await loadCores()
})

const ringBytes = (core: PacketCore, from: number): Uint8Array => {
  const parts: Uint8Array[] = []
  for (let n = from; n !== core.ringHead(0); n = (n + 1) >>> 0) parts.push(readSlot(core, 0, n).payload)
  return Buffer.concat(parts)
}
const packetsOf = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / TS_PACKET_SIZE }, (_, i) =>
    bytes.subarray(i * TS_PACKET_SIZE, (i + 1) * TS_PACKET_SIZE),
  )
const pidOf = (packet: Uint8Array) => (((packet[1] ?? 0) & 0x1f) << 8) | (packet[2] ?? 0)
const isFlagged = (packet: Uint8Array) =>
  ((packet[3] ?? 0) & 0x20) !== 0 && (packet[4] ?? 0) > 0 && ((packet[5] ?? 0) & 0x80) !== 0

/** Feeds a leg and leaves the choice of source as it is. */
const feedBatches = (core: PacketCore, datagrams: ReadonlyArray<Datagram>, leg: number) => {
  for (const datagram of datagrams) feedBatch(core, [datagram], leg)
}

/** Makes a PMT that is too long for one packet: forty streams with a descriptor each. */
const longPmt = () =>
  buildPmt({
    program_number: 1,
    version: 0,
    pcr_pid: VIDEO_PID,
    descriptors: [],
    streams: [
      { pid: VIDEO_PID, stream_type: 0x1b, descriptors: [] },
      ...Array.from({ length: 40 }, (_, i) => ({
        pid: AUDIO_PID + i,
        stream_type: 0x0f,
        descriptors: [registrationDescriptor("TEST")],
      })),
    ],
  })

describe.each(coreBuilds)("switch (%s)", (build) => {
  const fresh = () => {
    const core = cores[build]
    core.resetChannel(0)
    core.resetLeg(0)
    core.resetLeg(1)
    core.takeEvents()
    return core
  }

  it("goes on with the old leg until the new one has a random access point, wherever in its datagram that is", () => {
    const core = fresh()
    const one = toDatagrams(generateTs(6, { bitrate: 3_000_000, label: "ONE" }))
    const two = generateTs(6, { bitrate: 3_000_000, label: "TWO", seed: 2, startPts90k: 9_000_000 })
    // The stream is cut so that the access point is not the first packet of a datagram.
    for (let shift = 0; shift < 7; shift++) {
      fresh()
      const backup = toDatagrams(two.subarray(shift * TS_PACKET_SIZE))
      core.setSource(0, 1)
      const parts: Uint8Array[] = []
      for (const [i, datagram] of one.entries()) {
        const other = backup[i]
        const head = core.ringHead(0)
        feedBatches(core, [datagram], 0)
        if (other !== undefined) feedBatches(core, [other], 1)
        if (i === 300) core.setSource(0, 2)
        parts.push(ringBytes(core, head))
      }
      const { segments, violations } = analyseStrictly(Buffer.concat(parts))
      expect(violations).toEqual([])
      expect(segments).toHaveLength(2)
      expect(core.takeEvents().filter(({ type }) => type === L.EVENT_SWITCHED)).toMatchObject([{ leg: 1, a: 1, b: 1 }])
      expect(core.channelField(0, L.CHANNEL_SWITCHES)).toBe(1)
    }
  })

  it("signals a PMT longer than a packet with the whole table", () => {
    const core = fresh()
    const writer = new TsWriter()
    const table = longPmt()
    expect(table.length).toBeGreaterThan(2 * 184)
    const backup = joinBytes([
      writer.section(0, pat()),
      writer.section(PMT_PID, table),
      writer.media(VIDEO_PID),
      writer.media(VIDEO_PID),
    ])
    feed(core, toDatagrams(joinBytes([new TsWriter().section(0, pat())])), 0)
    feedBatches(core, toDatagrams(backup), 1)
    core.setSource(0, 2, true)
    const head = core.ringHead(0)
    feedBatches(core, toDatagrams(writer.media(VIDEO_PID), { startUs: 2_000_000 }), 1)
    const out = packetsOf(ringBytes(core, head))
    const pmtPackets = out.filter((packet) => pidOf(packet) === PMT_PID)
    const [first, ...rest] = pmtPackets
    if (first === undefined) throw new Error("no PMT")
    expect(isFlagged(first)).toBe(true)
    expect(first[1]).toBe(0x40 | (PMT_PID >> 8))
    const payload = Buffer.concat([first.subarray(7), ...rest.map((packet) => packet.subarray(4))])
    expect(Buffer.compare(payload.subarray(0, table.length), table)).toBe(0)
    expect(payload.subarray(table.length).every((byte) => byte === 0xff)).toBe(true)
    const counters = pmtPackets.map((packet) => (packet[3] ?? 0) & 15)
    expect(counters.every((n, i) => i === 0 || n === (((counters[i - 1] ?? 0) + 1) & 15))).toBe(true)
    // The next section of the leg follows without a gap.
    feedBatches(core, toDatagrams(writer.section(PMT_PID, table), { startUs: 3_000_000 }), 1)
    const all = packetsOf(ringBytes(core, head)).filter((packet) => pidOf(packet) === PMT_PID)
    expect(((all[pmtPackets.length]?.[3] ?? 0) & 15) - ((counters.at(-1) ?? 0) + 1)).toBe(0)
  })

  it("at once: the new clock is there before any time stamp that refers to it, whatever packet comes first", () => {
    const one = toDatagrams(generateTs(2, { bitrate: 3_000_000, label: "ONE" }))
    const two = toDatagrams(generateTs(2, { bitrate: 3_000_000, label: "TWO", seed: 2, startPts90k: 900_000_000 }))
    let soundFirst = 0
    for (let at = 150; at < 300; at++) {
      const core = fresh()
      core.setSource(0, 1)
      const parts: Uint8Array[] = []
      for (const [i, datagram] of one.slice(0, at + 100).entries()) {
        const head = core.ringHead(0)
        const other = two[i]
        feedBatches(core, [datagram], 0)
        if (other !== undefined) feedBatches(core, [other], 1)
        if (i === at) core.setSource(0, 2, true)
        parts.push(ringBytes(core, head))
      }
      const [first] = packetsOf(two[at + 1]?.bytes ?? new Uint8Array())
      if (first !== undefined && pidOf(first) === SOUND_PID && ((first[1] ?? 0) & 0x40) !== 0) soundFirst++
      const { violations } = analyseStrictly(Buffer.concat(parts))
      // Only what an access point would bring may be missing.
      expect(violations.filter(({ kind }) => !["access_point", "unit_start"].includes(kind))).toEqual([])
    }
    expect(soundFirst).toBeGreaterThan(0)
  })

  it("signals nothing when nothing has gone out before", () => {
    const core = fresh()
    core.setSource(0, 2)
    const datagrams = toDatagrams(generateTs(1, { bitrate: 3_000_000 }))
    feedBatches(core, datagrams, 1)
    expect(readSlot(core, 0, 0).payload).toEqual(datagrams[0]?.bytes)
  })

  it("a switch that is called off leaves the old leg in place", () => {
    const core = fresh()
    core.setSource(0, 1)
    core.setSource(0, 2)
    expect(core.channelField(0, L.CHANNEL_PENDING)).toBe(2)
    core.setSource(0, 1)
    expect([core.channelField(0, L.CHANNEL_SOURCE), core.channelField(0, L.CHANNEL_PENDING)]).toEqual([1, 0])
  })
})

/**
 * Ways of a takeover: whether the primary falls silent when the backup is asked for, and whether the takeover waits for
 * an access point.
 */
const WAYS = {
  "a clean switch between two legs that send": { isSilent: false, atOnce: false },
  "a clean failover from a leg that has fallen silent": { isSilent: true, atOnce: false },
  "an immediate failover from a leg that has fallen silent": { isSilent: true, atOnce: true },
} as const
type Way = (typeof WAYS)[keyof typeof WAYS]

/** Heads of the ring at the takeover, in slots since the count began at 0; they may be 2^32 and more. */
const HEADS = [31, 32].flatMap((bits) => [
  [`one below 2^${bits}`, 2 ** bits - 1] as const,
  [`2^${bits}`, 2 ** bits] as const,
  [`one above 2^${bits}`, 2 ** bits + 1] as const,
])
/** Datagrams of the backup that follow a takeover. */
const AFTER = 100

describe.each(coreBuilds)("switch where the ring's positions wrap (%s)", (build) => {
  const primary = toDatagrams(generateTs(4, { bitrate: 3_000_000, label: "ONE" }))
  const backup = toDatagrams(generateTs(4, { bitrate: 3_000_000, label: "TWO", seed: 2, startPts90k: 900_000_000 }))

  /**
   * Returns the bytes of the ring around a takeover, and its head at that moment. `before` datagrams of the primary
   * come first.
   */
  const takeOver = async (countersFrom: number, { isSilent, atOnce }: Way, before: number) => {
    const core = await loadCore(build, { countersFrom })
    for (const leg of [0, 1]) core.resetLeg(leg)
    core.resetChannel(0)
    core.setSource(0, 1)
    core.takeEvents()
    const start = core.ringHead(0)
    const parts: Uint8Array[] = []
    let head = -1
    for (let i = 0, after = 0; after < AFTER; i++) {
      const [one, two] = [primary[i], backup[i]]
      if (one === undefined || two === undefined) throw new Error("nothing took over")
      if (i === before) core.setSource(0, 2, atOnce)
      const from = core.ringHead(0)
      if (i < before || (before > 0 && !isSilent)) feedBatches(core, [one], 0)
      if (head < 0) head = core.ringHead(0)
      feedBatches(core, [two], 1)
      if (core.channelField(0, L.CHANNEL_SWITCHES) > 0) after += 1
      else head = -1
      parts.push(ringBytes(core, from))
    }
    const switched = core.takeEvents().filter(({ type }) => type === L.EVENT_SWITCHED)
    const slots = (core.ringHead(0) - start) >>> 0
    return { bytes: Buffer.concat(parts), head, slots, switched: switched.map(({ leg, a, b }) => ({ leg, a, b })) }
  }

  describe.each(Object.entries(WAYS))("%s", (_, way) => {
    const fromZero = takeOver(0, way, 100)

    it("is signalled", async () => {
      const { bytes, head, switched } = await fromZero
      expect(head).toBeGreaterThanOrEqual(100)
      expect(switched).toEqual([{ leg: 1, a: way.atOnce ? 0 : 1, b: 1 }])
      const { segments, violations } = analyseStrictly(bytes)
      expect(segments).toHaveLength(2)
      // What an access point would bring may be missing only when the takeover did not wait for one.
      expect(violations.filter(({ kind }) => !way.atOnce || !["access_point", "unit_start"].includes(kind))).toEqual([])
    })

    it.each(HEADS)("is signalled in the same way with the ring's head at %s", async (_, head) => {
      const { bytes, ...young } = await fromZero
      const old = await takeOver(head - young.head, way, 100)
      expect({ ...old, bytes: old.bytes.equals(bytes) }).toEqual({ ...young, head: head % 2 ** 32, bytes: true })
    })

    it.each(HEADS)("is not signalled when nothing has gone out before, with the ring's head at %s", async (_, head) => {
      const { bytes, ...old } = await takeOver(head % 2 ** 32, way, 0)
      expect(old.head).toBe(head % 2 ** 32)
      expect(packetsOf(bytes).filter(isFlagged)).toEqual([])
    })
  })
})
