/**
 * Pacing by the stream's own clock (ISO/IEC 13818-1 2.4.2.2 and annex D): between two PCRs bytes arrive at a constant
 * rate, so the time at which each ring slot should leave is known from its byte position. PCR time is laid on the
 * monotonic clock by a slow loop that follows the drift of the encoder's clock, plus a fixed delay that absorbs bursts.
 *
 * Slots wait in a ring until the PCR behind them has arrived. Those that come due before it leave at the last known
 * rate. Without a usable PCR, slots leave as they came, `delayMs` later.
 */

import { RING_SLOTS } from "../assembly/memory/layout.ts"
import { PcrClock, SLEW } from "./pcr-clock.ts"

/**
 * Slots an output holds at most: below its queue, so that none is given up for it. Of 1316 bytes they are 4.38 Mbit.
 * docs/urls.md says so.
 */
export const PACED_SLOTS = RING_SLOTS - 96

export interface PcrPacerOptions {
  /** How long slots are held on average, in ms; bursts up to twice as long are evened out. Default 100. */
  readonly delayMs?: number
  /**
   * Most slots held; more than that and the oldest leave early, and the delay becomes shorter until all fit. Default
   * PACED_SLOTS.
   */
  readonly maxHeld?: number
}

/** A PCR farther than this from its prediction may be a jump; two in a row are a new time base. */
const JUMP_US = 100_000
/** Without a PCR for this long slots keep the spacing they arrived with. */
const PCR_LOST_US = 500_000

/**
 * While more slots come than may be held, the delay becomes shorter by this share of time, down to half of what they
 * last.
 */
const SHORTEN = 0.1
/** With room for a longer delay for this long, it becomes longer again. */
const CALM_US = 10e6
/** Share of the slots that may be held from which on there is no room. */
const ROOMY = 0.85

const SLOTS = 1024
const MASK = SLOTS - 1

/** Releases slots in order. Allocates nothing after construction. */
export class PcrPacer {
  readonly #wantedUs: number
  readonly #maxHeld: number
  /** As wanted, or shorter where that many slots may not be held. */
  #delayUs: number
  /** The oldest slot had to leave early: now, and when that was last. */
  #isFull = false
  #fullUs = Number.NEGATIVE_INFINITY
  /** Since when there was room for more, on the clock of arrivals. */
  #roomySinceUs = 0

  // The slots held, oldest at #head; free-running indices. Those before #resolved have their final time in #releaseUs.
  readonly #rxUs = new Float64Array(SLOTS)
  readonly #position = new Float64Array(SLOTS)
  readonly #releaseUs = new Float64Array(SLOTS)
  #head = 0
  #resolved = 0
  #tail = 0
  /** Slots pushed out by a full ring, to be counted by the next release. */
  #overflow = 0

  // Byte position at the end of the last slot, since the start (2^53 bytes are 28 years at 80 Mbit/s).
  #bytes = 0
  #nextSlot = -1
  #lastRxUs = 0
  #lastBytes = 0

  // The last PCR taken: when it arrived, its byte position and when that byte leaves.
  #locked = false
  #pcrRxUs = 0
  #pcrPosition = 0
  #pcrReleaseUs = 0
  /** Rate of the last PCR interval; 0 while unknown. */
  #usPerByte = 0

  readonly #clock = new PcrClock()
  #jumps = 0
  #expectJump = false

  constructor(options: PcrPacerOptions = {}) {
    this.#wantedUs = (options.delayMs ?? 100) * 1000
    this.#delayUs = this.#wantedUs
    this.#maxHeld = Math.max(1, Math.min(SLOTS, options.maxHeld ?? PACED_SLOTS))
  }

  /** Slots held now. */
  get held(): number {
    return this.#tail - this.#head
  }

  /**
   * How long slots are held on average now, in ms: shorter than asked for where the bit rate would make them too many.
   */
  get delayMs(): number {
    return this.#delayUs / 1000
  }

  /** True while the delay asked for does not fit: slots left early in the last 10 s, or the delay is shorter. */
  get shortened(): boolean {
    return this.#delayUs < this.#wantedUs || this.#lastRxUs - this.#fullUs < CALM_US
  }

