import { describe, expect, it } from "vitest"
import { crc32 } from "../core/ts/crc32.ts"
import { createTestProgramme, generateTs, type TestProgrammeOptions } from "./test-programme.ts"
import { analyse, nalTypes, slowCrc } from "./testing/analyse.ts"

const [PAT, SDT, PMT, VIDEO, AUDIO, SCTE35, NULLS] = [0, 17, 480, 481, 482, 500, 0x1fff]
const WRAP = 2 ** 33
const EVERY_12 = { breakEverySeconds: 12, breakSeconds: 6 }
const read = (ts: Uint8Array) => analyse(ts, [PAT, SDT, PMT, SCTE35])
const ahead = (later: number, earlier: number): number => ((later - earlier + 1.5 * WRAP) % WRAP) - WRAP / 2
const number = (bytes: Uint8Array, at: number, count: number): number =>
  bytes.subarray(at, at + count).reduce((sum, byte) => sum * 256 + byte, 0)

const CASES: ReadonlyArray<readonly [string, number, TestProgrammeOptions]> = [
  ["the defaults with breaks", 26, EVERY_12],
  ["the lowest rate", 8, { ...EVERY_12, bitrate: 1_500_000 }],
  ["an odd rate with filler data", 8, { bitrate: 7_777_777, videoBitrate: 5_000_000, breakEverySeconds: 0 }],
  ["PTS and PCR wrapping after 3 s", 26, { ...EVERY_12, startPts90k: WRAP - 3 * 90_000 }],
  ["PCR wrapping before the first PTS", 6, { ...EVERY_12, startPts90k: 10_000 }],
]

describe.each(CASES)("test programme: %s", (_, seconds, options) => {
  const bitrate = options.bitrate ?? 4_000_000
  const ts = generateTs(seconds, options)
  const { packets, continuityErrors, pcrs, units, sections } = read(ts)
  const at27M = (position: number): number => (position * 8 * 27_000_000) / bitrate
  const firstPcr = pcrs[0] ?? { at: 0, ticks: 0, pid: 0 }
  /** PCR at a byte position of the constant rate, in 90 kHz ticks. */
  const clock = (position: number): number => (firstPcr.ticks / 300 + at27M(position - firstPcr.at) / 300) % WRAP
  const video = units.get(VIDEO) ?? []
  const audio = units.get(AUDIO) ?? []

  it("fills the rate with the right PIDs and no continuity error", () => {
    expect(Math.abs((ts.length * 8) / bitrate - seconds)).toBeLessThan(0.02)
    expect([...packets.keys()].sort((a, b) => a - b)).toEqual([PAT, SDT, PMT, VIDEO, AUDIO, SCTE35, NULLS])
    expect(continuityErrors).toBe(0)
  })

  it("has a PCR at least every 40 ms on the video PID, exact to a tick for the constant rate", () => {
    for (const [i, { at, ticks, pid }] of pcrs.entries()) {
      expect(pid).toBe(VIDEO)
      const expected = (firstPcr.ticks + at27M(at - firstPcr.at)) % (WRAP * 300)
      expect(Math.abs(ticks - expected)).toBeLessThanOrEqual(1)
      expect(at27M(at - (pcrs[i - 1]?.at ?? 0))).toBeLessThanOrEqual(0.04 * 27_000_000)
    }
    expect(at27M(ts.length - (pcrs.at(-1)?.at ?? 0))).toBeLessThanOrEqual(0.04 * 27_000_000)
  })

  it("repeats PAT and PMT within 100 ms and before each IDR, all sections with good CRC", () => {
    for (const { bytes } of sections) expect(slowCrc(bytes)).toBe(0)
    for (const pid of [PAT, PMT]) {
      const positions = sections.filter((section) => section.pid === pid).map((section) => section.at)
      for (const [i, at] of positions.entries())
        expect(at27M(at - (positions[i - 1] ?? 0))).toBeLessThanOrEqual(0.1 * 27_000_000)
      for (const unit of video.filter((one) => one.randomAccess)) {
        const gap = unit.start - (positions.filter((at) => at < unit.start).at(-1) ?? Number.NEGATIVE_INFINITY)
        expect(gap).toBeLessThanOrEqual(3 * 188)
      }
    }
  })

  it("describes H.264, AAC and SCTE-35 with CUEI and the cue identifier", () => {
    const pmt = sections.find((section) => section.pid === PMT)?.bytes ?? new Uint8Array()
    const text = Array.from(pmt, (byte) => byte.toString(16).padStart(2, "0")).join("")
    expect(text.slice(0, 6)).toBe(`02b0${(pmt.length - 3).toString(16).padStart(2, "0")}`)
    expect(text.slice(16, 24)).toBe("e1e1f006") // PCR PID 481, six bytes of programme descriptors
    expect(text).toContain("050443554549")
    expect(text).toContain("1be1e1f000")
    expect(text).toContain("0fe1e2f0060a04656e6700")
    expect(text).toContain("86e1f4f0038a0100")
  })

  it("has pictures 40 ms and sound 42.7 ms apart, sent 0 to 1 s ahead and whole before they are due", () => {
    for (const [list, step] of [[video, 3600] as const, [audio, 3840] as const]) {
      expect(list.length).toBeGreaterThanOrEqual((seconds - 0.3) * (90_000 / step) - 1)
      for (const [i, unit] of list.entries()) {
        const before = list[i - 1]
        if (before !== undefined) expect(ahead(unit.pts, before.pts)).toBe(step)
        expect(ahead(unit.pts, clock(unit.start))).toBeLessThanOrEqual(90_000)
        expect(ahead(unit.pts, clock(unit.end))).toBeGreaterThan(0)
      }
    }
  })

  it("starts every closed GOP of at most 2 s with AUD, SPS, PPS and IDR, marked as random access", () => {
    let sinceIdr = 0
    for (const { bytes, randomAccess } of video) {
      const types = nalTypes(bytes).filter((type) => type !== 12)
      expect(types).toEqual(randomAccess ? [9, 7, 8, 5] : [9, 1])
      sinceIdr = randomAccess ? 0 : sinceIdr + 1
      expect(sinceIdr).toBeLessThan(50)
    }
    expect(video[0]?.randomAccess).toBe(true)
  })
})

