/**
 * What taking the stream of a channel apart (RTMP, HLS) may cost: a share of the packet loop's time, whatever the
 * stream holds. A stream that takes more waits in its ring, which gives up the oldest slots, counted, and no other
 * channel waits for it.
 */
import { threadCpuUs } from "../ffi/clock.ts"

/** Share of elapsed time. An ordinary stream of 20 Mbit/s takes 1 to 2 %. */
export const REMUX_SHARE = 0.25
/** Saved up at most, in microseconds of CPU time: what one pass may take. */
export const REMUX_BURST_US = 5000
/** Ring slots between two looks at the clock: 0.5 us each. */
export const SLOTS_A_LOOK = 8

/**
 * Counts the CPU time of the loop's thread, so that a machine that is busy otherwise does not make a stream look dear.
 * One PES packet is taken apart in one go; what it takes beyond the share is made up for by waiting.
 */
export class WorkShare {
  readonly #cpuUs: () => number
  #leftUs = REMUX_BURST_US
  #lastUs = Number.NaN
  #startedUs = 0

  constructor(cpuUs: () => number = threadCpuUs) {
    this.#cpuUs = cpuUs
  }

  /**
   * Work is to begin, `nowUs` by the loop's clock; false when the share is used up for now. `end` belongs to each true.
   */
  begin(nowUs: number): boolean {
    const sinceUs = Number.isNaN(this.#lastUs) ? 0 : Math.max(0, nowUs - this.#lastUs)
    this.#lastUs = nowUs
    this.#leftUs = Math.min(REMUX_BURST_US, this.#leftUs + sinceUs * REMUX_SHARE)
    if (this.#leftUs <= 0) return false
    this.#startedUs = this.#cpuUs()
    return true
  }

  /** Whether there is any of it left, after some work. */
  get goesOn(): boolean {
    return this.#cpuUs() - this.#startedUs < this.#leftUs
  }

  end(): void {
    this.#leftUs -= this.#cpuUs() - this.#startedUs
  }
}
