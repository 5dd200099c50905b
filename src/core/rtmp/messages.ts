/** Message bodies other than audio and video (Adobe RTMP Specification 1.0, 5.4 and 7). */

import { joinBytes } from "../bytes/join-bytes.ts"
import type { AmfValue } from "./amf0.ts"
import { decodeAmf0 } from "./amf0-decode.ts"
import { encodeAmf0 } from "./amf0-encode.ts"
import { readUint32, uint32 } from "./bytes.ts"
import { CHUNK_STREAM, MESSAGE_TYPE, type RtmpMessage, USER_CONTROL } from "./constants.ts"

/** Limit types of Set Peer Bandwidth (5.4.5). */
export const PEER_BANDWIDTH_LIMIT = { hard: 0, soft: 1, dynamic: 2 } as const

/** Name, transaction id, command object and arguments (7.1.1). */
export interface CommandMessage {
  readonly type: "command"
  readonly name: string
  /** 0 where the sender expects no answer, or left it out. */
  readonly transactionId: number
  /** Command object first. */
  readonly values: ReadonlyArray<AmfValue>
}

export type ParsedMessage =
  | CommandMessage
  | { readonly type: "data"; readonly values: ReadonlyArray<AmfValue> }
  | { readonly type: "setChunkSize"; readonly size: number }
  | { readonly type: "abort"; readonly chunkStreamId: number }
  | { readonly type: "acknowledgement"; readonly sequenceNumber: number }
  /** `data` is what follows the event type: a stream id, of ping a timestamp. */
  | { readonly type: "userControl"; readonly event: number; readonly data: Uint8Array }
  | { readonly type: "windowAcknowledgementSize"; readonly size: number }
  | { readonly type: "setPeerBandwidth"; readonly size: number; readonly limit: number }
  | { readonly type: "audio" | "video" }
  | { readonly type: "unknown" }
  | { readonly type: "malformed"; readonly error: string }

const short = (what: string, body: Uint8Array, size: number): ParsedMessage => ({
  type: "malformed",
  error: `${what} has ${body.length} bytes instead of ${size}`,
})

const parseCommand = (body: Uint8Array): ParsedMessage => {
  const { values, error } = decodeAmf0(body)
  const [name, transactionId, ...rest] = values
  // Servers that get their arguments wrong are understood as far as the name goes.
  if (typeof name !== "string") return { type: "malformed", error: error ?? "a command does not begin with its name" }
  return { type: "command", name, transactionId: typeof transactionId === "number" ? transactionId : 0, values: rest }
}

const parseData = (body: Uint8Array): ParsedMessage => {
  const { values, error } = decodeAmf0(body)
  return error === null ? { type: "data", values } : { type: "malformed", error }
}

/** AMF3 messages begin with a format byte 0, and the values behind it are AMF0 unless one of them says otherwise. */
const withoutFormat = (body: Uint8Array): Uint8Array => (body[0] === 0 ? body.subarray(1) : body)

/** What a message says. Never throws. */
export const parseMessage = ({ typeId, body }: Pick<RtmpMessage, "typeId" | "body">): ParsedMessage => {
  const value = readUint32(body, 0)
  switch (typeId) {
    case MESSAGE_TYPE.setChunkSize:
      return body.length < 4 ? short("Set Chunk Size", body, 4) : { type: "setChunkSize", size: value }
    case MESSAGE_TYPE.abort:
      return body.length < 4 ? short("Abort", body, 4) : { type: "abort", chunkStreamId: value }
    case MESSAGE_TYPE.acknowledgement:
      return body.length < 4 ? short("Acknowledgement", body, 4) : { type: "acknowledgement", sequenceNumber: value }
    case MESSAGE_TYPE.userControl:
      if (body.length < 2) return short("User Control", body, 2)
      return { type: "userControl", event: Math.floor(value / 0x10000), data: body.subarray(2) }
    case MESSAGE_TYPE.windowAcknowledgementSize:
      return body.length < 4
        ? short("Window Acknowledgement Size", body, 4)
        : { type: "windowAcknowledgementSize", size: value }
    case MESSAGE_TYPE.setPeerBandwidth:
      if (body.length < 5) return short("Set Peer Bandwidth", body, 5)
      return { type: "setPeerBandwidth", size: value, limit: body[4] ?? 0 }
    case MESSAGE_TYPE.audio:
      return { type: "audio" }
    case MESSAGE_TYPE.video:
      return { type: "video" }
    case MESSAGE_TYPE.command:
      return parseCommand(body)
    case MESSAGE_TYPE.commandAmf3:
      return parseCommand(withoutFormat(body))
    case MESSAGE_TYPE.data:
      return parseData(body)
    case MESSAGE_TYPE.dataAmf3:
      return parseData(withoutFormat(body))
    default:
      return { type: "unknown" }
  }
}

/** Protocol control messages go out on chunk stream 2, message stream 0, and their timestamp means nothing (5.4). */
const control = (typeId: number, body: Uint8Array): RtmpMessage => ({
  chunkStreamId: CHUNK_STREAM.control,
  typeId,
  messageStreamId: 0,
  timestampMs: 0,
  body,
})

export const setChunkSizeMessage = (size: number): RtmpMessage =>
  control(MESSAGE_TYPE.setChunkSize, uint32(size & 0x7fffffff))

export const abortMessage = (chunkStreamId: number): RtmpMessage => control(MESSAGE_TYPE.abort, uint32(chunkStreamId))

/** `bytesReceived` in all, modulo 2^32 (5.4.3). */
export const acknowledgementMessage = (bytesReceived: number): RtmpMessage =>
  control(MESSAGE_TYPE.acknowledgement, uint32(bytesReceived))

export const windowAcknowledgementSizeMessage = (size: number): RtmpMessage =>
  control(MESSAGE_TYPE.windowAcknowledgementSize, uint32(size))

export const setPeerBandwidthMessage = (size: number, limit: number): RtmpMessage =>
  control(MESSAGE_TYPE.setPeerBandwidth, joinBytes([uint32(size), Uint8Array.of(limit)]))

export const userControlMessage = (event: number, data: Uint8Array): RtmpMessage =>
  control(MESSAGE_TYPE.userControl, joinBytes([Uint8Array.of(event >> 8, event), data]))

/** Answers a ping with the timestamp of its request, whatever its size (7.1.7). */
export const pingResponseMessage = (requestData: Uint8Array): RtmpMessage =>
  userControlMessage(USER_CONTROL.pingResponse, requestData)

/** A command of the connection: message stream 0. */
export const commandMessage = (
  name: string,
  transactionId: number,
  ...values: ReadonlyArray<AmfValue>
): RtmpMessage => ({
  chunkStreamId: CHUNK_STREAM.command,
  typeId: MESSAGE_TYPE.command,
  messageStreamId: 0,
  timestampMs: 0,
  body: encodeAmf0(name, transactionId, ...values),
})

/** A command of one stream (7.2.2): message stream of `createStream`, on the chunk stream of its audio. */
export const streamCommandMessage = (
  messageStreamId: number,
  timestampMs: number,
  name: string,
  transactionId: number,
  ...values: ReadonlyArray<AmfValue>
): RtmpMessage => ({
  ...commandMessage(name, transactionId, ...values),
  chunkStreamId: CHUNK_STREAM.data,
  messageStreamId,
  timestampMs,
})

/** Body of a data message, the same for every output: `@setDataFrame` with metadata, `onCuePoint` and others. */
export const dataBody = (...values: ReadonlyArray<AmfValue>): Uint8Array<ArrayBuffer> => encodeAmf0(...values)
