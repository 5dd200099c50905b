/**
 * Bodies of RTMP audio and video messages, which are those of FLV tags (Adobe Flash Video File Format 10.1, E.4.2 and
 * E.4.3) and of Enhanced RTMP v2 (ExVideoTagHeader, ExAudioTagHeader).
 */
import type { VideoCodec } from "../es/units.ts"

/** FourCC of Enhanced RTMP for what FLV itself has no number for. */
export type VideoFourCc = "hvc1" | "avc1" | "av01" | "vp09"
export type AudioFourCc = "ac-3" | "ec-3" | "Opus" | "mp4a" | ".mp3" | "fLaC"

const KEY = 1
const INTER = 2
const CODEC_AVC = 7
const EX_HEADER = 0x80
/** SoundFormat 9: ExAudioTagHeader follows. */
const EX_AUDIO = 0x90
/** AAC, and as for all AAC: 44 kHz, 16 bit, stereo, whatever the stream is. */
const AAC = 0xaf
const SEQUENCE_START = 0
const CODED_FRAMES = 1
const SEQUENCE_END = 2
const CODED_FRAMES_X = 3
/** The largest composition time offset that SI24 holds, ms. */
export const COMPOSITION_TIME_MAX = 0x7fffff

const fourCcBytes = (fourCc: string): number[] => Array.from(fourCc, (letter) => letter.charCodeAt(0))

/** A FourCC as onMetaData states it: its four bytes as one number. */
export const fourCcNumber = (fourCc: VideoFourCc | AudioFourCc): number =>
  fourCcBytes(fourCc).reduce((value, byte) => value * 256 + byte, 0)

const withHead = (head: ReadonlyArray<number>, data: Uint8Array): Uint8Array => {
  const body = new Uint8Array(head.length + data.length)
  body.set(head)
  body.set(data, head.length)
  return body
}

/** Decoder configuration: avcC for H.264, hvcC for HEVC (Enhanced RTMP). */
export const videoHeaderBody = (codec: VideoCodec, configuration: Uint8Array): Uint8Array =>
  codec === "h264"
    ? withHead([(KEY << 4) | CODEC_AVC, 0, 0, 0, 0], configuration)
    : withHead([EX_HEADER | (KEY << 4) | SEQUENCE_START, ...fourCcBytes("hvc1")], configuration)

const frameHead = (codec: VideoCodec, key: boolean, compositionTimeMs: number): number[] => {
  const type = (key ? KEY : INTER) << 4
  const time = [(compositionTimeMs >> 16) & 255, (compositionTimeMs >> 8) & 255, compositionTimeMs & 255]
  if (codec === "h264") return [type | CODEC_AVC, 1, ...time]
  if (compositionTimeMs === 0) return [EX_HEADER | type | CODED_FRAMES_X, ...fourCcBytes("hvc1")]
  return [EX_HEADER | type | CODED_FRAMES, ...fourCcBytes("hvc1"), ...time]
}

/**
 * A picture: the NAL units of `bytes` that lie from `nals[i]` to `nals[i + 1]`, each behind its length in 4 bytes.
 * `compositionTimeMs` is PTS - DTS, 0 … 8 388 607.
 */
export const videoFrameBody = (
  codec: VideoCodec,
  key: boolean,
  compositionTimeMs: number,
  bytes: Uint8Array,
  nals: ReadonlyArray<number>,
): Uint8Array => {
  const head = frameHead(codec, key, compositionTimeMs)
  let size = head.length
  for (let i = 0; i + 1 < nals.length; i += 2) size += 4 + (nals[i + 1] ?? 0) - (nals[i] ?? 0)
  const body = new Uint8Array(size)
  body.set(head)
  let at = head.length
  for (let i = 0; i + 1 < nals.length; i += 2) {
    const nal = bytes.subarray(nals[i], nals[i + 1])
    body[at] = nal.length >>> 24
    body[at + 1] = (nal.length >> 16) & 255
    body[at + 2] = (nal.length >> 8) & 255
    body[at + 3] = nal.length & 255
    body.set(nal, at + 4)
    at += 4 + nal.length
  }
  return body
}

/** End of the sequence: the encoder stops here. */
export const videoEndBody = (codec: VideoCodec): Uint8Array =>
  codec === "h264"
    ? Uint8Array.of((KEY << 4) | CODEC_AVC, 2, 0, 0, 0)
    : Uint8Array.from([EX_HEADER | (KEY << 4) | SEQUENCE_END, ...fourCcBytes("hvc1")])

