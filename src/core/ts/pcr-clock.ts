/**
 * A stream's clock laid on ours (ISO/IEC 13818-1 2.4.2.2): PCR time unrolled over its wraps, and a slow loop that follows
 * the drift of the encoder's clock.
 */

/** PCRs count 27 MHz ticks and wrap at 2^33 x 300 (2.4.3.5). */
const PCR_WRAP = 2 ** 33 * 300
const TICKS_PER_US = 27
/** Time constant of the loop. Bursts of 100 ms at 25 PCRs a second then move the clock by less than 0.3 ms. */
const LOOP_TAU_US = 20e6
/** Steepest correction of phase: 1 % of time, 0.4 ms in a PCR interval of 40 ms. */
export const SLEW = 0.01
/** Bound of the recovered drift: far above the 30 ppm of 2.4.2.1 and what file players do. */
const DRIFT_MAX = 0.002
/** Samples a new time base counts as when it continues the old spacing: its phase is nearly right already. */
const CONTINUED_SAMPLES = 10

const clamp = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value))

/**
 * The clock of one stream: monotonic time = media time + an offset, which grows by the drift. `measure` holds a PCR
 * against it, and `follow` then takes that PCR; `anchor` starts a time base. Times are monotonic microseconds. Allocates
 * nothing.
 */
export class PcrClock {
  /** The last PCR taken. */
  #pcr = 0
  #mediaTicks = 0
  #mediaUs = 0
  #offsetUs = 0
  #drift = 0
  #samples = 0
  #measuredTicks = 0
  #elapsedUs = 0
  #errorUs = 0

  /** True once there is a time base. */
  get started(): boolean {
    return this.#samples > 0
  }

  /** Recovered drift of the encoder's clock against ours: 100e-6 is 100 ppm, positive when the encoder is slow. */
  get drift(): number {
    return this.#drift
  }

  /** Media time from the last PCR taken to the one measured, in microseconds; negative for one of before it. */
  get elapsedUs(): number {
    return this.#elapsedUs
  }

  /** How much later than predicted the PCR measured has arrived, in microseconds. */
  get errorUs(): number {
    return this.#errorUs
  }

  /** The time of ours at which the last PCR taken is due, without delay. */
  get timeUs(): number {
    return this.#mediaUs + this.#offsetUs
  }

  /** Holds a PCR, in 27 MHz ticks, that arrived at `rxUs` against the clock: see `elapsedUs` and `errorUs`. */
  measure(pcr: number, rxUs: number): void {
    let step = pcr - this.#pcr
    if (step < -PCR_WRAP / 2) step += PCR_WRAP
    else if (step > PCR_WRAP / 2) step -= PCR_WRAP
    this.#measuredTicks = this.#mediaTicks + step
    const mediaUs = this.#measuredTicks / TICKS_PER_US
    this.#elapsedUs = mediaUs - this.#mediaUs
    this.#errorUs = rxUs - mediaUs - (this.#offsetUs + this.#drift * this.#elapsedUs)
  }

  /** Takes the PCR measured: a running mean while the clock settles, then a critically damped loop of second order. */
  follow(pcr: number): void {
    const elapsedUs = this.#elapsedUs
    const error = this.#errorUs
    this.#samples += 1
    const step = elapsedUs / LOOP_TAU_US
    const settling = 1 / this.#samples > 2 * step
    const gain = settling ? 1 / this.#samples : Math.min(1, 2 * step)
    if (!settling) this.#drift = clamp(this.#drift + (error * step) / LOOP_TAU_US, DRIFT_MAX)
    this.#offsetUs += this.#drift * elapsedUs + clamp(gain * error, SLEW * elapsedUs)
    this.#mediaTicks = this.#measuredTicks
    this.#mediaUs = this.#measuredTicks / TICKS_PER_US
    this.#pcr = pcr
  }

  /**
   * Starts a time base at a PCR that is due at `timeUs`. One that is `continued` goes on with the spacing of the one
   * before, and with its drift.
   */
  anchor(pcr: number, timeUs: number, continued: boolean): void {
    this.#pcr = pcr
    this.#mediaTicks = 0
    this.#mediaUs = 0
    this.#offsetUs = timeUs
    this.#samples = continued ? CONTINUED_SAMPLES : 1
    if (!continued) this.#drift = 0
  }
}
