/**
 * Sums that outlive their counters: a session, a socket or an engine process starts at zero, and the sum goes on. Pure.
 */

/** The life of one thing that counts: its name, and its figures since it began. */
export type Life<K extends string> = readonly [name: string, figures: Readonly<Partial<Record<K, number>>>]

export interface RunningSums<K extends string> {
  /** Sums that never fall. */
  readonly total: Readonly<Record<K, number>>
  /** Sums less what was taken back, i.e. by figures that fell within a life. */
  readonly exact: Readonly<Record<K, number>>
  /**
   * Takes the figures of all present lives. A new life counts in full, or only from now on when `baseline` is set, as
   * it began before anybody looked. A figure that falls within a life (a late packet makes up for a loss) counts again
   * only above its previous maximum, so the sums never fall.
   */
  readonly advance: (lives: ReadonlyArray<Life<K>>, baseline?: boolean) => void
}

const usable = (value: number | undefined): number =>
  value !== undefined && Number.isFinite(value) && value > 0 ? value : 0

export const makeRunningSums = <const K extends string>(names: ReadonlyArray<K>): RunningSums<K> => {
  const zeros = () => Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>
  const total = zeros()
  const exact = zeros()
  let known = new Map<string, { readonly highest: Record<K, number>; readonly last: Record<K, number> }>()
  return {
    total,
    exact,
    advance: (lives, baseline = false) => {
      const now: typeof known = new Map()
      for (const [life, figures] of lives) {
        const before = known.get(life)
        const { highest, last } = before ?? { highest: zeros(), last: zeros() }
        const counts = !(baseline && before === undefined)
        for (const name of names) {
          const value = usable(figures[name])
          // A loss from before anybody looked may be made up for now.
          if (counts) exact[name] = Math.max(0, exact[name] + value - last[name])
          last[name] = value
          if (value <= highest[name]) continue
          if (counts) total[name] += value - highest[name]
          highest[name] = value
        }
        now.set(life, { highest, last })
      }
      known = now
    },
  }
}
