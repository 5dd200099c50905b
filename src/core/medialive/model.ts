/** What this service needs to know of a MediaLive channel, taken out of what AWS answers. */

/** States of a MediaLive channel (API reference, `ChannelState`); `UNKNOWN` for one that is not in the list. */
export const MEDIALIVE_STATES = [
  "CREATING",
  "CREATE_FAILED",
  "IDLE",
  "STARTING",
  "RUNNING",
  "RECOVERING",
  "STOPPING",
  "UPDATING",
  "UPDATE_FAILED",
  "DELETING",
  "DELETED",
  "UNKNOWN",
] as const
export type MediaLiveState = (typeof MEDIALIVE_STATES)[number]

/** `STANDARD` has two pipelines, `SINGLE_PIPELINE` one. */
export type ChannelClass = "STANDARD" | "SINGLE_PIPELINE"

/** Where one pipeline of an output sends to. */
export interface Destination {
  /** 0 or 1. */
  readonly pipeline: number
  /** Scheme, host and port; what else the URL holds may be a secret and is left out. */
  readonly url: string
  readonly scheme: string
  /** Without brackets; empty where the URL cannot be read. */
  readonly host: string
  /** Null where the URL names none. */
  readonly port: number | null
}

/** A destination of a channel with all its pipelines, known by its id. */
export interface DestinationGroup {
  readonly id: string
  readonly pipelines: ReadonlyArray<Destination>
}

/** What the list of channels tells of one. */
export interface MediaLiveSummary {
  readonly id: string
  readonly arn: string
  readonly name: string
  readonly state: MediaLiveState
  readonly channelClass: ChannelClass
  readonly pipelinesRunning: number
  readonly destinations: ReadonlyArray<DestinationGroup>
  /** Addresses that its outputs come from. */
  readonly egressIps: ReadonlyArray<string>
  /** True for a channel whose outputs leave from a VPC of the user. */
  readonly inVpc: boolean
  readonly inputs: ReadonlyArray<MediaLiveInput>
  readonly specification: InputSpecification
}

export interface MediaLiveInput {
  readonly name: string
  /** PID that cues are taken from; null where MediaLive finds them by itself. */
  readonly scte35Pid: number | null
}

/** What inputs are billed by. */
export interface InputSpecification {
  readonly codec: "AVC" | "HEVC" | "MPEG2" | null
  readonly resolution: "SD" | "HD" | "UHD" | null
  readonly maximumMbps: 10 | 20 | 50 | null
}

/** FEC of an output, SMPTE 2022-1. */
export interface MediaLiveFec {
  readonly include: "COLUMN" | "COLUMN_AND_ROW"
  readonly columnDepth: number | null
  readonly rowLength: number | null
}

export interface MediaLiveVideo {
  readonly codec: "AVC" | "HEVC" | "MPEG2" | "AV1" | "OTHER"
  readonly width: number | null
  readonly height: number | null
  /** bit/s. */
  readonly bitrate: number | null
  /** Frames a second; null where they follow the source. */
  readonly frameRate: number | null
  /** True for H.264 of enhanced quality (`qualityLevel`), which costs more. */
  readonly enhanced: boolean
}

/** Codecs of audio as MediaLive names their settings, without `Settings`. */
export type MediaLiveAudioCodec = "aac" | "ac3" | "eac3" | "eac3Atmos" | "mp2" | "passThrough" | "wav" | "other"

export interface MediaLiveAudio {
  readonly codec: MediaLiveAudioCodec
  /** Where it is set, in the words of the API. */
  readonly path: string
}

/** Settings of the transport stream of an output. */
export interface MediaLiveTs {
  /** Where they are, in the words of the API. */
  readonly path: string
  readonly scte35Control: "PASSTHROUGH" | "NONE"
  /** Null where MediaLive chooses it. */
  readonly scte35Pid: number | null
  readonly rateMode: "CBR" | "VBR"
  /** bit/s; null where it follows from the streams. */
  readonly bitrate: number | null
}

export interface MediaLiveOutput {
  readonly group: string
  readonly name: string
  /** `udp` covers RTP; `other` is what cannot come to a leg of ours (HLS, RTMP, MediaPackage, ...). */
  readonly kind: "udp" | "srt" | "other"
  /** Where its settings are, in the words of the API. */
  readonly path: string
  /** Where the settings of its group are. */
  readonly groupPath: string
  readonly destinations: ReadonlyArray<Destination>
  /** Null for outputs that carry no transport stream of their own. */
  readonly ts: MediaLiveTs | null
  readonly fec: MediaLiveFec | null
  readonly bufferMs: number | null
  readonly inputLossAction: string | null
  readonly video: MediaLiveVideo | null
  readonly audio: ReadonlyArray<MediaLiveAudio>
}

/** A channel with its outputs, as `DescribeChannel` tells. */
export interface MediaLiveChannel extends MediaLiveSummary {
  readonly outputs: ReadonlyArray<MediaLiveOutput>
  /** Numbers of the pipelines that run. */
  readonly pipelines: ReadonlyArray<number>
}

/** An alert of a channel that is set. */
export interface MediaLiveAlert {
  readonly id: string
  readonly type: string
  /** 0 or 1; null for the channel as a whole. */
  readonly pipeline: number | null
  readonly message: string
  /** ISO 8601. */
  readonly since: string | null
}

/** Pipelines that a channel of this class has. */
export const pipelinesOf = (channelClass: ChannelClass): 1 | 2 => (channelClass === "STANDARD" ? 2 : 1)
