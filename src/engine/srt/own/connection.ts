/**
 * One SRT connection of our own: a place in its channel's payloads, the sender's state, and the batch its packets leave
 * in.
 */

import type { Malformed } from "../../../core/srt/protocol/packet.ts"
import { keptForUs, type SlotReceipt } from "../../../core/srt/protocol/send-window.ts"
import { SrtSender } from "../../../core/srt/protocol/sender.ts"
import { SENDER_DEFAULTS, type SenderOptions } from "../../../core/srt/protocol/sender-options.ts"
import type { Session } from "../../../core/srt/protocol/session.ts"
import type { Reason, SrtStats } from "../../protocol/messages.ts"
import { RingReader } from "../../ring/ring-reader.ts"
import type { FenceView } from "../../system/fences.ts"
import type { Block, SrtArena } from "./arena.ts"
import type { Address } from "./endpoint.ts"
import type { PayloadRing } from "./payload-ring.ts"
import { endReason, STALL_US, STALLED } from "./reasons.ts"
import type { SendBatch } from "./send-batch.ts"
import { type StreamCipher, streamCipher } from "./stream-cipher.ts"

const HEADER = 16
/** 0.6 s at 8 Mbit/s; it grows with what is sent. */
const HISTORY_MIN = 512
const HISTORY_MAX = 1 << 16
/** Packets of one turn after which they are handed to the kernel: fewer than any history holds. */
const SUBMIT_EVERY = 256
/** Room that is left when a history begins to grow. */
const HISTORY_SPARE = 128
/** The part of a connection's latency that bursts may use up; the rest is for retransmission. */
const BURST_SHARE = 1 / 12
/** IPv4, UDP and SRT headers, which libsrt's byte counters include. */
const WIRE_HEADERS = 44
const KM_SECURED = 2

/** What the stack lends its connections. */
export interface Shared {
  readonly arena: SrtArena
  readonly batch: SendBatch
  readonly fences: FenceView
}

/** How a connection is to be run, beside what the protocol asks for. */
export interface ConnectionOptions extends Partial<SenderOptions> {
  /** Payload bytes of a packet: a multiple of 188, 188 to 1316. */
  readonly packetSize: number
}

export class OwnConnection {
  readonly session: Session
  readonly address: Address
  readonly reader: RingReader
  readonly connectedAt = Date.now()
  /** See OutputSession.maxBurstUs. */
  readonly maxBurstUs: number
  readonly #shared: Shared
  readonly #fd: number
  readonly #ring: PayloadRing
  readonly #sender: SrtSender
  readonly #packetSize: number
  readonly #ciphers: [StreamCipher | null, StreamCipher | null] = [null, null]
  /** The keys the ciphers were made of: a renewed one needs a new cipher. */
  readonly #cipherKeys: [Uint8Array | null, Uint8Array | null] = [null, null]
  #headers: Block
  #heard = false
  /** When the flow window began to be full, in µs; 0 while it is not. */
  #blockedSinceUs = 0