describe("SCTE-35 of the test programme", () => {
  const options = { ...EVERY_12, bitrate: 2_000_000, startPts90k: WRAP - 14 * 90_000, programNumber: 7 }
  const { sections, units } = read(generateTs(28, options))
  const idrs = (units.get(VIDEO) ?? []).filter((unit) => unit.randomAccess).map((unit) => unit.pts)
  const cues = sections
    .filter((section) => section.pid === SCTE35)
    .map(({ at, bytes }) => ({
      sentAt: (at * 8) / 2_000_000,
      type: bytes[13],
      event: number(bytes, 14, 4),
      out: ((bytes[19] ?? 0) & 0x80) !== 0,
      pts: ((bytes[20] ?? 0) % 2) * 2 ** 32 + number(bytes, 21, 4),
      durationFlags: number(bytes, 25, 1),
      duration: ((bytes[25] ?? 0) % 2) * 2 ** 32 + number(bytes, 26, 4),
      bytes,
    }))
  const inserts = cues.filter((cue) => cue.type === 5)
  /** Second of the programme at a PTS. At second 0, the PTS of the first picture is still 0.4 s away. */
  const second = (pts: number): number => ahead(pts, options.startPts90k) / 90_000

  it("sends a splice_null every ten seconds", () => {
    const nulls = cues.filter((cue) => cue.type === 0).map((cue) => Math.round(cue.sentAt))
    expect(nulls).toEqual([0, 10, 20])
  })

  it("announces each break three times, at least 4 s ahead, and its end once", () => {
    expect(inserts.map(({ event, out }) => [event, out])).toEqual([
      [1, true],
      [1, true],
      [1, true],
      [1, false],
      [2, true],
      [2, true],
      [2, true],
      [2, false],
    ])
    for (const { pts, sentAt } of inserts) {
      // The distance is taken from the picture that is being sent then, which is later than the clock: the stricter
      // reading.
      expect(second(pts) - sentAt).toBeGreaterThanOrEqual(4)
      expect(second(pts) - sentAt).toBeLessThanOrEqual(8)
    }
  })

  it("puts breaks and returns on IDR pictures, with duration and auto_return", () => {
    for (const { pts, out, durationFlags, duration } of inserts) {
      if (second(pts) < 28) expect(idrs).toContain(pts)
      expect(second(pts) % 12).toBe(out ? 0 : 6)
      if (out) expect([durationFlags & 0xfe, duration]).toEqual([0xfe, 6 * 90_000])
    }
  })

  it("sends the same bytes on each repetition, with the programme number as unique_program_id", () => {
    const [first, second_, third] = inserts
    expect(second_?.bytes).toEqual(first?.bytes)
    expect(third?.bytes).toEqual(first?.bytes)
    expect(number(first?.bytes ?? new Uint8Array(), 30, 2)).toBe(7)
  })

  it("cuts the GOP where a break is off the two-second grid", () => {
    const odd = read(generateTs(10, { breakEverySeconds: 5, breakSeconds: 1, bitrate: 2_000_000 }))
    const pts = (odd.units.get(VIDEO) ?? [])
      .filter((unit) => unit.randomAccess)
      .map((unit) => (unit.pts - 900_000) / 90_000)
    expect(pts).toEqual([0, 2, 4, 5, 6, 8])
    const cue = odd.sections.find((section) => section.pid === SCTE35 && section.bytes[13] === 5)
    expect(((cue?.at ?? 0) * 8) / 2_000_000).toBeCloseTo(0.9, 1)
  })

  it("sends no splice_insert without breaks", () => {
    const none = read(generateTs(12, { breakEverySeconds: 0, bitrate: 2_000_000 }))
    expect(none.sections.filter((section) => section.pid === SCTE35).map((section) => section.bytes[13])).toEqual([
      0, 0,
    ])
  })
})

