/**
 * The sending side of one established SRT connection: ring slots into libsrt's send buffer, with the time they arrived.
 */
import { SLOT_LENGTH, SLOT_PAYLOAD, SLOT_RX_US, TX_MSGCTRL } from "../../core/assembly/memory/layout.ts"
import { SRT_OPTIONS } from "../../core/srt/options.ts"
import { SRT_EASYNCSND, SRT_EINVALMSGAPI, SRT_EINVSOCK } from "../ffi/libsrt.ts"
import type { Reason, SrtStats } from "../protocol/messages.ts"
import { RingReader } from "../ring/ring-reader.ts"
import { connectionLost, getInt, lastError, readStats } from "../srt/srt-socket.ts"
import type { SessionContext } from "./output-session.ts"

/** A receiver that takes nothing for this long while packets wait is given up, so that the reconnect starts afresh. */
const STALL_US = 10e6

/** The part of a connection's latency that bursts may use up; the rest is for retransmission. */
const BURST_SHARE = 1 / 12

/** Where `msgttl` of SRT_MSGCTRL is, in words. */
const MSGTTL = (TX_MSGCTRL + 4) >> 2
/**
 * The sender's buffer that is written for libsrt 1.6 measures the age of a packet against a time that is not set yet
 * (CSndBuffer::extractUniquePacket), and would drop every packet that has a time to live.
 */
const TTL_UNSAFE = 0x010600
/** The field has 32 bits, with a sign. */
const TTL_MAX_MS = 2 ** 31 - 1

export class SrtConnection {
  readonly socket: number
  /** See OutputSession.maxBurstUs. */
  readonly maxBurstUs: number
  readonly reader: RingReader
  readonly connectedAt = Date.now()
  bytesSent = 0
  packetsSent = 0
  #stats: SrtStats | null = null
  readonly #context: SessionContext
  readonly #srt: NonNullable<SessionContext["srt"]>
  readonly #channel: number
  readonly #packetSize: number
  /** srctime may not precede the connection, nor run backwards. */
  #minUs: number
  #blockedSinceUs = 0
  #stampRefused = false

  constructor(
    context: SessionContext,
    srt: NonNullable<SessionContext["srt"]>,
    socket: number,
    channel: number,
    packetSize: number,
  ) {
    this.#context = context
    this.#srt = srt
    this.socket = socket
    this.#channel = channel
    // The peer's limit counts as well as the URL's: a message above PAYLOADSIZE is refused (5009).
    const limit = getInt(srt, socket, SRT_OPTIONS.PAYLOADSIZE)
    this.#packetSize = Math.max(188, Math.min(packetSize, limit > 0 ? Math.floor(limit / 188) * 188 : packetSize))
    this.#minUs = Number(srt.connectionTime(socket))
    const latencyMs = getInt(srt, socket, SRT_OPTIONS.PEERLATENCY)
    // No latency: the receiver runs without TSBPD and keeps no deadline.
    this.maxBurstUs = latencyMs > 0 ? latencyMs * 1000 * BURST_SHARE : Number.POSITIVE_INFINITY
    this.reader = new RingReader(context.core.ringHead(channel))
  }

  /**
   * Time to live of messages, for a channel with a fence: libsrt's own threads send and repeat what it was given, and
   * they may be the first to run when the process was stopped. They drop what is older (SRT_MSGCTRL `msgttl`, from the
   * message's srctime, which is no later than now). -1 without a fence.
   */
  #ttlMs(leftUs: number): number {
    if (leftUs === Number.POSITIVE_INFINITY || this.#srt.getversion() >= TTL_UNSAFE) return -1
    return Math.min(TTL_MAX_MS, Math.max(0, Math.floor(leftUs / 1000) - 1))
  }

  /** Sends what waits; a reason means that the connection is over. */
  flush(nowUs: number): Reason | null {
    const { core, base, fences } = this.#context
    const { reader } = this
    const control = base + TX_MSGCTRL
    const leftUs = fences.leftUs(this.#channel)
    if (leftUs <= 0) return null
    const ttlMs = this.#ttlMs(leftUs)
    const head = core.ringHead(this.#channel)
    for (let waiting = reader.backlog(head); waiting > 0; waiting--) {
      const slot = core.slotAddress(this.#channel, reader.cursor)
      const end = core.u32[(slot + SLOT_LENGTH) >> 2] ?? 0
      while (reader.offset < end) {
        const size = Math.min(this.#packetSize, end - reader.offset)
        core.setMsgCtrl(slot, this.#minUs)
        if (ttlMs >= 0) core.u32[MSGTTL] = ttlMs
        if (this.#srt.sendmsg2(this.socket, base + slot + SLOT_PAYLOAD + reader.offset, size, control) < 0)
          return this.#refused(nowUs)
        reader.offset += size
        this.bytesSent += size
        this.packetsSent += 1
      }
      this.#blockedSinceUs = 0
      this.#stampRefused = false
      const rx = core.f64[(slot + SLOT_RX_US) >> 3] ?? 0
      if (rx > this.#minUs) this.#minUs = rx
      reader.next()
    }
    return null
  }

  #refused(nowUs: number): Reason | null {
    const code = this.#srt.getlasterror(0)
    if (code === SRT_EASYNCSND) {
      // Buffer full: the packets stay in the ring until its bound drops them.
      if (this.#blockedSinceUs === 0) this.#blockedSinceUs = nowUs
      if (nowUs - this.#blockedSinceUs < STALL_US) return null
      return {
        code: "stalled",
        message: "the receiver stalled: libsrt's send buffer stayed full for 10 s",
        transient: true,
      }
    }
    if (code === SRT_EINVALMSGAPI && !this.#stampRefused) {
      // libsrt holds the stamp to be older than the connection: once more with the time of now.
      this.#stampRefused = true
      this.#minUs = nowUs
      return null
    }
    // libsrt takes a broken socket away after a second: on a machine that stood still for longer, this is the first
    // that is heard of it.
    if (code === SRT_EINVSOCK) return connectionLost(this.#srt)
    return lastError(this.#srt, "SRT connection lost")
  }

  /** Last good sample: libsrt leaves the structure untouched once the connection broke. */
  stats(): SrtStats | null {
    this.#stats = readStats(this.#srt, this.socket) ?? this.#stats
    return this.#stats
  }

  /** Packets given up by our queue and by libsrt's too-late drop. */
  get dropped(): number {
    return this.reader.dropped + (this.#stats?.packets_dropped ?? 0)
  }
}
