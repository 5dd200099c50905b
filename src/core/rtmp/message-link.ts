/**
 * RTMP's messages over one connection, below the commands (Adobe RTMP Specification 1.0, 5.3 and 5.4): chunks both ways,
 * and the answers that acknowledgement windows and pings ask for.
 */

import { joinBytes } from "../bytes/join-bytes.ts"
import { Acknowledgements } from "./acknowledgements.ts"
import { ChunkReader, type ChunkReadResult } from "./chunk-reader.ts"
import { ChunkWriter } from "./chunk-writer.ts"
import { type RtmpMessage, USER_CONTROL } from "./constants.ts"
import { type ParsedMessage, parseMessage, pingResponseMessage } from "./messages.ts"

/** Bytes of a message: no server sends a publisher a hundredth of it. */
const MAX_MESSAGE = 256 * 1024
/** What comes with one reading of the socket; a server's answers are a handful. */
const MAX_MESSAGES_AT_ONCE = 512

/**
 * A client's end: `read` what comes, `take` each message of it, `acknowledge` the bytes. What is to be sent gathers
 * until `takeToSend`.
 */
export class MessageLink {
  readonly #writer = new ChunkWriter()
  readonly #reader = new ChunkReader({
    maxMessageBytes: MAX_MESSAGE,
    maxPartialBytes: 2 * MAX_MESSAGE,
    maxMessagesAtOnce: MAX_MESSAGES_AT_ONCE,
  })
  readonly #acknowledgements = new Acknowledgements()
  #taken = 0
  #toSend: Uint8Array[] = []

  /** `chunkSize` of what is sent, in bytes, which the first message has to announce. */
  constructor(chunkSize: number) {
    // The message that announces it is shorter than any.
    this.#writer.chunkSize = chunkSize
  }

  /** Bytes of a chunk of what is sent. */
  get chunkSize(): number {
    return this.#writer.chunkSize
  }

  /** Bytes of chunks that the peer says it has got. */
  get acknowledgedBytes(): number {
    return this.#acknowledgements.peerReceivedBytes
  }

  /** Messages that have come. */
  get messagesIn(): number {
    return this.#taken
  }

  /** The messages that are complete with these bytes. */
  read(bytes: Uint8Array): ChunkReadResult {
    const result = this.#reader.push(bytes)
    this.#taken += result.messages.length
    return result
  }

  /** A message that was read; what asks for an answer of the link, or tells it something, has been obeyed. */
  take(message: RtmpMessage): ParsedMessage {
    const parsed = parseMessage(message)
    switch (parsed.type) {
      case "userControl":
        if (parsed.event === USER_CONTROL.pingRequest) this.send(pingResponseMessage(parsed.data))
        break
      case "windowAcknowledgementSize":
        this.#acknowledgements.setWindow(parsed.size)
        break
      case "acknowledgement":
        this.#acknowledgements.peerAcknowledges(parsed.sequenceNumber)
        break
      case "setPeerBandwidth":
        this.send(this.#acknowledgements.setPeerBandwidth(parsed.size))
        break
      default:
    }
    return parsed
  }

  /** So many bytes have been read: tells the peer when its window is full. */
  acknowledge(bytes: number): void {
    this.send(this.#acknowledgements.count(bytes))
  }

  /** Bytes that are no message: the handshake. */
  sendBytes(bytes: Uint8Array): void {
    this.#toSend.push(bytes)
  }

  /** Control and command messages: their pieces are joined, for they are small and nobody shares them. */
  send(message: RtmpMessage | null): void {
    if (message !== null) this.#toSend.push(joinBytes(this.#writer.pieces(message)))
  }

  /** The chunks of a message that the caller sends itself, with views of its body. RangeError for one over 16 MiB. */
  pieces(message: RtmpMessage): Uint8Array[] {
    return this.#writer.pieces(message)
  }

  /** What is to be sent, in this order; it is the caller's from now on. */
  takeToSend(): ReadonlyArray<Uint8Array> {
    const toSend = this.#toSend
    this.#toSend = []
    return toSend
  }
}
