/** A UDP relay between one caller and a server, which loses a share of the datagrams in both directions. */
import { createSocket, type Socket } from "node:dgram"

/** Makes a source of numbers in [0, 1) that are the same in every run (xorshift). */
export const seededRandom = (seed: number): (() => number) => {
  let x = seed | 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 4294967296
  }
}

export class LossyProxy {
  readonly port: number
  /** Port that the server sees as the caller's. */
  readonly outerPort: number
  readonly #sockets: readonly [Socket, Socket]
  forwarded = 0
  dropped = 0

  private constructor(inner: Socket, outer: Socket, target: number, loss: number, seed: number) {
    this.#sockets = [inner, outer]
    this.port = inner.address().port
    this.outerPort = outer.address().port
    const random = seededRandom(seed)
    const passes = () => {
      const pass = random() >= loss
      if (pass) this.forwarded += 1
      else this.dropped += 1
      return pass
    }
    let caller: number | null = null
    inner.on("message", (data, peer) => {
      caller = peer.port
      if (passes()) outer.send(data, target, "127.0.0.1")
    })
    outer.on("message", (data) => {
      if (caller !== null && passes()) inner.send(data, caller, "127.0.0.1")
    })
  }

  /** Opens a relay. `target` is the server's port on 127.0.0.1; `loss` is the share lost in each direction, 0 to 1. */
  static async open(target: number, loss: number, seed = 1): Promise<LossyProxy> {
    const bound = () =>
      new Promise<Socket>((resolve, reject) => {
        const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 })
        socket.once("error", reject)
        socket.bind(0, "127.0.0.1", () => resolve(socket))
      })
    return new LossyProxy(await bound(), await bound(), target, loss, seed)
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
  }
}
