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

/** Opens the socket at once; throws libsrt's words when it cannot bind or an option is refused. */
export const createSrtSink = (options: SrtSinkOptions): SrtSink => {
  const srt = libsrt()
  shared ??= createArena(MAX_MESSAGE)
  const arena = shared
  const host = options.host ?? "127.0.0.1"
  const connections: Array<Connection> = []
  const waiting = new Waiting()
  const listening = options.mode !== "caller"
  let main = createSrtSocket(options)
  let port = options.port
  let lastError: string | null = null
  let connecting = false
  let unexplained = 0
  let retryAtNs = Number.POSITIVE_INFINITY
  let paused = false
  let closed = false

  const connect = () => {
    connecting = srt.connect(main, sockaddrIn(host, port), 16) === 0
    if (!connecting) ended(srtError(srt, "srt_connect").message)
  }
  const ended = (reason: string) => {
    lastError = reason
    connecting = false
    retryAtNs = monotonicNs() + (options.reconnectMs ?? Number.POSITIVE_INFINITY) * 1e6
  }
  const add = (socket: number, peer: string, name: string) => {
    const check = new StreamCheck(name, options.verify, options.capture)
    connections.push({ socket, peer, check, connected: true })
  }

  const drop = (connection: Connection, reason: string) => {
    connection.connected = false
    srt.close(connection.socket)
    if (listening) lastError = reason
    else ended(reason)
  }

  const pollCaller = () => {
    if (connecting) {
      const state = srt.getsockstate(main)
      if (state === SRTS_CONNECTED) {
        connecting = false
        add(main, `${host}:${port}`, options.name ?? options.streamid ?? `srt:${port}`)
      } else if (state >= SRTS_BROKEN) {
        const reason = srt.getrejectreason(main)
        srt.close(main)
        if (reason === SRT_REJ_UNKNOWN && unexplained++ < MAX_UNEXPLAINED) {
          connecting = false
          retryAtNs = monotonicNs()
        } else ended(`${srt.rejectreasonStr(reason)} (${reason})`)
      }
    } else if (monotonicNs() >= retryAtNs) {
      retryAtNs = Number.POSITIVE_INFINITY
      main = createSrtSocket(options)
      connect()
    }
  }

  const read = (connection: Connection) => {
    for (;;) {
      const length = srt.recvmsg2(connection.socket, arena.address, MAX_MESSAGE, 0)
      if (length > 0) {
        connection.check.accept(arena, 0, length, monotonicNs())
        continue
      }
      if (length < 0 && srt.getlasterror(0) !== SRT_EASYNCRCV) drop(connection, srt.getlasterrorStr())
      return
    }
  }

  const poll = () => {
    if (closed) return
    if (!listening) pollCaller()
    else
      for (let next = srtAccept(main); next !== null; next = srtAccept(main)) {
        const id = srtStreamId(next.socket)
        add(next.socket, next.peer, id === "" ? `${options.name ?? `srt:${port}`}#${connections.length}` : id)
      }
    if (!paused) for (const connection of connections) if (connection.connected) read(connection)
    waiting.check()
  }

  if (listening) {
    try {
      port = srtListen(main, host, port)
    } catch (cause) {
      srt.close(main)
      throw cause
    }
  } else connect()
  const pollMs = options.pollMs ?? 5
  const timer = pollMs > 0 ? setInterval(poll, pollMs) : undefined

  const sink: SrtSink = {
    port,
    streams: () => connections.map(({ check, peer, connected }) => ({ ...check.report(), peer, connected })),
    checks: () => connections.map(({ check }) => check),
    stats: () => ({
      ...totals(connections.map(({ check }) => check)),
      connected: connections.filter(({ connected }) => connected).length,
      last_error: lastError,
    }),
    captured: (connection = 0) => connections[connection]?.check.captured() ?? new Uint8Array(0),
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
    },
    disconnect: () => {
      for (const connection of connections) if (connection.connected) drop(connection, "disconnected here")
    },
    reset: () => {
      poll()
      for (const { check } of connections) check.reset()
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
      for (const connection of connections) if (connection.connected) srt.close(connection.socket)
      if (listening || connecting) srt.close(main)
    },
  }
  return sink
}