  /** Recovered drift of the encoder's clock against ours: 100e-6 is 100 ppm, positive when the encoder is slow. */
  get drift(): number {
    return this.#clock.drift
  }

  /** True while slots are paced by PCR; false while they keep their arrival spacing. */
  get locked(): boolean {
    return this.#locked
  }

  /**
   * Takes the next slot of the ring.
   * @param n slot number, modulo 2^32; a gap starts a new time base
   * @param rxUs when it arrived, monotonic microseconds
   * @param bytes its length
   * @param pcr27m first PCR in the slot in 27 MHz ticks, or null
   * @param discontinuity a packet of it has discontinuity_indicator (2.4.3.5)
   * @param pcrOffset byte of the slot at which the packet with the PCR starts
   */
  push(n: number, rxUs: number, bytes: number, pcr27m: number | null, discontinuity: boolean, pcrOffset = 0): void {
    const held = this.#tail - this.#head
    if (held >= this.#maxHeld * ROOMY) this.#roomySinceUs = rxUs
    if (held >= this.#maxHeld) this.#dropOldest(rxUs)
    this.#lastRxUs = rxUs
    this.#lastBytes = bytes
    if (discontinuity || (this.#nextSlot >= 0 && n !== this.#nextSlot)) this.#expectJump = true
    this.#nextSlot = (n + 1) >>> 0

    const at = this.#tail & MASK
    this.#rxUs[at] = rxUs
    this.#position[at] = this.#bytes
    this.#tail += 1
    if (this.#locked && rxUs - this.#pcrRxUs > PCR_LOST_US && pcr27m === null) this.#unlock()
    if (pcr27m !== null) this.#takePcr(pcr27m, rxUs, this.#bytes + pcrOffset)
    if (!this.#locked) this.#resolveAsArrived()
    this.#bytes += bytes
  }

  /** How many slots, counted from the oldest, may leave now; they are no longer held. */
  releaseUntil(nowUs: number): number {
    let count = this.#overflow
    this.#overflow = 0
    while (this.#head !== this.#tail && this.#due(this.#head) <= nowUs) {
      this.#head += 1
      count += 1
    }
    if (this.#resolved < this.#head) this.#resolved = this.#head
    return count
  }

  /** When the oldest slot may leave, in monotonic microseconds; Infinity when none is held. */
  nextReleaseUs(): number {
    if (this.#overflow > 0) return 0
    return this.#head === this.#tail ? Number.POSITIVE_INFINITY : this.#due(this.#head)
  }

  #dropOldest(nowUs: number): void {
    // After a stall of this machine the oldest would have left by now anyway.
    if (this.#due(this.#head) > nowUs) {
      this.#isFull = true
      this.#fullUs = nowUs
    }
    this.#head += 1
    this.#overflow += 1
    if (this.#resolved < this.#head) this.#resolved = this.#head
  }

  /** Release time of a held slot, never later than twice the delay after its arrival. */
  #due(index: number): number {
    const at = index & MASK
    const rx = this.#rxUs[at] ?? 0
    const wanted = index < this.#resolved ? (this.#releaseUs[at] ?? 0) : this.#extrapolate(this.#position[at] ?? 0, rx)
    return Math.min(wanted, rx + 2 * this.#delayUs)
  }

  /** Release time of a byte after the last PCR, at the rate of the interval before. */
  #extrapolate(position: number, rxUs: number): number {
    if (this.#usPerByte === 0) return rxUs + this.#delayUs
    return this.#pcrReleaseUs + (position - this.#pcrPosition) * this.#usPerByte
  }

  #resolveAsArrived(): void {
    for (; this.#resolved < this.#tail; this.#resolved++) {
      const at = this.#resolved & MASK
      this.#releaseUs[at] = (this.#rxUs[at] ?? 0) + this.#delayUs
    }
  }

  /**
   * Gives the waiting slots their final time, on the line between the last PCR and one at `position` that leaves at
   * `releaseUs`.
   */
  #resolveTo(position: number, releaseUs: number): void {
    const span = position - this.#pcrPosition
    const slope = span > 0 ? (releaseUs - this.#pcrReleaseUs) / span : 0
    for (; this.#resolved < this.#tail; this.#resolved++) {
      const at = this.#resolved & MASK
      this.#releaseUs[at] = this.#pcrReleaseUs + ((this.#position[at] ?? 0) - this.#pcrPosition) * slope
    }
    if (slope > 0) this.#usPerByte = slope
  }

  #unlock(): void {
    // What waits still leaves by the last rate.
    for (; this.#resolved < this.#tail - 1; this.#resolved++) {
      const at = this.#resolved & MASK
      this.#releaseUs[at] = this.#extrapolate(this.#position[at] ?? 0, this.#rxUs[at] ?? 0)
    }
    this.#locked = false
  }

  #takePcr(pcr: number, rxUs: number, position: number): void {
    const clock = this.#clock
    if (!clock.started) {
      this.#anchor(pcr, rxUs, position, rxUs + this.#delayUs, false)
      return
    }
    clock.measure(pcr, rxUs)
    const { elapsedUs } = clock
    if (this.#isJump(clock.errorUs, position, elapsedUs)) {
      this.#jumps += 1
      // One bad PCR is passed over; a second, or one where a break was announced, is the new time base.
      if (this.#jumps > 1 || this.#expectJump) this.#reanchor(pcr, rxUs, position)
      return
    }
    this.#jumps = 0
    this.#expectJump = false
    // A repeated packet, or a clock that stands still.
    if (elapsedUs <= 0) return
    clock.follow(pcr)
    this.#fitDelay(rxUs, elapsedUs)
    this.#note(rxUs, position, clock.timeUs + this.#delayUs)
  }

  /**
   * A burst moves the arrival time of a PCR too, but then its distance in bytes still fits; beyond twice the delay
   * nothing helps.
   */
  #isJump(error: number, position: number, elapsedUs: number): boolean {
    const off = Math.abs(error)
    if (off <= JUMP_US) return false
    if (off > Math.max(JUMP_US, 2 * this.#delayUs) || this.#usPerByte === 0 || !this.#locked) return true
    return Math.abs((position - this.#pcrPosition) * this.#usPerByte - elapsedUs) > JUMP_US
  }

  /**
   * Shortens the delay while slots do not fit, and gives it back, as slowly as the clock is corrected, when they have
   * for long.
   */
  #fitDelay(rxUs: number, elapsedUs: number): void {
    const leastUs = Math.min(this.#delayUs, (this.#maxHeld / 2) * this.#lastBytes * this.#usPerByte)
    if (this.#isFull) this.#delayUs = Math.max(leastUs, this.#delayUs - SHORTEN * elapsedUs)
    else if (this.#delayUs < this.#wantedUs && rxUs - this.#roomySinceUs > CALM_US)
      this.#delayUs = Math.min(this.#wantedUs, this.#delayUs + SLEW * elapsedUs)
    this.#isFull = false
  }

  /** A PCR that continues the time base: the slots before it get their final time. */
  #note(rxUs: number, position: number, releaseUs: number): void {
    if (this.#locked) this.#resolveTo(position, releaseUs)
    else this.#resolveAsArrived()
    this.#locked = true
    this.#pcrRxUs = rxUs
    this.#pcrPosition = position
    this.#pcrReleaseUs = releaseUs
  }

  /** Starts a time base at a PCR that leaves at `releaseUs`; `continued` when that keeps the spacing of before. */
  #anchor(pcr: number, rxUs: number, position: number, releaseUs: number, continued: boolean): void {
    this.#clock.anchor(pcr, releaseUs - this.#delayUs, continued)
    this.#jumps = 0
    this.#expectJump = false
    const rate = this.#usPerByte
    this.#note(rxUs, position, releaseUs)
    // The interval that spans a break says nothing about the rate.
    if (rate > 0) this.#usPerByte = rate
  }

  /**
   * A new time base goes on with the old spacing where that keeps slots within the delay's bounds, so that nothing is
   * seen of it.
   */
  #reanchor(pcr: number, rxUs: number, position: number): void {
    const wanted = this.#extrapolate(position, rxUs)
    const smooth = this.#locked && wanted >= rxUs && wanted <= rxUs + 2 * this.#delayUs
    this.#anchor(pcr, rxUs, position, smooth ? wanted : rxUs + this.#delayUs, smooth)
  }
}
