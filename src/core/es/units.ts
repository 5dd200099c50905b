/** What leaves the demuxer. */

export type VideoCodec = "h264" | "hevc"
export type AudioCodec = "aac" | "ac3" | "eac3" | "opus"

/** One access unit (H.264: both fields of a frame, where one PES packet holds both). */
export interface VideoUnit {
  readonly codec: VideoCodec
  /** As in the stream: 90 kHz, 33 bits. */
  readonly pts90k: number
  /** As in the stream; the PTS where there is none. */
  readonly dts90k: number
  /** Annex B, with every byte of the stream. A view that holds until the handler returns. */
  readonly bytes: Uint8Array
  /** Start and end of each NAL unit in `bytes`, see findNals. */
  readonly nals: ReadonlyArray<number>
  /** An IDR picture; HEVC: IDR or BLA. Nothing before it is needed, nothing after it looks back. */
  readonly idr: boolean
  /** An IDR picture, an HEVC CRA picture, or an H.264 picture with a recovery point. */
  readonly randomAccess: boolean
}

/** The payload of one PES packet, which may hold several frames and parts of frames. */
export interface AudioPes {
  readonly codec: AudioCodec
  /** PTS of the first frame that begins in the packet, in 90 kHz ticks; null when none begins. */
  readonly pts90k: number | null
  /** A view that holds until the handler returns. */
  readonly bytes: Uint8Array
}

export interface UnsupportedStream {
  readonly pid: number
  readonly stream_type: number
  /** Such as "MPEG-2 video". */
  readonly name: string
}

export interface VideoStream {
  readonly pid: number
  readonly codec: VideoCodec
}

export interface AudioStream {
  readonly pid: number
  readonly codec: AudioCodec
  /** channel_config_code of an Opus stream (ETSI TS 103 491 B.2); null when it is not stated, and for other codecs. */
  readonly opusChannelConfig: number | null
}

/** The programme's streams that are taken apart. */
export interface SelectedStreams {
  readonly program_number: number
  readonly video: VideoStream | null
  readonly audio: AudioStream | null
  /** Video and audio that no output can carry. */
  readonly unsupported: ReadonlyArray<UnsupportedStream>
}

export type LossReason =
  /** continuity_counter jumped. */
  | "continuity"
  /** transport_error_indicator. */
  | "transport_error"
  /** discontinuity_indicator in the middle of a PES packet. */
  | "discontinuity"
  | "scrambled"
  /** More than the limit without an end. */
  | "too_large"
  /** No PES header where one must be, or more NAL units than a picture can have. */
  | "malformed"
  /** Video without a start code: nothing that a decoder could begin with. */
  | "no_start_code"

export interface Loss {
  readonly kind: "video" | "audio"
  readonly reason: LossReason
  /** Bytes that were dropped; 0 when nothing was at hand. */
  readonly bytes: number
}

export interface DemuxerHandler {
  readonly video: (unit: VideoUnit) => void
  readonly audio: (pes: AudioPes) => void
  /** Before the first unit, and at each change. */
  readonly streams: (streams: SelectedStreams) => void
  readonly lost: (loss: Loss) => void
  /** discontinuity_indicator on the video or audio PID: times may jump from here on. */
  readonly discontinuity: () => void
}
