/** The SCTE-35 sections of what goes out: the core reports each exactly once, whichever leg brought it. */
import { beforeAll, describe, expect, it } from "vitest"
import { cut, delay, drop, impair, packetise } from "../../../test/impairments.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { simulate } from "../../../test/simulate-legs.ts"
import { SCTE35_PID } from "../../test-source/program-tables.ts"
import { generateTs } from "../../test-source/test-programme.ts"
import * as L from "../assembly/memory/layout.ts"
import { TS_PACKET_SIZE } from "../ts/packet.ts"

const BITRATE = 3_000_000
const ts = generateTs(14, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 1 })
const RTP = { bitrate: BITRATE, rtp: { ssrc: 1, sequence: 1, timestamp: 0 } }

let cores: Awaited<ReturnType<typeof loadCores>>
beforeAll(async () => {
  cores = await loadCores()
})

/** Sections of one packet each, as the test source sends them: what lies behind the pointer_field. */
const sectionsIn = (bytes: Uint8Array): string[] => {
  const found: string[] = []
  for (let at = 0; at < bytes.length; at += TS_PACKET_SIZE) {
    const packet = bytes.subarray(at, at + TS_PACKET_SIZE)
    if (((((packet[1] ?? 0) & 0x1f) << 8) | (packet[2] ?? 0)) !== SCTE35_PID) continue
    const length = (((packet[6] ?? 0) & 15) << 8) | (packet[7] ?? 0)
    found.push(Buffer.from(packet.subarray(5, 5 + 3 + length)).toString("hex"))
  }
  return found
}
const datagramsWithCues = () =>
  packetise(ts, RTP)
    .filter(({ bytes }) => sectionsIn(bytes.subarray(12)).length > 0)
    .map(({ index }) => index)

describe.each(coreBuilds)("SCTE-35 of what goes out (%s)", (build) => {
  const told = (...args: Parameters<typeof simulate> extends [unknown, ...infer Rest] ? Rest : never) => {
    const result = simulate(cores[build], ...args)
    const own = result.events.filter(({ type, leg }) => type === L.EVENT_SCTE35 && leg === L.MAX_LEGS)
    return { ...result, hex: own.map(({ data }) => Buffer.from(data).toString("hex")), own }
  }

  it("one leg: every section, with a sound CRC and the slot that completes it", () => {
    const { hex, own, slotTimes } = told([impair(packetise(ts, RTP), 1)])
    expect(hex.length).toBeGreaterThan(8)
    expect(hex).toEqual(sectionsIn(ts))
    for (const { b, pid, position } of own) {
      expect([b, pid]).toEqual([1, SCTE35_PID])
      expect(slotTimes[position]).toBeGreaterThan(0)
    }
  })

  it("merged: sections that one leg lost are there, none is there twice, none out of order", () => {
    const cues = datagramsWithCues()
    const [odd, even] = [0, 1].map((side) => cues.filter((_, i) => i > 4 && i % 2 === side))
    const legs = [
      impair(packetise(ts, RTP), 1, drop(odd ?? [])),
      impair(packetise(ts, RTP), 2, drop(even ?? []), delay(40_000)),
    ]
    const { bytes, hex, merge } = told(legs, { windowUs: 200_000 })
    expect(merge).toBe(L.MERGE_RTP)
    expect(Buffer.compare(bytes, ts)).toBe(0)
    expect(hex).toEqual(sectionsIn(ts))
  })

  it("one leg away: those of the other", () => {
    const legs = [impair(packetise(ts, RTP), 1, cut(2e6, 5e6)), impair(packetise(ts, RTP), 2, delay(20_000))]
    expect(told(legs, { windowUs: 200_000 }).hex).toEqual(sectionsIn(ts))
  })
})
