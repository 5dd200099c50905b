/**
 * Stream types of the PMT (ISO/IEC 13818-1 Table 2-34, ATSC A/53 and private users): one row for each, from which the
 * demuxer, the HLS segmenter and the words for people take what they need.
 */
export { STREAM_TYPE_SCTE35 } from "../assembly/memory/scte35-stream-type.ts"

/** How access points of a stream are told. `marked`: by its random_access_indicator alone. */
export type ReferenceKind = "h264" | "hevc" | "mpeg2" | "marked" | "audio"

export interface StreamType {
  readonly type: number
  readonly medium: "video" | "audio"
  /** Name for people, beside which the medium stands. */
  readonly name: string
  /** Name in a sentence of its own; null for what no sentence has to name. */
  readonly fullName: string | null
  /** How HLS finds the pictures that segments may begin with; null for what it does not cut by. */
  readonly reference: ReferenceKind | null
}

export const STREAM_TYPE_AAC_ADTS = 0x0f
export const STREAM_TYPE_H264 = 0x1b
export const STREAM_TYPE_HEVC = 0x24
export const STREAM_TYPE_AC3 = 0x81
export const STREAM_TYPE_EAC3 = 0x87
/** PES packets with private data: descriptors say what they carry. */
export const STREAM_TYPE_PRIVATE_PES = 0x06

const video = (
  type: number,
  name: string,
  fullName: string | null,
  reference: ReferenceKind | null = null,
): StreamType => ({
  type,
  medium: "video",
  name,
  fullName,
  reference,
})
const audio = (type: number, name: string, fullName = name): StreamType => ({
  type,
  medium: "audio",
  name,
  fullName,
  reference: "audio",
})

export const STREAM_TYPES: ReadonlyArray<StreamType> = [
  video(0x01, "MPEG-1", "MPEG-1 video", "mpeg2"),
  video(0x02, "MPEG-2", "MPEG-2 video", "mpeg2"),
  audio(0x03, "MPEG-1 audio"),
  audio(0x04, "MPEG-2 audio"),
  audio(STREAM_TYPE_AAC_ADTS, "AAC"),
  video(0x10, "MPEG-4 Visual", "MPEG-4 Visual", "marked"),
  audio(0x11, "AAC in LATM"),
  video(STREAM_TYPE_H264, "H.264", "H.264 video", "h264"),
  audio(0x1c, "raw AAC"),
  video(0x1f, "SVC", "SVC video"),
  video(0x20, "MVC", "MVC video"),
  video(0x21, "JPEG 2000", "JPEG 2000 video", "marked"),
  video(STREAM_TYPE_HEVC, "HEVC", "HEVC video", "hevc"),
  audio(0x2d, "MPEG-H audio"),
  audio(0x2e, "MPEG-H audio"),
  video(0x32, "JPEG XS", "JPEG XS video"),
  video(0x33, "VVC", "VVC video", "marked"),
  video(0x42, "AVS", "AVS video", "marked"),
  audio(STREAM_TYPE_AC3, "AC-3"),
  audio(0x82, "DTS", "DTS audio"),
  audio(0x83, "TrueHD", "TrueHD audio"),
  audio(STREAM_TYPE_EAC3, "E-AC-3"),
  audio(0x88, "DTS-HD", "DTS-HD audio"),
  audio(0x8a, "DTS", "DTS audio"),
  audio(0xac, "AC-4", "AC-4 audio"),
  video(0xd1, "Dirac", null),
  video(0xea, "VC-1", "VC-1 video", "marked"),
]

const namesOf = (medium: StreamType["medium"]): Readonly<Record<number, string>> =>
  Object.fromEntries(STREAM_TYPES.filter((one) => one.medium === medium).map(({ name, type }) => [type, name]))

/** Names of video stream types, for people. */
export const VIDEO_CODECS = namesOf("video")
/** Names of audio stream types, for people. */
export const AUDIO_CODECS = namesOf("audio")
