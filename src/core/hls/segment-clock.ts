/** Presentation times within one segment. Ticks of 90 kHz. */
import { difference33, wrap33 } from "../es/unwrap.ts"

/** Decoding times step by less than this, forwards; a longer step is another timeline. */
const STEP_MAX_90K = 5 * 90_000
/** They never fall, but for what encoders round. */
const FALL_MAX_90K = 900
/** What a single picture lasts where nothing tells. */
const PICTURE_90K = 3600

export class SegmentClock {
  #start = 0
  #dts: number | null = null
  /** Greatest distance of a PTS from the start, and how many PTS there were. */
  #greatest = 0
  #count = 0
  #picture90k = PICTURE_90K
  #frozen = false

  /** The latest PTS of the segment, 33 bits. */
  get latest(): number {
    return wrap33(this.#start + this.#greatest)
  }

  /** A segment begins with a picture of this PTS, which `take` is told of next. */
  begin(pts90k: number): void {
    this.#start = pts90k
    this.#greatest = 0
    this.#count = 0
    this.#frozen = false
  }

  reset(): void {
    this.#dts = null
    this.begin(0)
  }

  /** Times from here on belong to the next segment. */
  freeze(): void {
    this.#frozen = true
  }

  /** True when a decoding time does not follow the last one. */
  jumps(dts90k: number): boolean {
    if (this.#dts === null) return false
    const step = difference33(dts90k, this.#dts)
    return step < -FALL_MAX_90K || step > STEP_MAX_90K
  }

  take(pts90k: number, dts90k: number): void {
    this.#dts = dts90k
    if (this.#frozen) return
    this.#greatest = Math.max(this.#greatest, this.elapsedTo(pts90k))
    this.#count += 1
    if (this.#count > 1 && this.#greatest > 0) this.#picture90k = this.#greatest / (this.#count - 1)
  }

  elapsedTo(pts90k: number): number {
    return difference33(pts90k, this.#start)
  }

  /** Length of the segment where no picture behind it tells: up to its latest picture, and that one. */
  estimate(): number {
    return Math.max(1, Math.round(this.#greatest + this.#picture90k))
  }
}
