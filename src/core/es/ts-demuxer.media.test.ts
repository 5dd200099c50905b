// Demuxes real streams: what comes out must be what ffmpeg's demuxer finds.

import { createHash } from "node:crypto"
import { beforeAll, describe, expect, it } from "vitest"
import { hasFfmpeg, runFfmpeg } from "../../../test/ffmpeg.ts"
import { hasMedia, readMedia } from "../../../test/media.ts"
import { joinBytes } from "../bytes/join-bytes.ts"
import { H264_SPS, h264NalType, parseH264Sps } from "./h264.ts"
import { HEVC_SPS, hevcNalType, parseHevcSps } from "./hevc.ts"
import { nalViews } from "./nal.ts"
import { collect } from "./testing/collect.ts"

/**
 * Files, with the bytes of audio before the first header, which ffmpeg hands on and the product does not, and the bytes
 * of the last frame, which is cut off.
 */
const FILES: Array<[name: string, head?: number, tail?: number]> = [
  ["tsduck/test-064.ts"],
  ["tsduck/test-072.ts"],
  ["eyevinn/avc_with_time.ts"],
  ["eyevinn/bbb_1s.ts"],
  ["kim-company/scte35.ts"],
  ["kim-company/avsync.ts"],
  ["androidx-media/sample_ac3.ts", 73, 993],
  ["androidx-media/sample_h264.ts"],
  ["androidx-media/sample_h265.ts"],
  ["androidx-media/sample_ait.ts", 0, 712],
  ["androidx-media/sample_h264_iframes_only.ts"],
  ["shaka/hls-ts-rollover_360p30_h264_48k_160_aac_ts-0000000027.ts"],
  ["shaka/hls-ts-rollover_360p30_h264_48k_160_aac_ts-0000000028.ts"],
  ["shaka/hls-ts-rollover_360p30_h264_48k_160_aac_ts-0000000029.ts"],
  ["shaka/hls-ts-h265_0.ts"],
  ["shaka/hls-ts-muxed-ac3-h264_s_00000.ts"],
  ["shaka/hls-gap_4.ts"],
  ["shaka/hls-ts-aac_segment_0.ts"],
  ["mediabunny/no-initial-keyframe.ts"],
  ["mediabunny/ac3-system-b.ts"],
  ["mux.js/test-segment.ts"],
  ["mux.js/test-no-audio-segment.ts"],
  ["mux.js/sintel-captions.ts"],
  ["srtrelay/h264.ts"],
  ["srtrelay/h265.ts"],
  ["gstreamer/test.ts", 149],
]

const FORMATS = { aac: "adts", ac3: "ac3", eac3: "eac3", opus: "data" } as const

const whole = (name: string): Uint8Array => {
  const bytes = readMedia(name)
  return bytes.subarray(0, bytes.length - (bytes.length % 188))
}

/** NAL units found in another way than by findNals: split at start codes, with zeros at the ends taken off. */
const nalTexts = (stream: Uint8Array): string[] =>
  Buffer.from(stream)
    .toString("latin1")
    .split("\0\0\x01")
    .slice(1)
    .map((text) => text.replace(/\0+$/, ""))
    .filter((text) => text !== "")

const digest = (texts: ReadonlyArray<string>): string =>
  createHash("sha256").update(texts.join("\0\0\x01"), "latin1").digest("hex")

const demuxed = (name: string) => {
  const input = whole(name)
  const collected = collect(input)
  const { video, audio } = collected.streams.at(-1) ?? { video: null, audio: null }
  return { name, input, ...collected, video, audio }
}
type Demuxed = ReturnType<typeof demuxed>

/** A job of ffmpeg that writes elementary streams. */
const extraction = ({ input }: Demuxed, streams: ReadonlyArray<{ readonly pid: number; readonly codec: string }>) => ({
  input,
  format: "mpegts",
  outputs: streams.map(({ codec, pid }) => ({
    maps: [`i:${pid}`],
    options: ["-c", "copy", "-copyinkf", "-f", codec in FORMATS ? FORMATS[codec as keyof typeof FORMATS] : codec],
  })),
})

