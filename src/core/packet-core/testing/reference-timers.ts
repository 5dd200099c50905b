/** The time of the TR 101 290 checks, and faults that last. */

export const SILENCE_US = 500_000

/** Counts arrival time without silences, and tells in which run between two silences it is. */
export class CheckClock {
  nowUs = 0
  arrivalUs = 0
  run = 0
  #latestUs: number | null = null

  /** Takes a time of arrival; returns true when these are the first packets of a sender. */
  arrive(rxUs: number): boolean {
    this.arrivalUs = rxUs
    const isFirst = this.#latestUs === null
    const gapUs = rxUs - (this.#latestUs ?? rxUs)
    if (isFirst || gapUs > SILENCE_US) this.run += 1
    else if (gapUs > 0) this.nowUs += gapUs
    this.#latestUs = Math.max(rxUs, this.#latestUs ?? rxUs)
    return isFirst
  }

  restart(): void {
    this.#latestUs = null
  }
}

/** Counts what is missing once for each period, and faults at most once in one. */
export class MissingTimer {
  sinceUs: number
  #faultUs = Number.NEGATIVE_INFINITY
  readonly #periodUs: number
  readonly #report: () => void

  constructor(nowUs: number, periodUs: number, report: () => void) {
    this.sinceUs = nowUs
    this.#periodUs = periodUs
    this.#report = report
  }

  advance(nowUs: number): void {
    while (nowUs - this.sinceUs > this.#periodUs) {
      this.sinceUs += this.#periodUs
      this.#faultUs = this.sinceUs
      this.#report()
    }
  }

  seen(nowUs: number): void {
    this.sinceUs = nowUs
  }

  fault(nowUs: number): void {
    if (nowUs - this.#faultUs < this.#periodUs) return
    this.#faultUs = nowUs
    this.sinceUs = nowUs
    this.#report()
  }
}
