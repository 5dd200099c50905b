/**
 * One SRT connection of our own: a place in its channel's payloads, the sender's state, and the batch its packets leave
 * in.
 */

import { SLOT_PAYLOAD_MAX } from "../../../core/assembly/memory/layout.ts"
import type { ConnectionSigns } from "../../../core/srt/backup-choice.ts"
import type { Malformed } from "../../../core/srt/protocol/packet.ts"
import { keptForUs, repairForUs, type SlotReceipt } from "../../../core/srt/protocol/send-window.ts"
import { SrtSender } from "../../../core/srt/protocol/sender.ts"
import { SENDER_DEFAULTS, type SenderOptions } from "../../../core/srt/protocol/sender-options.ts"
import type { Session } from "../../../core/srt/protocol/session.ts"
import type { Reason, SrtStats } from "../../protocol/messages.ts"
import { RingReader } from "../../ring/ring-reader.ts"
import type { FenceView } from "../../system/fences.ts"
import type { Block, SrtArena } from "./arena.ts"
import { connectionFigures } from "./connection-figures.ts"
import type { Address } from "./endpoint.ts"
import type { Holder, PayloadRing } from "./payload-ring.ts"
import { endReason, STALL_US, STALLED } from "./reasons.ts"
import type { SendBatch } from "./send-batch.ts"
import { SessionCiphers } from "./session-ciphers.ts"

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
/** Slots of one turn while it makes up for another connection: at 10 ms six times a stream of 8 Mbit/s. */
const CATCH_UP_SLOTS = 48
/** A receiver on a busy machine hands on what is due this many µs late at most; what it still holds dies with it. */
const PLAY_SLACK_US = 400_000
/** What a connection sent longer ago than this, in µs, lies behind any place at which it may begin again. */
const RESTED_US = 30e6

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

