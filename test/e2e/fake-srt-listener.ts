/** An SRT listener that answers the induction correctly, and the conclusion as the test says. */
import { createSocket, type Socket } from "node:dgram"
import {
  CONCLUSION,
  EXT_SID,
  type Handshake,
  INDUCTION,
  MAGIC,
  packHandshake,
  parseHandshake,
  REJECTION,
  unpackText,
} from "./srt-wire.ts"

const COOKIE = 0x600dc00c

/** Returns what to send back for a conclusion: whole packets, in order. */
export type Conclude = (request: Handshake) => ReadonlyArray<Uint8Array>

/** Refuses with a code of srt_getrejectreason. */
export const rejectWith =
  (code: number): Conclude =>
  (request) => [
    packHandshake(request.socketId, { ...request, type: REJECTION + code, extensionField: 0, extensions: [] }),
  ]

export class FakeSrtListener {
  readonly port: number
  readonly #socket: Socket
  readonly #conclude: Conclude
  /** The conclusions received, each with its stream id. */
  readonly requests: Handshake[] = []
  readonly streamIds: Array<string | null> = []

  private constructor(socket: Socket, conclude: Conclude) {
    this.port = socket.address().port
    this.#socket = socket
    this.#conclude = conclude
    socket.on("message", (packet, peer) => {
      for (const answer of this.#answer(packet)) socket.send(answer, peer.port, peer.address)
    })
  }

  static open(conclude: Conclude): Promise<FakeSrtListener> {
    const socket = createSocket("udp4")
    return new Promise((resolve, reject) => {
      socket.once("error", reject)
      socket.bind(0, "127.0.0.1", () => resolve(new FakeSrtListener(socket, conclude)))
    })
  }

  #answer(packet: Buffer): ReadonlyArray<Uint8Array> {
    const request = parseHandshake(packet)
    if (request === null) return []
    if (request.type === INDUCTION)
      return [
        packHandshake(request.socketId, {
          ...request,
          version: 5,
          extensionField: MAGIC,
          cookie: COOKIE,
          extensions: [],
        }),
      ]
    if (request.type !== CONCLUSION || request.cookie !== COOKIE) return []
    this.requests.push(request)
    const id = request.extensions.find(({ type }) => type === EXT_SID)
    this.streamIds.push(id === undefined ? null : unpackText(id.body))
    return this.#conclude(request)
  }

  close(): void {
    this.#socket.close()
  }
}
