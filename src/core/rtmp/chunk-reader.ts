/** Chunks into messages (Adobe RTMP Specification 1.0, 5.3.1), from bytes in any pieces. */
import { readUint24, readUint32 } from "./bytes.ts"
import { MAX_CHUNK_HEADER } from "./chunk-writer.ts"
import { DEFAULT_CHUNK_SIZE, EXTENDED_TIMESTAMP, MAX_CHUNK_SIZE, MESSAGE_TYPE, type RtmpMessage } from "./constants.ts"

export interface ChunkReaderLimits {
  /** Bytes of one message. */
  readonly maxMessageBytes: number
  /** Bytes of all messages that are not complete. */
  readonly maxPartialBytes: number
  /** Chunk streams in use. */
  readonly maxChunkStreams: number
  /** Messages that are complete with the bytes of one `push`; an empty one takes a single byte. */
  readonly maxMessagesAtOnce: number
}

export const CHUNK_READER_LIMITS: ChunkReaderLimits = {
  maxMessageBytes: 16 * 1024 * 1024,
  maxPartialBytes: 24 * 1024 * 1024,
  maxChunkStreams: 64,
  maxMessagesAtOnce: 65_536,
}

export interface ChunkReadResult {
  /** Complete messages in their order, Set Chunk Size and Abort among them although they have been obeyed already. */
  readonly messages: ReadonlyArray<RtmpMessage>
  /** Why the connection cannot be read any further; it stays so. */
  readonly error: string | null
}

/** What a chunk stream remembers for its next header (5.3.1.2). */
interface ChunkStream {
  readonly id: number
  timestamp: number
  /** Delta of a type 3 header that starts a message; behind type 0 the timestamp itself (5.3.1.2.4). */
  delta: number
  /** The extended timestamp of the last header of type 0 to 2; null without one. */
  extended: number | null
  length: number
  typeId: number
  messageStreamId: number
  /** The message under way. */
  body: Uint8Array | null
  filled: number
}

const FIRST_BODY = 4096
const HEADER_SIZES = [11, 7, 3, 0] as const

/**
 * Obeys Set Chunk Size and Abort, and takes peers that repeat the extended timestamp on type 3 chunks as well as those
 * that do not.
 */
export class ChunkReader {
  readonly #limits: ChunkReaderLimits
  readonly #streams = new Map<number, ChunkStream>()
  #size = DEFAULT_CHUNK_SIZE
  #partialBytes = 0
  /** False once a continuation came without it (rtmpdump and others of the specification's draft). */
  #repeatsExtended = true
  readonly #header = new Uint8Array(MAX_CHUNK_HEADER)
  #headerLength = 0
  /** The chunk whose payload is being read. */
  #current: ChunkStream | null = null
  #payloadLeft = 0
  #messages: RtmpMessage[] = []
  #error: string | null = null

  constructor(limits: Partial<ChunkReaderLimits> = {}) {
    this.#limits = { ...CHUNK_READER_LIMITS, ...limits }
  }

  /** The chunk size that the peer has set. */
  get chunkSize(): number {
    return this.#size
  }

  /** Never throws. The bytes may be used again afterwards: what is needed of them is copied. */
  push(bytes: Uint8Array): ChunkReadResult {
    this.#consume(bytes)
    const messages = this.#messages
    const error = this.#error
    this.#messages = []
    return { messages, error }
  }

