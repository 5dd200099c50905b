/**
 * Stands between an ffmpeg and an RTSP server that wants a login: ffmpeg takes its URL from its arguments, which every
 * user of the machine can read. So ffmpeg gets the URL of this relay; only the relay knows the server's address, path
 * and login.
 *
 *   ffmpeg ──rtsp://127.0.0.1:PORT/output──▶ relay ──address, path, Authorization, TLS──▶ server
 *
 * The relay is also used where the server must not direct ffmpeg's packets to another machine.
 *
 * Interleaved frames pass through unchanged. With `rtsp_transport: udp` only requests come through here: ffmpeg is told
 * the server's address as the source of the SETUP answer (RFC 2326 12.39), and sends there directly.
 */
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { type AddressInfo, createServer, isIP, type Server, type Socket } from "node:net"
import { Effect, type Scope } from "effect"
import { parseOutputUrl } from "../../core/output/output-url.ts"
import { OutputEnded } from "../model/Errors.ts"
import { connectRtsp } from "./rtsp-connect.ts"
import { authorize, splitLogin } from "./rtsp-login.ts"
import { NoRtsp, type RtspMessage, RtspSplitter, rtspBytes, rtspHeader } from "./rtsp-splitter.ts"

const LOCAL_PATH = "/output"
const CONNECT_WITHIN_MS = 10_000

/** User id of the process at the other end of a connection on this machine; null where the kernel does not say. */
const userAt = (port: number): number | null => {
  try {
    const own = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`
    const line = readFileSync("/proc/net/tcp", "latin1")
      .split("\n")
      .find((one) => one.trim().split(/\s+/)[1] === own)
    return line === undefined ? null : Number(line.trim().split(/\s+/)[7])
  } catch {
    return null
  }
}

/** True for a connection from a process of our own user; any process on this machine could connect. */
const isOurs = (socket: Socket): boolean => {
  const user = socket.remotePort === undefined ? null : userAt(socket.remotePort)
  return user === null || user === process.getuid?.()
}

export interface RelayTarget {
  readonly url: string
  /**
   * Whether the server may have packets sent to another machine; with ALLOW_PRIVATE_TARGETS=off it may not, as that
   * could be one of ours.
   */
  readonly elsewhere: boolean
}

class Exchange {
  readonly #ffmpeg: Socket
  readonly #server: Socket
  readonly #local: string
  readonly #remote: ReturnType<typeof splitLogin>
  /**
   * Requests still without an answer, in order. The answer to one that is repeated with a login is kept from ffmpeg.
   */
  readonly #asked: { readonly message: RtspMessage; again: boolean }[] = []
  readonly #elsewhere: boolean
  #challenges: ReadonlyArray<string> = []
  #count = 0

  constructor(ffmpeg: Socket, server: Socket, local: string, { elsewhere, url }: RelayTarget) {
    this.#elsewhere = elsewhere
    this.#ffmpeg = ffmpeg
    this.#server = server
    this.#local = local
    this.#remote = splitLogin(url)
  }

  run(): void {
    this.#pipe(this.#ffmpeg, this.#server, (message) => this.#request(message))
    this.#pipe(this.#server, this.#ffmpeg, (message) => this.#answer(message))
  }

  /** Passes frames through at once; each side is read only as fast as the other accepts. */
  #pipe(from: Socket, to: Socket, onMessage: (message: RtspMessage) => void): void {
    const splitter = new RtspSplitter()
    from.on("data", (chunk: Buffer) => {
      try {
        for (const part of splitter.push(chunk)) {
          if (part.kind === "message") onMessage(part)
          else if (!to.write(part.bytes)) {
            from.pause()
            to.once("drain", () => from.resume())
          }
        }
      } catch (error) {
        if (!(error instanceof NoRtsp)) throw error
        from.destroy()
        to.destroy()
      }
    })
    from.once("close", () => to.end())
  }

  #request(message: RtspMessage): void {
    const [method = "", uri = "", version = ""] = message.first.split(" ")
    const real = uri.startsWith(this.#local) ? this.#remote.uri + uri.slice(this.#local.length) : uri
    const body = /\bsdp\b/i.test(rtspHeader(message, "content-type") ?? "")
      ? this.#description(message.body)
      : message.body
    const asked = { ...message, first: `${method} ${real} ${version}`, body }
    // This is ffmpeg's answer to a request of the server, not a request.
    if (/^RTSP\//.test(method)) {
      this.#server.write(rtspBytes(message))
      return
    }
    // A request that already carried a login is repeated only when the server's nonce has expired.
    this.#asked.push({ message: asked, again: this.#challenges.length > 0 })
    this.#send(asked)
  }

  #send(message: RtspMessage): void {
    const { login } = this.#remote
    const [method = "", uri = ""] = message.first.split(" ")
    const cnonce = randomBytes(8).toString("hex")
    const authorization =
      login === null || this.#challenges.length === 0
        ? null
        : authorize(this.#challenges, login, { method, uri, cnonce, count: ++this.#count })
    this.#server.write(
      rtspBytes(
        authorization === null
          ? message
          : { ...message, headers: [...message.headers, ["Authorization", authorization]] },
      ),
    )
  }

  #answer(message: RtspMessage): void {
    // This is a request that the server makes itself.
    if (!/^RTSP\//.test(message.first)) {
      this.#ffmpeg.write(rtspBytes(message))
      return
    }
    const asked = this.#asked[0]
    const challenges = message.headers.flatMap(([name, value]) =>
      name.toLowerCase() === "www-authenticate" ? [value] : [],
    )
    const mayAskAgain = asked?.again === false || challenges.some((challenge) => /\bstale="?true/i.test(challenge))
    if (
      asked !== undefined &&
      mayAskAgain &&
      / 401\b/.test(message.first) &&
      challenges.length > 0 &&
      this.#remote.login !== null
    ) {
      asked.again = true
      this.#challenges = challenges
      this.#count = 0
      this.#send(asked.message)
      return
    }
    this.#asked.shift()
    // ffmpeg has no login to try.
    const headers = message.headers
      .filter(([name]) => name.toLowerCase() !== "www-authenticate")
      .map((header) => this.#withSource(header))
    this.#ffmpeg.write(rtspBytes({ ...message, headers }))
  }

  #withSource([name, value]: readonly [string, string]): readonly [string, string] {
    if (name.toLowerCase() !== "transport" || !/server_port=/i.test(value)) return [name, value]
    const named = /;\s*(?:source|destination)\s*=/i.test(value)
    if (named && this.#elsewhere) return [name, value]
    const own = value.replace(/;\s*(?:source|destination)\s*=[^;,]*/gi, "")
    return [name, `${own};source=${this.#server.remoteAddress}`]
  }

  /** Puts the server's address in place of the session's in the SDP (RFC 4566 5.7). */
  #description(body: Uint8Array): Uint8Array {
    const address = this.#server.remoteAddress ?? "0.0.0.0"
    const line = `c=IN IP${isIP(address) === 6 ? 6 : 4} ${address}`
    return Buffer.from(
      Buffer.from(body)
        .toString("latin1")
        .replace(/^c=IN IP[46] [^\r\n]*/gm, line),
      "latin1",
    )
  }
}

