/** What a sender sends again: on a loss report, or for want of an acknowledgement (clauses 4.8.1 and 4.8.2). */
import { walkLossList } from "./loss-list.ts"
import { CONTROL, controlPacket, DATA, type Malformed, sequenceAfter, sequenceDistance } from "./packet.ts"
import { ResendBudget } from "./resend-budget.ts"
import type { SendWindow } from "./send-window.ts"
import type { SenderFigures } from "./sender-figures.ts"
import type { SenderSink } from "./sender-sink.ts"
import type { Session } from "./session.ts"

/** A round trip above this is no measurement. */
const RTT_MAX_US = 60e6
const FIRST_RTT_US = 100_000
const FIRST_RTT_VAR_US = 50_000
/** The longest time an acknowledgement is late by itself. */
const ACK_SLACK_US = 20_000
/** Time without an acknowledgement that moves on after which the first packet behind the last one is missing. */
const MOVING_US = 40_000
/** Least time after which a packet is sent again that nobody asked for: a receiver asks every 20 ms. */
const UNASKED_MIN_US = 100_000
/** The lowest round trip of late may rise by this share of the time that passes, counted up to 100 ms a report. */
const LOWEST_RISE = 0.03
const LOWEST_STEP_US = 100_000
/** Share of the time that passes by which the lower bound of round trips may rise, which must hold: 1 ms a second. */
const SURE_RISE = 0.001
/**
 * Packets that loss reports make us look at between two turns, in histories: more than honest receivers ask for, and
 * few enough that forged reports cost no time. An answer that a range is gone counts as GONE_LOOKS of them.
 */
const LOOKS = 2
const GONE_LOOKS = 64

export class Repairs {
  /** Round trip and its variation in µs, as the peer measures them. */
  rttUs = FIRST_RTT_US
  rttVarUs = FIRST_RTT_VAR_US
  /** The lowest round trip of late, in µs. */
  #lowestRttUs = FIRST_RTT_US
  /**
   * What no round trip of late was below, in µs, as far as means and variations tell: the least of what was below the
   * mean by four times the variation. A single report is no proof of it, because a variation is small by chance at times.
   */
  sureRttUs = 0
  #measuredUs: number | null = null
  /** When something was last sent again that nobody had asked for, in µs. */
  #unaskedUs = Number.NEGATIVE_INFINITY
  /** When something was last sent again, in µs; 0 for never. */
  resentUs = 0
  readonly #session: Session
  readonly #window: SendWindow
  readonly #sink: SenderSink
  readonly #figures: SenderFigures
  readonly #budget: ResendBudget
  /** How many packets loss reports may still make us look at before the next turn. */
  #looks: number
  /** When an acknowledgement last moved on, or everything was sent again for want of one. */
  #progressUs: number

  constructor(session: Session, window: SendWindow, sink: SenderSink, figures: SenderFigures, nowUs: number) {
    this.#session = session
    this.#window = window
    this.#sink = sink
    this.#figures = figures
    this.#budget = new ResendBudget(window.history.capacity)
    this.#looks = LOOKS * window.history.capacity
    this.#progressUs = nowUs
  }

  /**
   * Takes a round trip and its variation that the peer has measured. When either side has stood still, or whatever lies
   * between them, the peer takes that time for the round trip, and needs many more of them to forget it.
   */
  measured(rttUs: number, rttVarUs: number, nowUs: number): void {
    if (rttUs <= 0 || rttUs > RTT_MAX_US) return
    const passedUs = this.#measuredUs === null ? Number.POSITIVE_INFINITY : nowUs - this.#measuredUs
    const countedUs = Math.min(passedUs, LOWEST_STEP_US)
    const mayRiseUs = this.#measuredUs === null ? passedUs : countedUs * LOWEST_RISE
    this.#lowestRttUs = Math.min(rttUs, this.#lowestRttUs + mayRiseUs)
    this.sureRttUs = Math.max(0, Math.min(rttUs - 4 * rttVarUs, this.sureRttUs + countedUs * SURE_RISE))
    this.#measuredUs = nowUs
    this.rttUs = rttUs
    this.rttVarUs = Math.min(RTT_MAX_US, rttVarUs)
  }

  /** µs after which a packet that was sent again, and is reported lost again, was lost again. */
  get #againUs(): number {
    return Math.min(this.rttUs, 2 * this.#lowestRttUs + ACK_SLACK_US)
  }

  /** µs after which the first packet that is not acknowledged was lost. */
  get #overdueUs(): number {
    const usualUs = Math.min(this.rttUs + 4 * this.rttVarUs, 2 * this.#lowestRttUs + UNASKED_MIN_US)
    return Math.max(UNASKED_MIN_US, usualUs + ACK_SLACK_US)
  }

