/**
 * The publishing client of RTMP as a state machine (Adobe RTMP Specification 1.0, 7.2, in the order of librtmp and
 * OBS). Bytes go in, bytes and events come out; the connection, its time-outs and retries are the caller's. One
 * publisher serves one TCP connection.
 */

import { type AmfValue, amfText } from "./amf0.ts"
import { readUint32 } from "./bytes.ts"
import { connectRefusal } from "./connect-refusal.ts"
import { CHUNK_STREAM, DEFAULT_CHUNK_SIZE, MESSAGE_TYPE, type RtmpMessage } from "./constants.ts"
import {
  closedFailure,
  isFailureCode,
  ownFailure,
  type PublishStage,
  type RtmpFailure,
  serverFailure,
  timeoutFailure,
} from "./failures.ts"
import { ClientHandshake } from "./handshake.ts"
import { MessageLink } from "./message-link.ts"
import { type CommandMessage, commandMessage, setChunkSizeMessage } from "./messages.ts"
import {
  connectCommand,
  hideSecrets,
  infoOf,
  leaveCommands,
  openCommands,
  publishCommand,
  TRANSACTION,
} from "./publish-commands.ts"
import type { MediaKind, PublisherEvent, PublisherOptions, PublisherStep } from "./publisher-types.ts"
import { reconnectUrl } from "./reconnect-url.ts"

export type { MediaKind, PublisherEvent, PublisherOptions, PublisherStep } from "./publisher-types.ts"

/** The chunk size we set: the largest that all known servers take, so that most frames need one header. */
export const SEND_CHUNK_SIZE = 65_536

/** A publisher tells this many notes; a peer that causes more causes no more lines. */
const MAX_NOTES = 20

type State = PublishStage | "probed" | "over"

/**
 * `start` first; then `bytesIn`, `ended`, `timedOut` and `close` as things happen, and `media` from `ready` on. Never
 * throws on bytes.
 */
export class RtmpPublisher {
  readonly #options: PublisherOptions
  readonly #handshake: ClientHandshake
  readonly #link: MessageLink
  #state: State = "handshake"
  #came: PublishStage | null = null
  #streamId: number | null = null
  #announcedKey: string | null = null
  #notes = 0
  #fmsVersion = ""
  #events: PublisherEvent[] = []

  /** RangeError for wrong sizes of `random` and `chunkSize`. */
  constructor(options: PublisherOptions) {
    this.#options = options
    const { chunkSize = SEND_CHUNK_SIZE } = options
    if (chunkSize < DEFAULT_CHUNK_SIZE)
      throw new RangeError(`the chunk size must be at least ${DEFAULT_CHUNK_SIZE}, is ${chunkSize}`)
    this.#link = new MessageLink(chunkSize)
    this.#handshake = new ClientHandshake(options.timeMs, options.random)
  }

  /** What has been completed so far: null before the handshake is. */
  get reached(): PublishStage | null {
    return this.#came
  }

  /** What the server calls itself in its answer to `connect`; "" before. */
  get serverVersion(): string {
    return this.#fmsVersion
  }

  /** Media may be sent. */
  get ready(): boolean {
    return this.#state === "publishing"
  }

  /** Bytes of chunks that the server says it has got. */
  get acknowledgedBytes(): number {
    return this.#link.acknowledgedBytes
  }

  /** Messages that have come. */
  get messagesIn(): number {
    return this.#link.messagesIn
  }

  /** The connection is there: what to send first. */
  start(): PublisherStep {
    this.#link.sendBytes(this.#handshake.c0c1)
    return this.#step()
  }

