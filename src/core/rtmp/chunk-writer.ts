/**
 * Messages into chunks (Adobe RTMP Specification 1.0, 5.3.1). Bodies are never copied: one serves any number of
 * outputs.
 */
import { writeUint24, writeUint32 } from "./bytes.ts"
import { DEFAULT_CHUNK_SIZE, EXTENDED_TIMESTAMP, MAX_CHUNK_SIZE, type RtmpMessage } from "./constants.ts"

/** Bytes of the largest header: 3 of the basic header, 11 of type 0, 4 of an extended timestamp. */
export const MAX_CHUNK_HEADER = 18

const CHUNK_STREAM_ID_MIN = 2
const CHUNK_STREAM_ID_MAX = 65_599

interface LastMessage {
  readonly messageStreamId: number
  readonly timestamp: number
}

/** Basic header (5.3.1.1): 1 byte for ids to 63, 2 to 319, 3 beyond. Returns the bytes written. */
const writeBasicHeader = (header: Uint8Array, format: number, id: number): number => {
  if (id < 64) {
    header[0] = (format << 6) | id
    return 1
  }
  if (id < 320) {
    header[0] = format << 6
    header[1] = id - 64
    return 2
  }
  header[0] = (format << 6) | 1
  header[1] = (id - 64) & 0xff
  header[2] = (id - 64) >> 8
  return 3
}

const basicHeaderSize = (id: number): number => (id < 64 ? 1 : id < 320 ? 2 : 3)

/**
 * Header of the chunks after the first of a message: type 3, with the extended timestamp again where there is one
 * (5.3.1.3).
 */
const continuationHeader = (id: number, extended: number | null): Uint8Array => {
  const header = new Uint8Array(basicHeaderSize(id) + (extended === null ? 0 : 4))
  const at = writeBasicHeader(header, 3, id)
  if (extended !== null) writeUint32(header, at, extended)
  return header
}

/**
 * Cuts messages into chunks for one connection. The first message of a chunk stream, one of another message stream, one
 * that lies before its predecessor, and one 4 h 39 min after it get a type 0 header; all others type 1. So an extended
 * timestamp is always an absolute one: receivers differ on whether behind a type 1 header it is a delta. Type 3 only
 * continues a message.
 */
export class ChunkWriter {
  #size = DEFAULT_CHUNK_SIZE
  readonly #last = new Map<number, LastMessage>()
  readonly #continuations = new Map<number, Uint8Array>()

  /** Payload bytes of a chunk. */
  get chunkSize(): number {
    return this.#size
  }

  /**
   * Holds from the next message on; the peer must have been told by a Set Chunk Size message before. RangeError when it
   * is not a whole number from 1 to 0xFFFFFF.
   */
  set chunkSize(size: number) {
    if (!Number.isInteger(size) || size < 1 || size > MAX_CHUNK_SIZE)
      throw new RangeError(`the chunk size must be a whole number from 1 to ${MAX_CHUNK_SIZE}, is ${size}`)
    this.#size = size
  }

  /**
   * The bytes of a message, to be sent in this order and before those of any later call. Parts of the body are views of
   * it and must not change until they are sent. RangeError for a body of 16 MiB or more and a chunk stream id outside 2
   * to 65599.
   */
  pieces(message: RtmpMessage): Uint8Array[] {
    const { body, chunkStreamId } = message
    const timestamp = message.timestampMs >>> 0
    const header = this.#header(message, timestamp)
    if (body.length === 0) return [header]
    if (body.length <= this.#size) return [header, body]
    const extended = timestamp >= EXTENDED_TIMESTAMP && (header[0] ?? 0) >> 6 === 0 ? timestamp : null
    const continuation = this.#continuation(chunkStreamId, extended)
    const pieces = [header, body.subarray(0, this.#size)]
    for (let at = this.#size; at < body.length; at += this.#size) {
      pieces.push(continuation, body.subarray(at, Math.min(body.length, at + this.#size)))
    }
    return pieces
  }

  #header(message: RtmpMessage, timestamp: number): Uint8Array {
    const { body, chunkStreamId: id, messageStreamId, typeId } = message
    if (body.length > 0xffffff)
      throw new RangeError(`an RTMP message has at most ${0xffffff} bytes, not ${body.length}`)
    if (!Number.isInteger(id) || id < CHUNK_STREAM_ID_MIN || id > CHUNK_STREAM_ID_MAX)
      throw new RangeError(
        `a chunk stream id is a whole number from ${CHUNK_STREAM_ID_MIN} to ${CHUNK_STREAM_ID_MAX}, not ${id}`,
      )
    const last = this.#last.get(id)
    // Across 2^32 ms a step forward stays one; half the range or more is a step back and does not fit the field anyway.
    const delta =
      last === undefined || last.messageStreamId !== messageStreamId ? -1 : (timestamp - last.timestamp) >>> 0
    this.#last.set(id, { messageStreamId, timestamp })
    const relative = delta >= 0 && delta < EXTENDED_TIMESTAMP
    const field = relative ? delta : Math.min(timestamp, EXTENDED_TIMESTAMP)
    const extended = field === EXTENDED_TIMESTAMP
    const header = new Uint8Array(basicHeaderSize(id) + (relative ? 7 : 11) + (extended ? 4 : 0))
    const at = writeBasicHeader(header, relative ? 1 : 0, id)
    writeUint24(header, at, field)
    writeUint24(header, at + 3, body.length)
    header[at + 6] = typeId
    if (relative) return header
    // The only little-endian number of RTMP (5.3.1.2.1).
    new DataView(header.buffer).setUint32(at + 7, messageStreamId, true)
    if (extended) writeUint32(header, at + 11, timestamp)
    return header
  }

  #continuation(id: number, extended: number | null): Uint8Array {
    if (extended !== null) return continuationHeader(id, extended)
    const known = this.#continuations.get(id) ?? continuationHeader(id, null)
    this.#continuations.set(id, known)
    return known
  }
}
