/**
 * The server's side of a publication, for tests. It answers as nginx-rtmp and FMS do, and checks what the client sends
 * on the wire with `readStrictly`. Bytes go in and bytes come out; a socket may be put around it.
 */

import { joinBytes } from "../../bytes/join-bytes.ts"
import { type AmfValue, amfObject, amfText } from "../amf0.ts"
import { ChunkReader } from "../chunk-reader.ts"
import { ChunkWriter } from "../chunk-writer.ts"
import type { RtmpMessage } from "../constants.ts"
import {
  type CommandMessage,
  commandMessage,
  parseMessage,
  setChunkSizeMessage,
  streamCommandMessage,
} from "../messages.ts"
import { readStrictly, type StrictMessage } from "./strict-chunks.ts"

const SIZE = 1536

export interface TestServerOptions {
  /** Answer to `createStream`; default 1. */
  readonly streamId?: number
  /** Answers `connect` of that application and tcUrl; null accepts. */
  readonly refuseConnect?: (app: string, tcUrl: string) => Readonly<Record<string, AmfValue>> | null
  /** The `onStatus` after `publish`; default NetStream.Publish.Start. */
  readonly publishStatus?: Readonly<Record<string, AmfValue>>
  /** The one stream key that may be published; without it any. */
  readonly onlyKey?: string
  /** Commands that get no answer. */
  readonly silentAt?: ReadonlyArray<string>
  /** Commands that get `_error`. */
  readonly errorAt?: ReadonlyArray<string>
  /** Messages that are sent behind the answer to `connect`. */
  readonly onConnect?: ReadonlyArray<RtmpMessage>
  /** Chunk size of the answers from the first one on; default 128. */
  readonly chunkSize?: number
}

export interface TestServerMedia {
  readonly typeId: number
  readonly timestampMs: number
  readonly body: Uint8Array
}

export class TestServer {
  readonly #options: TestServerOptions
  readonly #s1 = Uint8Array.from({ length: SIZE }, (_, i) => (i * 7) & 0xff)
  readonly #writer = new ChunkWriter()
  readonly #reader = new ChunkReader()
  #input: Uint8Array = new Uint8Array(0)
  #state: "c0c1" | "c2" | "chunks" = "c0c1"
  #log: Uint8Array[] = []
  #replies: Uint8Array[] = []
  /** Names of commands with their arguments, in order. */
  readonly commands: CommandMessage[] = []
  readonly media: TestServerMedia[] = []
  readonly controls: ReturnType<typeof parseMessage>[] = []
  publishing = false

  constructor(options: TestServerOptions = {}) {
    this.#options = options
  }

  /** Takes bytes of the client, and returns the answer. Throws when the client breaks the protocol. */
  bytesIn(bytes: Uint8Array): Uint8Array {
    this.#input = joinBytes([this.#input, bytes])
    if (this.#state === "c0c1" && this.#input.length >= 1 + SIZE) this.#answerC1()
    if (this.#state === "c2" && this.#input.length >= SIZE) this.#checkC2()
    if (this.#state === "chunks") this.#read()
    const out = joinBytes(this.#replies)
    this.#replies = []
    return out
  }

  /** Returns the bytes of a message from the server. */
  say(message: RtmpMessage): Uint8Array {
    return joinBytes(this.#writer.pieces(message))
  }

  /** Returns the bytes of an `onStatus` of the stream. */
  status(status: Readonly<Record<string, AmfValue>>): Uint8Array {
    return this.say(streamCommandMessage(this.#options.streamId ?? 1, 0, "onStatus", 0, null, amfObject(status)))
  }

  /** Returns everything that the client has sent in chunks, read again by the strict reader. */
  strictly(): StrictMessage[] {
    return readStrictly(joinBytes(this.#log))
  }

  #answerC1(): void {
    const c1 = this.#input.subarray(1, 1 + SIZE)
    if (this.#input[0] !== 3) throw new Error(`C0 is ${this.#input[0]}`)
    if (c1.subarray(4, 8).some((byte) => byte !== 0)) throw new Error("C1 holds a version where zeros belong")
    this.#replies.push(Uint8Array.of(3), this.#s1, c1.slice())
    this.#input = this.#input.slice(1 + SIZE)
    this.#state = "c2"
  }

  #checkC2(): void {
    if (this.#input.subarray(0, SIZE).some((byte, at) => byte !== this.#s1[at])) throw new Error("C2 is not S1")
    this.#input = this.#input.slice(SIZE)
    this.#state = "chunks"
  }

  #read(): void {
    const input = this.#input
    this.#input = new Uint8Array(0)
    this.#log.push(input)
    const { messages, error } = this.#reader.push(input)
    if (error !== null) throw new Error(error)
    for (const message of messages) this.#take(message)
  }

  #take(message: RtmpMessage): void {
    const parsed = parseMessage(message)
    if (parsed.type === "malformed") throw new Error(parsed.error)
    if (parsed.type === "command") this.#answer(parsed)
    else if (parsed.type === "audio" || parsed.type === "video" || parsed.type === "data") {
      if (!this.publishing) throw new Error("media comes before the publication")
      if (message.messageStreamId !== (this.#options.streamId ?? 1))
        throw new Error(`media of message stream ${message.messageStreamId}`)
      this.media.push({ typeId: message.typeId, timestampMs: message.timestampMs, body: message.body })
    } else this.controls.push(parsed)
  }

  #reply(message: RtmpMessage): void {
    this.#replies.push(this.say(message))
  }

  #answer(command: CommandMessage): void {
    this.commands.push(command)
    const { name, transactionId: id, values } = command
    if (this.#options.silentAt?.includes(name)) return
    if (this.#options.errorAt?.includes(name)) {
      const info = { level: "error", code: "NetConnection.Call.Failed", description: `${name} failed` }
      this.#reply(commandMessage("_error", id, null, amfObject(info)))
      return
    }
    if (name === "connect") this.#connect(id, amfText(values[0], "app"), amfText(values[0], "tcUrl"))
    else if (name === "createStream") this.#reply(commandMessage("_result", id, null, this.#options.streamId ?? 1))
    else if (name === "publish") this.#publish(values[1])
    else if (name === "deleteStream") this.publishing = false
  }

  #connect(id: number, app: string, tcUrl: string): void {
    const { chunkSize, refuseConnect, onConnect = [] } = this.#options
    if (chunkSize !== undefined) {
      this.#reply(setChunkSizeMessage(chunkSize))
      this.#writer.chunkSize = chunkSize
    }
    const refusal = refuseConnect?.(app, tcUrl) ?? null
    if (refusal !== null) {
      this.#reply(commandMessage("_error", id, null, amfObject({ level: "error", ...refusal })))
      this.#reply(commandMessage("close", 0, null))
      return
    }
    for (const message of onConnect) this.#reply(message)
    const status = { level: "status", code: "NetConnection.Connect.Success", description: "Connection succeeded." }
    this.#reply(
      commandMessage("_result", id, amfObject({ fmsVer: "FMS/3,0,1,123", capabilities: 31 }), amfObject(status)),
    )
  }

  #publish(key: AmfValue | undefined): void {
    const { onlyKey = key, publishStatus } = this.#options
    const refusal = { level: "error", code: "NetStream.Publish.BadName", description: "There is no such stream" }
    const status = (key === onlyKey ? publishStatus : refusal) ?? {
      level: "status",
      code: "NetStream.Publish.Start",
      description: "Start publishing",
    }
    this.publishing = status["code"] === "NetStream.Publish.Start"
    this.#replies.push(this.status(status))
  }
}
