import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { propertyRuns } from "../../../test/property-runs.ts"
import { analyseStrictly } from "../../../test/strict-analyser.ts"
import { splice } from "../../../test/strict-splice.ts"
import { AUDIO_PID, PAT_PID, PMT_PID, SCTE35_PID, VIDEO_PID } from "../../test-source/program-tables.ts"
import { generateTs } from "../../test-source/test-programme.ts"
import { buildPacket, TS_PACKET_SIZE } from "../ts/packet.ts"
import { buildPmt, packetizeSection, parsePat, parsePmt } from "../ts/psi.ts"
import { bytesOf, joined, pidOf, segmentsOf, without } from "./testing/segments-of.ts"

const TABLES = new Set([PAT_PID, PMT_PID])
const BITRATE = 2_000_000
const A = generateTs(21, { bitrate: BITRATE, breakEverySeconds: 0 })

/** Clears every random_access_indicator. */
const unindicated = (ts: Uint8Array): Uint8Array => {
  const plain = new Uint8Array(ts)
  for (let at = 0; at < plain.length; at += TS_PACKET_SIZE)
    if (((plain[at + 3] ?? 0) & 0x20) !== 0 && (plain[at + 4] ?? 0) > 0) plain[at + 5] = (plain[at + 5] ?? 0) & 0xbf
  return plain
}

const seconds = (segments: ReturnType<typeof segmentsOf>) => segments.map(({ duration90k }) => duration90k / 90_000)

describe("a stream with an IDR picture every 2 s", () => {
  it.each([
    ["with random_access_indicator", A],
    ["without it: the IDR picture is found by its NAL unit", unindicated(A)],
    [
      "whose PTS wraps at 33 bits",
      generateTs(21, { bitrate: BITRATE, breakEverySeconds: 0, startPts90k: 2 ** 33 - 5 * 90_000 }),
    ],
  ])("%s is cut at 4 s, nothing is lost, and no analyser finds an error", (_, ts) => {
    const segments = segmentsOf(ts)
    expect(seconds(segments).slice(0, 5)).toEqual([4, 4, 4, 4, 4])
    expect(segments.length).toBe(6)
    expect(seconds(segments).at(-1)).toBeCloseTo(0.96, 1)
    expect(segments.every(({ independent }) => independent)).toBe(true)
    expect(segments.some(({ discontinuity }) => discontinuity)).toBe(false)
    const whole = joined(segments)
    // The part before the first access point has no segment.
    const source = without(ts, TABLES)
    const out = without(whole, TABLES)
    expect(out.equals(source.subarray(source.length - out.length))).toBe(true)
    expect(source.length - out.length).toBeLessThan(20 * TS_PACKET_SIZE)
    expect(analyseStrictly(whole).violations).toEqual([])
    for (const segment of segments) expect(analyseStrictly(bytesOf(segment)).violations).toEqual([])
  })

  it("has PAT, PMT and then the picture at the beginning of each segment", () => {
    for (const segment of segmentsOf(A)) {
      const bytes = bytesOf(segment)
      expect([0, 1, 2].map((n) => pidOf(bytes, n * TS_PACKET_SIZE))).toEqual([PAT_PID, PMT_PID, VIDEO_PID])
      expect((bytes[2 * TS_PACKET_SIZE + 1] ?? 0) & 0x40).toBe(0x40)
      expect(parsePat(bytes.subarray(5, 5 + 16))?.programs).toEqual([{ program_number: 1, pid: PMT_PID }])
      const length = 3 + ((((bytes[TS_PACKET_SIZE + 6] ?? 0) & 15) << 8) | (bytes[TS_PACKET_SIZE + 7] ?? 0))
      expect(parsePmt(bytes.subarray(TS_PACKET_SIZE + 5, TS_PACKET_SIZE + 5 + length))?.pcr_pid).toBe(VIDEO_PID)
    }
  })

  it("is cut alike however the packets come, and from wherever it is begun", () => {
    const whole = segmentsOf(A)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (packets) => {
        const segments = segmentsOf(A, { packets })
        expect(segments.map(({ bytes, duration90k }) => [bytes, duration90k])).toEqual(
          whole.map((one) => [one.bytes, one.duration90k]),
        )
        expect(Buffer.compare(joined(segments), joined(whole))).toBe(0)
      }),
      { numRuns: propertyRuns(5) },
    )
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 1, max: 6 }), (from, wanted) => {
        const ts = A.subarray(from * TS_PACKET_SIZE)
        const segments = segmentsOf(ts, { wanted90k: wanted * 90_000 })
        const out = without(joined(segments), TABLES)
        const source = without(ts, TABLES)
        expect(out.equals(source.subarray(source.length - out.length))).toBe(true)
        expect(analyseStrictly(joined(segments)).violations).toEqual([])
        const lengths = seconds(segments).slice(0, -1)
        expect(lengths.every((length) => length === Math.ceil(wanted / 2) * 2)).toBe(true)
      }),
      { numRuns: propertyRuns(4) },
    )
  })

  it("ends a segment at the first IDR picture behind a splice time, and not before", () => {
    const from = 900_000 + 5.3 * 90_000
    const segments = segmentsOf(A, { before: (segmenter, packet) => packet === 0 && segmenter.cutFrom(from) })
    expect(seconds(segments).slice(0, 4)).toEqual([4, 2, 4, 4])
    const exact = segmentsOf(A, {
      before: (segmenter, packet) => packet === 0 && segmenter.cutFrom(900_000 + 6 * 90_000),
    })
    expect(seconds(exact).slice(0, 4)).toEqual([4, 2, 4, 4])
    const atOnce = segmentsOf(A, { before: (segmenter, packet) => packet === 700 && segmenter.cutFrom(null) })
    expect(seconds(atOnce).slice(0, 3)).toEqual([2, 4, 4])
  })
})

