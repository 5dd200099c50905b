/** An RTSP server that takes one stream over TCP from whoever logs in with the Basic scheme (RFC 2617 2). */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { RtspSplitter, rtspBytes, rtspHeader } from "../../src/effects/rtsp/rtsp-splitter.ts"

export class RtspTestServer {
  /** Number of interleaved packets that have come. */
  packets = 0
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(login: string) {
    const expected = `Basic ${Buffer.from(login).toString("base64")}`
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on("error", () => socket.destroy())
      const splitter = new RtspSplitter()
      socket.on("data", (chunk: Buffer) => {
        for (const part of splitter.push(chunk)) {
          if (part.kind === "frame") this.packets++
          else socket.write(this.#answer(part, expected))
        }
      })
    })
  }

  /** @param login `user:password` */
  static async start(login: string): Promise<RtspTestServer> {
    const server = new RtspTestServer(login)
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  #answer(request: Parameters<typeof rtspBytes>[0], expected: string): Uint8Array {
    const [method = ""] = request.first.split(" ")
    const isKnown = method === "OPTIONS" || rtspHeader(request, "authorization") === expected
    const headers: Array<readonly [string, string]> = [["CSeq", rtspHeader(request, "cseq") ?? "0"]]
    if (!isKnown) headers.push(["WWW-Authenticate", 'Basic realm="test"'])
    else headers.push(["Session", "1"])
    if (method === "SETUP") headers.push(["Transport", rtspHeader(request, "transport") ?? ""])
    const first = isKnown ? "RTSP/1.0 200 OK" : "RTSP/1.0 401 Unauthorized"
    return rtspBytes({ kind: "message", first, headers, body: new Uint8Array() })
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
