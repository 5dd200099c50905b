/** Which streams of a programme are carried on. */
import { type PmtStream, registrationOf } from "../ts/psi.ts"
import type { AudioCodec, AudioStream, SelectedStreams, UnsupportedStream, VideoCodec, VideoStream } from "./units.ts"

/** PIDs set by hand; a PID that the PMT does not list with a supported codec selects nothing. */
export interface StreamChoice {
  readonly videoPid?: number
  readonly audioPid?: number
}

type Codec = { readonly video: VideoCodec } | { readonly audio: AudioCodec } | { readonly unsupported: string }

const PRIVATE_PES = 0x06
const TAG_AC3 = 0x6a
const TAG_ENHANCED_AC3 = 0x7a
const TAG_EXTENSION = 0x7f
/** descriptor_tag_extension of the Opus descriptor (ETSI TS 103 491 B.2). */
const EXTENSION_OPUS = 0x80

/** stream_type values of ISO/IEC 13818-1 Table 2-34 and ATSC A/53; null: neither video nor audio. */
const STREAM_TYPES: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  [0x01, { unsupported: "MPEG-1 video" }],
  [0x02, { unsupported: "MPEG-2 video" }],
  [0x03, { unsupported: "MPEG-1 audio" }],
  [0x04, { unsupported: "MPEG-2 audio" }],
  [0x0f, { audio: "aac" }],
  [0x10, { unsupported: "MPEG-4 Visual" }],
  [0x11, { unsupported: "AAC in LATM" }],
  [0x1b, { video: "h264" }],
  [0x1c, { unsupported: "raw AAC" }],
  [0x1f, { unsupported: "SVC video" }],
  [0x20, { unsupported: "MVC video" }],
  [0x21, { unsupported: "JPEG 2000 video" }],
  [0x24, { video: "hevc" }],
  [0x2d, { unsupported: "MPEG-H audio" }],
  [0x2e, { unsupported: "MPEG-H audio" }],
  [0x32, { unsupported: "JPEG XS video" }],
  [0x33, { unsupported: "VVC video" }],
  [0x42, { unsupported: "AVS video" }],
  [0x81, { audio: "ac3" }],
  [0x82, { unsupported: "DTS audio" }],
  [0x83, { unsupported: "TrueHD audio" }],
  [0x87, { audio: "eac3" }],
  [0x88, { unsupported: "DTS-HD audio" }],
  [0x8a, { unsupported: "DTS audio" }],
  [0xac, { unsupported: "AC-4 audio" }],
  [0xea, { unsupported: "VC-1 video" }],
])

/** format_identifier of a registration descriptor in a private stream. */
const REGISTRATIONS: ReadonlyMap<string, Codec> = new Map<string, Codec>([
  ["AC-3", { audio: "ac3" }],
  ["EAC3", { audio: "eac3" }],
  ["Opus", { audio: "opus" }],
  ["HEVC", { video: "hevc" }],
  ["BSSD", { unsupported: "SMPTE 302M audio" }],
  ["AC-4", { unsupported: "AC-4 audio" }],
  ["AV01", { unsupported: "AV1 video" }],
  ["DTS1", { unsupported: "DTS audio" }],
  ["DTS2", { unsupported: "DTS audio" }],
  ["DTS3", { unsupported: "DTS audio" }],
])

/** The codec of an elementary stream; null for what is neither video nor audio. */
export const codecOf = ({ stream_type, descriptors }: PmtStream): Codec | null => {
  if (stream_type !== PRIVATE_PES) return STREAM_TYPES.get(stream_type) ?? null
  for (const descriptor of descriptors) {
    if (descriptor.tag === TAG_AC3) return { audio: "ac3" }
    if (descriptor.tag === TAG_ENHANCED_AC3) return { audio: "eac3" }
    const registered = REGISTRATIONS.get(registrationOf(descriptor) ?? "")
    if (registered !== undefined) return registered
  }
  return null
}

const opusChannelConfig = ({ descriptors }: PmtStream): number | null =>
  descriptors.find(({ tag, data }) => tag === TAG_EXTENSION && data[0] === EXTENSION_OPUS)?.data[1] ?? null

/** The first video stream, and the first AAC stream or else the first audio stream, that can be carried. */
export const selectStreams = (
  pmt: { readonly program_number: number; readonly streams: ReadonlyArray<PmtStream> },
  choice: StreamChoice = {},
): SelectedStreams => {
  const video: VideoStream[] = []
  const audio: AudioStream[] = []
  const unsupported: UnsupportedStream[] = []
  for (const stream of pmt.streams) {
    const codec = codecOf(stream)
    const { pid, stream_type } = stream
    if (codec === null) continue
    if ("video" in codec) video.push({ pid, codec: codec.video })
    else if ("audio" in codec)
      audio.push({ pid, codec: codec.audio, opusChannelConfig: codec.audio === "opus" ? opusChannelConfig(stream) : null })
    else unsupported.push({ pid, stream_type, name: codec.unsupported })
  }
  const byHand = <T extends { readonly pid: number }>(streams: ReadonlyArray<T>, pid: number | undefined): ReadonlyArray<T> =>
    pid === undefined ? streams : streams.filter((stream) => stream.pid === pid)
  const audible = byHand(audio, choice.audioPid)
  return {
    program_number: pmt.program_number,
    video: byHand(video, choice.videoPid)[0] ?? null,
    audio: audible.find(({ codec }) => codec === "aac") ?? audible[0] ?? null,
    unsupported,
  }
}

/** Whether two selections are the same. */
export const sameStreams = (a: SelectedStreams | null, b: SelectedStreams): boolean => a !== null && JSON.stringify(a) === JSON.stringify(b)
