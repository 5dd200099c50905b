/**
 * How much a sender repairs. A receiver that cannot keep up reports as lost what it threw away, and each repair makes
 * it throw away more: without a bound an overloaded one drew 235 000 resends for 422 000 packets.
 */

/** Resends earned by each packet sent: enough for one loss in three, whose resends get lost as well. */
const EARNED = 0.5

/** Resends saved up for a burst of losses, at the least: a second's worth when the latency allows for it. */
const SAVED_MIN = 512

export class ResendBudget {
  #credit: number
  #limit: number

  /** `packets` is how many may be saved up; full at the start. */
  constructor(packets = SAVED_MIN) {
    this.#limit = Math.max(SAVED_MIN, packets)
    this.#credit = this.#limit
  }

  /** Raises what may be saved up, as the history grows. */
  raise(packets: number): void {
    this.#limit = Math.max(this.#limit, packets)
  }

  /** A new packet was sent. */
  earn(): void {
    this.#credit = Math.min(this.#limit, this.#credit + EARNED)
  }

  /** True when a packet may be sent again now; it is paid for then. */
  spend(): boolean {
    if (this.#credit < 1) return false
    this.#credit -= 1
    return true
  }
}
