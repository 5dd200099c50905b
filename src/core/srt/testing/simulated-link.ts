/** One direction of a network on made-up time: what is lost, late, doubled and overtaken in it follows from a seed. */
import type { Random } from "../../scte35/testing/fuzz-decoder.ts"

export interface LinkOptions {
  /** Time from one end to the other, in µs. */
  readonly delayUs: number
  /** Up to this much more in µs, evenly spread: packets closer together than this overtake each other. */
  readonly jitterUs?: number
  /** Share of packets that are lost, 0 to 1. */
  readonly loss?: number
  /** Packets that are lost in a row each time one is; 1 without. */
  readonly burst?: number
  /** Share of packets that arrive twice. */
  readonly duplicate?: number
}

export interface Arrival<T> {
  readonly atUs: number
  readonly item: T
}

export class SimulatedLink<T> {
  /** May be changed at any time; holds for what is sent from then on. */
  options: LinkOptions
  /** Packets sent into the link, and those that it lost. */
  sent = 0
  lost = 0
  readonly #random: Random
  readonly #onTheWay: Arrival<T>[] = []
  #losing = 0

  constructor(random: Random, options: LinkOptions) {
    this.#random = random
    this.options = options
  }

  #share(): number {
    return this.#random() / 4294967296
  }

  send(item: T, nowUs: number): void {
    const { loss = 0, burst = 1, duplicate = 0 } = this.options
    this.sent += 1
    // A burst counts as often as it loses, so that the share stays what was asked for.
    if (this.#losing === 0 && this.#share() < loss / burst) this.#losing = burst
    if (this.#losing > 0) {
      this.#losing -= 1
      this.lost += 1
      return
    }
    this.#enqueue(item, nowUs)
    if (this.#share() < duplicate) this.#enqueue(item, nowUs)
  }

  #enqueue(item: T, nowUs: number): void {
    const { delayUs, jitterUs = 0 } = this.options
    const atUs = nowUs + delayUs + Math.floor(this.#share() * jitterUs)
    let at = this.#onTheWay.length
    while (at > 0 && (this.#onTheWay[at - 1]?.atUs ?? 0) > atUs) at -= 1
    this.#onTheWay.splice(at, 0, { atUs, item })
  }

  /** What has arrived by now, in that order. */
  arrivals(nowUs: number): Arrival<T>[] {
    const end = this.#onTheWay.findIndex(({ atUs }) => atUs > nowUs)
    return this.#onTheWay.splice(0, end < 0 ? this.#onTheWay.length : end)
  }
}
