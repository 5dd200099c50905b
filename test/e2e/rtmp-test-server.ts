/** The strict RTMP server of core's tests behind a real socket, with or without TLS. */
import { createServer, type Server, type Socket } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import { TestServer, type TestServerOptions } from "../../src/core/rtmp/testing/rtmp-server.ts"
import type { Certificate } from "./certificates.ts"
import { freeTcpPort } from "./ports.ts"

export interface Session {
  readonly server: TestServer
  readonly socket: Socket
  /** What the client did that no client may do; null when there is nothing. */
  problem: string | null
  ended: boolean
}

export class RtmpTestServer {
  readonly port: number
  readonly sessions: Session[] = []
  /** The SNI of each TLS connection. */
  readonly names: string[] = []
  readonly #server: Server

  private constructor(port: number, server: Server) {
    this.port = port
    this.#server = server
  }

  static async start(options: TestServerOptions = {}, certificate?: Certificate): Promise<RtmpTestServer> {
    const port = await freeTcpPort()
    const accept = (socket: Socket) => running.#accept(socket, options)
    const running = new RtmpTestServer(
      port,
      certificate === undefined ? createServer(accept) : createTlsServer(certificate, accept),
    )
    await new Promise<void>((resolve) => running.#server.listen(port, "127.0.0.1", resolve))
    return running
  }

  #accept(socket: Socket, options: TestServerOptions): void {
    if ("servername" in socket) this.names.push(String(socket.servername))
    let refused = false
    const { refuseConnect } = options
    const refuse = (app: string, tcUrl: string) => {
      const why = refuseConnect?.(app, tcUrl) ?? null
      refused = why !== null
      return why
    }
    const server = new TestServer(refuseConnect === undefined ? options : { ...options, refuseConnect: refuse })
    const session: Session = { server, socket, problem: null, ended: false }
    this.sessions.push(session)
    socket.on("data", (bytes) => {
      try {
        const answer = session.server.bytesIn(new Uint8Array(bytes as Buffer))
        if (answer.length > 0) socket.write(answer)
        // Servers close the connection after they have refused.
        if (refused) setTimeout(() => socket.end(), 50)
      } catch (cause) {
        session.problem = cause instanceof Error ? cause.message : String(cause)
        socket.destroy()
      }
    })
    socket.on("error", () => undefined)
    socket.on("close", () => {
      session.ended = true
    })
  }

  /** Sessions that came as far as publishing. */
  get publications(): ReadonlyArray<Session> {
    return this.sessions.filter(({ server }) => server.commands.some(({ name }) => name === "publish"))
  }

  cut(): void {
    for (const { socket } of this.sessions) socket.destroy()
  }

  stop(): void {
    this.cut()
    this.#server.close()
  }
}
