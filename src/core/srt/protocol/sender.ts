/**
 * The sending side of one SRT connection in live mode (clauses 4.5 to 4.8): what is sent, what is acknowledged, what
 * is sent again and what is given up. It has no socket and no clock: packets leave by a sink, times come with the call.
 *
 * Packets are numbered `oldest` to `next`: those before `acked` are acknowledged, those before `oldest` can no longer
 * be sent again, because they are older than any receiver waits for or their payload has left the ring.
 */
import { type HeaderMemory, SendHistory } from "./history.ts"
import { KeyRenewal, type RenewalOptions } from "./key-renewal.ts"
import { walkLossList } from "./loss-list.ts"
import {
  CONTROL,
  controlPacket,
  controlType,
  DATA,
  HEADER_BYTES,
  isControl,
  type Malformed,
  messageAfter,
  sequenceAfter,
  sequenceDistance,
  USER_KMREQ,
  USER_KMRSP,
} from "./packet.ts"
import { ResendBudget } from "./resend-budget.ts"
import { newFigures, type SenderFigures } from "./sender-figures.ts"
import type { Session } from "./session.ts"

/** Where packets go. What it is told within one call leaves in that order. */
export interface SenderSink {
  /**
   * A data packet: its header stands at `header` of the history's memory, its payload is `length` bytes at `offset` of
   * the ring's slot `position`. `parity` names the key it is to be encrypted with, -1 none.
   */
  readonly data: (
    header: number,
    sequence: number,
    position: number,
    offset: number,
    length: number,
    parity: -1 | 0 | 1,
  ) => void
  readonly control: (packet: Uint8Array<ArrayBuffer>) => void
}

export interface SenderOptions extends RenewalOptions {
  /** Extra time in ms before a packet is given up as too late: SNDDROPDELAY; -1 never gives one up. */
  readonly dropDelayMs: number
  /** Silence in µs after which the peer counts as gone: PEERIDLETIMEO, 5 s in libsrt. */
  readonly idleUs: number
}

export const SENDER_DEFAULTS: SenderOptions = {
  refreshPackets: 1 << 24,
  announcePackets: 4096,
  dropDelayMs: 0,
  idleUs: 5e6,
}

/** Why a connection is over. */
export type SenderEnd = "shutdown" | "idle" | "peer_error"

/** A connection that sends nothing says so this often (clause 3.2.3). */
const KEEPALIVE_US = 1e6
/** A packet is given up when it is older than this, or than the latency, and 20 ms more (clause 4.6). */
const DROP_MIN_US = 1e6
const DROP_SLACK_US = 20_000
const FIRST_RTT_US = 100_000
const FIRST_RTT_VAR_US = 50_000
/** A round trip above this is no measurement. */
const RTT_MAX_US = 60e6
/**
 * Packets that loss reports make us look at between two turns, in histories: more than honest receivers ask for, and
 * few enough that forged reports cost no time. An answer that a range is gone counts as GONE_LOOKS of them.
 */
const LOOKS = 2
const GONE_LOOKS = 64

export class SrtSender {
  readonly session: Session
  readonly figures: SenderFigures = newFigures()
  /** Set when the connection is over. */
  ended: SenderEnd | null = null
  rttUs = FIRST_RTT_US
  rttVarUs = FIRST_RTT_VAR_US
  readonly #options: SenderOptions
  readonly #sink: SenderSink
  readonly #budget: ResendBudget
  readonly #renewal: KeyRenewal | null
  readonly #dropUs: number
  #history: SendHistory
  #next: number
  #acked: number
  #oldest: number
  /** The furthest acknowledgement: packets before it the peer has, or has given up by itself. */
  #confirmed: number
  /** The first packet that was sent with the present key. */
  #keySince: number
  /** How many packets loss reports may still make us look at before the next turn. */
  #looks: number
  #message = 1
  #window: number
  #lastStampUs = 0
  #heardUs: number
  #sentUs: number
  /** When an acknowledgement last moved on, or everything was sent again for want of one. */
  #progressUs: number
  /** Number of the ACK to be answered, -1 for none. */
  #ackAck = -1

  constructor(session: Session, memory: HeaderMemory, sink: SenderSink, options: SenderOptions, nowUs: number) {
    this.session = session
    this.#options = options
    this.#sink = sink
    this.#history = new SendHistory(memory)
    this.#budget = new ResendBudget(memory.capacity)
    this.#renewal = session.keys === null ? null : new KeyRenewal(session.keys, options)
    this.#next = session.sequence
    this.#acked = session.sequence
    this.#oldest = session.sequence
    this.#confirmed = session.sequence
    this.#keySince = session.sequence
    this.#looks = LOOKS * memory.capacity
    this.#window = session.flowWindow
    this.#heardUs = nowUs
    this.#sentUs = nowUs
    this.#progressUs = nowUs
    const { dropDelayMs } = options
    this.#dropUs =
      dropDelayMs < 0
        ? Number.POSITIVE_INFINITY
        : Math.max(DROP_MIN_US, (session.latencyMs + dropDelayMs) * 1000) + DROP_SLACK_US
  }