  #consume(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length && this.#error === null) {
      if (this.#current !== null) {
        const taken = Math.min(this.#payloadLeft, bytes.length - at)
        this.#payload(this.#current, bytes.subarray(at, at + taken))
        at += taken
        continue
      }
      this.#header[this.#headerLength++] = bytes[at++] ?? 0
      this.#tryHeader()
    }
  }

  /** Looks whether the header is complete. */
  #tryHeader() {
    const first = this.#header[0] ?? 0
    const idSize = (first & 63) === 0 ? 2 : (first & 63) === 1 ? 3 : 1
    if (this.#headerLength < idSize) return
    const format = first >> 6
    const id =
      idSize === 1 ? first & 63 : 64 + (this.#header[1] ?? 0) + (idSize === 3 ? (this.#header[2] ?? 0) * 256 : 0)
    const end = idSize + (HEADER_SIZES[format] ?? 0)
    if (this.#headerLength < end) return
    const stream = this.#streams.get(id)
    if (format === 3) {
      if (stream === undefined) return this.#fail(`chunk stream ${id} starts with a type 3 header`)
      this.#continueOrRepeat(stream, end)
      return
    }
    const field = readUint24(this.#header, idSize)
    if (field === EXTENDED_TIMESTAMP && this.#headerLength < end + 4) return
    this.#newMessage(id, stream, format, idSize, field === EXTENDED_TIMESTAMP ? readUint32(this.#header, end) : null)
  }

  /** A header of type 0, 1 or 2. */
  #newMessage(id: number, known: ChunkStream | undefined, format: number, at: number, extended: number | null) {
    if (known === undefined && format === 2) return this.#fail(`chunk stream ${id} starts with a type 2 header`)
    if (known === undefined && this.#streams.size >= this.#limits.maxChunkStreams)
      return this.#fail(`the peer uses more than ${this.#limits.maxChunkStreams} chunk streams`)
    if (known !== undefined && known.body !== null)
      return this.#fail(`chunk stream ${id} starts a message before the one before it is complete`)
    const blank = {
      id,
      timestamp: 0,
      delta: 0,
      extended: null,
      length: 0,
      typeId: 0,
      messageStreamId: 0,
      body: null,
      filled: 0,
    }
    const stream: ChunkStream = known ?? blank
    this.#streams.set(id, stream)
    stream.extended = extended
    stream.delta = extended ?? readUint24(this.#header, at)
    if (format < 2) {
      stream.length = readUint24(this.#header, at + 3)
      stream.typeId = this.#header[at + 6] ?? 0
    }
    if (format === 0) {
      stream.messageStreamId = new DataView(this.#header.buffer).getUint32(at + 7, true)
      stream.timestamp = stream.delta
    } else stream.timestamp = (stream.timestamp + stream.delta) >>> 0
    this.#begin(stream)
  }

  /** A type 3 header that ends at `end`, and the extended timestamp behind it, if it has one. */
  #continueOrRepeat(stream: ChunkStream, end: number) {
    const got = this.#headerLength - end
    const { extended } = stream
    if (extended === null || !this.#repeatsExtended) return this.#continueAt(stream, end)
    const starts = stream.body === null
    // Inside a message the four bytes can only be the same again. Where they differ they are payload, so the peer
    // leaves them out.
    for (let i = 0; i < got && !starts; i++) {
      if (this.#header[end + i] === ((extended >>> (24 - 8 * i)) & 0xff)) continue
      this.#repeatsExtended = false
      return this.#continueAt(stream, end)
    }
    if (got < 4) return
    if (starts) stream.delta = stream.extended = readUint32(this.#header, end)
    this.#continueAt(stream, end + 4)
  }

  /** Goes on with the payload; bytes of the header buffer from `end` on belong to it. */
  #continueAt(stream: ChunkStream, end: number): void {
    const payload = this.#header.slice(end, this.#headerLength)
    if (stream.body === null) {
      stream.timestamp = (stream.timestamp + stream.delta) >>> 0
      this.#begin(stream)
    } else this.#startChunk(stream)
    if (payload.length > 0) this.#consume(payload)
  }

  #begin(stream: ChunkStream) {
    if (stream.length > this.#limits.maxMessageBytes)
      return this.#fail(
        `a message of ${stream.length} bytes is longer than the ${this.#limits.maxMessageBytes} that are taken`,
      )
    // Memory goes to bytes that have come, not to those that are announced.
    stream.body = new Uint8Array(Math.min(stream.length, Math.max(FIRST_BODY, this.#size)))
    stream.filled = 0
    this.#startChunk(stream)
  }

  #startChunk(stream: ChunkStream): void {
    this.#headerLength = 0
    this.#payloadLeft = Math.min(this.#size, stream.length - stream.filled)
    if (this.#payloadLeft === 0) this.#complete(stream)
    else this.#current = stream
  }

  #payload(stream: ChunkStream, bytes: Uint8Array) {
    let body = stream.body ?? new Uint8Array(0)
    const filled = stream.filled + bytes.length
    this.#partialBytes += bytes.length
    if (this.#partialBytes > this.#limits.maxPartialBytes)
      return this.#fail(`messages that are not complete hold more than ${this.#limits.maxPartialBytes} bytes`)
    if (filled > body.length) {
      const grown = new Uint8Array(Math.min(stream.length, Math.max(filled, body.length * 2)))
      grown.set(body)
      body = grown
      stream.body = grown
    }
    body.set(bytes, stream.filled)
    stream.filled = filled
    this.#payloadLeft -= bytes.length
    if (this.#payloadLeft > 0) return
    this.#current = null
    if (filled === stream.length) this.#complete(stream)
  }

  #complete(stream: ChunkStream) {
    const body = stream.body ?? new Uint8Array(0)
    stream.body = null
    this.#current = null
    this.#partialBytes -= stream.length
    if (this.#messages.length >= this.#limits.maxMessagesAtOnce)
      return this.#fail(`the peer sends more than ${this.#limits.maxMessagesAtOnce} messages at once`)
    const { id, typeId, messageStreamId, timestamp } = stream
    this.#messages.push({ chunkStreamId: id, typeId, messageStreamId, timestampMs: timestamp, body })
    if (typeId === MESSAGE_TYPE.setChunkSize) this.#setChunkSize(body)
    else if (typeId === MESSAGE_TYPE.abort && body.length >= 4) this.#abort(readUint32(body, 0))
  }

  /** 5.4.1: 31 bits; the highest bit must be zero. */
  #setChunkSize(body: Uint8Array) {
    const size = readUint32(body, 0)
    if (body.length < 4 || size < 1 || size > 0x7fffffff) return this.#fail(`the peer sets a chunk size of ${size}`)
    this.#size = Math.min(size, MAX_CHUNK_SIZE)
  }

  /** 5.4.2: the message under way on that chunk stream is given up. */
  #abort(id: number): void {
    const stream = this.#streams.get(id)
    if (stream === undefined || stream.body === null) return
    this.#partialBytes -= stream.filled
    stream.body = null
    stream.filled = 0
  }

  #fail(error: string): void {
    this.#error ??= error
    this.#current = null
    this.#streams.clear()
  }
}
