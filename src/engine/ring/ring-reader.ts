/**
 * An output's place in its channel's ring: the bounded queue of that output.
 *
 * Positions of the ring count modulo 2^32, and a connection can be older than that: what is kept of the past is kept as
 * slots since this reader began, which do not wrap. A position asked for lies within 2^31 slots of the cursor, which
 * are 13 days at 20 Mbit/s.
 */
import { RING_SLOTS } from "../../core/assembly/memory/layout.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"

/** Slots an output may lag behind before the oldest are given up; the rest of the ring is headroom for the writer. */
export const QUEUE_SLOTS = RING_SLOTS - 64

/** What became of a slot: not reached yet, handed on, or given up. */
export type SlotFate = "waiting" | "sent" | "dropped"

/** Runs of slots given up that are remembered; older ones lie behind everything still asked for. */
const GAPS_KEPT = 32

/** Position of the oldest slot that an output can still have and that came at `fromUs` or later; the head without one. */
export const firstSince = (core: Pick<PacketCore, "ringHead" | "slotTimeUs">, channel: number, fromUs?: number) => {
  let at = core.ringHead(channel)
  if (fromUs === undefined) return at
  for (let left = QUEUE_SLOTS; left > 0; left--) {
    const before = (at - 1) >>> 0
    if (core.slotTimeUs(channel, before) < fromUs) break
    at = before
  }
  return at
}

export class RingReader {
  /** Bytes of that slot already sent, when it leaves in pieces. */
  offset = 0
  dropped = 0
  #cursor: number
  /** Slots from where this reader began to the cursor. */
  #passed = 0
  /** First slot given up and the one after the last, since this reader began; oldest first. */
  readonly #gaps: Array<readonly [from: number, to: number]> = []

  constructor(head: number) {
    this.#cursor = head
  }

  /** Next slot to send, modulo 2^32 like the ring's head. It only moves forward. */
  get cursor(): number {
    return this.#cursor
  }

  set cursor(position: number) {
    this.#passed += (position - this.#cursor) >>> 0
    this.#cursor = position
  }

  /** Slots from where this reader began to `position`; negative for one from before. */
  sinceStart(position: number): number {
    return this.#passed + ((position - this.#cursor) | 0)
  }

  /** Slots waiting; drops the oldest and counts them when the queue is over its bound, which is `most` slots. */
  backlog(head: number, most = QUEUE_SLOTS): number {
    const waiting = (head - this.#cursor) >>> 0
    if (waiting <= most) return waiting
    const excess = waiting - most
    this.#giveUp(excess)
    this.cursor = (this.#cursor + excess) >>> 0
    this.offset = 0
    this.dropped += excess
    return most
  }

  next(): void {
    this.#cursor = (this.#cursor + 1) >>> 0
    this.#passed += 1
    this.offset = 0
  }

  /** Notes that part of the slot at the cursor was not sent. */
  spoil(): void {
    this.#giveUp(1)
  }

  #giveUp(slots: number): void {
    this.#gaps.push([this.#passed, this.#passed + slots])
    if (this.#gaps.length > GAPS_KEPT) this.#gaps.shift()
  }

  /** True for a slot that came after this reader had begun. */
  covers(position: number): boolean {
    return this.sinceStart(position) >= 0
  }

  /** What became of the slot at `position`; one from before this reader began was not sent. */
  fateOf(position: number): SlotFate {
    const slot = this.sinceStart(position)
    if (slot < 0) return "dropped"
    for (const [from, to] of this.#gaps) if (slot >= from && slot < to) return "dropped"
    return slot < this.#passed ? "sent" : "waiting"
  }
}
