// Muxes real streams: the result must be what ffmpeg makes of them, and ffmpeg must be able to read it.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { hasFfmpeg, runFfmpeg } from "../../../test/ffmpeg.ts"
import { hasMedia, readMedia } from "../../../test/media.ts"
import { collect } from "../es/testing/collect.ts"
import type { FlvMessage } from "./message.ts"
import { decodeAudioBody, decodeVideoBody, splitLengthPrefixed } from "./tag-body.ts"
import { ALLOW_ALL, mux } from "./testing/mux.ts"
import { writeFlvFile } from "./testing/write-flv-file.ts"

/** Files with H.264, with AAC, or with both. */
const FILES = [
  "tsduck/test-064.ts",
  "tsduck/test-072.ts",
  "eyevinn/avc_with_time.ts",
  "eyevinn/bbb_1s.ts",
  "kim-company/scte35.ts",
  "kim-company/avsync.ts",
  "androidx-media/sample_h264.ts",
  "shaka/hls-ts-rollover_360p30_h264_48k_160_aac_ts-0000000027.ts",
  "shaka/hls-ts-rollover_360p30_h264_48k_160_aac_ts-0000000028.ts",
  "shaka/hls-ts-rollover_360p30_h264_48k_160_aac_ts-0000000029.ts",
  "shaka/hls-gap_4.ts",
  "shaka/hls-gap_6.ts",
  "shaka/hls-ts-aac_segment_0.ts",
  "mediabunny/no-initial-keyframe.ts",
  "mux.js/test-segment.ts",
  "mux.js/test-no-audio-segment.ts",
  "mux.js/sintel-captions.ts",
  "srtrelay/h264.ts",
  "gstreamer/test.ts",
]
/**
 * Files whose audio begins in the middle of a frame. ffmpeg takes the rest for a frame, and then leaves ADTS headers (7
 * bytes) in all other frames.
 */
const AUDIO_DAMAGED = new Set(["gstreamer/test.ts"])

interface Packet {
  readonly dts: number
  readonly pts: number
  readonly bytes: Uint8Array
}

let directory = ""
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "flv-muxer-"))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const whole = (name: string): Uint8Array => {
  const bytes = readMedia(name)
  return bytes.subarray(0, bytes.length - (bytes.length % 188))
}

/**
 * Tags of an FLV file, read by its layout alone: type, time and body. They include empty AAC headers, as ffmpeg writes
 * them.
 */
const tags = (file: Uint8Array): Array<{ type: number; time: number; body: Uint8Array }> => {
  const view = Buffer.from(file.buffer, file.byteOffset, file.length)
  const list = []
  for (let at = 13; at + 11 <= view.length; ) {
    const size = view.readUIntBE(at + 1, 3)
    const time = view.readUIntBE(at + 4, 3) + view.readUInt8(at + 7) * 2 ** 24
    list.push({ type: view.readUInt8(at), time, body: file.subarray(at + 11, at + 11 + size) })
    at += 11 + size + 4
  }
  return list
}

const pictures = (list: ReadonlyArray<{ type: number; time: number; body: Uint8Array }>): Packet[] =>
  list.flatMap(({ type, time, body }) => {
    const tag = type === 9 ? decodeVideoBody(body) : null
    return tag?.packet === "frame" ? [{ dts: time, pts: time + tag.compositionTimeMs, bytes: tag.data }] : []
  })
const sounds = (list: ReadonlyArray<{ type: number; time: number; body: Uint8Array }>): Packet[] =>
  list.flatMap(({ type, time, body }) => {
    const tag = type === 8 ? decodeAudioBody(body) : null
    return tag?.packet === "frame" ? [{ dts: time, pts: time, bytes: tag.data }] : []
  })

/** The FLV files that `ffmpeg -c copy` makes of the streams that the muxer carries, by the names of `FILES`. */
const references = (): ReadonlyMap<string, ReturnType<typeof tags>> => {
  const jobs = FILES.map((name) => {
    const input = whole(name)
    const { streams, frames } = collect(input)
    const { video, audio } = streams.at(-1) ?? { video: null, audio: null }
    // Audio that is listed but never comes stops ffmpeg, because it has no sample rate.
    const maps = [video, frames.length === 0 ? null : audio].flatMap((stream) =>
      stream === null ? [] : [`i:${stream.pid}`],
    )
    // -use_wallclock and similar options stay off: times are the file's own, rebased by ffmpeg to its first packet.
    return { input, format: "mpegts", outputs: [{ maps, options: ["-c", "copy", "-f", "flv"] }] }
  })
  const { files } = runFfmpeg(jobs)
  return new Map(FILES.map((name, at) => [name, tags(files[at]?.[0] ?? new Uint8Array())]))
}

const digest = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex")
/** The NAL units of a picture without delimiters and filler, which ffmpeg keeps, and without zeros behind them. */
const content = ({ bytes }: Packet): string =>
  (splitLengthPrefixed(bytes) ?? [])
    .filter((nal) => ![9, 12].includes((nal[0] ?? 0) & 31))
    .map((nal) => digest(nal.subarray(0, nal.findLastIndex((byte) => byte !== 0) + 1)))
    .join(" ")

