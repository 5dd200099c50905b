/** Sends single datagrams in an exact order from one source port, and makes TS whose packets tell their number. */
import { createSocket, type Socket } from "node:dgram"

/** Makes TS packets on one PID whose payload tells their number; continuity counters are right. */
export const numberedTs = (packets: number, first = 0): Buffer => {
  const ts = Buffer.alloc(packets * 188, 0xaa)
  for (let i = 0; i < packets; i++) {
    ts.set([0x47, 0x01, 0x00, 0x10 | ((first + i) & 15)], i * 188)
    ts.writeUInt32BE(first + i, i * 188 + 4)
  }
  return ts
}

/** Cuts TS into payloads of `packets` packets. */
export const payloadsOf = (ts: Uint8Array, packets = 7): Uint8Array[] =>
  Array.from({ length: Math.ceil(ts.length / (packets * 188)) }, (_, i) =>
    ts.subarray(i * packets * 188, (i + 1) * packets * 188),
  )

export class DatagramSender {
  readonly #socket: Socket
  readonly #port: number
  readonly #host: string

  constructor(port: number, host = "127.0.0.1") {
    this.#socket = createSocket(host.includes(":") ? "udp6" : "udp4")
    this.#port = port
    this.#host = host
  }

  /** Sends the datagrams one after the other, `everyMs` apart on average, in step with the clock. */
  async send(datagrams: ReadonlyArray<Uint8Array>, everyMs = 0): Promise<void> {
    const startedAt = performance.now()
    for (const [index, datagram] of datagrams.entries()) {
      const ahead = index * everyMs - (performance.now() - startedAt)
      if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead))
      await new Promise<void>((resolve, reject) =>
        this.#socket.send(datagram, this.#port, this.#host, (error) => (error === null ? resolve() : reject(error))),
      )
    }
  }

  close(): void {
    this.#socket.close()
  }
}