describe("createTestProgramme", () => {
  it("gives the same bytes for the same options, by next and by writeNext, and others for another seed", () => {
    const [one, two, other] = [
      createTestProgramme({ seed: 3 }),
      createTestProgramme({ seed: 3 }),
      createTestProgramme({ seed: 4 }),
    ]
    const memory = new Uint8Array(1400)
    let differs = false
    for (let i = 0; i < 1200; i++) {
      const batch = one.next()
      two.writeNext(memory, 12)
      expect(crc32(memory.subarray(12, 12 + 1316))).toBe(crc32(batch))
      expect(two.timeUs).toBe(one.timeUs)
      if (crc32(other.next()) !== crc32(batch)) differs = true
    }
    expect(differs).toBe(true)
  })

  it("tells the time of each batch at the constant rate", () => {
    const programme = createTestProgramme({ bitrate: 8_000_000 })
    expect(programme.timeUs).toBe(0)
    programme.next()
    expect(programme.timeUs).toBe(0)
    programme.next()
    expect(programme.timeUs).toBe(1316)
  })

  it.each<[string, TestProgrammeOptions]>([
    ["bitrate", { bitrate: 1_000_000 }],
    ["bitrate", { bitrate: 4_000_000, videoBitrate: 4_000_000 }],
    ["bitrate", { bitrate: Number.NaN }],
    ["breakEverySeconds", { breakEverySeconds: 3 }],
    ["breakSeconds", { breakEverySeconds: 10, breakSeconds: 10 }],
    ["startPts90k", { startPts90k: WRAP }],
    ["programNumber", { programNumber: 0 }],
    ["spliceNullSeconds", { spliceNullSeconds: -1 }],
  ])("refuses a %s out of range", (name, options) => expect(() => createTestProgramme(options)).toThrow(name))
})