describe.skipIf(!hasMedia || !hasFfmpeg)("[media] elementary streams as ffmpeg extracts them", () => {
  const all = new Map<string, Demuxed & { readonly theirs: ReadonlyMap<number, Uint8Array> }>()
  beforeAll(() => {
    const ours = FILES.map(([name]) => demuxed(name))
    // Audio that is listed but never comes stops ffmpeg, because it has no sample rate: that is asked for by itself.
    const wanted = ours.map(({ audio, frames, video }) =>
      [video, frames.length === 0 ? null : audio].flatMap((stream) => stream ?? []),
    )
    const { files } = runFfmpeg(ours.map((one, at) => extraction(one, wanted[at] ?? [])))
    for (const [at, one] of ours.entries()) {
      const theirs = (wanted[at] ?? []).map(({ pid }, index) => [pid, files[at]?.[index] ?? new Uint8Array()] as const)
      all.set(one.name, { ...one, theirs: new Map(theirs) })
    }
  })

  it.each(FILES)("%s", (name, head = 0, tail = 0) => {
    const one = all.get(name) ?? expect.fail("is not demuxed")
    const { audio, frames, skipped, theirs, units, video } = one
    const extracted = (stream: { readonly pid: number; readonly codec: string }) =>
      theirs.get(stream.pid) ?? runFfmpeg([extraction(one, [stream])]).files[0]?.[0] ?? new Uint8Array()
    expect(video !== null || audio !== null).toBe(true)
    if (video !== null) {
      const expected = nalTexts(extracted(video))
      const mine = units.flatMap(({ bytes, nals }) =>
        nalViews(bytes, nals).map((nal) => Buffer.from(nal).toString("latin1")),
      )
      expect(mine.length).toBe(expected.length)
      expect(digest(mine)).toBe(digest(expected))
      expect(digest(nalTexts(joinBytes(units.map(({ bytes }) => bytes))))).toBe(digest(expected))
    }
    if (audio !== null) {
      const expected = extracted(audio)
      const mine = joinBytes(frames.map((frame) => frame.whole))
      expect(skipped).toBe(head)
      expect(Buffer.compare(mine, expected.subarray(head, expected.length - tail))).toBe(0)
    }
  })
})

describe.skipIf(!hasMedia)("[media] parameter sets of real streams", () => {
  const first = (name: string, type: (header: number) => boolean): Uint8Array => {
    const { units } = collect(whole(name))
    return (
      units.flatMap(({ bytes, nals }) => nalViews(bytes, nals)).find((nal) => type(nal[0] ?? 0)) ?? new Uint8Array(0)
    )
  }

  it.each([
    ["tsduck/test-064.ts", 1920, 1080],
    ["tsduck/test-072.ts", 1024, 576],
    ["eyevinn/avc_with_time.ts", 1280, 720],
    ["kim-company/scte35.ts", 640, 360],
    ["shaka/hls-ts-muxed-ac3-h264_s_00000.ts", 720, 576],
    ["mediabunny/no-initial-keyframe.ts", 640, 352],
    ["mux.js/test-segment.ts", 388, 300],
    ["mux.js/sintel-captions.ts", 400, 170],
    ["srtrelay/h264.ts", 32, 18],
    ["gstreamer/test.ts", 160, 100],
  ])("%s: H.264, %i x %i", (name, width, height) => {
    expect(parseH264Sps(first(name, (header) => h264NalType(header) === H264_SPS))).toMatchObject({ width, height })
  })

  it.each([
    ["shaka/hls-ts-h265_0.ts", 640, 360],
    ["tsduck/test-137.ts", 3840, 2160],
    ["srtrelay/h265.ts", 32, 18],
  ])("%s: HEVC, %i x %i", (name, width, height) => {
    expect(parseHevcSps(first(name, (header) => hevcNalType(header) === HEVC_SPS))).toMatchObject({ width, height })
  })

  it("leaves LATM and MP2 out, and says so", () => {
    expect(collect(whole("androidx-media/sample_latm.ts")).streams.at(-1)?.unsupported).toMatchObject([
      { name: "AAC in LATM" },
    ])
    expect(collect(whole("tsduck/test-064.ts")).streams.at(-1)?.unsupported).toMatchObject([{ name: "MPEG-1 audio" }])
  })

  it("survives corrupted streams", () => {
    for (const name of [
      "tsduck/test-142.ts",
      "tsduck/test-144.ts",
      "tsduck/test-146.ts",
      "tsduck/test-021.ts",
      "tsduck/test-181.ts",
    ]) {
      const all = collect(whole(name))
      expect(all.streams.length).toBeLessThanOrEqual(2)
    }
  })
})
