/** onMetaData (FLV E.5), with the keys that encoders send to platforms. */
import type { AmfValue } from "../rtmp/amf0.ts"
import { encodeAmf0 } from "../rtmp/amf0-encode.ts"
import { type AudioFourCc, fourCcNumber } from "./tag-body.ts"

export interface VideoFacts {
  readonly codec: "h264" | "hevc"
  readonly width: number
  readonly height: number
  /** Frames a second; null: left out. */
  readonly frame_rate: number | null
}

export interface AudioFacts {
  readonly codec: "aac" | AudioFourCc
  /** Hz. */
  readonly sample_rate: number
  /** 0: left out. */
  readonly channels: number
}

export interface StreamFacts {
  readonly video: VideoFacts | null
  readonly audio: AudioFacts | null
  /** Name of this program. */
  readonly encoder: string
}

const AVC = 7
const AAC = 10

const videoPairs = ({ codec, width, height, frame_rate }: VideoFacts): Array<readonly [string, AmfValue]> => [
  ["width", width],
  ["height", height],
  ["videocodecid", codec === "h264" ? AVC : fourCcNumber("hvc1")],
  ...(frame_rate === null ? [] : [["framerate", Math.round(frame_rate * 1000) / 1000] as const]),
]

const audioPairs = ({ codec, sample_rate, channels }: AudioFacts): Array<readonly [string, AmfValue]> => [
  ["audiocodecid", codec === "aac" ? AAC : fourCcNumber(codec)],
  ["audiosamplerate", sample_rate],
  ["audiosamplesize", 16],
  ...(channels === 0 ? [] : [["audiochannels", channels] as const, ["stereo", channels > 1] as const]),
]

/** The pairs in their order. Data rates are left out: what a source says of itself is not known from its packets. */
export const metadataPairs = ({ video, audio, encoder }: StreamFacts): ReadonlyArray<readonly [string, AmfValue]> => [
  ["duration", 0],
  ["fileSize", 0],
  ...(video === null ? [] : videoPairs(video)),
  ...(audio === null ? [] : audioPairs(audio)),
  ["encoder", encoder],
]

/** Body of the data message: `onMetaData` and an ECMA array. */
export const metadataBody = (facts: StreamFacts): Uint8Array =>
  encodeAmf0("onMetaData", { kind: "ecmaArray", properties: metadataPairs(facts) })
