import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { type Playlist, readPlaylist, secondsText, writePlaylist } from "./playlist.ts"
import { PlaylistWindow } from "./playlist-window.ts"
import { runOfSegment, segmentName } from "./segment-names.ts"

const T0 = Date.UTC(2026, 10, 21, 12)
const segment = (n: number, more = {}) => ({
  name: segmentName(T0, n),
  durationS: 4,
  programDateTimeMs: T0 + n * 4000,
  discontinuity: false,
  tags: [],
  ...more,
})
const options = { targetDurationS: 8, segments: 6, keepsThreeTargets: true, mediaSequence: 0, discontinuitySequence: 0 }

describe("names of segments", () => {
  it.each([0, 7, 999_999, 1_000_000, 123_456_789])("%i", (number) => {
    const name = segmentName(T0, number)
    expect(name).toMatch(/^[A-Za-z0-9_.-]+\.ts$/)
    expect(runOfSegment(name)).toBe(T0)
  })
  it("sort as they are played, and are known from others", () => {
    expect(segmentName(T0, 999_999) < segmentName(T0 + 1, 0)).toBe(true)
    for (const other of [
      "index.m3u8",
      "1234567890123-1.ts",
      "a-000001.ts",
      "1234567890123-000001.ts.tmp",
      "../1234567890123-000001.ts",
    ])
      expect(runOfSegment(other)).toBe(null)
  })
})

describe("a playlist", () => {
  it("is written by RFC 8216", () => {
    const text = writePlaylist({
      targetDurationS: 8,
      mediaSequence: 12345,
      discontinuitySequence: 2,
      independent: true,
      segments: [
        segment(0, { durationS: 3.84 }),
        segment(1, { discontinuity: true, tags: ["#EXT-X-CUE-OUT:30.000"], durationS: 4.0040444 }),
      ],
    })
    expect(text.split("\n")).toEqual([
      "#EXTM3U",
      "#EXT-X-VERSION:3",
      "#EXT-X-TARGETDURATION:8",
      "#EXT-X-MEDIA-SEQUENCE:12345",
      "#EXT-X-DISCONTINUITY-SEQUENCE:2",
      "#EXT-X-INDEPENDENT-SEGMENTS",
      "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:00.000Z",
      "#EXTINF:3.840,",
      `${T0}-000000.ts`,
      "#EXT-X-DISCONTINUITY",
      "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:04.000Z",
      "#EXT-X-CUE-OUT:30.000",
      "#EXTINF:4.004044,",
      `${T0}-000001.ts`,
      "",
    ])
  })

  it.each([
    [4, "4.000"],
    [4.1, "4.100"],
    [4.004044, "4.004044"],
    [0.0000001, "0.000"],
    [3.999999999, "4.000"],
  ])("%d s is written %s", (seconds, text) => expect(secondsText(seconds)).toBe(text))

  it("is read again as it was written", () => {
    const tag = fc.constantFrom(
      "#EXT-X-CUE-OUT:30.000",
      "#EXT-X-CUE-IN",
      '#EXT-X-DATERANGE:ID="a",START-DATE="2026-11-21T12:00:00.000Z"',
    )
    const segments = fc.array(
      fc.record({
        name: fc.nat(2_000_000).map((n) => segmentName(T0, n)),
        durationS: fc.integer({ min: 1, max: 30_000_000 }).map((us) => us / 1e6),
        programDateTimeMs: fc.integer({ min: 0, max: 2 ** 42 }),
        discontinuity: fc.boolean(),
        tags: fc.array(tag, { maxLength: 3 }),
      }),
    )
    const playlist: fc.Arbitrary<Playlist> = fc.record({
      targetDurationS: fc.integer({ min: 1, max: 60 }),
      mediaSequence: fc.nat(),
      discontinuitySequence: fc.nat(),
      independent: fc.boolean(),
      segments,
    })
    fc.assert(
      fc.property(playlist, (written) => {
        expect(readPlaylist(writePlaylist(written))).toEqual(written)
      }),
    )
  })

  it.each([
    "",
    "#EXTM3U",
    "#EXTM3U\n#EXT-X-TARGETDURATION:x\n#EXT-X-MEDIA-SEQUENCE:0\n",
    "<html>",
    "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\na.ts\n",
  ])("%j is none", (text) => expect(readPlaylist(text)).toBe(null))
})

describe("the live window", () => {
  it("numbers on by one for each segment that leaves, and counts the discontinuities among them", () => {
    const window = new PlaylistWindow({ ...options, mediaSequence: 40, discontinuitySequence: 3 })
    for (let n = 0; n < 10; n++) window.add(segment(n, { discontinuity: n === 2 || n === 7 }), true, T0)
    const playlist = readPlaylist(window.text())
    expect(playlist).toMatchObject({
      mediaSequence: 44,
      discontinuitySequence: 4,
      independent: true,
      targetDurationS: 8,
    })
    expect(playlist?.segments.map(({ name }) => name)).toEqual([4, 5, 6, 7, 8, 9].map((n) => segmentName(T0, n)))
  })

  it.each([
    ["at least the segments asked for", { segments: 9 }, 4, 9],
    ["and three target durations", { segments: 3 }, 4, 6],
    ["of short segments more", { segments: 3 }, 2, 12],
    ["unless the destination has a bound", { segments: 3, keepsThreeTargets: false }, 2, 3],
  ])("lists %s", (_, more, durationS, listed) => {
    const window = new PlaylistWindow({ ...options, ...more })
    for (let n = 0; n < 30; n++) window.add(segment(n, { durationS }), true, T0)
    expect(window.segments.length).toBe(listed)
  })

  it("removes the file of a segment a playlist and a segment after it left", () => {
    const window = new PlaylistWindow(options)
    for (let n = 0; n < 7; n++) window.add(segment(n), true, T0)
    expect(window.takeExpired(T0 + 31_999)).toEqual([])
    expect(window.takeExpired(T0 + 32_000)).toEqual([segmentName(T0, 0)])
    expect(window.takeExpired(T0 + 1e9)).toEqual([])
  })

  it("raises its target duration only for a segment that is longer, and says no more that segments are independent once one is not", () => {
    const window = new PlaylistWindow(options)
    window.add(segment(0, { durationS: 8.4 }), true, T0)
    expect(window.targetDurationS).toBe(8)
    window.add(segment(1, { durationS: 8.5 }), false, T0)
    expect(window.targetDurationS).toBe(9)
    for (let n = 2; n < 20; n++) window.add(segment(n), true, T0)
    expect(readPlaylist(window.text())).toMatchObject({ targetDurationS: 9, independent: false })
  })

  it("goes on where an earlier playlist ended", () => {
    const earlier = new PlaylistWindow({ ...options, mediaSequence: 100 })
    for (let n = 0; n < 8; n++) earlier.add(segment(n), true, T0)
    const window = new PlaylistWindow(options)
    const read = readPlaylist(earlier.text())
    if (read !== null) window.resume(read)
    window.add(segment(0, { name: segmentName(T0 + 60_000, 0), discontinuity: true }), true, T0)
    expect(readPlaylist(window.text())).toMatchObject({ mediaSequence: 103, discontinuitySequence: 0 })
    expect(window.segments.map(({ discontinuity }) => discontinuity)).toEqual([false, false, false, false, false, true])
  })
})
