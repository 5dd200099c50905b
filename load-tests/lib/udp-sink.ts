/**
 * Receives one UDP or RTP stream and checks every datagram; delays end at the kernel's receive stamp (SO_TIMESTAMPNS).
 */
import {
  type Arena,
  boundPort,
  createArena,
  EAGAIN,
  errno,
  IOVEC_SIZE,
  IP_ADD_MEMBERSHIP,
  IP_MULTICAST_ALL,
  IPPROTO_IP,
  ipv4,
  libc,
  MMSGHDR_SIZE,
  MSG_DONTWAIT,
  monotonicNs,
  realtimeOffset,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
  setInt,
  sockaddrIn,
  systemError,
  udpSocket,
  writeU64,
} from "./native.ts"
import { type RtpReport, RtpTracker, rtpPayload } from "./rtp-header.ts"
import { StreamCheck, type StreamReport, type Verify } from "./stream-check.ts"
import { Waiting } from "./waiting.ts"

export interface UdpSinkOptions {
  /** 0 takes a free port. */
  readonly port: number
  /** Address to bind; default 127.0.0.1, or the group's for multicast. */
  readonly host?: string
  /** Multicast group to join, on `interface` (address, default 127.0.0.1). */
  readonly group?: string
  readonly interface?: string
  readonly verify?: Verify
  /** Bytes of the stream's beginning to keep. */
  readonly capture?: number
  /** How often the socket is read, ms; 0 leaves it to calls of `poll`. Default 2. */
  readonly pollMs?: number
  readonly name?: string
}

export interface UdpReport extends StreamReport {
  /** Datagrams the kernel dropped because this sink was slow; these are not the product's losses. */
  readonly kernel_drops: number
  /** Null for raw UDP. */
  readonly rtp: RtpReport | null
}

export interface UdpSink {
  readonly port: number
  readonly check: StreamCheck
  stats(): UdpReport
  /** The stream's first bytes, up to `capture`. */
  captured(): Uint8Array
  reset(): void
  /** Reads what has arrived; only needed with `pollMs: 0`. */
  poll(): void
  /** Resolves once the report satisfies `holds`; rejects with the report in its message after `timeoutMs`. */
  until(holds: (report: UdpReport) => boolean, timeoutMs?: number): Promise<void>
  close(): UdpReport
}

const BATCH = 64
/** RTP headers without options put the payload at a multiple of 4. */
const STRIDE = 2048
const CONTROL = 64
const IOVECS = BATCH * MMSGHDR_SIZE
const CONTROLS = IOVECS + BATCH * IOVEC_SIZE
const DATA = CONTROLS + BATCH * CONTROL

let shared: Arena | undefined
/** One batch for all sinks: they read one after the other on one thread. */
const batch = (): Arena => {
  if (shared !== undefined) return shared
  const arena = createArena(DATA + BATCH * STRIDE)
  for (let i = 0; i < BATCH; i++) {
    const header = i * MMSGHDR_SIZE
    writeU64(arena.words, header + 16, arena.address + IOVECS + i * IOVEC_SIZE)
    writeU64(arena.words, header + 24, 1)
    writeU64(arena.words, header + 32, arena.address + CONTROLS + i * CONTROL)
    writeU64(arena.words, IOVECS + i * IOVEC_SIZE, arena.address + DATA + i * STRIDE)
    writeU64(arena.words, IOVECS + i * IOVEC_SIZE + 8, STRIDE)
  }
  shared = arena
  return arena
}

const open = (options: UdpSinkOptions): number => {
  const fd = udpSocket()
  const host = options.host ?? options.group ?? "127.0.0.1"
  if (options.group !== undefined) setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
  setInt(fd, SOL_SOCKET, SO_RCVBUF, 4 << 20)
  setInt(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1)
  const fail = (call: string): never => {
    const error = systemError(call)
    libc.close(fd)
    throw error
  }
  if (libc.bind(fd, sockaddrIn(host, options.port), 16) !== 0) fail(`bind ${host}:${options.port}`)
  if (options.group !== undefined) {
    setInt(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0)
    const request = Uint8Array.from([...ipv4(options.group), ...ipv4(options.interface ?? "127.0.0.1")])
    if (libc.setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, request, 8) !== 0) fail(`join ${options.group}`)
  }
  return fd
}

