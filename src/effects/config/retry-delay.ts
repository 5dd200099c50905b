/** When a writer tries again, and when it gives up. */

const FIRST_MS = 500
const CAP_MS = 30_000
const JITTER = 0.25
/** A session that was connected this long proves that the far side works: the delays start afresh. */
export const STABLE_MS = 10_000

/** How outputs that failed are tried again, by the settings of the service. */
export interface RetryPolicy {
  /**
   * Delay in ms after the first failure, and the least there is (`DEFAULT_RECONNECT_DELAY`); null stands for 0.5 s and
   * its spread.
   */
  readonly delayMs: number | null
  /** Attempts in a row after the one that failed (`MAX_RECONNECT_ATTEMPTS`); 0 is without end. */
  readonly maxAttempts: number
}

export const DEFAULT_RETRY: RetryPolicy = { delayMs: null, maxAttempts: 0 }

/**
 * Delay in ms after failure number `failures` in a row (from 1): 0.5, 1, 2, 4 ... 30 s, each ±25 % by `random` (0 to 1)
 * so that outputs that lost the same receiver do not come back at the same instant. What only a person can repair is
 * tried at the cap: a port may become free, a library be installed. A delay that is set is where they start, and none
 * is shorter.
 */
export const retryDelayMs = (
  failures: number,
  transient: boolean,
  random: number,
  { delayMs }: RetryPolicy = DEFAULT_RETRY,
): number => {
  const cap = Math.max(CAP_MS, delayMs ?? 0)
  const base = transient ? Math.min(cap, (delayMs ?? FIRST_MS) * 2 ** Math.min(failures - 1, 16)) : cap
  return Math.round(Math.max(delayMs ?? 0, Math.min(cap, base * (1 - JITTER + 2 * JITTER * random))))
}

/** True when so many failures in a row are enough. */
export const isGivenUp = (failures: number, { maxAttempts }: RetryPolicy): boolean =>
  maxAttempts > 0 && failures > maxAttempts

/** Failures in a row, this one included, after a session that was connected for `connectedMs` (0 when it never was). */
export const countFailure = (failures: number, connectedMs: number): number =>
  connectedMs >= STABLE_MS ? 1 : failures + 1