export class OwnConnection implements Holder {
  readonly session: Session
  readonly address: Address
  readonly connectedAt = Date.now()
  /** See OutputSession.maxBurstUs. */
  readonly maxBurstUs: number
  readonly #shared: Shared
  readonly #fd: number
  readonly #ring: PayloadRing
  readonly #sender: SrtSender
  readonly #packetSize: number
  readonly #ciphers: SessionCiphers
  readonly #connectedUs: number
  #reader: RingReader
  #headers: Block
  #heard = false
  /** Slots that readers of before gave up. */
  #droppedBefore = 0
  /** True while it sends what another connection was to deliver. */
  #catchingUp = false
  /** When it last sent something new, in µs; null for never. */
  #carriedUs: number | null = null
  /** Since when packets are in flight without a pause. */
  #waitingSinceUs = 0
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
    this.#ciphers = new SessionCiphers(session, shared.arena, shared.batch)
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
    const { dropDelayMs = SENDER_DEFAULTS.dropDelayMs } = options
    ring.keepFor(repairForUs(session.latencyMs, Math.max(0, dropDelayMs)))
    if (keptForUs(session, dropDelayMs) === Number.POSITIVE_INFINITY) ring.hold(this)
    // What others send again may lie in slots that are about to be overwritten.
    shared.batch.submit()
    ring.sync(nowUs)
    this.#reader = new RingReader(ring.head)
    this.#connectedUs = nowUs
  }

  /** Its place in the channel's ring. */
  get reader(): RingReader {
    return this.#reader
  }

  get unacknowledged(): number | null {
    return this.#sender.unacknowledgedPosition
  }

  /** How it is, for the choice between a receiver and its backup. */
  signs(nowUs: number): ConnectionSigns {
    const sender = this.#sender
    const isFull = sender.inFlight >= sender.window
    return {
      connectedUs: this.#connectedUs,
      heardUs: sender.heardUs,
      waitingSinceUs: sender.inFlight === 0 ? null : this.#waitingSinceUs,
      blockedSinceUs: this.#blockedSinceUs > 0 ? this.#blockedSinceUs : isFull ? nowUs : null,
      rttUs: sender.rttUs,
    }
  }

  /**
   * Where another connection has to begin that takes over: at the first slot that the receiver has not acknowledged, or
   * may not have played when it was last heard; what it holds goes down with it.
   */
  get undelivered(): number {
    const sender = this.#sender
    const unacknowledged = this.unacknowledged ?? this.#reader.cursor
    const unplayed = this.#ring.since(sender.heardUs - this.session.latencyMs * 1000 - sender.rttUs - PLAY_SLACK_US)
    return ((unplayed - unacknowledged) | 0) < 0 ? unplayed : unacknowledged
  }

  /** Sends from the slot at `position` on, as far as it is still there; where it left off, if that is later. */
  carryFrom(position: number, nowUs: number): void {
    const ring = this.#ring
    this.#shared.batch.submit()
    ring.sync(nowUs)
    const [kept, wanted] = [(ring.head - ring.tail) >>> 0, (ring.head - position) >>> 0]
    const own = (ring.head - this.#reader.cursor) >>> 0
    const isOwnLater = this.#carriedUs !== null && nowUs - this.#carriedUs < RESTED_US && own < wanted
    this.#droppedBefore += this.#reader.dropped
    this.#reader = new RingReader((ring.head - Math.min(kept, isOwnLater ? own : wanted)) >>> 0)
    this.#catchingUp = true
  }

  /** Sends nothing new from now on; what is in flight is still repaired. */
  rest(): void {
    this.#blockedSinceUs = 0
    this.#catchingUp = false
  }

  #send(header: number, position: number, offset: number, length: number, parity: -1 | 0 | 1): void {
    const { batch, fences } = this.#shared
    const payload = this.#ring.payload(position) + offset
    batch.use(this.#fd)
    if (parity === -1) batch.data(this.address, header, payload, length)
    else batch.sealed(this.address, this.#ciphers.of(parity), header, payload, length)
    batch.leaveBefore(fences.untilUs(this.#ring.channel))
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
    this.#carriedUs = nowUs
    this.#sender.retain(ring.tail)
    if (this.#sender.inFlight === 0) this.#waitingSinceUs = nowUs
    let waiting = this.#takeBacklog()
    this.#makeRoom(waiting)
    let queued = 0
    for (; waiting > 0; waiting--) {
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

  /** Slots to send in this turn. */
  #takeBacklog(): number {
    const ring = this.#ring
    if (!this.#catchingUp) return this.#reader.backlog(ring.head)
    const waiting = this.#reader.backlog(ring.head, (ring.head - ring.tail) >>> 0)
    this.#catchingUp = waiting > CATCH_UP_SLOTS
    return Math.min(waiting, CATCH_UP_SLOTS)
  }

  /** Makes the history large enough for the packets of so many slots more, which come on top of those kept. */
  #makeRoom(slots: number): void {
    const needed = this.#sender.kept + slots * Math.ceil(SLOT_PAYLOAD_MAX / this.#packetSize) + HISTORY_SPARE
    let { capacity } = this.#sender
    while (capacity < needed && capacity < HISTORY_MAX) capacity *= 2
    if (capacity === this.#sender.capacity) return
    const { arena } = this.#shared
    const older = this.#headers
    const larger = arena.tryTake(capacity * HEADER)
    // Without memory for more, the oldest packets give way to new ones.
    if (larger === null) return
    this.#headers = larger
    this.#sender.grow({ view: arena.view, at: this.#headers.at, capacity })
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

  /** True when the far end, or this one, has ended it with SHUTDOWN. */
  get saidGoodbye(): boolean {
    return this.#sender.ended === "shutdown"
  }

  get bytesSent(): number {
    return this.#sender.figures.byteSentUnique
  }

  get packetsSent(): number {
    return this.#sender.figures.pktSentUnique
  }

  /** Packets given up by the queue and by the sender's too-late drop. */
  get dropped(): number {
    return this.#droppedBefore + this.#reader.dropped + this.#sender.figures.pktSndDrop
  }

  stats(): SrtStats {
    return connectionFigures(this.#sender, this.#packetSize)
  }

  /** Says goodbye and gives its memory back, once what it sent has left. */
  close(nowUs: number): void {
    this.#sender.shutdown(nowUs)
    this.#shared.batch.submit()
    this.#ring.letGo(this)
    this.#ciphers.close()
    this.#shared.arena.release(this.#headers)
    this.#shared.arena.release(this.address.block)
  }
}
