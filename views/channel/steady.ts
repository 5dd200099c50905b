/** Keeps a time that is reckoned anew each second, and falls a little to either side each time, where it was. */
export type Steady = (name: string, atMs: number) => number

/** A time that moves by less is the same time, in ms. */
const SLACK_MS = 1500
/** More names than a channel has outputs. */
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
