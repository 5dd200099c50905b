/**
 * Receives SRT streams and checks every message: as a listener it takes any number of callers on one port, as a caller
 * it connects to a listener output and, if asked, again after a loss. Sockets are polled, which avoids libsrt's epoll
 * defect of versions before 1.5.5.
 */
import {
  createSrtSocket,
  libsrt,
  SRT_EASYNCRCV,
  SRTS_BROKEN,
  SRTS_CONNECTED,
  type SrtOptions,
  srtAccept,
  srtError,
  srtListen,
  srtStreamId,
} from "./libsrt.ts"
import { type Arena, createArena, monotonicNs, sockaddrIn } from "./native.ts"
import { StreamCheck, type StreamReport, type Totals, totals, type Verify } from "./stream-check.ts"
import { Waiting } from "./waiting.ts"

export interface SrtSinkOptions extends SrtOptions {
  readonly mode?: "listener" | "caller"
  /** Listener: 0 takes a free port. Caller: the product's port. */
  readonly port: number
  readonly host?: string
  readonly verify?: Verify
  /** Bytes of each connection's beginning to keep. */
  readonly capture?: number
  /** How often sockets are read, ms; 0 leaves it to calls of `poll`. Default 5. */
  readonly pollMs?: number
  /** Caller: connect again this long after a refusal or loss, ms. Default: never. */
  readonly reconnectMs?: number
  readonly name?: string
}

export interface SrtStreamReport extends StreamReport {
  readonly peer: string
  readonly connected: boolean
}

export interface SrtSink {
  readonly port: number
  /** One entry a connection, in order of arrival, ended ones included. */
  streams(): ReadonlyArray<SrtStreamReport>
  checks(): ReadonlyArray<StreamCheck>
  /** All connections together. */
  stats(): Totals & { readonly connected: number; readonly last_error: string | null }
  /** First bytes of the n-th connection. */
  captured(connection?: number): Uint8Array
  /** Stops and resumes reading, to play a stalled receiver. */
  pause(): void
  resume(): void
  /** Ends the open connections; a listener goes on listening. */
  disconnect(): void
  reset(): void
  poll(): void
  until(holds: (sink: SrtSink) => boolean, timeoutMs?: number): Promise<void>
  close(): void
}

interface Connection {
  readonly socket: number
  readonly peer: string
  readonly check: StreamCheck
  connected: boolean
}

const MAX_MESSAGE = 1536
/**
 * libsrt 1.5.1 now and then breaks a process's first connection before the peer has answered, and has no reason to give
 * (seen once in about twenty runs): what is tested is the peer, so such an attempt is made again.
 */
const SRT_REJ_UNKNOWN = 0
const MAX_UNEXPLAINED = 3
let shared: Arena | undefined

/** The sockets of a sink, and what comes by them. */
class Connections {
  readonly port: number
  lastError: string | null = null
  paused = false
  readonly all: Array<Connection> = []
  readonly #options: SrtSinkOptions
  readonly #host: string
  readonly #srt = libsrt()
  readonly #arena: Arena
  readonly #listening: boolean
  #main: number
  #connecting = false
  #unexplained = 0
  #retryAtNs = Number.POSITIVE_INFINITY

