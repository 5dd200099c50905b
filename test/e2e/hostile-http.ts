/** Upload servers, by kind, whose answers have no end. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"

const repeat = (text: string, times: number): Buffer => Buffer.from(text.repeat(times))

/** The beginning of the answer, and what is sent behind it for as long as the far side takes it, by kind. */
export const HTTP_FLOODS = {
  "a body without end": { head: "HTTP/1.1 200 OK\r\n\r\n", flood: repeat("A", 1 << 20) },
  "chunks of a byte": {
    head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    flood: repeat("1\r\nA\r\n", 100_000),
  },
  "interim answers": { head: "", flood: repeat("HTTP/1.1 100 Continue\r\n\r\n", 10_000) },
  "headers without end": { head: "HTTP/1.1 200 OK\r\n", flood: repeat(`X: ${"a".repeat(100)}\r\n`, 10_000) },
  "an answer nobody asked for": { head: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", flood: repeat("Z", 1 << 20) },
} as const

export class HostileHttp {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  requests = 0

  private constructor(kind: keyof typeof HTTP_FLOODS) {
    const { flood, head } = HTTP_FLOODS[kind]
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on("error", () => undefined)
      socket.on("close", () => this.#sockets.delete(socket))
      let begun = false
      const pump = () => {
        while (!socket.destroyed && socket.write(flood));
      }
      socket.on("drain", pump)
      socket.on("data", () => {
        if (begun) return
        begun = true
        this.requests += 1
        socket.write(head)
        pump()
      })
    })
  }

  static async start(kind: keyof typeof HTTP_FLOODS): Promise<HostileHttp> {
    const server = new HostileHttp(kind)
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
