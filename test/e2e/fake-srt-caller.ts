/**
 * An SRT caller that keeps to the protocol only as far as a test wants, to send a listener what a real caller never
 * would.
 */
import { createSocket, type Socket } from "node:dgram"
import { eventually } from "./product.ts"
import {
  CONCLUSION,
  EXT_HSREQ,
  type Extension,
  FLAG_HSREQ,
  type Handshake,
  hsreq,
  INDUCTION,
  packHandshake,
  parseHandshake,
  REJECTION,
  SHUTDOWN,
} from "./srt-wire.ts"

export class FakeSrtCaller {
  readonly #socket: Socket
  readonly #port: number
  readonly #answers: Handshake[] = []
  /** Number of shutdown packets that came; a peer says goodbye with one. */
  shutdowns = 0
  /** Socket id of this peer; each connection has a new one. */
  #socketId = 0x20000000

  private constructor(socket: Socket, port: number) {
    this.#socket = socket
    this.#port = port
    socket.on("message", (packet) => {
      const answer = parseHandshake(packet)
      if (answer !== null) this.#answers.push(answer)
      // Control packets have the first bit set, and their type behind it.
      if (packet.length >= 16 && packet.readUInt16BE(0) === (0x8000 | SHUTDOWN)) this.shutdowns += 1
    })
  }

  /** Opens a caller to `port`; `from` is the local address. */
  static open(port: number, from = "127.0.0.1"): Promise<FakeSrtCaller> {
    const socket = createSocket("udp4")
    return new Promise((resolve, reject) => {
      socket.once("error", reject)
      socket.bind(0, from, () => resolve(new FakeSrtCaller(socket, port)))
    })
  }

  /** Sends any bytes. */
  send(packet: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#socket.send(packet, this.#port, "127.0.0.1", (error) => (error === null ? resolve() : reject(error))),
    )
  }

  async sendAll(packets: Iterable<Uint8Array>): Promise<number> {
    let sent = 0
    for (const packet of packets) {
      await this.send(packet)
      sent += 1
      // Pauses now and then, since the size of the listener's receive buffer is not under test.
      if (sent % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return sent
  }

  /**
   * Asks for the cookie that the listener gives this address, four times a second, as callers do while nobody listens
   * yet.
   */
  async cookie(): Promise<number> {
    this.#answers.length = 0
    const induction = packHandshake(0, { version: 4, extensionField: 2, type: INDUCTION, socketId: ++this.#socketId })
    await this.send(induction)
    const again = setInterval(() => void this.send(induction).catch(() => undefined), 250)
    try {
      return (await eventually("an induction response", () => this.#answers.find((a) => a.type === INDUCTION) ?? null))
        .cookie
    } finally {
      clearInterval(again)
    }
  }

  /** Makes a correct conclusion, except for the fields that are given. */
  conclusion(cookie: number, fields: Partial<Handshake> = {}): Buffer {
    return packHandshake(0, {
      type: CONCLUSION,
      cookie,
      socketId: ++this.#socketId,
      extensionField: FLAG_HSREQ,
      extensions: [{ type: EXT_HSREQ, body: hsreq() }],
      ...fields,
    })
  }

  /** Connects. Returns the listener's socket id, to which control packets are addressed, or the reject code. */
  async connect(
    fields: Partial<Handshake> = {},
  ): Promise<{ readonly socketId: number } | { readonly rejected: number }> {
    const packet = this.conclusion(await this.cookie(), fields)
    this.#answers.length = 0
    await this.send(packet)
    const again = setInterval(() => void this.send(packet).catch(() => undefined), 250)
    try {
      const answer = await eventually(
        "a conclusion response",
        () => this.#answers.find((a) => a.type !== INDUCTION) ?? null,
      )
      return answer.type === CONCLUSION ? { socketId: answer.socketId } : { rejected: answer.type - REJECTION }
    } finally {
      clearInterval(again)
    }
  }

  close(): void {
    this.#socket.close()
  }
}

/** Puts HSREQ first, as the protocol demands, and other extensions behind it. */
export const withHsreq = (...more: ReadonlyArray<Extension>): ReadonlyArray<Extension> => [
  { type: EXT_HSREQ, body: hsreq() },
  ...more,
]