  constructor(options: SrtSinkOptions) {
    shared ??= createArena(MAX_MESSAGE)
    this.#arena = shared
    this.#options = options
    this.#host = options.host ?? "127.0.0.1"
    this.#listening = options.mode !== "caller"
    this.#main = createSrtSocket(options)
    this.port = options.port
    if (this.#listening) this.port = this.#listen()
    else this.#connect()
  }

  #listen(): number {
    try {
      return srtListen(this.#main, this.#host, this.port)
    } catch (cause) {
      this.#srt.close(this.#main)
      throw cause
    }
  }

  /** Takes new connections up, and reads from those there are. */
  poll(): void {
    if (this.#listening) this.#acceptAll()
    else this.#pollCaller()
    if (!this.paused) for (const connection of this.all) if (connection.connected) this.#read(connection)
  }

  disconnect(): void {
    for (const connection of this.all) if (connection.connected) this.#drop(connection, "disconnected here")
  }

  close(): void {
    for (const connection of this.all) if (connection.connected) this.#srt.close(connection.socket)
    if (this.#listening || this.#connecting) this.#srt.close(this.#main)
  }

  #connect(): void {
    this.#connecting = this.#srt.connect(this.#main, sockaddrIn(this.#host, this.port), 16) === 0
    if (!this.#connecting) this.#ended(srtError(this.#srt, "srt_connect").message)
  }

  #ended(reason: string): void {
    this.lastError = reason
    this.#connecting = false
    this.#retryAtNs = monotonicNs() + (this.#options.reconnectMs ?? Number.POSITIVE_INFINITY) * 1e6
  }

  #add(socket: number, peer: string, name: string): void {
    const check = new StreamCheck(name, this.#options.verify, this.#options.capture)
    this.all.push({ socket, peer, check, connected: true })
  }

  #drop(connection: Connection, reason: string): void {
    connection.connected = false
    this.#srt.close(connection.socket)
    if (this.#listening) this.lastError = reason
    else this.#ended(reason)
  }

  #acceptAll(): void {
    for (let next = srtAccept(this.#main); next !== null; next = srtAccept(this.#main)) {
      const id = srtStreamId(next.socket)
      const unnamed = `${this.#options.name ?? `srt:${this.port}`}#${this.all.length}`
      this.#add(next.socket, next.peer, id === "" ? unnamed : id)
    }
  }

  #pollCaller(): void {
    if (this.#connecting) this.#pollConnecting()
    else if (monotonicNs() >= this.#retryAtNs) {
      this.#retryAtNs = Number.POSITIVE_INFINITY
      this.#main = createSrtSocket(this.#options)
      this.#connect()
    }
  }

  #pollConnecting(): void {
    const { name, streamid } = this.#options
    const state = this.#srt.getsockstate(this.#main)
    if (state === SRTS_CONNECTED) {
      this.#connecting = false
      this.#add(this.#main, `${this.#host}:${this.port}`, name ?? streamid ?? `srt:${this.port}`)
    } else if (state >= SRTS_BROKEN) {
      const reason = this.#srt.getrejectreason(this.#main)
      this.#srt.close(this.#main)
      if (reason === SRT_REJ_UNKNOWN && this.#unexplained++ < MAX_UNEXPLAINED) {
        this.#connecting = false
        this.#retryAtNs = monotonicNs()
      } else this.#ended(`${this.#srt.rejectreasonStr(reason)} (${reason})`)
    }
  }

  #read(connection: Connection): void {
    const arena = this.#arena
    for (;;) {
      const length = this.#srt.recvmsg2(connection.socket, arena.address, MAX_MESSAGE, 0)
      if (length > 0) {
        connection.check.accept(arena, 0, length, monotonicNs())
        continue
      }
      if (length < 0 && this.#srt.getlasterror(0) !== SRT_EASYNCRCV) this.#drop(connection, this.#srt.getlasterrorStr())
      return
    }
  }
}

/** Opens the socket at once; throws libsrt's words when it cannot bind or an option is refused. */
export const createSrtSink = (options: SrtSinkOptions): SrtSink => {
  const connections = new Connections(options)
  const { all } = connections
  const waiting = new Waiting()
  let closed = false

  const poll = () => {
    if (closed) return
    connections.poll()
    waiting.check()
  }
  const pollMs = options.pollMs ?? 5
  const timer = pollMs > 0 ? setInterval(poll, pollMs) : undefined

  const sink: SrtSink = {
    port: connections.port,
    streams: () => all.map(({ check, peer, connected }) => ({ ...check.report(), peer, connected })),
    checks: () => all.map(({ check }) => check),
    stats: () => ({
      ...totals(all.map(({ check }) => check)),
      connected: all.filter(({ connected }) => connected).length,
      last_error: connections.lastError,
    }),
    captured: (connection = 0) => all[connection]?.check.captured() ?? new Uint8Array(0),
    pause: () => {
      connections.paused = true
    },
    resume: () => {
      connections.paused = false
    },
    disconnect: () => connections.disconnect(),
    reset: () => {
      poll()
      for (const { check } of all) check.reset()
    },
    poll,
    until: (holds, timeoutMs = 20_000) =>
      waiting.until(
        () => holds(sink),
        timeoutMs,
        () => JSON.stringify({ stats: sink.stats(), streams: sink.streams() }),
      ),
    close: () => {
      if (closed) return
      poll()
      closed = true
      clearInterval(timer)
      connections.close()
    },
  }
  return sink
}
