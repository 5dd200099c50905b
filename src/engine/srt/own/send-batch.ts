/**
 * Datagrams on their way to one UDP socket. Packets of one destination that follow each other leave as one message that
 * the kernel cuts (UDP_SEGMENT, udp(7), Linux 4.18 and later), and all messages of a pass by one sendmmsg.
 *
 * All segments of a message have one length; only the last may be shorter. Where the kernel or the interface refuses
 * segments (EIO, EINVAL, EMSGSIZE), the destination gets its packets one by one from then on.
 */
import { captureMessage } from "../../captures/batches.ts"
import type { CapturePoint } from "../../captures/datagram-capture.ts"
import { EAGAIN, EINVAL, EIO, EMSGSIZE, ENOBUFS, errno, libc, MSG_DONTWAIT } from "../../ffi/libc.ts"
import type { FenceView } from "../../system/fences.ts"
import type { SrtArena } from "./arena.ts"
import { newBatchFigures } from "./batch-figures.ts"
import { SealedPackets } from "./sealed-packets.ts"
import type { StreamCipher } from "./stream-cipher.ts"

/** sizeof(struct mmsghdr), struct iovec, and room for one cmsg with a u16 (64-bit Linux). */
const MMSG = 64
const IOV = 16
const CMSG = 32
const MSG_IOVLEN = 24
const MSG_CONTROL = 32
const MSG_CONTROLLEN = 40
const CONTROL_LENGTH = 24
const SOL_UDP = 17
const UDP_SEGMENT = 103

const MESSAGES = 256
const IOVECS = 8192
/** Segments of a message: older kernels take 64 (UDP_MAX_SEGMENTS). */
const SEGMENTS = 48
/** Bytes of a message: an IP datagram has 65 535. */
const MESSAGE_BYTES = 65_000
const CONTROL_BYTES = 256 * 1024
const HEADER = 16

/** What the kernel answers when it, or the interface, cannot cut a message. */
const CANNOT_CUT: ReadonlySet<number> = new Set([EIO, EINVAL, EMSGSIZE])

/** Where packets go. */
export interface Destination extends CapturePoint {
  /** Offset of its sockaddr in the arena, and the sockaddr's length. */
  readonly name: number
  readonly nameLength: number
  /** False once the kernel has refused to cut messages for it. */
  segments: boolean
}

export class SendBatch {
  readonly figures = newBatchFigures()
  readonly #arena: SrtArena
  readonly #fences: Pick<FenceView, "isPast">
  readonly #segmenting: boolean
  #fd: number
  readonly #msgs: number
  readonly #iovs: number
  readonly #cmsgs: number
  readonly #controls: number
  readonly #sealed: SealedPackets
  /** A message for packets that are sent one by one. */
  readonly #single: number
  readonly #destinations: Array<Destination | null> = new Array<Destination | null>(MESSAGES).fill(null)
  readonly #firstIov = new Uint32Array(MESSAGES)
  readonly #segment = new Uint16Array(MESSAGES)
  readonly #count = new Uint16Array(MESSAGES)
  #messages = 0
  #iovecs = 0
  #controlBytes = 0
  /** Least fence of the channels whose packets wait. */
  #untilUs = Number.POSITIVE_INFINITY
  // The message packets are being added to.
  #open: Destination | null = null
  #size = 0
  #total = 0
  #packets = 0
  #short = false