/** AudioSpecificConfig. */
export const aacHeaderBody = (config: Uint8Array): Uint8Array => withHead([AAC, 0], config)

/** A raw_data_block, without ADTS header. */
export const aacFrameBody = (block: Uint8Array): Uint8Array => withHead([AAC, 1], block)

/** Decoder configuration of Enhanced RTMP: OpusHead for Opus. AC-3 and E-AC-3 have none. */
export const exAudioHeaderBody = (fourCc: AudioFourCc, configuration: Uint8Array): Uint8Array =>
  withHead([EX_AUDIO | SEQUENCE_START, ...fourCcBytes(fourCc)], configuration)

/** A frame of Enhanced RTMP: a whole AC-3 or E-AC-3 syncframe, an Opus packet. */
export const exAudioFrameBody = (fourCc: AudioFourCc, frame: Uint8Array): Uint8Array =>
  withHead([EX_AUDIO | CODED_FRAMES, ...fourCcBytes(fourCc)], frame)

export interface VideoTag {
  readonly kind: "video"
  readonly codec: string
  readonly key: boolean
  readonly packet: "header" | "frame" | "end" | "other"
  readonly compositionTimeMs: number
  /** Configuration, or NAL units with lengths. */
  readonly data: Uint8Array
}

export interface AudioTag {
  readonly kind: "audio"
  readonly codec: string
  readonly packet: "header" | "frame" | "end" | "other"
  readonly data: Uint8Array
}

const textAt = (body: Uint8Array, at: number): string => String.fromCharCode(...body.subarray(at, at + 4))

const si24 = (body: Uint8Array, at: number): number =>
  (((body[at] ?? 0) << 24) | ((body[at + 1] ?? 0) << 16) | ((body[at + 2] ?? 0) << 8)) >> 8

const decodeExVideo = (body: Uint8Array, first: number): VideoTag | null => {
  if (body.length < 5) return null
  const packetType = first & 15
  const codec = textAt(body, 1)
  const timed = packetType === CODED_FRAMES && (codec === "hvc1" || codec === "avc1")
  if (timed && body.length < 8) return null
  const packet = ({ 0: "header", 1: "frame", 2: "end", 3: "frame" } as const)[packetType] ?? "other"
  return {
    kind: "video",
    codec,
    key: ((first >> 4) & 7) === KEY,
    packet,
    compositionTimeMs: timed ? si24(body, 5) : 0,
    data: body.subarray(timed ? 8 : 5),
  }
}

/**
 * Takes a video body apart (type 9); null for one that is too short or of a codec other than AVC and those of Enhanced
 * RTMP.
 */
export const decodeVideoBody = (body: Uint8Array): VideoTag | null => {
  const first = body[0] ?? 0
  if ((first & EX_HEADER) !== 0) return decodeExVideo(body, first)
  if (body.length < 5 || (first & 15) !== CODEC_AVC) return null
  const packet = ({ 0: "header", 1: "frame", 2: "end" } as const)[body[1] ?? 0] ?? "other"
  return {
    kind: "video",
    codec: "avc1",
    key: first >> 4 === KEY,
    packet,
    compositionTimeMs: si24(body, 2),
    data: body.subarray(5),
  }
}

/**
 * Takes an audio body apart (type 8); null for one that is too short or of a codec other than AAC and those of Enhanced
 * RTMP.
 */
export const decodeAudioBody = (body: Uint8Array): AudioTag | null => {
  const first = body[0] ?? 0
  if (first >> 4 === 9) {
    if (body.length < 5) return null
    const packet = ({ 0: "header", 1: "frame", 2: "end" } as const)[first & 15] ?? "other"
    return { kind: "audio", codec: textAt(body, 1), packet, data: body.subarray(5) }
  }
  if (body.length < 2 || first >> 4 !== 10) return null
  return { kind: "audio", codec: "mp4a", packet: body[1] === 0 ? "header" : "frame", data: body.subarray(2) }
}

/** The NAL units of a frame's data, as views; null when their lengths do not fit. */
export const splitLengthPrefixed = (data: Uint8Array): Uint8Array[] | null => {
  const nals: Uint8Array[] = []
  for (let at = 0; at < data.length; ) {
    if (at + 4 > data.length) return null
    const size =
      (data[at] ?? 0) * 2 ** 24 + (((data[at + 1] ?? 0) << 16) | ((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0))
    if (at + 4 + size > data.length) return null
    nals.push(data.subarray(at + 4, at + 4 + size))
    at += 4 + size
  }
  return nals
}
