/**
 * One RTMP or RTMPS connection as far as the packet loop is concerned: connects, logs in where the server asks for it
 * (each round on a new TCP connection), and publishes. The protocol is core's; here are the sockets and the time-outs.
 */
import { randomBytes } from "node:crypto"
import { connect as connectTcp, isIP, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { formatEndpoint } from "../../core/net/address.ts"
import type { AuthRound } from "../../core/rtmp/auth.ts"
import { HANDSHAKE_RANDOM_SIZE } from "../../core/rtmp/handshake.ts"
import { InputBudget } from "../../core/rtmp/input-budget.ts"
import { RtmpPublisher } from "../../core/rtmp/publisher.ts"
import type { Announce, MediaKind, PublisherStep } from "../../core/rtmp/publisher-types.ts"
import type { RtmpUrl } from "../../core/rtmp/rtmp-url.ts"
import type { Reason } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import { resolve } from "../system/resolve.ts"
import { connectionFailure } from "./connection-failure.ts"

/** TCP, TLS and each step of the protocol are given so long. */
const STEP_MS = 10_000
/** A peer that takes nothing for so long is given up. */
const STALL_MS = 90_000
/** FCUnpublish and deleteStream are given so long to leave. */
const LEAVE_MS = 1000
const AUTH_ROUNDS_MAX = 3
const KEEP_ALIVE_MS = 15_000
/** Answers of ours that a server may leave unread before media are sent. */
const UNREAD_BYTES = 64 * 1024

export interface RtmpConnectionOptions {
  readonly url: RtmpUrl
  readonly verifyTls: boolean
  /** Refuses servers on this machine or in a private network. */
  readonly publicOnly: boolean
  /** `probe` goes as far as it can without publishing. */
  readonly mode: "publish" | "probe"
  /** As of the publisher; what suits the mode unless told. */
  readonly announce?: Announce
}

export interface RtmpConnectionHandlers {
  /** Media may be sent. */
  readonly ready: () => void
  /** A probe has come as far as it goes. */
  readonly probed?: () => void
  /** Over, by itself; told once. */
  readonly ended: (reason: Reason) => void
  /** The socket has taken everything. */
  readonly drained: () => void
  readonly note?: (text: string) => void
  /** Something was thrown where a socket called; `ended` follows. */
  readonly fault?: (cause: unknown) => void
}

export class RtmpConnection {
  readonly #options: RtmpConnectionOptions
  readonly #handlers: RtmpConnectionHandlers
  #socket: Socket | null = null
  #publisher: RtmpPublisher | null = null
  #budget = new InputBudget()
  #rounds = 0
  readonly #steps: string[] = []
  #over = false
  #deadlineMs = Number.POSITIVE_INFINITY
  /** Bytes the socket held when last looked at, and since when it holds no less. */
  #held = 0
  #heldSinceMs = 0
  /** `203.0.113.5:1935` once known. */
  address: string | null = null

  constructor(options: RtmpConnectionOptions, handlers: RtmpConnectionHandlers) {
    this.#options = options
    this.#handlers = handlers
    void this.#connect(null)
  }

  /** What was completed so far, for a person. */
  get steps(): ReadonlyArray<string> {
    return this.#steps
  }

  get serverVersion(): string {
    return this.#publisher?.serverVersion ?? ""
  }

  get ready(): boolean {
    return !this.#over && this.#publisher?.ready === true
  }

  /** Bytes written that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket?.writableLength ?? 0
  }

  async #connect(auth: AuthRound | null): Promise<void> {
    const { host, port, scheme } = this.#options.url
    this.#deadlineMs = performance.now() + STEP_MS
    try {
      const { address } = await resolve(host, this.#options.publicOnly)
      if (this.#over) return
      this.address = formatEndpoint(address, port)
      this.#steps.push(`resolved to ${address}`)
      const tls = scheme === "rtmps"
      const socket = tls
        ? connectTls({
            host: address,
            port,
            rejectUnauthorized: this.#options.verifyTls,
            // An address has no place in SNI (RFC 6066 3).
            ...(isIP(host) === 0 ? { servername: host } : {}),
          })
        : connectTcp({ host: address, port })
      this.#follow(socket, tls, auth)
    } catch (cause) {
      this.#end(reasonOf(cause))
    }
  }

  #follow(socket: Socket, tls: boolean, auth: AuthRound | null): void {
    const { host, port } = this.#options.url
    this.#socket = socket
    socket.setNoDelay(true)
    // Nobody catches what is thrown in a socket's event: it would end the engine.
    const event = (work: () => void): void => {
      if (this.#socket !== socket || this.#over) return
      try {
        work()
      } catch (cause) {
        this.#fail(cause)
      }
    }
    socket.once(tls ? "secureConnect" : "connect", () =>
      event(() => {
        this.#steps.push(tls ? "TLS handshake done" : "connected")
        socket.setKeepAlive(true, KEEP_ALIVE_MS)
        this.#deadlineMs = performance.now() + STEP_MS
        this.#budget = new InputBudget()
        this.#publisher = new RtmpPublisher({
          url: this.#options.url,
          auth,
          random: randomBytes(HANDSHAKE_RANDOM_SIZE),
          timeMs: Math.floor(performance.now()),
          mode: this.#options.mode,
          ...(this.#options.announce === undefined ? {} : { announce: this.#options.announce }),
        })
        this.#take(this.#publisher.start())
      }),
    )
    socket.on("data", (bytes) =>
      event(() => {
        if (this.#publisher !== null) this.#read(this.#publisher, bytes)
      }),
    )
    socket.on("drain", () => event(() => this.#handlers.drained()))
    socket.on("error", (cause) => event(() => this.#end(connectionFailure(cause, host, port, tls))))
    socket.on("close", () =>
      event(() => {
        if (this.#publisher !== null) this.#take(this.#publisher.ended())
        this.#end({
          code: "closed",
          message: `${host}:${port} closed the connection before it was made`,
          transient: true,
        })
      }),
    )
  }

  #fail(cause: unknown): void {
    this.#handlers.fault?.(cause)
    this.#end(reasonOf(cause))
  }

  #read(publisher: RtmpPublisher, bytes: Uint8Array): void {
    const before = publisher.messagesIn
    this.#take(publisher.bytesIn(bytes))
    const problem = this.#budget.spend(performance.now(), bytes.length, publisher.messagesIn - before)
    if (problem !== null) this.#end({ code: "rtmp_flood", message: `the server sends ${problem}`, transient: true })
    else if (!this.ready && this.bufferedBytes > UNREAD_BYTES)
      this.#end({ code: "rtmp_flood", message: "the server asks without reading the answers", transient: true })
  }

  #take({ events, toSend }: PublisherStep): void {
    for (const bytes of toSend) this.#socket?.write(bytes)
    for (const event of events) {
      if (event.type === "ready") {
        this.#deadlineMs = Number.POSITIVE_INFINITY
        this.#handlers.ready()
      } else if (event.type === "probed") {
        this.#deadlineMs = Number.POSITIVE_INFINITY
        this.#handlers.probed?.()
      } else if (event.type === "note") this.#handlers.note?.(event.text)
      else if (event.type === "reconnect")
        this.#end({
          code: "reconnect_request",
          message: `the server asks to connect again: ${event.description}`,
          transient: true,
        })
      else if (event.type === "failed") {
        const { auth, code, description, transient } = event.failure
        if (auth !== null && ++this.#rounds < AUTH_ROUNDS_MAX) {
          this.#steps.push(description)
          this.#drop()
          void this.#connect(auth)
        } else this.#end({ code: `rtmp_${code}`, message: description, transient })
      }
    }
  }

  /** Time-outs; every few milliseconds. */
  poll(): void {
    if (this.#over) return
    const nowMs = performance.now()
    if (nowMs >= this.#deadlineMs) this.#timeOut()
    else if (this.ready) this.#checkStall(nowMs)
  }

  #timeOut(): void {
    const { host, port, scheme } = this.#options.url
    if (this.#publisher !== null) this.#take(this.#publisher.timedOut())
    const what = this.#socket?.connecting === false && scheme === "rtmps" ? "no TLS handshake" : "no connection"
    this.#end({ code: "timeout", message: `${what} with ${host}:${port} within ${STEP_MS / 1000} s`, transient: true })
  }

  #checkStall(nowMs: number): void {
    const held = this.bufferedBytes
    if (held === 0 || held < this.#held) this.#heldSinceMs = nowMs
    this.#held = held
    if (held > 0 && nowMs - this.#heldSinceMs > STALL_MS)
      this.#end({
        code: "stalled",
        message: `the server has not read anything for ${STALL_MS / 1000} s`,
        transient: true,
      })
  }

  /** The bytes of one message of the stream, for `write`; nothing unless ready. */
  pieces(kind: MediaKind, timestampMs: number, body: Uint8Array): ReadonlyArray<Uint8Array> {
    return this.#publisher?.media(kind, timestampMs, body) ?? []
  }

  write(bytes: Uint8Array): void {
    if (!this.#over) this.#socket?.write(bytes)
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = null
    this.#publisher = null
    socket?.destroy()
  }

  #end(reason: Reason): void {
    if (this.#over) return
    this.#over = true
    this.#drop()
    this.#handlers.ended(reason)
  }

  /** Ends the connection without a word, and has the kernel throw away what it has not sent; nothing is told any more. */
  abort(): void {
    if (this.#over) return
    this.#over = true
    // Throws on a connection that TLS protects, which is destroyed then.
    if (this.#options.url.scheme !== "rtmps") this.#socket?.resetAndDestroy()
    this.#drop()
  }

  /** Takes leave of the server and ends the connection; nothing is told any more. */
  close(): void {
    if (this.#over) return
    const socket = this.#socket
    const publisher = this.#publisher
    this.#over = true
    this.#socket = null
    this.#publisher = null
    if (socket === null) return
    try {
      for (const bytes of publisher?.close().toSend ?? []) socket.write(bytes)
    } finally {
      socket.end()
      setTimeout(() => socket.destroy(), LEAVE_MS).unref()
    }
  }
}
