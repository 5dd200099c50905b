/**
 * What a FIFO did not take: its 64 kB are full as soon as a stream has been held up for a moment, or its reader has. It
 * waits here, copied, for the ring is written over long before.
 */
import { writeSync } from "node:fs"

/** 1.6 s at 20 Mbit/s. */
export const FIFO_QUEUE_BYTES = 4_000_000

/** The slots of one turn. */
interface Piece {
  readonly bytes: Uint8Array
  readonly slots: number
}

const isFull = (cause: unknown): boolean => (cause as { readonly code?: unknown }).code === "EAGAIN"

export class FifoQueue {
  readonly #pieces: Piece[] = []
  /** Bytes of the first piece that were written. */
  #written = 0
  #bytes = 0

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= FIFO_QUEUE_BYTES
  }

  /** Takes the bytes of `slots` slots, for which there has to be room. */
  put(bytes: Uint8Array, slots: number): void {
    this.#pieces.push({ bytes, slots })
    this.#bytes += bytes.length
  }

  /**
   * Writes to a descriptor that does not block, until it takes no more; tells of the bytes written, and of the slots
   * that are finished by them. Throws what the system says of a reader that is gone (`code`).
   */
  write(fd: number, written: (bytes: number, slots: number) => void): void {
    for (let piece = this.#pieces[0]; piece !== undefined; piece = this.#pieces[0]) {
      let count = 0
      try {
        count = writeSync(fd, piece.bytes, this.#written)
      } catch (cause) {
        if (isFull(cause)) return
        throw cause
      }
      this.#written += count
      this.#bytes -= count
      const isDone = this.#written === piece.bytes.length
      written(count, isDone ? piece.slots : 0)
      if (!isDone) return
      this.#pieces.shift()
      this.#written = 0
    }
  }
}