  /** A new packet was sent, which earns resends. */
  sent(): void {
    this.#budget.earn()
  }

  /** An acknowledgement has moved on. */
  progressed(nowUs: number): void {
    this.#progressUs = nowUs
  }

  /** The history has grown, and with it what may be sent again at once. */
  grown(): void {
    this.#budget.raise(this.#window.history.capacity)
  }

  /** A turn of the loop begins: loss reports may make us look again. */
  turn(): void {
    this.#looks = LOOKS * this.#window.history.capacity
  }

  /** Takes the NAK of `length` bytes at `at`. */
  report(view: DataView, at: number, length: number, nowUs: number): Malformed | null {
    this.#figures.pktRecvNak += 1
    const { next, history } = this.#window
    // A report that reaches further back is another connection's, or forged.
    const reach = Math.max(history.capacity, 1 << 16)
    const sent = (sequence: number) => sequenceDistance(sequence, next) < 0 && sequenceDistance(next, sequence) <= reach
    const whole = walkLossList(view, at, length, sent, (first, last) => this.#repair(first, last, nowUs))
    return whole ? null : "nak"
  }

  #repair(first: number, last: number, nowUs: number): void {
    const window = this.#window
    window.expire(nowUs)
    // An acknowledgement may overtake a report: what the peer has is not sent again.
    let from = sequenceDistance(first, window.confirmed) < 0 ? window.confirmed : first
    const lost = sequenceDistance(last, from) + 1
    if (lost <= 0) return
    this.#figures.pktSndLoss += lost
    const { acked } = window
    if (sequenceDistance(from, acked) < 0) {
      this.#sayGone(from, sequenceDistance(last, acked) < 0 ? last : sequenceAfter(acked, -1), nowUs)
      from = acked
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
    const timestamp = nowUs - this.#session.startUs
    this.#sink.control(
      controlPacket({ type: CONTROL.DROPREQ, timestamp, to: this.#session.peerSocketId }, [first, last]),
    )
    this.#figures.dropRequests += 1
  }

  /** Sends a packet again unless that is under way, or too much is. */
  #resend(sequence: number, nowUs: number): void {
    const { history } = this.#window
    // Sent again less than a round trip ago: the report cannot know of it (RETRANSMITALGO 1 of libsrt).
    if (history.isResent(sequence) && nowUs - history.sentUs(sequence) < this.#againUs) return
    if (!this.#budget.spend()) {
      this.#figures.resendsRefused += 1
      return
    }
    history.resend(sequence, nowUs)
    const header = history.header(sequence)
    const word = history.view.getUint32(header + 4)
    const parity = (word & DATA.EVEN_KEY) !== 0 ? 0 : (word & DATA.ODD_KEY) !== 0 ? 1 : -1
    const length = history.length(sequence)
    this.#sink.data(header, sequence, history.position(sequence), history.offset(sequence), length, parity)
    this.resentUs = nowUs
    this.#figures.pktRetrans += 1
    this.#figures.byteRetrans += length
  }

  /**
   * Sends again what nobody asks for. A peer that does not repeat its loss reports is sent everything that it has not
   * acknowledged (4.8.2). One that does repeat them is sent the first packet that it has not acknowledged, when that is
   * overdue: the last packet may be lost, behind which nothing shows it; a closed window keeps back what would; and
   * libsrt waits for seconds between two reports when it has just stood still, for it takes that for the round trip.
   */
  repeatUnacknowledged(nowUs: number): void {
    const { acked, next, inFlight, history } = this.#window
    if (inFlight === 0) return
    const waitedUs = nowUs - this.#progressUs
    if (this.#session.periodicNak) {
      // Acknowledgements that move on come every 10 ms, so one of them may have been lost here.
      // A peer that is not there is not sent each packet twice just before it is given up: that would fill its buffer.
      const isAnswered = this.#progressUs > this.#unaskedUs
      if (!isAnswered && nowUs - this.#unaskedUs < UNASKED_MIN_US) return
      if (waitedUs < MOVING_US || nowUs - history.sentUs(acked) < this.#overdueUs) return
      this.#unaskedUs = nowUs
      this.#resend(acked, nowUs)
      return
    }
    if (waitedUs < this.rttUs + 4 * this.rttVarUs + ACK_SLACK_US) return
    this.#progressUs = nowUs
    for (let s = acked; sequenceDistance(next, s) > 0; s = sequenceAfter(s, 1)) this.#resend(s, nowUs)
  }
}