  /** Sequence number of the next new packet. */
  get next(): number {
    return this.#next
  }

  /** The first packet that is not acknowledged. */
  get acked(): number {
    return this.#acked
  }

  /** Packets sent and neither acknowledged nor given up. */
  get inFlight(): number {
    return sequenceDistance(this.#next, this.#acked)
  }

  /** µs between the time stamps of the first and the last packet in flight. */
  get inFlightUs(): number {
    if (this.inFlight === 0) return 0
    const stamp = (sequence: number) => this.#history.view.getUint32(this.#history.header(sequence) + 8)
    return (stamp(sequenceAfter(this.#next, -1)) - stamp(this.#acked)) >>> 0
  }

  /** Packets the peer lets be in flight. */
  get window(): number {
    return this.#window
  }

  /** Packets that can be sent again. */
  get kept(): number {
    return sequenceDistance(this.#next, this.#oldest)
  }

  /** Packets the history has room for. */
  get capacity(): number {
    return this.#history.capacity
  }

  /** Position in the ring of the oldest packet that can be sent again; null with none. */
  get oldestPosition(): number | null {
    return this.kept === 0 ? null : this.#history.position(this.#oldest)
  }

  /** Ring position of a packet that can be sent again, for the proof that it was acknowledged. */
  get ackedPosition(): number | null {
    const last = sequenceAfter(this.#acked, -1)
    return sequenceDistance(this.#acked, this.#oldest) <= 0 ? null : this.#history.position(last)
  }

  /** Moves into a larger memory. RangeError when it is not larger. */
  grow(memory: HeaderMemory): void {
    if (memory.capacity <= this.#history.capacity)
      throw new RangeError(`a history of ${this.#history.capacity} packets cannot grow to ${memory.capacity}`)
    const larger = new SendHistory(memory)
    larger.copyFrom(this.#history, this.#oldest, this.#next)
    this.#history = larger
    this.#budget.raise(memory.capacity)
  }

  /**
   * Sends a new packet: `length` bytes at `offset` of slot `position`, which arrived at `receivedUs`. False when the
   * peer's window is full: it has to be offered again later, or given up.
   */
  send(position: number, offset: number, length: number, receivedUs: number, nowUs: number): boolean {
    if (this.inFlight >= this.#window) return false
    const history = this.#history
    if (this.kept >= history.capacity) this.#forget(1)
    const sequence = this.#next
    const parity = this.#renewal === null ? -1 : this.#renewal.parity
    const key = parity === -1 ? 0 : parity === 0 ? DATA.EVEN_KEY : DATA.ODD_KEY
    const header = history.header(sequence)
    history.view.setUint32(header, sequence)
    history.view.setUint32(header + 4, (DATA.SOLO_IN_ORDER | key | this.#message) >>> 0)
    history.view.setUint32(header + 8, this.#stamp(receivedUs))
    history.view.setUint32(header + 12, this.session.peerSocketId)
    history.put(sequence, position, offset, length)
    this.#sink.data(header, sequence, position, offset, length, parity)
    this.#next = sequenceAfter(sequence, 1)
    this.#message = messageAfter(this.#message)
    this.#renewal?.used()
    this.#budget.earn()
    this.#sentUs = nowUs
    this.figures.pktSentUnique += 1
    this.figures.byteSentUnique += length
    return true
  }

  /** Time stamps count from the connection's start, and never run backwards. */
  #stamp(receivedUs: number): number {
    this.#lastStampUs = Math.max(this.#lastStampUs, Math.floor(receivedUs - this.session.startUs))
    return this.#lastStampUs % 4294967296
  }

  /** Takes a control packet from the peer's address. Returns what is wrong with it, or null. */
  receive(bytes: Uint8Array, view: DataView, at: number, length: number, nowUs: number): Malformed | null {
    if (length < HEADER_BYTES) return "short"
    const word = view.getUint32(at)
    if (!isControl(word)) return "data"
    const problem = this.#take(controlType(word), word & 0xffff, bytes, view, at, length, nowUs)
    if (problem === null) this.#heardUs = nowUs
    return problem
  }

  #take(
    type: number,
    subtype: number,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    length: number,
    nowUs: number,
  ): Malformed | null {
    switch (type) {
      case CONTROL.ACK:
        return this.#onAck(view, at, length, nowUs)
      case CONTROL.NAK:
        return this.#onNak(view, at, length, nowUs)
      case CONTROL.SHUTDOWN:
        this.ended ??= "shutdown"
        return null
      case CONTROL.PEERERROR:
        this.ended ??= "peer_error"
        return null
      case CONTROL.USER:
        if (subtype !== USER_KMRSP) return null
        this.#renewal?.confirm(bytes.subarray(at + HEADER_BYTES, at + length))
        return null
      case CONTROL.KEEPALIVE:
      case CONTROL.CONGESTION:
      case CONTROL.HANDSHAKE:
      case CONTROL.ACKACK:
      case CONTROL.DROPREQ:
        return null
      default:
        return "type"
    }
  }

  #onAck(view: DataView, at: number, length: number, nowUs: number): Malformed | null {
    if (length < HEADER_BYTES + 4) return "short"
    const acked = view.getUint32(at + 16)
    // Nothing of that number was sent: forged, or of an earlier connection. libsrt ends the connection; we go on.
    if (isControl(acked) || sequenceDistance(acked, this.#next) > 0) return "ack"
    this.figures.pktRecvAck += 1
    if (sequenceDistance(acked, this.#confirmed) > 0) this.#confirmed = acked
    const moved = sequenceDistance(acked, this.#acked)
    if (moved > 0) {
      this.#acked = acked
      this.#progressUs = nowUs
    }
    // A light one has nothing but the number, and is not answered (clause 3.2.4).
    if (length < HEADER_BYTES + 16) {
      if (moved > 0) this.#window = Math.max(0, this.#window - moved)
      return null
    }
    const rttUs = view.getUint32(at + 20)
    if (rttUs > 0 && rttUs <= RTT_MAX_US) {
      this.rttUs = rttUs
      this.rttVarUs = Math.min(RTT_MAX_US, view.getUint32(at + 24))
    }
    // An acknowledgement that was overtaken tells of an older window.
    if (moved >= 0) this.#window = view.getUint32(at + 28)
    if (length >= HEADER_BYTES + 24) this.figures.pktsBandwidth = view.getUint32(at + 36)
    this.#ackAck = view.getUint32(at + 4)
    return null
  }

  #onNak(view: DataView, at: number, length: number, nowUs: number): Malformed | null {
    this.figures.pktRecvNak += 1
    const sent = (sequence: number) =>
      sequenceDistance(sequence, this.#next) < 0 && sequenceDistance(this.#next, sequence) <= this.#reported
    const whole = walkLossList(view, at, length, sent, (first, last) => this.#repair(first, last, nowUs))
    return whole ? null : "nak"
  }

  /** How far back a report may reach: further is another connection's, or forged. */
  get #reported(): number {
    return Math.max(this.#history.capacity, 1 << 16)
  }

  #repair(first: number, last: number, nowUs: number): void {
    this.#expire(nowUs)
    // An acknowledgement may overtake a report: what the peer has is not sent again.
    let from = sequenceDistance(first, this.#confirmed) < 0 ? this.#confirmed : first
    const lost = sequenceDistance(last, from) + 1
    if (lost <= 0) return
    this.figures.pktSndLoss += lost
    if (sequenceDistance(from, this.#acked) < 0) {
      this.#sayGone(from, sequenceDistance(last, this.#acked) < 0 ? last : sequenceAfter(this.#acked, -1), nowUs)
      from = this.#acked
    }
    for (; sequenceDistance(last, from) >= 0; from = sequenceAfter(from, 1)) {
      this.#looks -= 1
      if (this.#looks < 0) return
      this.#resend(from, nowUs)
    }
  }

  /** Tells the peer that these packets do not come any more, both ends included. */
  #sayGone(first: number, last: number, nowUs: number): void {
    this.#looks -= GONE_LOOKS
    if (this.#looks < 0) return
    const timestamp = nowUs - this.session.startUs
    this.#sink.control(
      controlPacket({ type: CONTROL.DROPREQ, timestamp, to: this.session.peerSocketId }, [first, last]),
    )
    this.figures.dropRequests += 1
  }

  /** Sends a packet again unless that is under way, or too much is. */
  #resend(sequence: number, nowUs: number): void {
    const history = this.#history
    const resentUs = history.resentUs(sequence)
    // Sent again less than a round trip ago: the report cannot know of it (RETRANSMITALGO 1 of libsrt).
    if (resentUs > 0 && nowUs - resentUs < this.rttUs) return
    if (!this.#budget.spend()) {
      this.figures.resendsRefused += 1
      return
    }
    const header = history.header(sequence)
    const word = history.view.getUint32(header + 4)
    history.view.setUint32(header + 4, (word | DATA.RESENT) >>> 0)
    const parity = (word & DATA.EVEN_KEY) !== 0 ? 0 : (word & DATA.ODD_KEY) !== 0 ? 1 : -1
    const length = history.length(sequence)
    this.#sink.data(header, sequence, history.position(sequence), history.offset(sequence), length, parity)
    history.markResent(sequence, nowUs)
    this.#sentUs = nowUs
    this.figures.pktRetrans += 1
    this.figures.byteRetrans += length
  }

  /** Payloads before ring position `position` are gone: what lay there cannot be sent again. */
  retain(position: number): void {
    const history = this.#history
    while (this.kept > 0 && ((history.position(this.#oldest) - position) | 0) < 0) this.#forget(1)
  }

  #forget(count: number): void {
    const unacknowledged = sequenceDistance(this.#oldest, this.#acked) >= 0
    for (let i = 0; i < count; i++) {
      if (unacknowledged) {
        this.figures.pktSndDrop += 1
        this.figures.byteSndDrop += this.#history.length(this.#oldest)
      }
      this.#oldest = sequenceAfter(this.#oldest, 1)
    }
    // What is given up is in flight no longer, as in libsrt.
    if (sequenceDistance(this.#oldest, this.#acked) > 0) this.#acked = this.#oldest
  }

  /** Gives up what no receiver waits for any more. */
  #expire(nowUs: number): void {
    const history = this.#history
    const nowStamp = Math.floor(nowUs - this.session.startUs)
    while (this.kept > 0) {
      // Stamps wrap after 71 minutes; nothing is kept for half of that.
      const age = (nowStamp - history.view.getUint32(history.header(this.#oldest) + 8)) | 0
      if (age <= this.#dropUs) return
      this.#forget(1)
    }
  }

  /** What time alone brings: keys, keepalives, packets given up, a peer that has gone. Call it every few ms. */
  poll(nowUs: number): void {
    if (this.ended !== null) return
    this.#looks = LOOKS * this.#history.capacity
    this.#expire(nowUs)
    if (nowUs - this.#heardUs > this.#options.idleUs) {
      this.ended = "idle"
      return
    }
    this.#announceKey(nowUs)
    this.#repeatUnacknowledged(nowUs)
    this.acknowledge(nowUs)
    if (nowUs - this.#sentUs > KEEPALIVE_US) this.#control(CONTROL.KEEPALIVE, 0, nowUs)
  }

  #announceKey(nowUs: number): void {
    const renewal = this.#renewal
    if (renewal === null) return
    const { parity } = renewal
    const message = renewal.poll(nowUs, this.rttUs, sequenceDistance(this.#acked, this.#keySince) >= 0)
    if (renewal.parity !== parity) this.#keySince = this.#next
    if (message === null) return
    const packet = new Uint8Array(HEADER_BYTES + message.length)
    packet.set(
      controlPacket({
        type: CONTROL.USER,
        subtype: USER_KMREQ,
        timestamp: nowUs - this.session.startUs,
        to: this.session.peerSocketId,
      }).subarray(0, HEADER_BYTES),
    )
    packet.set(message, HEADER_BYTES)
    this.#sink.control(packet)
  }

  /**
   * A peer that does not repeat its loss reports is sent everything again that it has not acknowledged (4.8.2). One
   * whose window is closed is sent one packet: it may have had no room for it, and nothing new can show that.
   */
  #repeatUnacknowledged(nowUs: number): void {
    const { periodicNak } = this.session
    if (this.inFlight === 0 || (periodicNak && this.inFlight < this.#window)) return
    if (nowUs - this.#progressUs < this.rttUs + 4 * this.rttVarUs + 20_000) return
    this.#progressUs = nowUs
    const last = periodicNak ? this.#acked : sequenceAfter(this.#next, -1)
    for (let s = this.#acked; sequenceDistance(last, s) >= 0; s = sequenceAfter(s, 1)) this.#resend(s, nowUs)
  }

  /** Answers the last acknowledgement, if it has not been answered yet. */
  acknowledge(nowUs: number): void {
    if (this.#ackAck < 0) return
    this.#control(CONTROL.ACKACK, this.#ackAck, nowUs)
    this.#ackAck = -1
  }

  #control(type: number, about: number, nowUs: number): void {
    const timestamp = nowUs - this.session.startUs
    this.#sink.control(controlPacket({ type, about, timestamp, to: this.session.peerSocketId }))
    this.#sentUs = nowUs
  }

  /** Tells the peer that nothing more comes. */
  shutdown(nowUs: number): void {
    if (this.ended !== null) return
    this.#control(CONTROL.SHUTDOWN, 0, nowUs)
    this.ended = "shutdown"
  }
}
