/** What a process that starts sees of the machine that had its node's name before, and when it may take the name. */
import type { NodeRow } from "./model.ts"
import type { Timing } from "./timing.ts"

/** `taken`: another machine runs under the name; `wait`: read again after a beat. */
export type Claimable = "claim" | "wait" | "taken"

export class ClaimWatch {
  readonly #instance: string
  readonly #timing: Timing
  /** The row as it was first read of the machine before; null before that. */
  #first: NodeRow | null = null
  /** Since when PostgreSQL has answered without a break: only then would it have heard of that machine. */
  #heardSinceMs = 0
  #readMs = 0

  /** @param instance name of this machine; see `NodeRow.instance` */
  constructor(instance: string, timing: Timing) {
    this.#instance = instance
    this.#timing = timing
  }

  /**
   * Takes the row of the name as PostgreSQL answered at `nowMs`, in ms of our clock; null when there is none.
   *
   * @param isAnew true when it came over another connection than the one before: PostgreSQL may have crashed meanwhile,
   * and beats with it
   */
  look(row: NodeRow | null, nowMs: number, isAnew = false): Claimable {
    if (row === null || row.instance === this.#instance || row.standing === "left") return "claim"
    const isBroken = isAnew || nowMs - this.#readMs > this.#timing.deadMs / 2
    this.#readMs = nowMs
    if (this.#first?.instance !== row.instance) {
      this.#first = row
      this.#heardSinceMs = nowMs
      return "wait"
    }
    if (row.beatMs !== this.#first.beatMs) return "taken"
    if (isBroken) this.#heardSinceMs = nowMs
    return nowMs - this.#heardSinceMs >= this.#timing.deadMs ? "claim" : "wait"
  }
}
