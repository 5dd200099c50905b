/** An output's place in its channel's ring: the bounded queue of that output. */
import { RING_SLOTS } from "../../core/assembly/layout.ts"

/** Slots an output may lag behind before the oldest are given up; the rest of the ring is headroom for the writer. */
export const QUEUE_SLOTS = RING_SLOTS - 64

export class RingReader {
  /** Next slot to send, modulo 2^32 like the ring's head. */
  cursor: number
  /** Bytes of that slot already sent, when it leaves in pieces. */
  offset = 0
  dropped = 0

  constructor(head: number) {
    this.cursor = head
  }

  /** Slots waiting; drops the oldest and counts them when the queue is over its bound. */
  backlog(head: number): number {
    const waiting = (head - this.cursor) >>> 0
    if (waiting <= QUEUE_SLOTS) return waiting
    const excess = waiting - QUEUE_SLOTS
    this.cursor = (this.cursor + excess) >>> 0
    this.offset = 0
    this.dropped += excess
    return QUEUE_SLOTS
  }

  next(): void {
    this.cursor = (this.cursor + 1) >>> 0
    this.offset = 0
  }
}
