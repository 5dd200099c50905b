/** RTMP servers, by kind, that flood their publisher; each counts what it has sent. */
import { randomBytes } from "node:crypto"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"

const HANDSHAKE = 1536

/** Makes a whole message in one chunk of type 0, of at most 128 bytes. */
const message = (typeId: number, body: Uint8Array): Buffer => {
  const head = Buffer.from([2, 0, 0, 0, 0, 0, body.length, typeId, 0, 0, 0, 0])
  return Buffer.concat([head, body])
}
/** Makes the beginning of a message of `length` bytes on a chunk stream, with 128 bytes of its body. */
const beginning = (chunkStreamId: number, length: number): Buffer => {
  const head = Buffer.alloc(12)
  head[0] = chunkStreamId
  head.writeUIntBE(length, 4, 3)
  head[7] = 20
  return Buffer.concat([head, Buffer.alloc(128, 0x78)])
}
const times = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes))

interface Flood {
  /** Bytes that are sent again and again for as long as the far side takes them. */
  readonly bytes: Buffer
  /** Number of messages in `bytes`. */
  readonly messages: number
  readonly shakesHands: boolean
}

const ping = message(4, Buffer.from([0, 6, 0, 0, 0, 1]))
const strictArray = Buffer.concat([
  Buffer.from([2, 0, 8]),
  Buffer.from("onStatus"),
  Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 10, 0, 0, 0, 90]),
  Buffer.alloc(90, 5),
])

export const RTMP_FLOODS = {
  pings: { bytes: times(4000, ping), messages: 4000, shakesHands: true },
  "empty messages": { bytes: times(4000, message(20, Buffer.alloc(0))), messages: 4000, shakesHands: true },
  "commands with long arrays": { bytes: times(1000, message(20, strictArray)), messages: 1000, shakesHands: true },
  "chunk streams with messages of 16 MB": {
    bytes: Buffer.concat(Array.from({ length: 60 }, (_, i) => beginning(3 + i, 0xffffff))),
    messages: 60,
    shakesHands: true,
  },
  garbage: { bytes: randomBytes(1 << 16), messages: 1, shakesHands: false },
} as const satisfies Record<string, Flood>

export class HostileRtmp {
  readonly #server: Server
  readonly #flood: Flood
  readonly #sockets = new Set<Socket>()
  sent = 0
  connections = 0

  private constructor(flood: Flood) {
    this.#flood = flood
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(kind: keyof typeof RTMP_FLOODS): Promise<HostileRtmp> {
    const server = new HostileRtmp(RTMP_FLOODS[kind])
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  #serve(socket: Socket): void {
    this.connections += 1
    this.#sockets.add(socket)
    socket.on("error", () => undefined)
    socket.on("close", () => this.#sockets.delete(socket))
    let received = 0
    let begun = false
    const pump = () => {
      while (!socket.destroyed && socket.write(this.#flood.bytes)) this.sent += this.#flood.messages
      this.sent += this.#flood.messages
    }
    socket.on("drain", pump)
    socket.on("data", (bytes) => {
      received += bytes.length
      if (begun || received < (this.#flood.shakesHands ? 1 + HANDSHAKE : 1)) return
      begun = true
      if (this.#flood.shakesHands) socket.write(Buffer.concat([Buffer.from([3]), randomBytes(2 * HANDSHAKE)]))
      pump()
    })
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