describe("what breaks the timeline", () => {
  it.each([
    ["at another time", 500_000_000],
    ["at the same times", 900_000],
  ])("a source switch %s begins a segment with a discontinuity, tables first", (_, startPts90k) => {
    const other = generateTs(12, { bitrate: BITRATE, breakEverySeconds: 0, seed: 2, startPts90k })
    const segments = segmentsOf(splice(A, other, 7000))
    const at = segments.findIndex(({ discontinuity }) => discontinuity)
    expect(at).toBeGreaterThan(0)
    expect(segments.filter(({ discontinuity }) => discontinuity).length).toBe(1)
    expect(analyseStrictly(joined(segments)).violations).toEqual([])
    // The old source lasts up to its last picture: packet 7000 lies at 5.26 s.
    const before = seconds(segments.slice(0, at)).reduce((sum, one) => sum + one, 0)
    expect(before).toBeGreaterThan(4.8)
    expect(before).toBeLessThan(5.4)
    expect(seconds(segments)[at]).toBe(4)
  })

  it("a jump of the times without any flag does, too", () => {
    const other = generateTs(9, { bitrate: BITRATE, breakEverySeconds: 0, startPts90k: 77_000_000 })
    const segments = segmentsOf(new Uint8Array(Buffer.concat([A.subarray(0, 7000 * TS_PACKET_SIZE), other])))
    expect(segments.map(({ discontinuity }) => discontinuity)).toEqual([false, false, true, false, false])
    expect(segments[2]?.startPts90k).toBe(77_000_000)
  })

  it("packets that were lost on our side end the segment; the next one begins at an access point", () => {
    const segments = segmentsOf(A, { before: (segmenter, packet) => packet === 7000 && segmenter.lose() })
    expect(segments.map(({ discontinuity }) => discontinuity)).toEqual([false, false, true, false, false, false])
    expect(segments[2]?.startPts90k).toBe(900_000 + 6 * 90_000)
    for (const segment of segments) expect(analyseStrictly(bytesOf(segment)).violations).toEqual([])
  })

  it("without an access point a segment ends at its bound, and what follows waits for one", () => {
    const overlong: number[] = []
    const segments = segmentsOf(A, {
      wanted90k: 900_000,
      maxUs: 5e6,
      before: (segmenter) => overlong.push(segmenter.overlong),
    })
    expect(overlong.at(-1)).toBeGreaterThanOrEqual(3)
    expect(segments.slice(1).every(({ discontinuity }) => discontinuity)).toBe(true)
    expect(Math.max(...seconds(segments))).toBeLessThan(5.2)
  })
})

