/**
 * A UDP socket of our own SRT stack: shared by all callers of an address family, or a listener's port. What comes in is
 * handed to the connection whose socket id it names, if it comes from that connection's peer, and to nobody else.
 */
import { isControl, type Malformed } from "../../../core/srt/protocol/packet.ts"
import * as c from "../../ffi/libc.ts"
import { formatSockaddr } from "../../ffi/sockaddr.ts"
import { SetupFailure } from "../../protocol/setup-failure.ts"
import { describeErrno } from "../../system/describe-errno.ts"
import type { Block, SrtArena } from "./arena.ts"
import type { Destination } from "./send-batch.ts"

const MMSG = 64
const IOV = 16
const MESSAGES = 64
/** No control packet is larger than a datagram of the usual MTU. */
const STRIDE = 1536
const NAME = 32
const SEND_BUFFER = 4 << 20
const RECEIVE_BUFFER = 1 << 20
const SO_SNDBUFFORCE = 32

/** One end of a connection, or of a connection being set up. */
export interface Peer {
  /** Where its packets come from; others are a stranger's. */
  readonly address: Address
  /** Takes a packet in the arena. Returns what is wrong with it, or null. */
  readonly receive: (at: number, length: number, nowUs: number) => Malformed | null
  /** Something was thrown while it took a packet: that ends it, and nobody else. */
  readonly fault: (cause: unknown) => void
}

/** A socket address in the arena. */
export interface Address extends Destination {
  readonly block: Block
}

/** What an endpoint's socket is bound to and set to. */
export interface EndpointOptions {
  readonly local: Uint8Array
  readonly ttl: number | null
  readonly tos: number | null
  readonly sendBuffer: number | null
  readonly receiveBuffer: number | null
}

/** Packets that were refused, by kind. */
export type MalformedCounts = Record<Malformed, number>

/** Where datagrams are received to: one for the whole stack, since each batch is done with before the next. */
export class ReceiveBuffers {
  readonly arena: SrtArena
  /** What was refused at all endpoints, those that are closed included. */
  readonly malformed: MalformedCounts
  readonly msgs: number
  readonly names: number
  readonly data: number

  constructor(arena: SrtArena, malformed: MalformedCounts) {
    this.arena = arena
    this.malformed = malformed
    this.msgs = arena.take(MESSAGES * MMSG).at
    this.names = arena.take(MESSAGES * NAME).at
    this.data = arena.take(MESSAGES * STRIDE).at
    const iovs = arena.take(MESSAGES * IOV).at
    arena.bytes.fill(0, this.msgs, this.msgs + MESSAGES * MMSG)
    for (let i = 0; i < MESSAGES; i++) {
      const msg = this.msgs + i * MMSG
      arena.pointer(msg, this.names + i * NAME)
      arena.pointer(msg + 16, iovs + i * IOV)
      arena.u32[(msg + 24) >> 2] = 1
      arena.pointer(iovs + i * IOV, this.data + i * STRIDE)
      arena.u32[(iovs + i * IOV + 8) >> 2] = STRIDE
      arena.u32[(iovs + i * IOV + 12) >> 2] = 0
    }
  }
}

/** Who answers the handshakes at a listener's port. */
export interface HandshakeTaker {
  /**
   * A packet for socket id 0: `name` is the sockaddr it came from, which lasts until `answered`. Returns what is wrong
   * with it, or null.
   */
  readonly take: (name: number, nameLength: number, at: number, length: number, nowUs: number) => Malformed | null
  /** The packets of a batch have been handed out. */
  readonly answered: () => void
  /** Something was thrown by one of these. */
  readonly fault: (cause: unknown) => void
}

const fail = (doing: string): never => {
  const code = c.errno()
  throw new SetupFailure({ code: c.errnoName(code), message: describeErrno(code, doing), transient: true })
}

const setInt = (fd: number, level: number, name: number, value: number): number =>
  c.libc.setsockopt(fd, level, name, new Uint8Array(Int32Array.of(value).buffer), 4)

/** Asks for a buffer above the system's bound first, which root may have. */
const setBuffer = (fd: number, forced: number, plain: number, bytes: number): void => {
  if (setInt(fd, c.SOL_SOCKET, forced, bytes) !== 0) setInt(fd, c.SOL_SOCKET, plain, bytes)
}

export class Endpoint {
  readonly fd: number
  /** Where it is bound, as `ip:port`. */
  readonly shown: string
  readonly #buffers: ReceiveBuffers
  readonly #peers = new Map<number, Peer>()
  readonly #handshakes: HandshakeTaker | null