  /** The server has sent these bytes. */
  bytesIn(bytes: Uint8Array): PublisherStep {
    if (this.#state === "handshake") this.#shakeHands(bytes)
    else if (this.#state !== "over") this.#read(bytes)
    return this.#step()
  }

  /** The connection is gone and nobody here ended it. */
  ended(): PublisherStep {
    if (this.#state !== "over") this.#fail(closedFailure(this.#stage()))
    return this.#step()
  }

  /** Nothing happened for as long as the caller waits at this stage. */
  timedOut(): PublisherStep {
    if (this.#state !== "over") this.#fail(timeoutFailure(this.#stage()))
    return this.#step()
  }

  /**
   * The bytes of one message of the stream, with views of `body` that must not change until they are sent; nothing
   * unless `ready`. `timestampMs` may pass 2^32. RangeError for a body over 16 MiB.
   */
  media(kind: MediaKind, timestampMs: number, body: Uint8Array): Uint8Array[] {
    if (this.#state !== "publishing") return []
    return this.#link.pieces({
      chunkStreamId: CHUNK_STREAM[kind],
      typeId: MESSAGE_TYPE[kind],
      messageStreamId: this.#streamId ?? 0,
      timestampMs,
      body,
    })
  }

  /** Takes leave: what is to be sent before the connection is ended. */
  close(): PublisherStep {
    if (this.#state === "over") return this.#step()
    for (const command of leaveCommands(this.#announcedKey, this.#streamId)) this.#link.send(command)
    this.#state = "over"
    this.#events.push({ type: "closed" })
    return this.#step()
  }

  #shakeHands(bytes: Uint8Array) {
    const step = this.#handshake.push(bytes)
    if (step.state === "failed") return this.#fail(ownFailure("Handshake.Failed", step.error))
    if (step.toSend !== null) this.#link.sendBytes(step.toSend)
    if (step.state !== "done") return
    if (!step.echoed) this.#note("the server's handshake does not repeat ours")
    this.#came = "handshake"
    this.#connect()
    if (step.rest.length > 0) this.#read(step.rest)
  }

  #connect(): void {
    const { url, auth, connectProperties = {} } = this.#options
    this.#link.send(setChunkSizeMessage(this.#link.chunkSize))
    this.#state = "connect"
    this.#link.send(connectCommand(url, auth, connectProperties))
  }

  #read(bytes: Uint8Array) {
    const { messages, error } = this.#link.read(bytes)
    for (const message of messages) this.#take(message)
    if (this.#state === "over") return
    if (error !== null) return this.#fail(ownFailure("Protocol.Error", `the server breaks the RTMP protocol: ${error}`))
    this.#link.acknowledge(bytes.length)
  }

  #take(message: RtmpMessage) {
    if (this.#state === "over") return
    const parsed = this.#link.take(message)
    if (parsed.type === "command") this.#command(parsed)
    else if (parsed.type === "malformed") this.#note(`a message of the server is not understood: ${parsed.error}`)
  }

  #command(command: CommandMessage) {
    switch (command.name) {
      case "_result":
        return this.#result(command)
      case "_error":
        return this.#refused(command)
      case "onStatus":
        return this.#status(infoOf(command.values))
      case "onFCPublish": {
        const code = amfText(infoOf(command.values), "code")
        return isFailureCode(code) ? this.#note(`the server answers FCPublish with ${code}`) : undefined
      }
      case "close":
        return this.#fail(closedFailure(this.#stage()))
      case "_onbwcheck":
      case "ping":
        // Questions of FMS: an answer of any kind will do.
        return this.#link.send(commandMessage("_result", command.transactionId, null, 0))
      default:
        return
    }
  }

  #result({ transactionId, values }: CommandMessage) {
    if (transactionId === TRANSACTION.connect && this.#state === "connect") {
      const info = infoOf(values)
      if (amfText(info, "level") === "error") return this.#connectRefused(info)
      this.#fmsVersion = amfText(values[0], "fmsVer").slice(0, 100)
      this.#came = "connect"
      this.#createStream()
    } else if (transactionId === TRANSACTION.createStream && this.#state === "createStream") {
      const id = values[1]
      if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > 0xffffffff)
        return this.#fail(ownFailure("Protocol.NoStream", ""))
      this.#streamId = id
      this.#came = "createStream"
      this.#publish(id)
    }
  }

  #createStream(): void {
    const { mode, url, announce = mode !== "probe" } = this.#options
    this.#state = "createStream"
    if (announce !== false) this.#announcedKey = url.streamKey
    for (const command of openCommands(url.streamKey, announce)) this.#link.send(command)
  }

  #publish(id: number): void {
    if (this.#options.mode === "probe") {
      this.#state = "probed"
      this.#events.push({ type: "probed", stage: "createStream" })
      return
    }
    this.#state = "publish"
    this.#link.send(publishCommand(id, this.#options.url.streamKey))
  }

  #refused({ transactionId, values }: CommandMessage) {
    const info = infoOf(values)
    if (transactionId === TRANSACTION.releaseStream || transactionId === TRANSACTION.fcPublish) {
      const name = transactionId === TRANSACTION.fcPublish ? "FCPublish" : "releaseStream"
      // Servers that do not know them say so; that is no reason to stop.
      return this.#note(`the server refuses ${name}: ${amfText(info, "code")} ${amfText(info, "description")}`.trim())
    }
    if (this.#state === "connect") return this.#connectRefused(info)
    if (transactionId === TRANSACTION.createStream || transactionId === TRANSACTION.publish)
      this.#fail(serverFailure(amfText(info, "code"), hideSecrets(amfText(info, "description"), this.#options.url)))
  }

  #connectRefused(info: AmfValue): void {
    const { url, auth, random } = this.#options
    this.#fail(connectRefusal(info, url, auth, readUint32(random, 0)))
  }

  #status(info: AmfValue) {
    const code = amfText(info, "code")
    const description = hideSecrets(amfText(info, "description"), this.#options.url)
    if (code === "NetConnection.Connect.ReconnectRequest") return this.#reconnect(amfText(info, "tcUrl"), description)
    if (code === "NetStream.Publish.Start") {
      if (this.#state !== "publish") return
      this.#state = "publishing"
      this.#came = "publishing"
      this.#events.push({ type: "ready", messageStreamId: this.#streamId ?? 0 })
      return
    }
    // What a server says when a session before ours ends is none of our business.
    const ours = code !== "NetStream.Unpublish.Success" || this.#state === "publishing"
    if (amfText(info, "level") === "error" || (ours && isFailureCode(code)))
      return this.#state === "connect" ? this.#connectRefused(info) : this.#fail(serverFailure(code, description))
    this.#note(`the server says ${code === "" ? "nothing known" : code}: ${description}`)
  }

  #reconnect(tcUrl: string, description: string) {
    const url = reconnectUrl(this.#options.url, tcUrl)
    if (url === null)
      return this.#note("the server asks to connect to another URL that is not taken: it is no RTMP URL, or leaves TLS")
    this.#events.push({ type: "reconnect", url, description })
  }

  #stage(): PublishStage {
    return this.#state === "probed" || this.#state === "over" ? "createStream" : this.#state
  }

  #note(text: string): void {
    if (this.#notes++ < MAX_NOTES)
      this.#events.push({ type: "note", text: hideSecrets(text, this.#options.url).slice(0, 500) })
  }

  #fail(failure: RtmpFailure): void {
    this.#state = "over"
    this.#events.push({ type: "failed", failure })
  }

  #step(): PublisherStep {
    const events = this.#events
    this.#events = []
    return { toSend: this.#link.takeToSend(), events }
  }
}
