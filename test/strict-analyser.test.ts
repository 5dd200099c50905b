import { describe, expect, it } from "vitest"
import { parsePacket, TS_PACKET_SIZE } from "../src/core/ts/packet.ts"
import { AUDIO_PID, PAT_PID, PMT_PID, VIDEO_PID } from "../src/test-source/program-tables.ts"
import { generateTs } from "../src/test-source/test-programme.ts"
import { hasMedia, readMedia, transportStreams } from "./media.ts"
import { analyseDatagrams, analyseStrictly, type StrictReport, type ViolationKind } from "./strict-analyser.ts"
import { accessPointFrom, packetsOf, type SpliceFaults, splice } from "./strict-splice.ts"

const BITRATE = 2_000_000
const A = generateTs(5, { bitrate: BITRATE, breakEverySeconds: 0, label: "A", seed: 1 })
const B = generateTs(6, { bitrate: BITRATE, breakEverySeconds: 0, label: "B", seed: 2, startPts90k: 500_000_000 })

const packetAt = (ts: Uint8Array, number: number) => parsePacket(ts, number * TS_PACKET_SIZE)
const numbersOf = (ts: Uint8Array, pid: number): number[] =>
  Array.from({ length: ts.length / TS_PACKET_SIZE }, (_, i) => i).filter((i) => packetAt(ts, i)?.pid === pid)
const kinds = ({ violations }: StrictReport): ViolationKind[] => [...new Set(violations.map(({ kind }) => kind))]

/** Clears every random_access_indicator. */
const unindicated = (ts: Uint8Array): Uint8Array => {
  const plain = new Uint8Array(ts)
  for (let at = 0; at < plain.length; at += TS_PACKET_SIZE)
    if (((plain[at + 3] ?? 0) & 0x20) !== 0 && (plain[at + 4] ?? 0) > 0) plain[at + 5] = (plain[at + 5] ?? 0) & 0xbf
  return plain
}

describe("a sound stream", () => {
  it.each([
    ["with breaks", { breakEverySeconds: 5, breakSeconds: 2 }],
    ["whose PTS and PCR wrap at 33 bits", { breakEverySeconds: 0, startPts90k: 2 ** 33 - 200_000 }],
    ["at another rate", { breakEverySeconds: 0, bitrate: 6_000_000, videoBitrate: 4_000_000 }],
  ])("%s has no violation and one segment", (_, options) => {
    const report = analyseStrictly(generateTs(8, { bitrate: BITRATE, ...options }))
    expect(report.violations).toEqual([])
    expect(report.discontinuities).toEqual([])
    expect(report.segments).toMatchObject([{ from: 0, to: report.packets, video: { accessPoint: "indicator" } }])
  })

  it("may be captured from anywhere", () => {
    for (const from of [1, 50, 333, 1001])
      expect(analyseStrictly(A.subarray(from * TS_PACKET_SIZE)).violations).toEqual([])
  })

  it("tells the time stamps of its streams", () => {
    const [segment] = analyseStrictly(A).segments
    expect(segment?.streams.get(VIDEO_PID)).toEqual({
      streamType: 0x1b,
      firstPts: 900_000,
      lastPts: 900_000 + 123 * 3600,
      units: 124,
    })
    expect(segment?.streams.get(AUDIO_PID)).toMatchObject({ streamType: 0x0f, firstPts: 900_000 })
  })
})

