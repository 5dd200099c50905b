/** Limits on how often somebody may try. Counts are kept in memory, for as many as there is room. */

/** Most clients remembered at a time; those idle longest are forgotten first. */
const MAX_REMEMBERED = 10_000
const MINUTE_MS = 60_000
const LONGEST_BLOCK_MS = 60 * MINUTE_MS

interface Entry {
  count: number
  since: number
  blockedUntil: number
  /** Length of the last block in ms; the next one is twice as long. */
  blockMs: number
}

export interface Limiter {
  /** Whole seconds until the next try is let through; 0 for now. */
  readonly waitFor: (who: string) => number
  /** Counts a try. */
  readonly count: (who: string) => void
  /** Forgets what was counted, after a success. */
  readonly clear: (who: string) => void
}

/**
 * Lets `perMinute` tries through in a minute. The next one is blocked: to the end of the minute, or with `growing` for
 * a minute, then two, four and so on up to an hour, until it has been quiet for twice as long as the last block.
 * @param now milliseconds since 1970
 */
export const makeLimiter = (perMinute: number, growing: boolean, now: () => number = Date.now): Limiter => {
  const entries = new Map<string, Entry>()
  const at = (who: string): Entry => {
    const time = now()
    const old = entries.get(who)
    const isOver = old !== undefined && time >= old.since + MINUTE_MS && time >= old.blockedUntil
    const quiet =
      old !== undefined && time >= Math.max(old.since, old.blockedUntil) + Math.max(MINUTE_MS, 2 * old.blockMs)
    const entry =
      old === undefined || quiet
        ? { count: 0, since: time, blockedUntil: 0, blockMs: 0 }
        : isOver
          ? { ...old, count: 0, since: time }
          : old
    entries.delete(who)
    entries.set(who, entry)
    for (const [oldest] of entries) {
      if (entries.size <= MAX_REMEMBERED) break
      entries.delete(oldest)
    }
    return entry
  }
  return {
    waitFor: (who) => {
      if (!entries.has(who)) return 0
      return Math.max(0, Math.ceil((at(who).blockedUntil - now()) / 1000))
    },
    count: (who) => {
      const entry = at(who)
      entry.count += 1
      if (entry.count < perMinute || entry.blockedUntil > now()) return
      entry.blockMs = growing
        ? Math.min(LONGEST_BLOCK_MS, Math.max(MINUTE_MS, 2 * entry.blockMs))
        : entry.since + MINUTE_MS - now()
      entry.blockedUntil = now() + entry.blockMs
    },
    clear: (who) => void entries.delete(who),
  }
}

/** Tries per minute. */
export const LIMITS = { logins: 10, keys: 30, writes: 300, partnerTries: 30, partnerViews: 300 } as const

export interface Limits {
  readonly logins: Limiter
  readonly keys: Limiter
  readonly writes: Limiter
  /** Partner links that are none, by address; and views of one link. */
  readonly partnerTries: Limiter
  readonly partnerViews: Limiter
}

export const makeLimits = (now?: () => number): Limits => ({
  logins: makeLimiter(LIMITS.logins, true, now),
  keys: makeLimiter(LIMITS.keys, true, now),
  writes: makeLimiter(LIMITS.writes, false, now),
  partnerTries: makeLimiter(LIMITS.partnerTries, true, now),
  partnerViews: makeLimiter(LIMITS.partnerViews, false, now),
})
