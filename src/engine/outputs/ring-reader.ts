/** An output's place in its channel's ring: the bounded queue of that output. */
import { RING_SLOTS } from "../../core/assembly/layout.ts"

/** Slots an output may lag behind before the oldest are given up; the rest of the ring is headroom for the writer. */
export const QUEUE_SLOTS = RING_SLOTS - 64

/** What became of a slot: not reached yet, handed on, or given up. */
export type SlotFate = "waiting" | "sent" | "dropped"

/** Runs of slots given up that are remembered; older ones lie behind everything still asked for. */
const GAPS_KEPT = 32

export class RingReader {
  /** Next slot to send, modulo 2^32 like the ring's head. */
  cursor: number
  /** Bytes of that slot already sent, when it leaves in pieces. */
  offset = 0
  dropped = 0
  readonly #start: number
  /** First slot given up and the one after the last, oldest first. */
  readonly #gaps: Array<readonly [from: number, to: number]> = []

  constructor(head: number) {
    this.cursor = head
    this.#start = head
  }

  /** Slots waiting; drops the oldest and counts them when the queue is over its bound. */
  backlog(head: number): number {
    const waiting = (head - this.cursor) >>> 0
    if (waiting <= QUEUE_SLOTS) return waiting
    const excess = waiting - QUEUE_SLOTS
    this.#giveUp(this.cursor, (this.cursor + excess) >>> 0)
    this.cursor = (this.cursor + excess) >>> 0
    this.offset = 0
    this.dropped += excess
    return QUEUE_SLOTS
  }

  next(): void {
    this.cursor = (this.cursor + 1) >>> 0
    this.offset = 0
  }

  /** Notes that part of the slot at the cursor was not sent. */
  spoil(): void {
    this.#giveUp(this.cursor, (this.cursor + 1) >>> 0)
  }

  #giveUp(from: number, to: number): void {
    this.#gaps.push([from, to])
    if (this.#gaps.length > GAPS_KEPT) this.#gaps.shift()
  }

  /** True for a slot that came after this reader had begun. */
  covers(position: number): boolean {
    return ahead(position, this.#start) >= 0
  }

  /** What became of the slot at `position`; one from before this reader began was not sent. */
  fateOf(position: number): SlotFate {
    if (!this.covers(position)) return "dropped"
    for (const [from, to] of this.#gaps) if (ahead(position, from) >= 0 && ahead(position, to) < 0) return "dropped"
    return ahead(position, this.cursor) < 0 ? "sent" : "waiting"
  }
}

/** Slots from `from` on to `position`, negative when it lies before. */
const ahead = (position: number, from: number): number => (position - from) | 0
