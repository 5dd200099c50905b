/**
 * Until when the outputs of each channel may send. A channel of a single machine has no fence, and asking about it
 * costs a comparison. The clock is read again for each question, because the process may have been stopped between two
 * lines of code: what was true when a pass of the loop began says nothing.
 */
import { MAX_CHANNELS } from "../../core/assembly/memory/layout.ts"
import { fenceClockUs } from "./fence-clock.ts"

const NEVER = Number.POSITIVE_INFINITY

/** What those who send ask. */
export interface FenceView {
  /** True while outputs of the channel may send, at the moment of the call. */
  isOpen(channel: number): boolean
  /** How long they may still send, in µs: infinite for a channel without a fence, 0 or less when it has run out. */
  leftUs(channel: number): number
  /** When the channel's fence runs out, CLOCK_MONOTONIC in µs; infinite for a channel without one. */
  untilUs(channel: number): number
  /** True when a moment, as `untilUs` tells it, has passed. */
  isPast(untilUs: number): boolean
}

export class Fences implements FenceView {
  readonly #now: () => number
  readonly #untilUs = new Float64Array(MAX_CHANNELS).fill(NEVER)
  /** 1 for channels that are known to be closed. */
  readonly #closed = new Uint8Array(MAX_CHANNELS)
  #nextUs = NEVER

  constructor(now: () => number = fenceClockUs) {
    this.#now = now
  }

  /** When the next fence runs out that has not yet; infinite when there is none. */
  get nextUs(): number {
    return this.#nextUs
  }

  /** Sets or moves the fence of a channel, in µs of CLOCK_MONOTONIC; undefined takes it away. */
  set(channel: number, untilUs: number | undefined): void {
    this.#untilUs[channel] = untilUs ?? NEVER
    this.#closed[channel] = 0
    this.#findNext()
  }

  #findNext(): void {
    let next = NEVER
    for (let channel = 0; channel < MAX_CHANNELS; channel++)
      if (this.#closed[channel] === 0) next = Math.min(next, this.untilUs(channel))
    this.#nextUs = next
  }

  /** Whether the channel has a fence: other machines may send it, too. */
  has(channel: number): boolean {
    return this.untilUs(channel) !== NEVER
  }

  untilUs(channel: number): number {
    return this.#untilUs[channel] ?? NEVER
  }

  isPast(untilUs: number): boolean {
    return untilUs !== NEVER && this.#now() >= untilUs
  }

  leftUs(channel: number): number {
    const untilUs = this.untilUs(channel)
    return untilUs === NEVER ? NEVER : untilUs - this.#now()
  }

  isOpen(channel: number): boolean {
    return this.leftUs(channel) > 0
  }

  /** Channels whose fence has run out since the last call. */
  takeClosed(): ReadonlyArray<number> {
    const closed: number[] = []
    for (let channel = 0; channel < MAX_CHANNELS; channel++) {
      if (this.#closed[channel] === 1 || this.isOpen(channel)) continue
      this.#closed[channel] = 1
      closed.push(channel)
    }
    this.#findNext()
    return closed
  }
}
