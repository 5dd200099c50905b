/**
 * RTP sequence numbers as the reference parser counts them: numbers extended beyond 16 bits, a map of those received,
 * and a list of the datagrams held. No datagram waits for one before it, as with `reorder_ms` 0.
 */

const MAX_DROPOUT = 3000
const MAX_MISORDER = 128
const WINDOW = 4096
const HELD_MAX = 16
const HELD_MAX_US = 2_000_000
const RESTART_SILENCE_US = 200_000
const COPY_SILENCE_US = 500_000
const LATE_MAX_90K = 900_000
const BEFORE_MAX_US = 1_000_000

export interface SequenceCounters {
  rtp_lost: number
  rtp_duplicates: number
  rtp_reordered: number
  rtp_resets: number
  rtp_late: number
  rtp_unrecovered: number
  foreign: number
}

export interface RtpArrival {
  readonly sequence: number
  readonly timestamp: number
  readonly payload: Uint8Array
  readonly rxUs: number
}

const distance = (sequence: number, from: number) => ((sequence - from + 0x18000) & 0xffff) - 0x8000
const previous = (sequence: number) => (sequence - 1) & 0xffff

/** Bytes by which two datagrams with one number are told apart. */
const markOf = ({ payload }: RtpArrival) => {
  const at = payload.length >> 1
  return [payload.subarray(0, 8), payload.subarray(at, at + 8), payload.subarray(-8)].join(" ")
}

export class ReferenceSequence {
  readonly #counters: SequenceCounters
  readonly #onReset: (sequence: number, expected: number) => void
  /** Extended number after the highest received; null before the first. */
  #next: number | null = null
  /** First extended number of this run. */
  #start = 0
  #received = new Map<number, string>()
  #movedUs = 0
  #timestamp = 0
  /** Datagrams with numbers far off, which go first when the successor of one of them follows. */
  #held: RtpArrival[] = []
  /** Number with which the sequence before a restart would go on. */
  #before: { next: number; us: number } | null = null
  /** Number of the datagram that goes on next. */
  #ordered: number | null = null

  constructor(counters: SequenceCounters, onReset: (sequence: number, expected: number) => void) {
    this.#counters = counters
    this.#onReset = onReset
  }

  restart(): void {
    this.#next = null
    this.#ordered = null
    this.#before = null
    this.#dropHeld()
  }

  /**
   * Returns the datagrams that are taken now, oldest first. `goesOn` tells, for each in turn, whether they also go on.
   */
  accept(arrival: RtpArrival): ReadonlyArray<RtpArrival> {
    const verdict = this.#judge(arrival)
    if (verdict === "taken") return [arrival]
    if (verdict === "refused") return []
    if (this.#isOfNumbersBefore(arrival)) return []
    while (arrival.rxUs - (this.#held[0]?.rxUs ?? arrival.rxUs) > HELD_MAX_US) this.#dropOldest()
    if (this.#find(arrival.sequence) !== undefined) {
      this.#counters.rtp_duplicates += 1
      return []
    }
    if (this.#find(previous(arrival.sequence)) === undefined) {
      if (this.#held.length === HELD_MAX) this.#dropOldest()
      this.#held.push(arrival)
      return []
    }
    return this.#startOver(arrival)
  }

  /** Returns false for a datagram that comes behind its successor. */
  goesOn({ sequence }: RtpArrival): boolean {
    const ahead = distance(sequence, this.#ordered ?? sequence)
    if (ahead < 0) {
      this.#counters.rtp_late += 1
      return false
    }
    this.#counters.rtp_unrecovered += ahead
    this.#ordered = sequence + 1
    return true
  }

  #find(sequence: number): RtpArrival | undefined {
    return this.#held.find((each) => each.sequence === sequence)
  }

  #dropOldest(): void {
    this.#held.shift()
    this.#counters.rtp_late += 1
  }

  #dropHeld(): void {
    this.#counters.rtp_late += this.#held.length
    this.#held = []
  }

  #begin(sequence: number): void {
    this.#next = sequence
    this.#start = sequence
    this.#received = new Map()
  }

  #judge(arrival: RtpArrival): "taken" | "refused" | "stray" {
    const { sequence, rxUs } = arrival
    if (this.#next === null) this.#begin(sequence)
    const next = this.#next ?? sequence
    const delta = distance(sequence, next & 0xffff)
    const extended = next + delta
    if (delta >= 0 && delta < MAX_DROPOUT) {
      this.#counters.rtp_lost += delta
      this.#next = extended + 1
      this.#received.set(extended, markOf(arrival))
      this.#movedUs = rxUs
      this.#timestamp = arrival.timestamp
      this.#dropHeld()
      return "taken"
    }
    if (delta >= 0 || -delta > Math.min(WINDOW, next - this.#start + MAX_MISORDER)) return "stray"
    if (rxUs - this.#movedUs >= this.#silenceBefore(arrival, extended, -delta)) return "stray"
    if (this.#received.has(extended)) {
      this.#counters.rtp_duplicates += 1
      return "refused"
    }
    this.#received.set(extended, markOf(arrival))
    this.#counters.rtp_reordered += 1
    if (extended >= this.#start) this.#counters.rtp_lost -= 1
    return "taken"
  }

  #silenceBefore(arrival: RtpArrival, extended: number, lag: number): number {
    const mark = this.#received.get(extended)
    if (mark !== undefined) return mark === markOf(arrival) ? COPY_SILENCE_US : 0
    const age = (this.#timestamp - arrival.timestamp) | 0
    if (age >= 0 && age <= LATE_MAX_90K) return COPY_SILENCE_US
    return lag <= MAX_MISORDER && this.#find(previous(arrival.sequence)) === undefined ? RESTART_SILENCE_US : 0
  }

  #isOfNumbersBefore({ sequence, rxUs }: RtpArrival): boolean {
    if (this.#before === null || rxUs - this.#before.us > BEFORE_MAX_US || rxUs - this.#movedUs >= RESTART_SILENCE_US)
      return false
    const ahead = distance(sequence, this.#before.next)
    if (ahead < -WINDOW || ahead >= MAX_DROPOUT) return false
    this.#before = { next: ahead < 0 ? this.#before.next : (sequence + 1) & 0xffff, us: rxUs }
    this.#counters[ahead < 0 ? "rtp_late" : "foreign"] += 1
    return true
  }

  #startOver(arrival: RtpArrival): ReadonlyArray<RtpArrival> {
    const run = [arrival]
    for (
      let each = this.#find(previous(arrival.sequence));
      each !== undefined;
      each = this.#find(previous(each.sequence))
    )
      run.unshift(each)
    const [first = arrival] = run
    const expected = (this.#next ?? 0) & 0xffff
    this.#counters.rtp_resets += 1
    this.#onReset(first.sequence, expected)
    this.#before = { next: expected, us: arrival.rxUs }
    const others = this.#held.filter((each) => !run.includes(each))
    this.#held = []
    this.#begin(first.sequence)
    this.#ordered = null
    return [...run, ...others].filter((each) => {
      const verdict = this.#judge(each)
      if (verdict === "stray") this.#counters.rtp_late += 1
      return verdict === "taken"
    })
  }
}
