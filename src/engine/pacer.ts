/** Most stream time that goes out at once after a stall, in microseconds. */
export const MAX_BURST_US = 20_000
/** A stall longer than this is not caught up: the stream goes on later by it. */
export const MAX_LAG_US = 2_000_000

/**
 * Tells how far a constant-rate stream may be sent, against deadlines counted from one start, so that timers that fire
 * late never add up. After a stall it sends at most 20 ms at once and then at twice the rate until it has caught up.
 * All times are microseconds.
 */
export class Pacer {
  #start: number
  #last: number
  #allowed = 0

  constructor(nowUs: number) {
    this.#start = nowUs
    this.#last = nowUs
  }

  /** Stream time up to which packets may go out now; never goes back. */
  allow(nowUs: number): number {
    const due = nowUs - this.#start
    if (due - this.#allowed > MAX_LAG_US) this.#start += due - this.#allowed - MAX_BURST_US
    const step = Math.min(2 * (nowUs - this.#last), MAX_BURST_US)
    this.#last = nowUs
    this.#allowed = Math.max(this.#allowed, Math.min(nowUs - this.#start, this.#allowed + step))
    return this.#allowed
  }

  /** Microseconds until `streamUs` is due, 0 when it is or was. */
  until(streamUs: number, nowUs: number): number {
    return Math.max(0, this.#start + streamUs - nowUs)
  }
}
