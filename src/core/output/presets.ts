/**
 * Well-known destinations: their URL, what they accept, and what to look at before going live. Facts as the platforms
 * and the service list of OBS give them (2026-08); an input beyond the limits is warned of, never refused.
 */
import type { OutputSettings } from "./output-settings.ts"
import type { UrlProtocol } from "./output-url.ts"

export const PRESET_NAMES = [
  "youtube",
  "youtube_backup",
  "youtube_hls",
  "twitch",
  "facebook",
  "vimeo",
  "restream",
  "ivs",
] as const
export type PresetName = (typeof PRESET_NAMES)[number]

/** Codecs by the names of `ts/stream-types.ts`. */
export interface PresetLimits {
  readonly video_codecs: ReadonlyArray<string>
  readonly audio_codecs: ReadonlyArray<string>
  /** bit/s; null where the platform names none. */
  readonly max_video_bitrate: number | null
  readonly max_audio_bitrate: number | null
  /** Longest distance of key frames. */
  readonly max_keyframe_interval_s: number | null
  readonly needs_audio: boolean
}

export interface Preset {
  readonly name: PresetName
  readonly title: string
  readonly protocol: UrlProtocol
  /**
   * Null: the platform gives every customer another one, so `url` is asked for. `{stream_key}` stands where the key
   * goes.
   */
  readonly url: string | null
  /** Settings that a new output of this kind begins with. */
  readonly settings: OutputSettings
  readonly limits: PresetLimits
  /** A test of a destination may publish for a moment, without pictures: that begins no broadcast, and ends none. */
  readonly test_publishes: boolean
  /** Sentences for the operator. */
  readonly check: ReadonlyArray<string>
}

/** Place of the stream key in a URL that has one in its middle. */
export const STREAM_KEY_PLACE = "{stream_key}"

const H264: ReadonlyArray<string> = ["H.264"]
const AAC: ReadonlyArray<string> = ["AAC"]
const UNLIMITED: PresetLimits = {
  video_codecs: H264,
  audio_codecs: AAC,
  max_video_bitrate: null,
  max_audio_bitrate: null,
  max_keyframe_interval_s: 2,
  needs_audio: false,
}
const YOUTUBE: PresetLimits = {
  ...UNLIMITED,
  video_codecs: ["H.264", "HEVC"],
  max_video_bitrate: 51_000_000,
  max_audio_bitrate: 160_000,
  max_keyframe_interval_s: 4,
  needs_audio: true,
}
const YOUTUBE_RTMP: OutputSettings = { audio: "silence", codecs: ["hevc"] }
const YOUTUBE_CHECKS = [
  "the stream key is that of YouTube Studio, Go live, Stream; it differs for RTMP and HLS",
  "a stream without audio is not shown: a silent track is added where the source has none",
  'with "cue_points": "youtube" SCTE-35 breaks become ad breaks of YouTube',
]

const TABLE: Readonly<Record<PresetName, Omit<Preset, "name">>> = {
  youtube: {
    title: "YouTube Live (RTMPS)",
    protocol: "rtmp",
    url: "rtmps://a.rtmps.youtube.com:443/live2",
    settings: YOUTUBE_RTMP,
    limits: YOUTUBE,
    test_publishes: false,
    check: YOUTUBE_CHECKS,
  },
  youtube_backup: {
    title: "YouTube Live, backup ingest (RTMPS)",
    protocol: "rtmp",
    url: "rtmps://b.rtmps.youtube.com:443/live2?backup=1",
    settings: YOUTUBE_RTMP,
    limits: YOUTUBE,
    test_publishes: false,
    check: ["the same stream key as that of the primary ingest, with the same encoding", ...YOUTUBE_CHECKS],
  },
  youtube_hls: {
    title: "YouTube Live (HLS)",
    protocol: "hls",
    url: `https://a.upload.youtube.com/http_upload_hls?cid=${STREAM_KEY_PLACE}&copy=0&file=`,
    settings: { segment_s: 2, playlist_segments: 5, http_method: "put" },
    limits: YOUTUBE,
    test_publishes: false,
    check: [
      "the stream key must be one for HLS: YouTube Studio, Create new stream key, protocol HLS",
      "closed GOPs only, at most 4 s long, at most 60 frames a second, exactly one AAC track",
      "the backup is another output with https://b.upload.youtube.com/...&copy=1&file= as its url",
    ],
  },
  twitch: {
    title: "Twitch",
    protocol: "rtmp",
    url: "rtmps://ingest.global-contribute.live-video.net:443/app",
    settings: {},
    limits: { ...UNLIMITED, max_video_bitrate: 6_000_000, max_audio_bitrate: 320_000 },
    test_publishes: true,
    check: [
      "key frames every 2 s and a constant bit rate",
      "?bandwidthtest=true behind the stream key tests the way without going live",
      "another ingest of Twitch's list may be given as url: rtmp://HOST/app",
    ],
  },
  facebook: {
    title: "Facebook Live",
    protocol: "rtmp",
    url: "rtmps://live-api-s.facebook.com:443/rtmp/",
    settings: { audio: "silence" },
    limits: {
      ...UNLIMITED,
      max_video_bitrate: 9_000_000,
      max_audio_bitrate: 128_000,
      max_keyframe_interval_s: 4,
      needs_audio: true,
    },
    test_publishes: false,
    check: [
      "the stream key is used up by a broadcast unless it is a persistent one; its part behind ? belongs to it",
      "a broadcast ends after 8 hours",
      "resolution and frame rate must not change while it lasts",
    ],
  },
  vimeo: {
    title: "Vimeo",
    protocol: "rtmp",
    url: "rtmp://rtmp.cloud.vimeo.com/live",
    settings: {},
    limits: UNLIMITED,
    test_publishes: false,
    check: ["the stream key belongs to one event", "key frames every 2 s"],
  },
  restream: {
    title: "Restream",
    protocol: "rtmp",
    url: "rtmp://live.restream.io/live",
    settings: {},
    limits: UNLIMITED,
    test_publishes: false,
    check: ["the platforms behind it have limits of their own", "key frames every 2 s"],
  },
  ivs: {
    title: "Amazon IVS",
    protocol: "rtmp",
    url: null,
    settings: {},
    limits: UNLIMITED,
    test_publishes: false,
    check: [
      "url is the ingest endpoint of the channel: rtmps://ID.global-contribute.live-video.net:443/app/",
      "the type of the channel limits bit rate and resolution",
      "key frames every 2 s; audio alone is not accepted",
    ],
  },
}

export const presetOf = (name: PresetName): Preset => ({ name, ...TABLE[name] })

export const PRESETS: ReadonlyArray<Preset> = PRESET_NAMES.map(presetOf)
