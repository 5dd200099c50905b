/** Delays in microseconds in buckets of at most 1.6 % width: percentiles of any number of samples in fixed memory. */

const SUB = 64
const OCTAVES = 32

const bucketOf = (us: number): number => {
  if (us < SUB) return us
  const octave = 25 - Math.clz32(us)
  return (octave + 1) * SUB + (us >>> octave) - SUB
}

/** Upper edge of a bucket. */
const upperEdge = (bucket: number): number => {
  if (bucket < SUB) return bucket
  const octave = Math.floor(bucket / SUB) - 1
  return ((bucket % SUB) + SUB + 1) * 2 ** octave - 1
}

export class DelayHistogram {
  readonly #buckets = new Float64Array(SUB * OCTAVES)
  count = 0
  max = 0

  /** Counts a delay; negative ones (clock rounding) count as 0. */
  add(us: number): void {
    const whole = us > 0 ? Math.min(Math.round(us), 0x7fffffff) : 0
    const bucket = bucketOf(whole)
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.count += 1
    if (whole > this.max) this.max = whole
  }

  merge(other: DelayHistogram): void {
    for (let i = 0; i < this.#buckets.length; i++) this.#buckets[i] = (this.#buckets[i] ?? 0) + (other.#buckets[i] ?? 0)
    this.count += other.count
    this.max = Math.max(this.max, other.max)
  }

  /** The delay that `fraction` (0..1) of the samples do not exceed, in microseconds; 0 without samples. */
  percentile(fraction: number): number {
    let left = Math.ceil(this.count * fraction)
    if (this.count === 0) return 0
    for (let i = 0; i < this.#buckets.length; i++) {
      left -= this.#buckets[i] ?? 0
      if (left <= 0) return Math.min(upperEdge(i), this.max)
    }
    return this.max
  }

  reset(): void {
    this.#buckets.fill(0)
    this.count = 0
    this.max = 0
  }
}
