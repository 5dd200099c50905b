import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  aacFrameBody,
  aacHeaderBody,
  COMPOSITION_TIME_MAX,
  decodeAudioBody,
  decodeVideoBody,
  exAudioFrameBody,
  exAudioHeaderBody,
  fourCcNumber,
  splitLengthPrefixed,
  videoEndBody,
  videoFrameBody,
  videoHeaderBody,
} from "./tag-body.ts"

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
const DATA = Uint8Array.of(0xde, 0xad)
/** Two NAL units with a start code before each. */
const UNIT = Uint8Array.of(0, 0, 1, 0x65, 0x11, 0, 0, 0, 1, 0x06)
const NALS = [3, 5, 9, 10]

describe("bodies", () => {
  it.each([
    ["AVC header", videoHeaderBody("h264", DATA), "1700000000dead"],
    ["AVC key frame", videoFrameBody("h264", true, 80, UNIT, NALS), "17010000500000000265110000000106"],
    ["AVC other frame", videoFrameBody("h264", false, 0, UNIT, NALS), "27010000000000000265110000000106"],
    ["AVC end", videoEndBody("h264"), "1702000000"],
    ["HEVC header", videoHeaderBody("hevc", DATA), "9068766331dead"],
    ["HEVC key frame at its own time", videoFrameBody("hevc", true, 0, UNIT, NALS), "93687663310000000265110000000106"],
    [
      "HEVC frame shown later",
      videoFrameBody("hevc", false, 0x010203, UNIT, NALS),
      "a1687663310102030000000265110000000106",
    ],
    ["HEVC end", videoEndBody("hevc"), "9268766331"],
    ["AAC header", aacHeaderBody(Uint8Array.of(0x11, 0x90)), "af001190"],
    ["AAC frame", aacFrameBody(DATA), "af01dead"],
    ["AC-3 frame", exAudioFrameBody("ac-3", DATA), "9161632d33dead"],
    ["E-AC-3 frame", exAudioFrameBody("ec-3", DATA), "9165632d33dead"],
    ["Opus header", exAudioHeaderBody("Opus", DATA), "904f707573dead"],
  ])("%s", (_, body, expected) => {
    expect(hex(body)).toBe(expected)
  })

  it("names codecs by number as onMetaData does", () => {
    expect(fourCcNumber("av01")).toBe(1_635_135_537)
    expect(fourCcNumber("hvc1")).toBe(1_752_589_105)
  })
})

describe("both ways", () => {
  const nal = fc.uint8Array({ minLength: 1, maxLength: 50 })

  it("video", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("h264" as const, "hevc" as const),
        fc.boolean(),
        fc.integer({ min: 0, max: COMPOSITION_TIME_MAX }),
        fc.array(nal, { minLength: 1, maxLength: 6 }),
        (codec, key, time, list) => {
          const bytes = new Uint8Array(list.flatMap((one) => [9, ...one]))
          let at = 0
          const nals = list.flatMap((one) => {
            at += 1 + one.length
            return [at - one.length, at]
          })
          const tag = decodeVideoBody(videoFrameBody(codec, key, time, bytes, nals))
          const expected = {
            kind: "video",
            codec: codec === "h264" ? "avc1" : "hvc1",
            key,
            packet: "frame",
            compositionTimeMs: time,
          }
          expect(tag).toMatchObject(expected)
          expect(splitLengthPrefixed(tag?.data ?? new Uint8Array(1))?.map(hex)).toEqual(list.map(hex))
        },
      ),
    )
  })

  it.each([
    [videoHeaderBody("h264", DATA), { codec: "avc1", key: true, packet: "header", data: DATA }],
    [videoHeaderBody("hevc", DATA), { codec: "hvc1", key: true, packet: "header", data: DATA }],
    [videoEndBody("h264"), { codec: "avc1", packet: "end" }],
    [videoEndBody("hevc"), { codec: "hvc1", packet: "end" }],
  ])("video headers and ends %#", (body, tag) => {
    expect(decodeVideoBody(body)).toMatchObject(tag)
  })

  it.each([
    [aacHeaderBody(DATA), { codec: "mp4a", packet: "header", data: DATA }],
    [aacFrameBody(DATA), { codec: "mp4a", packet: "frame", data: DATA }],
    [exAudioHeaderBody("Opus", DATA), { codec: "Opus", packet: "header", data: DATA }],
    [exAudioFrameBody("ec-3", DATA), { codec: "ec-3", packet: "frame", data: DATA }],
  ])("audio %#", (body, tag) => {
    expect(decodeAudioBody(body)).toMatchObject(tag)
  })

  it("a negative composition time is read as one", () => {
    expect(decodeVideoBody(Uint8Array.of(0x27, 1, 0xff, 0xff, 0xfe))?.compositionTimeMs).toBe(-2)
  })

  it("takes any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        decodeAudioBody(bytes)
        splitLengthPrefixed(decodeVideoBody(bytes)?.data ?? bytes)
      }),
    )
    expect(decodeVideoBody(Uint8Array.of(0x12, 0, 0, 0, 0))).toBeNull()
    expect(decodeAudioBody(Uint8Array.of(0x2f, 0))).toBeNull()
    expect(splitLengthPrefixed(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1))).toBeNull()
    expect(splitLengthPrefixed(Uint8Array.of(0, 0))).toBeNull()
  })
})