  constructor(
    shared: Shared,
    fd: number,
    ring: PayloadRing,
    address: Address,
    session: Session,
    options: ConnectionOptions,
    nowUs: number,
  ) {
    this.#shared = shared
    this.#fd = fd
    this.#ring = ring
    this.address = address
    this.session = session
    const largest = Math.floor(session.payloadBytes / 188) * 188
    this.#packetSize = Math.max(188, Math.min(options.packetSize, largest))
    this.#headers = shared.arena.take(HISTORY_MIN * HEADER)
    const memory = { view: shared.arena.view, at: this.#headers.at, capacity: HISTORY_MIN }
    const sink = {
      data: (header: number, _sequence: number, position: number, offset: number, length: number, parity: -1 | 0 | 1) =>
        this.#send(header, position, offset, length, parity),
      control: (packet: Uint8Array) => {
        shared.batch.use(fd)
        shared.batch.control(address, packet)
      },
    }
    this.#sender = new SrtSender(session, memory, sink, { ...SENDER_DEFAULTS, ...options }, nowUs)
    // No latency: the receiver runs without TSBPD and keeps no deadline.
    this.maxBurstUs = session.latencyMs > 0 ? session.latencyMs * 1000 * BURST_SHARE : Number.POSITIVE_INFINITY
    ring.keepFor(keptForUs(session.latencyMs, options.dropDelayMs ?? SENDER_DEFAULTS.dropDelayMs))
    // What others send again may lie in slots that are about to be overwritten.
    shared.batch.submit()
    ring.sync(nowUs)
    this.reader = new RingReader(ring.head)
  }

  #send(header: number, position: number, offset: number, length: number, parity: -1 | 0 | 1): void {
    const { batch, fences } = this.#shared
    const payload = this.#ring.payload(position) + offset
    batch.use(this.#fd)
    if (parity === -1) batch.data(this.address, header, payload, length)
    else batch.sealed(this.address, this.#cipher(parity), header, payload, length)
    batch.leaveBefore(fences.untilUs(this.#ring.channel))
  }

  #cipher(parity: 0 | 1): StreamCipher {
    const { keys } = this.session
    const key = keys?.key(parity) ?? null
    if (keys === null || key === null)
      throw new Error("an SRT packet is to be encrypted with a key that does not exist")
    const cipher = this.#ciphers[parity]
    if (cipher !== null && this.#cipherKeys[parity] === key) return cipher
    if (cipher !== null) {
      this.#shared.batch.seal()
      cipher.close()
    }
    const made = streamCipher(this.#shared.arena, key, keys.salt)
    this.#ciphers[parity] = made
    this.#cipherKeys[parity] = key
    return made
  }

  /** True once the peer has said anything after the handshake: it is there. */
  get proven(): boolean {
    return this.#heard
  }

  /** Whether the peer has the slot at `position` of the channel's ring, which came at `receivedUs` and has been sent. */
  receiptOf(position: number, receivedUs: number, nowUs: number): SlotReceipt {
    return this.#sender.receiptOf(position, receivedUs, nowUs)
  }

  /** Takes a control packet of the peer's. */
  receive(at: number, length: number, nowUs: number): Malformed | null {
    const { arena } = this.#shared
    this.#sender.retain(this.#ring.tail)
    const problem = this.#sender.receive(arena.bytes, arena.view, at, length, nowUs)
    if (problem === null) this.#heard = true
    return problem
  }

  /** Sends what waits in the ring. */
  flush(nowUs: number): void {
    const ring = this.#ring
    const { reader } = this
    ring.sync(nowUs)
    this.#sender.retain(ring.tail)
    if (this.#sender.kept > this.#sender.capacity - HISTORY_SPARE) this.#grow()
    let queued = 0
    for (let waiting = reader.backlog(ring.head); waiting > 0; waiting--) {
      const position = reader.cursor
      const end = ring.length(position)
      while (reader.offset < end) {
        const size = Math.min(this.#packetSize, end - reader.offset)
        if (!this.#sender.send(position, reader.offset, size, ring.receivedUs(position), nowUs)) {
          if (this.#blockedSinceUs === 0) this.#blockedSinceUs = nowUs
          return
        }
        reader.offset += size
        queued += 1
        // A header may be written over once a whole history of packets came after it: they have to leave before.
        if (queued % SUBMIT_EVERY === 0) this.#shared.batch.submit()
      }
      reader.next()
    }
    this.#blockedSinceUs = 0
  }

  #grow(): void {
    const { capacity } = this.#sender
    if (capacity >= HISTORY_MAX) return
    const { arena } = this.#shared
    const older = this.#headers
    const larger = arena.tryTake(capacity * 2 * HEADER)
    // Without memory for more, what is sent waits until there is room in this one.
    if (larger === null) return
    this.#headers = larger
    this.#sender.grow({ view: arena.view, at: this.#headers.at, capacity: capacity * 2 })
    // Packets of this pass may still point into it.
    this.#shared.batch.submit()
    arena.release(older)
  }

  poll(nowUs: number): void {
    this.#sender.poll(nowUs)
  }

  /** Why it is over; null while it is not. */
  endReason(nowUs: number): Reason | null {
    const { ended } = this.#sender
    if (ended !== null) return endReason(ended)
    return this.#blockedSinceUs > 0 && nowUs - this.#blockedSinceUs > STALL_US ? STALLED : null
  }

  get bytesSent(): number {
    return this.#sender.figures.byteSentUnique
  }

  get packetsSent(): number {
    return this.#sender.figures.pktSentUnique
  }

  /** Packets given up by the queue and by the sender's too-late drop. */
  get dropped(): number {
    return this.reader.dropped + this.#sender.figures.pktSndDrop
  }

  stats(): SrtStats {
    const sender = this.#sender
    const f = sender.figures
    const packets = f.pktSentUnique + f.pktRetrans
    const bytes = f.byteSentUnique + f.byteRetrans
    return {
      rtt_ms: sender.rttUs / 1000,
      latency_ms: this.session.latencyMs,
      packets_sent: packets,
      packets_sent_unique: f.pktSentUnique,
      packets_lost: f.pktSndLoss,
      packets_retransmitted: f.pktRetrans,
      packets_dropped: f.pktSndDrop,
      bytes_dropped: f.byteSndDrop,
      bytes_sent: bytes + packets * WIRE_HEADERS,
      bytes_retransmitted: f.byteRetrans + f.pktRetrans * WIRE_HEADERS,
      acks_received: f.pktRecvAck,
      naks_received: f.pktRecvNak,
      send_buffer_packets: sender.inFlight,
      send_buffer_ms: Math.round(sender.inFlightUs / 1000),
      flight_packets: sender.inFlight,
      bandwidth_mbps: (f.pktsBandwidth * (this.#packetSize + WIRE_HEADERS) * 8) / 1e6,
      km_state: this.session.keys === null ? 0 : KM_SECURED,
    }
  }

  /** Says goodbye and gives its memory back, once what it sent has left. */
  close(nowUs: number): void {
    this.#sender.shutdown(nowUs)
    this.#shared.batch.submit()
    for (const cipher of this.#ciphers) cipher?.close()
    this.#shared.arena.release(this.#headers)
    this.#shared.arena.release(this.address.block)
  }
}
