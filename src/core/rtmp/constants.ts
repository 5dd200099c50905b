/** Numbers of RTMP (Adobe RTMP Specification 1.0), named as there. */

/** Message type ids (5.4, 6.2, 7.1). */
export const MESSAGE_TYPE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  /** Data and command messages in AMF3: one byte, then AMF0 in practice. */
  dataAmf3: 15,
  commandAmf3: 17,
  data: 18,
  command: 20,
} as const

/** Event types of user control messages (7.1.7). */
export const USER_CONTROL = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  pingRequest: 6,
  pingResponse: 7,
} as const

/**
 * Chunk stream ids we send on. All stay below 32, where nginx-rtmp ends the connection, and audio shares one with data
 * and `publish` as in librtmp.
 */
export const CHUNK_STREAM = { control: 2, command: 3, audio: 4, data: 4, video: 6 } as const

/** Chunk size of both directions until Set Chunk Size says otherwise (5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128

/** No message is longer (24 bits), so no larger chunk size means anything (5.4.1). */
export const MAX_CHUNK_SIZE = 0xffffff

/** The value of the 3-byte timestamp field that announces an extended timestamp (5.3.1.3). */
export const EXTENDED_TIMESTAMP = 0xffffff

/** A message of a chunk stream, in either direction. */
export interface RtmpMessage {
  readonly chunkStreamId: number
  readonly typeId: number
  /** 0 for control and connection-level commands. */
  readonly messageStreamId: number
  /** Milliseconds; goes out modulo 2^32 and comes in below it. */
  readonly timestampMs: number
  readonly body: Uint8Array
}
