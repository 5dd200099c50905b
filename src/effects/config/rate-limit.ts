/** At most one line a second of each kind; what was held back is counted on the next one. */

export interface RateLimit {
  /** Null when the line must be held back, else the number of lines held back since the last one. */
  readonly pass: (kind: string, nowMs: number) => number | null
}

export const makeRateLimit = (everyMs = 1000): RateLimit => {
  const kinds = new Map<string, { lastMs: number; held: number }>()
  return {
    pass: (kind, nowMs) => {
      const known = kinds.get(kind)
      if (known !== undefined && nowMs - known.lastMs < everyMs) {
        known.held++
        return null
      }
      kinds.set(kind, { lastMs: nowMs, held: 0 })
      return known?.held ?? 0
    },
  }
}
