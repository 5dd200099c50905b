/** Who carried an output with a backup receiver when: what became of its slots, and how much it sent in all. */
import type { SlotReceipt } from "../../core/srt/protocol/send-window.ts"
import type { SlotFate } from "../ring/ring-reader.ts"
import type { OwnConnection } from "../srt/own/connection.ts"

/** One time in which a connection carried. Only while it carries it sends anything new. */
interface Term {
  readonly connection: OwnConnection
  /** Its place in the ring in this term. */
  readonly reader: OwnConnection["reader"]
  /** What the connection had counted when the term began. */
  readonly before: Sums
}

/** In the names of `SessionFigures`. */
interface Sums {
  readonly bytesSent: number
  readonly packetsSent: number
  readonly packetsDropped: number
}

/** Terms of before that are still asked about: a slot is asked about for ten seconds. */
const TERMS_KEPT = 8

const countedBy = ({ bytesSent, dropped, packetsSent }: OwnConnection): Sums => ({
  bytesSent,
  packetsSent,
  packetsDropped: dropped,
})

export class CarrierTerms {
  /** The latest first. */
  #terms: ReadonlyArray<Term> = []
  #count = 0
  #past: Sums = { bytesSent: 0, packetsSent: 0, packetsDropped: 0 }

  /** The connection of the latest term; null before the first one. */
  get connection(): OwnConnection | null {
    return this.#terms[0]?.connection ?? null
  }

  /** How many have begun. */
  get count(): number {
    return this.#count
  }

  /** `connection`, which has taken its place in the ring, carries from now on. */
  begin(connection: OwnConnection): void {
    this.#past = this.sums
    this.#count += 1
    const term = { connection, reader: connection.reader, before: countedBy(connection) }
    this.#terms = [term, ...this.#terms.slice(0, TERMS_KEPT - 1)]
  }

  /**
   * What was sent over all terms, and given up. What a connection that is left gives up later is not counted: the one
   * that took over has sent it.
   */
  get sums(): Sums {
    const [term] = this.#terms
    if (term === undefined) return this.#past
    const now = countedBy(term.connection)
    return {
      bytesSent: this.#past.bytesSent + now.bytesSent - term.before.bytesSent,
      packetsSent: this.#past.packetsSent + now.packetsSent - term.before.packetsSent,
      packetsDropped: this.#past.packetsDropped + now.packetsDropped - term.before.packetsDropped,
    }
  }

  /** What became of the slot at `position` of the ring: sent, if it was in any term. */
  fateOf(position: number): SlotFate {
    const [latest] = this.#terms
    if (latest === undefined) return "waiting"
    if (latest.reader.covers(position) && latest.reader.fateOf(position) === "waiting") return "waiting"
    return this.#sender(position) === undefined ? "dropped" : "sent"
  }

  /** Whether the receiver has the slot that it was sent last, as `OwnConnection.receiptOf` says. */
  receiptOf(position: number, receivedUs: number, nowUs: number): SlotReceipt {
    if (this.fateOf(position) === "waiting") return "waiting"
    return this.#sender(position)?.connection.receiptOf(position, receivedUs, nowUs) ?? "unknown"
  }

  #sender(position: number): Term | undefined {
    return this.#terms.find(({ reader }) => reader.covers(position) && reader.fateOf(position) === "sent")
  }
}
