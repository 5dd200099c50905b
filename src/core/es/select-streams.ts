/** Which streams of a programme are carried on. */
import { type PmtStream, registrationOf } from "../ts/psi.ts"
import {
  STREAM_TYPE_AAC_ADTS,
  STREAM_TYPE_AC3,
  STREAM_TYPE_EAC3,
  STREAM_TYPE_H264,
  STREAM_TYPE_HEVC,
  STREAM_TYPE_PRIVATE_PES,
  STREAM_TYPES,
} from "../ts/stream-types.ts"
import type { AudioCodec, AudioStream, SelectedStreams, UnsupportedStream, VideoCodec, VideoStream } from "./units.ts"

/** PIDs set by hand; a PID that the PMT does not list with a supported codec selects nothing. */
export interface StreamChoice {
  readonly videoPid?: number
  readonly audioPid?: number
}

type Codec = { readonly video: VideoCodec } | { readonly audio: AudioCodec } | { readonly unsupported: string }

const TAG_AC3 = 0x6a
const TAG_ENHANCED_AC3 = 0x7a
const TAG_EXTENSION = 0x7f
/** descriptor_tag_extension of the Opus descriptor (ETSI TS 103 491 B.2). */
const EXTENSION_OPUS = 0x80

/** Stream types whose frames are read. */
const READ: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  [STREAM_TYPE_AAC_ADTS, { audio: "aac" }],
  [STREAM_TYPE_H264, { video: "h264" }],
  [STREAM_TYPE_HEVC, { video: "hevc" }],
  [STREAM_TYPE_AC3, { audio: "ac3" }],
  [STREAM_TYPE_EAC3, { audio: "eac3" }],
])

/** What each stream type is to the demuxer; one that is left out is neither video nor audio. */
const CODECS: ReadonlyMap<number, Codec> = new Map(
  STREAM_TYPES.flatMap(({ fullName, type }): ReadonlyArray<[number, Codec]> => {
    const codec = READ.get(type) ?? (fullName === null ? null : { unsupported: fullName })
    return codec === null ? [] : [[type, codec]]
  }),
)

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
  if (stream_type !== STREAM_TYPE_PRIVATE_PES) return CODECS.get(stream_type) ?? null
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
      audio.push({
        pid,
        codec: codec.audio,
        opusChannelConfig: codec.audio === "opus" ? opusChannelConfig(stream) : null,
      })
    else unsupported.push({ pid, stream_type, name: codec.unsupported })
  }
  const byHand = <T extends { readonly pid: number }>(
    streams: ReadonlyArray<T>,
    pid: number | undefined,
  ): ReadonlyArray<T> => (pid === undefined ? streams : streams.filter((stream) => stream.pid === pid))
  const audible = byHand(audio, choice.audioPid)
  return {
    program_number: pmt.program_number,
    video: byHand(video, choice.videoPid)[0] ?? null,
    audio: audible.find(({ codec }) => codec === "aac") ?? audible[0] ?? null,
    unsupported,
  }
}

/** Whether two selections are the same. */
export const sameStreams = (a: SelectedStreams | null, b: SelectedStreams): boolean =>
  a !== null && JSON.stringify(a) === JSON.stringify(b)
