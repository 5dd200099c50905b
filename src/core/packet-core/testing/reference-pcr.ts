/** Checks TR 101 290 2.3.a and 2.3.b for the PCRs of one PID, and measures the bit rate between them. */
import { PCR_MODULUS } from "../../ts/packet.ts"

const SECOND_US = 1_000_000
const LIMIT_US = 100_000

export interface PcrCounters {
  pcr_repetition_errors: number
  pcr_discontinuity_errors: number
}

export interface PcrMoment {
  readonly ticks: number
  /** Time of the checks in microseconds; the next field is the time of arrival. */
  readonly nowUs: number
  readonly arrivalUs: number
  /** Number of the PCR's TS packet. */
  readonly packet: number
  /** Number that changes when packets are lost; the next field changes when the leg was silent. */
  readonly faults: number
  readonly run: number
}

export interface Interval {
  readonly bitrate: number
  /** The leg's number of faults when the interval began. */
  readonly faults: number
}

/** Microseconds of a step of the clock; a step of more than half of the 33-bit range is a step back. */
const signedUs = (ticks: number): number => {
  const wrapped = ((ticks % PCR_MODULUS) + PCR_MODULUS) % PCR_MODULUS
  return (wrapped > PCR_MODULUS / 2 ? wrapped - PCR_MODULUS : wrapped) / 27
}

const wholeMs = (us: number) => Math.floor(us / 1000)

export class PcrTimer {
  #last: PcrMoment | null = null
  #sinceUs = 0
  #reported = false
  #excused = false
  readonly #counters: PcrCounters

  constructor(counters: PcrCounters) {
    this.#counters = counters
  }

  forget(): void {
    this.#last = null
    this.#excused = false
  }

  excuse(): void {
    this.#excused = true
  }

  /** Counts a fault for each second without PCR. */
  advance(nowUs: number): void {
    while (this.#last !== null && nowUs - this.#sinceUs > SECOND_US) {
      this.#sinceUs += SECOND_US
      this.#reported = true
      this.#counters.pcr_repetition_errors += 1
    }
  }

  /**
   * Returns the interval since the PCR before, or null when it says nothing about the bit rate; and the PCR before when
   * the clock jumped.
   */
  take(moment: PcrMoment): { interval: Interval | null; jumpedFrom: number | null } {
    const last = this.#last
    const result = last === null ? { interval: null, jumpedFrom: null } : this.#compare(last, moment)
    this.#last = moment
    this.#sinceUs = moment.nowUs
    this.#reported = false
    this.#excused = false
    return result
  }

  #compare(last: PcrMoment, moment: PcrMoment) {
    const stepUs = signedUs(moment.ticks - last.ticks)
    const isNear = stepUs >= 0 && stepUs <= LIMIT_US
    const passedUs = (wholeMs(moment.arrivalUs) - wholeMs(last.arrivalUs)) * 1000
    const aheadUs = signedUs((stepUs - passedUs) * 27)
    const deviationUs = Math.abs(aheadUs)
    const isAfterSilence = moment.run !== last.run
    const isFault = !this.#excused && !isNear && !(isAfterSilence && deviationUs <= SECOND_US)
    const isTrue = !this.#excused && !(isFault && deviationUs > LIMIT_US)
    const hasJumped = isFault && deviationUs > LIMIT_US && (stepUs < 0 || aheadUs > SECOND_US)
    if (isFault) this.#counters.pcr_discontinuity_errors += 1
    if (!this.#reported && moment.nowUs - last.nowUs > LIMIT_US && !(isTrue && isNear))
      this.#counters.pcr_repetition_errors += 1
    const isMeasured = isTrue && !isAfterSilence && stepUs > 0 && stepUs <= SECOND_US
    const bitrate = ((moment.packet - last.packet) * 1504 * SECOND_US) / stepUs
    return { interval: isMeasured ? { bitrate, faults: last.faults } : null, jumpedFrom: hasJumped ? last.ticks : null }
  }
}