const asTags = (messages: ReadonlyArray<FlvMessage>) =>
  messages.map(({ type, timestampMs: time, body }) => ({ type, time, body }))

describe.skipIf(!hasMedia || !hasFfmpeg)("[media] FLV against ffmpeg -c copy", () => {
  let all: ReturnType<typeof references>
  beforeAll(() => {
    all = references()
  })

  it.each(FILES)("%s", (name) => {
    const { messages, muxer, problems } = mux(whole(name))
    const theirs = all.get(name) ?? []
    const [video, theirVideo] = [pictures(asTags(messages)), pictures(theirs)]
    const [audio, theirAudio] = [sounds(asTags(messages)), sounds(theirs)]
    const shift = theirVideo[0]?.dts ?? 0
    expect(video.map(content)).toEqual(theirVideo.map(content))
    for (const [i, { dts, pts }] of video.entries()) {
      expect(Math.abs(dts - ((theirVideo[i]?.dts ?? 0) - shift))).toBeLessThanOrEqual(1)
      expect(Math.abs(pts - ((theirVideo[i]?.pts ?? 0) - shift))).toBeLessThanOrEqual(1)
    }
    const heard = theirAudio.filter(({ dts }) => dts >= shift)
    const own = AUDIO_DAMAGED.has(name)
      ? heard.slice(-audio.length).map((one) => ({ ...one, bytes: one.bytes.subarray(7) }))
      : heard
    expect(audio.map(({ bytes }) => digest(bytes))).toEqual(own.map(({ bytes }) => digest(bytes)))
    for (const [i, { dts }] of audio.entries())
      expect(Math.abs(dts - ((own[i]?.dts ?? 0) - shift))).toBeLessThanOrEqual(1)
    expect(muxer.rebases).toBe(0)
    expect(problems.filter((sentence) => !sentence.includes("RTMP cannot carry it"))).toEqual([])
  })

  it.each(["kim-company/scte35.ts", "tsduck/test-064.ts", "mediabunny/no-initial-keyframe.ts"])(
    "%s decodes without a word",
    (name) => {
      const path = join(directory, "own.flv")
      writeFileSync(path, writeFlvFile(mux(whole(name), { audio: "silence" }).messages))
      const { stderr, status } = spawnSync("ffmpeg", [
        "-v",
        "warning",
        "-xerror",
        "-i",
        path,
        "-map",
        "0:v",
        "-map",
        "0:a",
        "-f",
        "null",
        "-",
      ])
      expect([stderr.toString(), status]).toEqual(["", 0])
    },
  )
})

describe.skipIf(!hasMedia || !hasFfmpeg)("[media] Enhanced RTMP", () => {
  it.each([
    ["shaka/hls-ts-h265_0.ts", 360, 0],
    ["srtrelay/h265.ts", 25, 0],
    ["shaka/hls-ts-muxed-ac3-h264_s_00000.ts", 52, 64],
  ])("%s: %i pictures, %i sounds", (name, videoCount, audioCount) => {
    const ts = whole(name)
    const { messages } = mux(ts, { allow: ALLOW_ALL })
    const { units, frames } = collect(ts)
    const list = asTags(messages)
    expect(pictures(list)).toHaveLength(videoCount)
    expect(sounds(list)).toHaveLength(audioCount)
    const sent = new Set(frames.map(({ bytes }) => digest(bytes)))
    expect(sounds(list).every(({ bytes }) => sent.has(digest(bytes)))).toBe(true)
    const first = units.find(({ idr }) => idr)
    expect(messages.find(({ kind }) => kind === "key")?.dts90k).toBe(first?.dts90k)
  })

  it("has an hvcC that says what the SPS says", () => {
    const header = mux(whole("srtrelay/h265.ts"), { allow: ALLOW_ALL }).messages.find(
      ({ kind }) => kind === "video_header",
    )
    const record = decodeVideoBody(header?.body ?? new Uint8Array(0))?.data ?? new Uint8Array(0)
    const reference = spawnSync(
      "ffmpeg",
      [
        "-v",
        "error",
        "-f",
        "mpegts",
        "-i",
        "pipe:0",
        "-c",
        "copy",
        "-f",
        "mp4",
        "-movflags",
        "frag_keyframe+empty_moov",
        "pipe:1",
      ],
      {
        input: whole("srtrelay/h265.ts"),
      },
    ).stdout
    const at = reference.indexOf("hvcC")
    expect(at).toBeGreaterThan(0)
    const theirs = reference.subarray(at + 4, at - 4 + reference.readUInt32BE(at - 4))
    // The bytes hold profile, tier, level, chroma and depths. ffmpeg knows more about parallelism than the SPS says,
    // and orders arrays in its own way.
    expect(Buffer.compare(record.subarray(0, 13), theirs.subarray(0, 13))).toBe(0)
    expect([...record.subarray(16, 19)]).toEqual([...theirs.subarray(16, 19)])
  })
})
