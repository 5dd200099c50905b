/** What the muxer gives to every RTMP output of a channel. */

export type FlvMessageKind = "metadata" | "video_header" | "audio_header" | "key" | "inter" | "audio" | "data"

export const TYPE_AUDIO = 8
export const TYPE_VIDEO = 9
export const TYPE_DATA = 18

export interface FlvMessage {
  readonly type: 8 | 9 | 18
  /**
   * DTS on the output's timeline, which begins with 0 at the first key frame. Not wrapped: RTMP and FLV take it modulo
   * 2^32.
   */
  readonly timestampMs: number
  /**
   * RTMP message body, FLV tag body. Metadata: `onMetaData` and its array; RTMP publishers put `@setDataFrame`
   * in front.
   */
  readonly body: Uint8Array
  readonly kind: FlvMessageKind
  /**
   * The stream's own time: DTS, of audio PTS; 90 kHz, 33 bits. Of headers and metadata that of the frame behind them.
   */
  readonly dts90k: number
}