  /** Throws SetupFailure when the address cannot be bound. */
  constructor(buffers: ReceiveBuffers, options: EndpointOptions, handshakes: HandshakeTaker | null = null) {
    this.#buffers = buffers
    this.#handshakes = handshakes
    const { local } = options
    const v6 = local.length > 16
    this.fd = c.libc.socket(v6 ? c.AF_INET6 : c.AF_INET, c.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
    if (this.fd < 0) fail("opening a UDP socket for SRT")
    const level = v6 ? c.IPPROTO_IPV6 : c.IPPROTO_IP
    setBuffer(this.fd, SO_SNDBUFFORCE, c.SO_SNDBUF, options.sendBuffer ?? SEND_BUFFER)
    setBuffer(this.fd, c.SO_RCVBUFFORCE, c.SO_RCVBUF, options.receiveBuffer ?? RECEIVE_BUFFER)
    if (v6) setInt(this.fd, c.IPPROTO_IPV6, c.IPV6_V6ONLY, 1)
    if (options.ttl !== null) setInt(this.fd, level, v6 ? c.IPV6_UNICAST_HOPS : c.IP_TTL, options.ttl)
    if (options.tos !== null) setInt(this.fd, level, v6 ? c.IPV6_TCLASS : c.IP_TOS, options.tos)
    this.shown = formatSockaddr(local)
    if (c.libc.bind(this.fd, local, local.length) !== 0) {
      const code = c.errno()
      c.libc.close(this.fd)
      throw new SetupFailure({
        code: c.errnoName(code),
        message: describeErrno(code, `binding to ${this.shown}/udp`),
        transient: true,
      })
    }
  }

  /** Hands what is sent to `socketId` from that peer's address to it. */
  add(socketId: number, peer: Peer): void {
    this.#peers.set(socketId, peer)
  }

  remove(socketId: number): void {
    this.#peers.delete(socketId)
  }

  has(socketId: number): boolean {
    return this.#peers.has(socketId)
  }

  /** Reads what has come, at most `batches` times 64 datagrams: a flood may not hold the loop. */
  receive(nowUs: number, batches = 16): void {
    const { arena, msgs } = this.#buffers
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < MESSAGES; i++) arena.u32[(msgs + i * MMSG + 8) >> 2] = NAME
      const count = c.libc.recvmmsg(this.fd, arena.base + msgs, MESSAGES, c.MSG_DONTWAIT, 0)
      for (let i = 0; i < count; i++) this.#take(i, nowUs)
      if (count > 0) this.#handshakes?.answered()
      if (count < MESSAGES) return
    }
  }

  #take(i: number, nowUs: number): void {
    const { arena, msgs, names, data } = this.#buffers
    const length = arena.u32[(msgs + i * MMSG + 56) >> 2] ?? 0
    const at = data + i * STRIDE
    const name = names + i * NAME
    const problem = this.#dispatch(name, arena.u32[(msgs + i * MMSG + 8) >> 2] ?? 0, at, length, nowUs)
    if (problem !== null) this.#buffers.malformed[problem] += 1
  }

  #dispatch(name: number, nameLength: number, at: number, length: number, nowUs: number): Malformed | null {
    if (length < 16) return "short"
    const { view } = this.#buffers.arena
    const to = view.getUint32(at + 12)
    if (to === 0) {
      if (this.#handshakes === null || !isControl(view.getUint32(at))) return "stranger"
      try {
        return this.#handshakes.take(name, nameLength, at, length, nowUs)
      } catch (cause) {
        this.#handshakes.fault(cause)
        return null
      }
    }
    const peer = this.#peers.get(to)
    if (peer === undefined || !sameAddress(this.#buffers.arena, peer.address.name, name)) return "stranger"
    try {
      return peer.receive(at, length, nowUs)
    } catch (cause) {
      peer.fault(cause)
      return null
    }
  }

  close(): void {
    c.libc.close(this.fd)
  }
}

/** Compares two sockaddrs in the arena by family, port and address. */
const sameAddress = (arena: SrtArena, a: number, b: number): boolean => {
  const { u32, u16 } = arena
  if (u32[a >> 2] !== u32[b >> 2]) return false
  if (u16[a >> 1] === c.AF_INET) return u32[(a >> 2) + 1] === u32[(b >> 2) + 1]
  for (let word = 2; word < 6; word++) if (u32[(a >> 2) + word] !== u32[(b >> 2) + word]) return false
  return true
}

/** Puts an encoded sockaddr into the arena. */
export const addressIn = (arena: SrtArena, sockaddr: Uint8Array): Address => {
  const block = arena.take(64)
  arena.bytes.fill(0, block.at, block.at + 64)
  arena.bytes.set(sockaddr, block.at)
  return { block, name: block.at, nameLength: sockaddr.length, segments: true, capture: null }
}