  /** `segmenting` false sends every packet by itself. */
  constructor(arena: SrtArena, fences: Pick<FenceView, "isPast">, segmenting = true) {
    this.#arena = arena
    this.#fences = fences
    this.#segmenting = segmenting
    this.#fd = -1
    this.#msgs = arena.take(MESSAGES * MMSG).at
    this.#iovs = arena.take(IOVECS * IOV).at
    this.#cmsgs = arena.take(MESSAGES * CMSG).at
    this.#controls = arena.take(CONTROL_BYTES).at
    this.#sealed = new SealedPackets(arena)
    this.#single = arena.take(MMSG).at
    arena.bytes.fill(0, this.#msgs, this.#msgs + MESSAGES * MMSG)
    arena.bytes.fill(0, this.#single, this.#single + MMSG)
    for (let i = 0; i < MESSAGES; i++) {
      const cmsg = this.#cmsgs + i * CMSG
      arena.bytes.fill(0, cmsg, cmsg + CMSG)
      arena.u32[cmsg >> 2] = 18
      arena.u32[(cmsg + 8) >> 2] = SOL_UDP
      arena.u32[(cmsg + 12) >> 2] = UDP_SEGMENT
      arena.pointer(this.#msgs + i * MMSG + MSG_CONTROL, cmsg)
    }
  }

  /** What follows leaves by this socket; what came before has left. */
  use(fd: number): void {
    if (fd === this.#fd) return
    this.submit()
    this.#fd = fd
  }

  /** Opens a message unless the open one takes a packet of `length` bytes for `to`. */
  #room(to: Destination, length: number, iovecs: number): void {
    const fits =
      this.#open === to &&
      this.#packets > 0 &&
      to.segments &&
      this.#segmenting &&
      !this.#short &&
      length <= this.#size &&
      this.#packets < SEGMENTS &&
      this.#total + length <= MESSAGE_BYTES
    if (fits && this.#iovecs + iovecs <= IOVECS) {
      this.#short = length < this.#size
      return
    }
    this.#close()
    if (this.#messages === MESSAGES || this.#iovecs + iovecs > IOVECS) this.submit()
    this.#open = to
    this.#size = length
    this.#total = 0
    this.#packets = 0
    this.#short = false
    this.#firstIov[this.#messages] = this.#iovecs
  }

  #iovec(offset: number, length: number): void {
    const at = this.#iovs + this.#iovecs * IOV
    this.#arena.pointer(at, offset)
    const word = at >> 2
    this.#arena.u32[word + 2] = length
    this.#arena.u32[word + 3] = 0
    this.#iovecs += 1
  }

  #added(length: number): void {
    this.#total += length
    this.#packets += 1
  }

  /**
   * What waits may leave until then (CLOCK_MONOTONIC in µs) and no later: it is thrown away instead, with what waits of
   * other channels, which is repaired like any other loss.
   */
  leaveBefore(untilUs: number): void {
    if (untilUs < this.#untilUs) this.#untilUs = untilUs
  }

  /** A packet in the clear, gathered from its header and its payload. */
  data(to: Destination, header: number, payload: number, length: number): void {
    this.#room(to, HEADER + length, 2)
    this.#iovec(header, HEADER)
    this.#iovec(payload, length)
    this.#added(HEADER + length)
  }

  /** A packet whose payload `cipher` encrypts, at the latest when it is submitted. */
  sealed(to: Destination, cipher: StreamCipher, header: number, payload: number, length: number): void {
    if (!this.#sealed.fits(length)) this.submit()
    this.#room(to, HEADER + length, 1)
    this.#iovec(this.#sealed.add(cipher, header, payload, length), HEADER + length)
    this.#added(HEADER + length)
  }

  /** Encrypts what waits for it: before a cipher is closed. */
  seal(): void {
    this.#sealed.run()
  }

  /** A control packet, or a handshake: copied. */
  control(to: Destination, packet: Uint8Array): void {
    if (this.#controlBytes + packet.length > CONTROL_BYTES) this.submit()
    this.#room(to, packet.length, 1)
    const at = this.#controls + this.#controlBytes
    this.#arena.bytes.set(packet, at)
    this.#controlBytes += (packet.length + 3) & ~3
    this.#iovec(at, packet.length)
    this.#added(packet.length)
  }

  #close(): void {
    const to = this.#open
    if (to === null || this.#packets === 0) return
    const { u32, u16 } = this.#arena
    const i = this.#messages
    const msg = this.#msgs + i * MMSG
    const first = this.#firstIov[i] ?? 0
    this.#arena.pointer(msg, to.name)
    u32[(msg + 8) >> 2] = to.nameLength
    this.#arena.pointer(msg + 16, this.#iovs + first * IOV)
    u32[(msg + MSG_IOVLEN) >> 2] = this.#iovecs - first
    u32[(msg + MSG_CONTROLLEN) >> 2] = this.#packets > 1 ? CONTROL_LENGTH : 0
    u16[(this.#cmsgs + i * CMSG + 16) >> 1] = this.#size
    this.#destinations[i] = to
    this.#segment[i] = this.#size
    this.#count[i] = this.#packets
    this.#messages += 1
    this.#open = null
    this.#packets = 0
  }

  /** Hands everything to the kernel. What it does not take is lost, and repaired like any other loss. */
  submit(): void {
    this.#close()
    this.#sealed.run()
    if (this.#fences.isPast(this.#untilUs)) this.#messages = 0
    let from = 0
    while (from < this.#messages) {
      const left = this.#messages - from
      const sent = libc.sendmmsg(this.#fd, this.#arena.base + this.#msgs + from * MMSG, left, MSG_DONTWAIT)
      this.figures.calls += 1
      if (sent > 0) {
        this.figures.messages += sent
        for (let i = from; i < from + sent; i++) this.#left(i, this.#msgs + i * MMSG)
        from += sent
      } else {
        this.#refused(from)
        from += 1
      }
    }
    this.#untilUs = Number.POSITIVE_INFINITY
    this.#messages = 0
    this.#iovecs = 0
    this.#controlBytes = 0
    this.#sealed.clear()
  }

  /** The kernel has taken a message, which stands at `msg`. */
  #left(message: number, msg: number): void {
    this.figures.packets += this.#count[message] ?? 0
    const capture = this.#destinations[message]?.capture ?? null
    if (capture !== null) captureMessage(capture, this.#arena, msg, this.#segment[message] ?? 0, this.#fd)
  }

  #refused(message: number): void {
    const code = errno()
    this.figures.lastErrno = code
    const to = this.#destinations[message]
    if (code === EAGAIN || code === ENOBUFS) {
      this.figures.full += 1
      return
    }
    const cut = (this.#count[message] ?? 0) > 1 && CANNOT_CUT.has(code)
    if (to === null || to === undefined || !cut) {
      this.figures.refused += 1
      return
    }
    if (to.segments) this.figures.fallbacks += 1
    to.segments = false
    this.#oneByOne(message, to)
  }

  /** Sends the packets of a message that was refused whole. */
  #oneByOne(message: number, to: Destination): void {
    const { u32 } = this.#arena
    const msg = this.#msgs + message * MMSG
    const segment = this.#segment[message] ?? 0
    const end = (this.#firstIov[message] ?? 0) + (u32[(msg + MSG_IOVLEN) >> 2] ?? 0)
    this.#arena.pointer(this.#single, to.name)
    u32[(this.#single + 8) >> 2] = to.nameLength
    for (let first = this.#firstIov[message] ?? 0; first < end; ) {
      let next = first
      for (let bytes = 0; next < end && bytes < segment; next++) bytes += u32[(this.#iovs + next * IOV + 8) >> 2] ?? 0
      this.#arena.pointer(this.#single + 16, this.#iovs + first * IOV)
      u32[(this.#single + MSG_IOVLEN) >> 2] = next - first
      if (libc.sendmmsg(this.#fd, this.#arena.base + this.#single, 1, MSG_DONTWAIT) !== 1) this.figures.refused += 1
      else {
        this.figures.packets += 1
        if (to.capture !== null) captureMessage(to.capture, this.#arena, this.#single, segment, this.#fd)
      }
      first = next
    }
  }
}
