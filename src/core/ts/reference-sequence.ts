/** RTP sequence numbers as the reference parser counts them: numbers extended beyond 16 bits, and a set of those received. */

const MAX_DROPOUT = 3000
const MAX_MISORDER = 128
const RESTART_SILENCE_US = 200_000

export interface SequenceCounters {
  rtp_lost: number
  rtp_duplicates: number
  rtp_reordered: number
  rtp_resets: number
}

export class ReferenceSequence {
  readonly #counters: SequenceCounters
  readonly #onReset: (sequence: number, expected: number) => void
  /** Extended number after the highest received; null before the first. */
  #next: number | null = null
  /** First extended number of this run. */
  #start = 0
  #received = new Set<number>()
  /** A number far off: the begin of a new run when its successor follows. */
  #stray: number | null = null

  constructor(counters: SequenceCounters, onReset: (sequence: number, expected: number) => void) {
    this.#counters = counters
    this.#onReset = onReset
  }

  restart(): void {
    this.#next = null
    this.#stray = null
  }

  #begin(sequence: number): void {
    this.#next = sequence + 1
    this.#start = sequence
    this.#received = new Set([sequence])
    this.#stray = null
  }

  /** False when the number was received before; `silentUs` is the time since the sender's datagram before. */
  accept(sequence: number, silentUs: number): boolean {
    if (this.#next === null) {
      this.#begin(sequence)
      return true
    }
    const expected = this.#next & 0xffff
    const distance = ((sequence - expected + 0x18000) & 0xffff) - 0x8000
    const isNear = distance >= -MAX_MISORDER && distance < MAX_DROPOUT
    if (distance < 0 && silentUs >= RESTART_SILENCE_US) {
      this.#counters.rtp_resets += 1
      this.#onReset(sequence, expected)
      this.#begin(sequence)
      return true
    }
    if (this.#stray !== null) {
      if (sequence === ((this.#stray + 1) & 0xffff)) return this.#moveTo(this.#stray, expected, sequence)
      if (sequence === this.#stray) {
        this.#counters.rtp_duplicates += 1
        return false
      }
      if (isNear) {
        this.#counters.rtp_reordered += 1
        this.#stray = null
      }
    }
    if (!isNear) {
      this.#stray = sequence
      return true
    }
    return this.#count(this.#next, this.#next + distance)
  }

  #moveTo(stray: number, expected: number, sequence: number): boolean {
    this.#counters.rtp_resets += 1
    this.#onReset(stray, expected)
    this.#begin(stray)
    return this.accept(sequence, 0)
  }

  #count(next: number, extended: number): boolean {
    if (extended >= next) {
      this.#counters.rtp_lost += extended - next
      this.#next = extended + 1
    } else if (this.#received.has(extended)) {
      this.#counters.rtp_duplicates += 1
      return false
    } else {
      this.#counters.rtp_reordered += 1
      if (extended >= this.#start) this.#counters.rtp_lost -= 1
    }
    this.#received.add(extended)
    return true
  }
}
