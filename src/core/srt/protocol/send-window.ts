/**
 * Which packets of a connection are sent, acknowledged, and still there to be sent again.
 *
 * Packets are numbered `oldest` to `next`: those before `acked` are acknowledged or given up, those before `oldest` can
 * no longer be sent again, because they are older than any receiver waits for or their payload has left the ring.
 */
import { type HeaderMemory, SendHistory } from "./history.ts"
import { sequenceAfter, sequenceDistance } from "./packet.ts"
import type { SenderFigures } from "./sender-figures.ts"
import type { Session } from "./session.ts"

/** A packet is given up when it is older than this, or than the latency, and 20 ms more (clause 4.6). */
const DROP_MIN_US = 1e6
const DROP_SLACK_US = 20_000

/**
 * Time in µs for which a packet may be asked for: `dropDelayMs` is SNDDROPDELAY, below 0 for no end. There is no end
 * either to a receiver that gives nothing up, as in libsrt, whose receiver plays nothing more behind a packet that it is
 * told is gone.
 */
export const keptForUs = (
  { latencyMs, dropsTooLate }: Pick<Session, "dropsTooLate" | "latencyMs">,
  dropDelayMs: number,
): number => (dropDelayMs < 0 || !dropsTooLate ? Number.POSITIVE_INFINITY : repairForUs(latencyMs, dropDelayMs))

/** Time in µs for which a packet can be sent again in any case, acknowledged or not. `dropDelayMs` is 0 at least. */
export const repairForUs = (latencyMs: number, dropDelayMs: number): number =>
  Math.max(DROP_MIN_US, (latencyMs + dropDelayMs) * 1000) + DROP_SLACK_US

/** Slots after which a packet that was given up is forgotten: long before its position could come round again. */
const GIVEN_UP_KEPT = 1 << 20

/**
 * What is known of a slot's arrival: nothing yet, that the receiver has all of it, or that nobody will know, because
 * some of it was given up or the receiver may have done so.
 */
export type SlotReceipt = "waiting" | "acknowledged" | "unknown"

/**
 * Time in µs from a packet's arrival here within which an acknowledgement says that the receiver has it. A receiver
 * acknowledges what it has given up, too, but not before the packet was to be played; word of that takes the way back
 * as long as the shortest round trip, of which `sureRttUs` is a lower bound.
 */
export const proofWithinUs = (
  { dropsTooLate, latencyMs }: Pick<Session, "dropsTooLate" | "latencyMs">,
  sureRttUs: number,
): number =>
  // No latency: the receiver runs without TSBPD, and gives nothing up.
  dropsTooLate && latencyMs > 0 ? latencyMs * 1000 + sureRttUs : Number.POSITIVE_INFINITY

export class SendWindow {
  history: SendHistory
  readonly #startUs: number
  readonly #dropUs: number
  readonly #figures: SenderFigures
  #next: number
  #acked: number
  #oldest: number
  /** The furthest acknowledgement: packets before it the peer has, or has given up by itself. */
  #confirmed: number
  /** Position in the ring of the last packet that was given up unacknowledged; null for none lately. */
  #givenUp: number | null = null

  constructor(session: Session, memory: HeaderMemory, dropDelayMs: number, figures: SenderFigures) {
    this.history = new SendHistory(memory)
    this.#startUs = session.startUs
    this.#dropUs = keptForUs(session, dropDelayMs)
    this.#figures = figures
    this.#next = session.sequence
    this.#acked = session.sequence
    this.#oldest = session.sequence
    this.#confirmed = session.sequence
  }

  /** Sequence number of the next new packet. */
  get next(): number {
    return this.#next
  }

  /** The first packet that is neither acknowledged nor given up. */
  get acked(): number {
    return this.#acked
  }

  get confirmed(): number {
    return this.#confirmed
  }

  /** Packets sent and neither acknowledged nor given up. */
  get inFlight(): number {
    return sequenceDistance(this.#next, this.#acked)
  }

  /** µs between the time stamps of the first and the last packet in flight. */
  get inFlightUs(): number {
    if (this.inFlight === 0) return 0
    const stamp = (sequence: number) => this.history.view.getUint32(this.history.header(sequence) + 8)
    return (stamp(sequenceAfter(this.#next, -1)) - stamp(this.#acked)) >>> 0
  }

  /** Packets that can be sent again. */
  get kept(): number {
    return sequenceDistance(this.#next, this.#oldest)
  }

  /** Position in the ring of the oldest packet that can be sent again; null with none. */
  get oldestPosition(): number | null {
    return this.kept === 0 ? null : this.history.position(this.#oldest)
  }

  /** Position in the ring of the oldest packet in flight; null with none. */
  get unacknowledgedPosition(): number | null {
    return this.inFlight === 0 ? null : this.history.position(this.#acked)
  }

  /** What the receiver's acknowledgements say of the slot at ring position `position`, all of which has been sent. */
  receiptOf(position: number): SlotReceipt {
    // Positions count modulo 2^32.
    if (this.#givenUp !== null && ((position - this.#givenUp) | 0) <= 0) return "unknown"
    return this.inFlight === 0 || ((this.history.position(this.#acked) - position) | 0) > 0 ? "acknowledged" : "waiting"
  }

  /** Moves into a larger memory. RangeError when it is not larger. */
  grow(memory: HeaderMemory): void {
    if (memory.capacity <= this.history.capacity)
      throw new RangeError(`a history of ${this.history.capacity} packets cannot grow to ${memory.capacity}`)
    const larger = new SendHistory(memory)
    larger.copyFrom(this.history, this.#oldest, this.#next)
    this.history = larger
  }

  /** Makes room for the next packet, where the history is full. */
  makeRoom(): void {
    if (this.kept >= this.history.capacity) this.#forget()
  }

  /** The packet numbered `next` has been sent. */
  advance(): void {
    this.#next = sequenceAfter(this.#next, 1)
  }

  /** The peer has everything before `acked`. Returns by how many packets that is more than was known, or fewer. */
  acknowledge(acked: number): number {
    if (sequenceDistance(acked, this.#confirmed) > 0) this.#confirmed = acked
    const moved = sequenceDistance(acked, this.#acked)
    if (moved > 0) this.#acked = acked
    return moved
  }

  /** Payloads before ring position `position` are gone: what lay there cannot be sent again. */
  retain(position: number): void {
    while (this.kept > 0 && ((this.history.position(this.#oldest) - position) | 0) < 0) this.#forget()
  }

  /** Gives up what no receiver waits for any more. */
  expire(nowUs: number): void {
    const nowStamp = Math.floor(nowUs - this.#startUs)
    while (this.kept > 0) {
      // Stamps wrap after 71 minutes; nothing is kept for half of that.
      const age = (nowStamp - this.history.view.getUint32(this.history.header(this.#oldest) + 8)) | 0
      if (age <= this.#dropUs) return
      this.#forget()
    }
  }

  #forget(): void {
    const position = this.history.position(this.#oldest)
    if (sequenceDistance(this.#oldest, this.#acked) >= 0) {
      this.#givenUp = position
      this.#figures.pktSndDrop += 1
      this.#figures.byteSndDrop += this.history.length(this.#oldest)
    } else if (this.#givenUp !== null && ((position - this.#givenUp) | 0) > GIVEN_UP_KEPT) this.#givenUp = null
    this.#oldest = sequenceAfter(this.#oldest, 1)
    // What is given up is in flight no longer, as in libsrt.
    if (sequenceDistance(this.#oldest, this.#acked) > 0) this.#acked = this.#oldest
  }
}