const PMT = packetizeSection(
  buildPmt({
    program_number: 1,
    version: 0,
    pcr_pid: VIDEO_PID,
    descriptors: [],
    streams: [{ pid: AUDIO_PID, stream_type: 0x0f, descriptors: [] }],
  }),
  PMT_PID,
  0,
)
const withoutVideo = (packet: Uint8Array): Uint8Array => {
  const other = PMT.slice()
  other[3] = ((other[3] ?? 0) & 0xf0) | ((packet[3] ?? 0) & 15)
  return other
}
const clockOnly = (packet: Uint8Array): Uint8Array =>
  buildPacket({ pid: VIDEO_PID, continuity_counter: (packet[3] ?? 0) & 15, pcr: 0 })

describe("audio without video", () => {
  it("is cut by time at the beginning of a PES packet", () => {
    const table = new Uint8Array(A)
    // The video's stream_type becomes that of private data, and the CRCs of the sections are corrected.
    const audio: Uint8Array[] = []
    for (let at = 0; at < table.length; at += TS_PACKET_SIZE) {
      const packet = table.subarray(at, at + TS_PACKET_SIZE)
      const pid = pidOf(table, at)
      if (pid === VIDEO_PID && ((packet[3] ?? 0) & 0x20) === 0) continue
      audio.push(pid === PMT_PID ? withoutVideo(packet) : pid === VIDEO_PID ? clockOnly(packet) : packet)
    }
    const segments = segmentsOf(new Uint8Array(Buffer.concat(audio)), { bitrate: 300_000 })
    expect(segments.length).toBe(6)
    for (const length of seconds(segments).slice(0, 5)) expect(Math.abs(length - 4)).toBeLessThan(0.06)
    for (const segment of segments) {
      const bytes = bytesOf(segment)
      expect([0, 1, 2].map((n) => pidOf(bytes, n * TS_PACKET_SIZE))).toEqual([PAT_PID, PMT_PID, AUDIO_PID])
      expect(segment).toMatchObject({ independent: true, discontinuity: false })
    }
  })
})

describe("a PMT of several packets", () => {
  /** Replaces each PMT with one whose descriptors take three packets, with `apart` other packets between them. */
  const withLongPmt = (ts: Uint8Array, apart: number): Buffer => {
    const long = buildPmt({
      program_number: 1,
      version: 0,
      pcr_pid: VIDEO_PID,
      descriptors: [
        { tag: 0x80, data: new Uint8Array(200) },
        { tag: 0x81, data: new Uint8Array(150) },
      ],
      streams: [
        { pid: VIDEO_PID, stream_type: 0x1b, descriptors: [] },
        { pid: AUDIO_PID, stream_type: 0x0f, descriptors: [] },
        { pid: SCTE35_PID, stream_type: 0x86, descriptors: [] },
      ],
    })
    const out: Uint8Array[] = []
    let waiting: Array<{ readonly due: number; readonly packet: Uint8Array }> = []
    let counter = 0
    for (let at = 0; at < ts.length; at += TS_PACKET_SIZE) {
      while (waiting[0] !== undefined && waiting[0].due <= out.length)
        out.push(waiting.shift()?.packet ?? new Uint8Array(0))
      if (pidOf(ts, at) !== PMT_PID) {
        out.push(ts.subarray(at, at + TS_PACKET_SIZE))
        continue
      }
      const packets = packetizeSection(long, PMT_PID, counter)
      counter += 3
      out.push(...waiting.map(({ packet }) => packet), packets.subarray(0, TS_PACKET_SIZE))
      waiting = [1, 2].map((n) => ({
        due: out.length + n * apart,
        packet: packets.subarray(n * TS_PACKET_SIZE, (n + 1) * TS_PACKET_SIZE),
      }))
    }
    return Buffer.concat(out)
  }

  it.each([
    [0, 6],
    [1, 6],
    // The first IDR picture comes before the first whole PMT.
    [2, 5],
    [5, 5],
  ])("is never cut in two: %i packets between its parts", (apart, count) => {
    const source = new Uint8Array(withLongPmt(A, apart))
    expect(analyseStrictly(source).violations.filter(({ kind }) => kind !== "unreferenced")).toEqual([])
    const segments = segmentsOf(source)
    expect(segments.length).toBe(count)
    const whole = joined(segments)
    expect(analyseStrictly(whole).violations.filter(({ kind }) => kind !== "unreferenced")).toEqual([])
    const nulls = new Set([...TABLES, 0x1fff])
    const out = without(whole, nulls)
    const all = without(source, nulls)
    expect(out.equals(all.subarray(all.length - out.length))).toBe(true)
  })
})
