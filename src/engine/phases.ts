/**
 * Spreads the bursts of a tick over its length: channels take turns, so that the packets of all of them do not reach an
 * interface, or a receiver's socket, at the same moment. 400 packets at once overflow a socket's default buffer, which
 * holds about 180.
 */

/** Most phases of a tick, and the least time between two in µs. */
const PHASES_MAX = 8
const PHASE_MIN_US = 1250

/** Number of phases in a tick of `tickUs` µs: `wanted` if there is room for them, 1 at least. */
export const phasesFor = (tickUs: number, wanted: number): number =>
  Math.max(1, Math.min(PHASES_MAX, wanted, Math.floor(tickUs / PHASE_MIN_US)))

export class Phases {
  #startUs = 0
  #stepUs = 0
  #count = 1
  /** The phase that comes next; `#count` when all have had their turn. */
  #next = 1

  /** The phase of the `rank`-th channel, from 0. */
  of(rank: number): number {
    return rank % this.#count
  }

  /**
   * Begins a tick from `startUs` to `endUs`. Its first phase is the beginning itself, and is not handed out by `take`.
   */
  begin(startUs: number, endUs: number, count: number): void {
    this.#startUs = startUs
    this.#stepUs = Math.max(0, endUs - startUs) / count
    this.#count = count
    this.#next = 1
  }

  /** When the next phase is due, in µs; infinity when all have had their turn. */
  get nextUs(): number {
    return this.#next < this.#count ? this.#startUs + this.#next * this.#stepUs : Number.POSITIVE_INFINITY
  }

  /** The phase that is due at `nowUs`; null when there is none. Each is handed out once a tick, however late. */
  take(nowUs: number): number | null {
    if (nowUs < this.nextUs || this.#next >= this.#count) return null
    this.#next += 1
    return this.#next - 1
  }
}