/** Answers ffmpeg's first request with a reason phrase that ffmpeg then prints: why the server cannot be reached. */
const refuse = (ffmpeg: Socket, reason: string): void => {
  const phrase = reason.replace(/[^\x20-\x7e]/g, " ").slice(0, 150)
  ffmpeg.once("data", (chunk: Buffer) => {
    const sequence = /^CSeq: *(\d+)/im.exec(chunk.toString("latin1"))?.[1] ?? "1"
    ffmpeg.end(`RTSP/1.0 503 ${phrase}\r\nCSeq: ${sequence}\r\n\r\n`)
  })
}

const relay = (ffmpeg: Socket, target: RelayTarget, local: string): void => {
  const parsed = parseOutputUrl(target.url)
  if (!parsed.ok || parsed.target.protocol !== "rtsp") return void ffmpeg.destroy()
  const { host, port } = parsed.target
  const tls = parsed.options["tls"] === true
  const server = connectRtsp(host, port, tls)
  let connected = false
  server.setTimeout(CONNECT_WITHIN_MS, () => {
    if (!connected) server.destroy(new Error(`no connection within ${CONNECT_WITHIN_MS / 1000} s`))
  })
  server.on("error", ({ message }) => {
    if (connected) ffmpeg.destroy()
    else refuse(ffmpeg, `${host} port ${port}: ${message}`)
  })
  ffmpeg.on("error", () => server.destroy())
  ffmpeg.once("close", () => server.destroy())
  server.once(tls ? "secureConnect" : "connect", () => {
    connected = true
    server.setTimeout(0)
    new Exchange(ffmpeg, server, local, target).run()
  })
}

interface Relay {
  readonly server: Server
  readonly sockets: Set<Socket>
  readonly url: string
}

const listen = (target: RelayTarget) =>
  Effect.async<Relay, OutputEnded>((resume) => {
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true })
    server.once("error", ({ message }) =>
      resume(
        new OutputEnded({
          code: "relay",
          reason: `no relay for RTSP can listen on 127.0.0.1: ${message}`,
          transient: true,
        }),
      ),
    )
    server.listen(0, "127.0.0.1", () => {
      const local = `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}${LOCAL_PATH}`
      server.on("connection", (socket) => {
        socket.on("error", () => undefined)
        if (sockets.size > 0 || !isOurs(socket)) return void socket.destroy()
        sockets.add(socket)
        relay(socket, target, local)
      })
      resume(Effect.succeed({ server, sockets, url: local }))
    })
  })

/**
 * Listens on a free port of 127.0.0.1 for one connection from a process of ours and returns its URL. Ends with the
 * scope.
 */
export const startRtspRelay = (target: RelayTarget): Effect.Effect<string, OutputEnded, Scope.Scope> =>
  Effect.acquireRelease(listen(target), ({ server, sockets }) =>
    Effect.sync(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    }),
  ).pipe(Effect.map((started) => started.url))