describe("a splice", () => {
  const AT = 3000
  it("with every discontinuity flagged is clean: two segments, the second from its access point", () => {
    const joined = splice(A, B, AT)
    const report = analyseStrictly(joined)
    expect(report.violations).toEqual([])
    const [before, after] = report.segments
    expect(before).toMatchObject({ from: 0, to: AT })
    expect(after).toMatchObject({ from: AT, video: { pid: VIDEO_PID, packet: AT + 2, accessPoint: "indicator" } })
    expect([...(after?.flagged.keys() ?? [])]).toEqual(expect.arrayContaining([PAT_PID, PMT_PID, VIDEO_PID, AUDIO_PID]))
    // The programmes run at the same time, so their time stamps tell how much of the pictures' time is missing.
    const elapsed = (pts: number | null | undefined, start: number) => (pts ?? 0) - start
    const gap =
      elapsed(after?.streams.get(VIDEO_PID)?.firstPts, 500_000_000) -
      elapsed(before?.streams.get(VIDEO_PID)?.lastPts, 900_000)
    expect(gap).toBeGreaterThan(0)
    expect(gap).toBeLessThanOrEqual(2 * 90_000)
  })

  it("finds an access point by its picture where the random_access_indicator is missing", () => {
    const joined = unindicated(splice(A, B, AT))
    const report = analyseStrictly(joined)
    expect(report.violations).toEqual([])
    expect(report.segments[1]?.video?.accessPoint).toBe("picture")
  })

  it.each<[string, SpliceFaults, ReadonlyArray<ViolationKind>]>([
    ["without a flag on the video", { unflagged: VIDEO_PID }, ["continuity", "pcr_jump"]],
    ["without a flag on the audio", { unflagged: AUDIO_PID }, ["continuity"]],
    ["without a flag on the PAT", { unflagged: PAT_PID }, ["continuity"]],
    ["without a PAT", { withoutTables: "pat" }, ["table_missing"]],
    ["without a PMT", { withoutTables: "pmt" }, ["table_missing"]],
    ["not at an access point", { late: 3 }, ["unit_start"]],
    ["with audio that begins inside a PES packet", { audioAtOnce: true }, ["unit_start"]],
    ["whose clock is flagged in a packet without PCR only", { flagApart: true }, ["time_base"]],
  ])("%s is not clean", (_, faults, wanted) => {
    expect(kinds(analyseStrictly(splice(A, B, AT, faults)))).toEqual(expect.arrayContaining([...wanted]))
  })

  it("at a picture that is no access point is told apart from one that is", () => {
    // The IDR picture is followed by others, so the splice begins with the first packet of the next one.
    const from = accessPointFrom(packetsOf(B), AT)
    const starts = numbersOf(B, VIDEO_PID).filter((i) => i > from && packetAt(B, i)?.unit_start === true)
    const report = analyseStrictly(splice(A, B, AT, { late: (starts[2] ?? 0) - from }))
    expect(kinds(report)).toContain("access_point")
    expect(kinds(report)).not.toContain("unit_start")
    expect(report.segments[1]?.video?.accessPoint).toBe("none")
  })

  it("there and back makes three segments", () => {
    const there = splice(A, B, 1500)
    const report = analyseStrictly(splice(there, A, 3000))
    expect(report.violations).toEqual([])
    expect(report.segments.map(({ from }) => from)).toEqual([0, 1500, 3000])
  })
})

describe("times of arrival", () => {
  const datagrams = (ts: Uint8Array, pause: number) =>
    Array.from({ length: 400 }, (_, i) => ({
      at: i * 5 + (i >= 250 ? pause : 0),
      data: Buffer.concat([new Uint8Array(12), ts.subarray(i * 1316, (i + 1) * 1316)]),
    }))

  it("show the longest gap and where it is", () => {
    const report = analyseDatagrams(datagrams(A, 300), 12)
    expect(report).toMatchObject({ violations: [], packets: 2800, longestGap: { ms: 305, packet: 1750 } })
  })

  it("show the gap before a segment", () => {
    const report = analyseDatagrams(datagrams(splice(A, B, 1750), 700), 12)
    expect(report.violations).toEqual([])
    expect(report.segments.map(({ gapMs }) => gapMs)).toEqual([null, 705])
  })
})

/**
 * Continuity errors that this analyser counts. The manifest's own parser looks for sync elsewhere after damage, and
 * gives up these two files at another packet.
 */
const CC_ERRORS_HERE: Readonly<Record<string, number>> = { "tsduck/test-142.ts": 16, "tsduck/test-144.ts": 3 }

describe.skipIf(!hasMedia)("streams from the field", () => {
  it.each(transportStreams())("[media] $name: damage is found where the manifest has it", (facts) => {
    const ts = readMedia(facts.name).subarray(facts.first_sync)
    const report = analyseStrictly(ts.subarray(0, ts.length - (ts.length % TS_PACKET_SIZE)))
    const count = (kind: ViolationKind) => report.violations.filter((v) => v.kind === kind).length
    expect([facts.name, count("transport_error")]).toEqual([facts.name, facts.tei])
    expect([facts.name, count("continuity")]).toEqual([facts.name, CC_ERRORS_HERE[facts.name] ?? facts.cc_errors])
  })
})
