/**
 * The sending side of one SRT connection in live mode (clauses 4.5 to 4.8): what is sent, what is acknowledged, what
 * is sent again and what is given up. It has no socket and no clock: packets leave by a sink, times come with the call.
 */
import type { HeaderMemory } from "./history.ts"
import { KeyRenewal, keyRequest } from "./key-renewal.ts"
import {
  CONTROL,
  controlType,
  DATA,
  HEADER_BYTES,
  isControl,
  type Malformed,
  messageAfter,
  sequenceDistance,
  USER_KMRSP,
} from "./packet.ts"
import { PlainControl } from "./plain-control.ts"
import { Repairs } from "./repairs.ts"
import { proofWithinUs, SendWindow, type SlotReceipt } from "./send-window.ts"
import { newFigures, type SenderFigures } from "./sender-figures.ts"
import type { SenderEnd, SenderOptions } from "./sender-options.ts"
import type { SenderSink } from "./sender-sink.ts"
import type { Session } from "./session.ts"

/** A connection that sends nothing says so this often (clause 3.2.3). */
const KEEPALIVE_US = 1e6
/** A sender whose turns are this far apart has stood still. */
const STOOD_STILL_US = 200_000

export class SrtSender {
  readonly session: Session
  readonly figures: SenderFigures = newFigures()
  /** Set when the connection is over. */
  ended: SenderEnd | null = null
  readonly #options: SenderOptions
  readonly #sink: SenderSink
  readonly #renewal: KeyRenewal | null
  readonly #sent: SendWindow
  readonly #repairs: Repairs
  /** The first packet that was sent with the present key. */
  #keySince: number
  #message: number
  #window: number
  #lastStampUs = 0
  #heardUs: number
  #sentUs: number
  /** When it last had its turn. */
  #turnUs: number
  readonly #plain: PlainControl
  /** Number of the ACK to be answered, -1 for none. */
  #ackAck = -1

  constructor(session: Session, memory: HeaderMemory, sink: SenderSink, options: SenderOptions, nowUs: number) {
    this.session = session
    this.#options = options
    this.#sink = sink
    this.#sent = new SendWindow(session, memory, options.dropDelayMs, this.figures)
    this.#repairs = new Repairs(session, this.#sent, sink, this.figures, nowUs)
    this.#plain = new PlainControl(session)
    this.#renewal = session.keys === null ? null : new KeyRenewal(session.keys, options)
    this.#keySince = session.sequence
    this.#message = options.firstMessage
    this.#window = session.flowWindow
    this.#heardUs = nowUs
    this.#sentUs = nowUs
    this.#turnUs = nowUs
  }

  /** Round trip in µs, as the peer measures it. */
  get rttUs(): number {
    return this.#repairs.rttUs
  }

  get rttVarUs(): number {
    return this.#repairs.rttVarUs
  }

  /** Sequence number of the next new packet. */
  get next(): number {
    return this.#sent.next
  }

  /** The first packet that is not acknowledged. */
  get acked(): number {
    return this.#sent.acked
  }

  /** Packets sent and neither acknowledged nor given up. */
  get inFlight(): number {
    return this.#sent.inFlight
  }

  /** µs between the time stamps of the first and the last packet in flight. */
  get inFlightUs(): number {
    return this.#sent.inFlightUs
  }

  /** Packets the peer lets be in flight. */
  get window(): number {
    return this.#window
  }

  /** Packets that can be sent again. */
  get kept(): number {
    return this.#sent.kept
  }

  /** Packets the history has room for. */
  get capacity(): number {
    return this.#sent.history.capacity
  }

  /** Position in the ring of the oldest packet that can be sent again; null with none. */
  get oldestPosition(): number | null {
    return this.#sent.oldestPosition
  }

  /** Position in the ring of the oldest packet in flight; null with none. */
  get unacknowledgedPosition(): number | null {
    return this.#sent.unacknowledgedPosition
  }

  /** When the peer was last heard, in µs. */
  get heardUs(): number {
    return this.#heardUs
  }

