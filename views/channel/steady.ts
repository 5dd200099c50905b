/** Steadies a time that is computed every second and differs slightly each time. */
export type Steady = (name: string, atMs: number) => number

/** Difference in ms up to which a time counts as unchanged. */
const SLACK_MS = 1500
/** Most names remembered, more than a channel has outputs. */
const MAX_NAMES = 2000

export const makeSteady = (): Steady => {
  const known = new Map<string, number>()
  return (name, atMs) => {
    const before = known.get(name)
    if (before !== undefined && Math.abs(before - atMs) < SLACK_MS) return before
    if (known.size >= MAX_NAMES) known.clear()
    const rounded = Math.round(atMs / 1000) * 1000
    known.set(name, rounded)
    return rounded
  }
}
