/**
 * Whether a series of figures grows, by statistics that a few odd samples do not move: Sen's slope (the median of the
 * slopes between all pairs) with its confidence limits from Kendall's variance.
 */

export interface Sample {
  /** Where it was taken: seconds, cases, whatever the slope is to be in. */
  readonly at: number
  readonly value: number
}

export interface Trend {
  /** Growth for one unit of `at`: the median, and the limits between which it lies with 99 % confidence. */
  readonly slope: number
  readonly low: number
  readonly high: number
  readonly samples: number
}

/** Fewest samples that a trend is told from. */
export const FEWEST_SAMPLES = 12
/** Samples are brought together into so many, each the median of its neighbours: they are hardly related then. */
const BUCKETS = 48
/** Quantile of the normal distribution for 99 %, both sides. */
const Z_99 = 2.576

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

const bucketed = (samples: ReadonlyArray<Sample>): ReadonlyArray<Sample> => {
  if (samples.length <= BUCKETS) return samples
  return Array.from({ length: BUCKETS }, (_, i) => {
    const part = samples.slice((i * samples.length) / BUCKETS, ((i + 1) * samples.length) / BUCKETS)
    return { at: median(part.map(({ at }) => at)), value: median(part.map(({ value }) => value)) }
  })
}

/** The trend of samples in the order of `at`; null when there are fewer than `FEWEST_SAMPLES`. */
export const trendOf = (samples: ReadonlyArray<Sample>): Trend | null => {
  if (samples.length < FEWEST_SAMPLES) return null
  const points = bucketed(samples)
  const slopes: number[] = []
  for (const [i, a] of points.entries())
    for (const b of points.slice(i + 1)) if (b.at > a.at) slopes.push((b.value - a.value) / (b.at - a.at))
  if (slopes.length === 0) return null
  slopes.sort((a, b) => a - b)
  const n = points.length
  const reach = (Z_99 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2
  const limit = (index: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(index)))] ?? 0
  const middle = slopes.length / 2
  return { slope: median(slopes), low: limit(middle - reach), high: limit(middle + reach), samples: samples.length }
}
