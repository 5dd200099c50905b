/** When a writer tries again. */

const FIRST_MS = 500
const CAP_MS = 30_000
const JITTER = 0.25
/** A session that was connected this long proves that the far side works: the delays start afresh. */
export const STABLE_MS = 10_000

/**
 * Delay in ms after failure number `failures` in a row (from 1): 0.5, 1, 2, 4 ... 30 s, each ±25 % by `random` (0 to 1) so that
 * outputs that lost the same receiver do not come back at the same instant. What only a person can repair is tried at the cap:
 * a port may become free, a library be installed.
 */
export const retryDelayMs = (failures: number, transient: boolean, random: number): number => {
  const base = transient ? Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16)) : CAP_MS
  return Math.round(Math.min(CAP_MS, base * (1 - JITTER + 2 * JITTER * random)))
}

/** Failures in a row, this one included, after a session that was connected for `connectedMs` (0 when it never was). */
export const countFailure = (failures: number, connectedMs: number): number => (connectedMs >= STABLE_MS ? 1 : failures + 1)
