import { describe, expect, it } from "vitest"
import { PRESETS, presetOf } from "../../core/output/presets.ts"
import { presetWarnings } from "./preset-warnings.ts"

const leg = (
  streams: ReadonlyArray<readonly [pid: number, type: number, bitrate: number]>,
  intervalMs: number | null = 2000,
) => ({
  programmes: [
    {
      program_number: 1,
      pmt_pid: 480,
      pcr_pid: 481,
      version: 0,
      cuei: false,
      streams: streams.map(([pid, stream_type]) => ({ pid, stream_type })),
    },
  ],
  pids: streams.map(([pid, , bitrate]) => ({ pid, packets: 1, bitrate })),
  access_point_interval_ms: intervalMs,
})
const H264 = 0x1b
const HEVC = 0x24
const AAC = 0x0f
const MP2 = 3
const AC3 = 0x81

describe("what an input has that a destination does not take", () => {
  it("is nothing within the limits, nor while the input is not known", () => {
    const fits = leg([
      [481, H264, 6_000_000],
      [482, AAC, 128_000],
    ])
    expect(presetWarnings("twitch", {}, fits)).toEqual([])
    expect(presetWarnings("youtube", {}, fits)).toEqual([])
    expect(presetWarnings("twitch", {}, undefined)).toEqual([])
    expect(presetWarnings(null, {}, leg([[481, HEVC, 99e6]]))).toEqual([])
    expect(presetWarnings("twitch", {}, { ...fits, programmes: [] })).toEqual([])
  })
  it("is a codec, a bit rate, a distance of key frames", () => {
    expect(
      presetWarnings(
        "twitch",
        {},
        leg(
          [
            [481, HEVC, 8_020_000],
            [482, MP2, 384_000],
          ],
          5200,
        ),
      ),
    ).toEqual([
      "Twitch does not take HEVC: its video must be H.264",
      "Twitch takes 6.0 Mbit/s of video at most, the input has 8.0 Mbit/s",
      "Twitch does not take MPEG-1 audio: its audio must be AAC",
      "Twitch takes 0.320 Mbit/s of audio at most, the input has 0.384 Mbit/s",
      "Twitch wants a key frame every 2 s, the input has one every 5.2 s",
    ])
    expect(
      presetWarnings(
        "youtube",
        {},
        leg([
          [481, HEVC, 8e6],
          [482, AC3, 100_000],
        ]),
      ),
    ).toEqual(["YouTube Live (RTMPS) does not take AC-3: its audio must be AAC"])
  })
  it("is a lack of audio where nothing fills it", () => {
    const silent = leg([[481, H264, 4e6]])
    expect(presetWarnings("facebook", {}, silent)).toEqual([
      'Facebook Live needs audio and the input has none: set "audio": "silence"',
    ])
    expect(presetWarnings("facebook", { audio: "silence" }, silent)).toEqual([])
    expect(presetWarnings("vimeo", {}, silent)).toEqual([])
  })
})

it("presets say what to check, and ask for a URL where they have none", () => {
  expect(PRESETS.filter(({ url }) => url === null).map(({ name }) => name)).toEqual(["ivs"])
  for (const { check, limits } of PRESETS) {
    expect(check.length).toBeGreaterThan(0)
    expect(limits.video_codecs).toContain("H.264")
  }
  expect(presetOf("youtube_hls").url).toContain("{stream_key}")
})