  /** Whether the receiver has the slot at ring position `position`, which came at `receivedUs` and has been sent. */
  receiptOf(position: number, receivedUs: number, nowUs: number): SlotReceipt {
    const isLate = nowUs - receivedUs > proofWithinUs(this.session, this.#repairs.sureRttUs)
    return isLate ? "unknown" : this.#sent.receiptOf(position)
  }

  /** Moves into a larger memory. RangeError when it is not larger. */
  grow(memory: HeaderMemory): void {
    this.#sent.grow(memory)
    this.#repairs.grown()
  }

  /** Payloads before ring position `position` are gone: what lay there cannot be sent again. */
  retain(position: number): void {
    this.#sent.retain(position)
  }

  /**
   * Sends a new packet: `length` bytes at `offset` of slot `position`, which arrived at `receivedUs`. False when the
   * peer's window is full: it has to be offered again later, or given up.
   */
  send(position: number, offset: number, length: number, receivedUs: number, nowUs: number): boolean {
    if (this.inFlight >= this.#window) return false
    this.#sent.makeRoom()
    const { history, next: sequence } = this.#sent
    const parity = this.#renewal === null ? -1 : this.#renewal.parity
    const key = parity === -1 ? 0 : parity === 0 ? DATA.EVEN_KEY : DATA.ODD_KEY
    const header = history.header(sequence)
    history.view.setUint32(header, sequence)
    history.view.setUint32(header + 4, (DATA.SOLO_IN_ORDER | key | this.#message) >>> 0)
    history.view.setUint32(header + 8, this.#stamp(receivedUs))
    history.view.setUint32(header + 12, this.session.peerSocketId)
    history.put(sequence, position, offset, length, nowUs)
    this.#sink.data(header, sequence, position, offset, length, parity)
    this.#sent.advance()
    this.#message = messageAfter(this.#message)
    this.#renewal?.used()
    this.#repairs.sent()
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
        return this.#repairs.report(view, at, length, nowUs)
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
      default:
        // The other types say nothing to a sender.
        return type <= CONTROL.PEERERROR ? null : "type"
    }
  }

  #onAck(view: DataView, at: number, length: number, nowUs: number): Malformed | null {
    if (length < HEADER_BYTES + 4) return "short"
    const acked = view.getUint32(at + 16)
    // Nothing of that number was sent: forged, or of an earlier connection. libsrt ends the connection; we go on.
    if (isControl(acked) || sequenceDistance(acked, this.#sent.next) > 0) return "ack"
    this.figures.pktRecvAck += 1
    const moved = this.#sent.acknowledge(acked)
    if (moved > 0) this.#repairs.progressed(nowUs)
    // A light one has nothing but the number, and is not answered (clause 3.2.4).
    if (length < HEADER_BYTES + 16) {
      if (moved > 0) this.#window = Math.max(0, this.#window - moved)
      return null
    }
    this.#repairs.measured(view.getUint32(at + 20), view.getUint32(at + 24), nowUs)
    // An acknowledgement that was overtaken tells of an older window.
    if (moved >= 0) this.#window = view.getUint32(at + 28)
    if (length >= HEADER_BYTES + 24) this.figures.pktsBandwidth = view.getUint32(at + 36)
    // What waited here while we stood still would look like a long round trip to the peer.
    if (nowUs - this.#turnUs < STOOD_STILL_US) this.#ackAck = view.getUint32(at + 4)
    return null
  }

  /** What time alone brings: keys, keepalives, packets given up, a peer that has gone. Call it every few ms. */
  poll(nowUs: number): void {
    if (this.ended !== null) return
    this.#turnUs = nowUs
    this.#repairs.turn()
    this.#sent.expire(nowUs)
    if (nowUs - this.#heardUs > this.#options.idleUs) {
      this.ended = "idle"
      return
    }
    if (!this.session.dropsTooLate && this.figures.pktSndDrop > 0) {
      this.ended = "gone"
      return
    }
    this.#announceKey(nowUs)
    this.#repairs.repeatUnacknowledged(nowUs)
    this.acknowledge(nowUs)
    if (nowUs - Math.max(this.#sentUs, this.#repairs.resentUs) > KEEPALIVE_US)
      this.#control(CONTROL.KEEPALIVE, 0, nowUs)
  }

  #announceKey(nowUs: number): void {
    const renewal = this.#renewal
    if (renewal === null) return
    const { parity } = renewal
    const message = renewal.poll(nowUs, this.rttUs, sequenceDistance(this.acked, this.#keySince) >= 0)
    if (renewal.parity !== parity) this.#keySince = this.next
    if (message === null) return
    this.#sink.control(keyRequest(message, nowUs - this.session.startUs, this.session.peerSocketId))
  }

  /** Answers the last acknowledgement, if it has not been answered yet. */
  acknowledge(nowUs: number): void {
    if (this.#ackAck < 0) return
    this.#control(CONTROL.ACKACK, this.#ackAck, nowUs)
    this.#ackAck = -1
  }

  #control(type: number, about: number, nowUs: number): void {
    this.#sink.control(this.#plain.packet(type, about, nowUs))
    this.#sentUs = nowUs
  }

  /** Tells the peer that nothing more comes, even one that is silent: it may only have stood still. */
  shutdown(nowUs: number): void {
    if (this.ended === "shutdown") return
    this.#control(CONTROL.SHUTDOWN, 0, nowUs)
    this.ended ??= "shutdown"
  }
}