/** Datagrams that the kernel has dropped at a socket since it was opened. */
const kernelDrops = (fd: number): number => {
  const info = new Uint32Array(9)
  return libc.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, new Uint8Array(info.buffer), Uint32Array.of(36)) === 0
    ? (info[8] ?? 0)
    : 0
}

/** Takes what a socket has received to its check, by the batch. */
class Reader {
  tracker: RtpTracker | null = null
  readonly #fd: number
  readonly #check: StreamCheck
  readonly #arena = batch()

  constructor(fd: number, check: StreamCheck) {
    this.#fd = fd
    this.#check = check
  }

  read(): void {
    const arena = this.#arena
    const now = monotonicNs()
    const offset = realtimeOffset()
    for (let received = BATCH; received === BATCH; ) {
      for (let i = 0; i < BATCH; i++) {
        arena.words[(i * MMSGHDR_SIZE + 40) >> 2] = CONTROL
        arena.words[(CONTROLS + i * CONTROL + 12) >> 2] = 0
      }
      received = libc.recvmmsg(this.#fd, arena.address, BATCH, MSG_DONTWAIT, 0)
      if (received < 0 && errno() !== EAGAIN) throw systemError("recvmmsg")
      for (let i = 0; i < received; i++) this.#take(i, now, offset)
    }
  }

  #take(index: number, fallbackNs: number, offset: { seconds: number; ns: number }): void {
    const { words, bytes } = this.#arena
    const control = (CONTROLS + index * CONTROL) >> 2
    const stamped = words[control + 2] === SOL_SOCKET && words[control + 3] === SO_TIMESTAMPNS
    // struct timespec at 16: seconds of CLOCK_REALTIME fit into 32 bits unsigned until 2106.
    const rxNs = stamped
      ? ((words[control + 4] ?? 0) - offset.seconds) * 1e9 + ((words[control + 6] ?? 0) - offset.ns)
      : fallbackNs
    const at = DATA + index * STRIDE
    const length = words[(index * MMSGHDR_SIZE + 56) >> 2] ?? 0
    const payload = bytes[at] === 0x47 ? null : rtpPayload(bytes, at, length)
    if (payload === null) {
      this.#check.accept(this.#arena, at, length, rxNs)
      return
    }
    this.tracker ??= new RtpTracker()
    this.tracker.accept(bytes, at)
    if (payload.from % 4 === 0) this.#check.accept(this.#arena, payload.from, payload.to - payload.from, rxNs)
    else this.#check.push(bytes.subarray(payload.from, payload.to), rxNs)
  }
}

/** Opens the socket at once; throws with the errno's name. */
export const createUdpSink = (options: UdpSinkOptions): UdpSink => {
  const fd = open(options)
  const port = boundPort(fd)
  const check = new StreamCheck(options.name ?? `udp:${port}`, options.verify, options.capture)
  const reader = new Reader(fd, check)
  const waiting = new Waiting()
  let dropsAtReset = 0
  let closed = false

  const poll = () => {
    if (closed) return
    reader.read()
    waiting.check()
  }
  const stats = (): UdpReport => ({
    ...check.report(),
    kernel_drops: closed ? 0 : kernelDrops(fd) - dropsAtReset,
    rtp: reader.tracker?.report() ?? null,
  })
  const pollMs = options.pollMs ?? 2
  const timer = pollMs > 0 ? setInterval(poll, pollMs) : undefined

  return {
    port,
    check,
    stats,
    poll,
    captured: () => check.captured(),
    reset: () => {
      poll()
      check.reset()
      dropsAtReset = kernelDrops(fd)
    },
    until: (holds, timeoutMs = 20_000) =>
      waiting.until(
        () => holds(stats()),
        timeoutMs,
        () => JSON.stringify(stats()),
      ),
    close: () => {
      poll()
      const last = stats()
      if (!closed) {
        closed = true
        clearInterval(timer)
        libc.close(fd)
      }
      return last
    },
  }
}
