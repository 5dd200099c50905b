/** When an output, or an SRT input that calls, tries again, and when an output gives up. */

const FIRST_MS = 500
const CAP_MS = 30_000
const JITTER = 0.25
/** A session that was connected this long proves that the far side works: the delays start afresh. */
export const STABLE_MS = 10_000
/**
 * Time in ms, from the first attempt after the engine died, in which a far end may still hold the connection of before:
 * libsrt notices after 5 s of silence, and after 16 times what it takes for the round trip on a busy machine; RTMP
 * servers keep the name of a stream for some seconds more. Until then no delay grows above `RESUMING_CAP`.
 */
export const RESUMING_MS = 30_000
/** Failures that are counted at most while an output resumes: the second delay, of 1 s, is the longest. */
const RESUMING_CAP = 2

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

/** True when so many failures in a row are enough; never while the output resumes, which says nothing of the far end. */
export const isGivenUp = (failures: number, { maxAttempts }: RetryPolicy, resuming = false): boolean =>
  maxAttempts > 0 && !resuming && failures > maxAttempts

/**
 * Failures in a row, this one included, after a session that was connected for `connectedMs` (0 when it never was); 2 at
 * most while the output resumes.
 */
export const countFailure = (failures: number, connectedMs: number, resuming = false): number => {
  const counted = connectedMs >= STABLE_MS ? 1 : failures + 1
  return resuming ? Math.min(counted, RESUMING_CAP) : counted
}
