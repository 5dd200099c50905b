/** How a dry run comes to its end. */
import type { Reason } from "../protocol/messages.ts"

export const WITHIN_MS = 20_000
const POLL_MS = 20

export interface Outcome {
  readonly error: Reason | null
  /** What was done and came back, for a person. */
  readonly steps: ReadonlyArray<string>
  readonly address: string | null
  /** What could not be tried. */
  readonly untested?: string | null
}

export const TOO_LATE: Reason = { code: "timeout", message: `no answer within ${WITHIN_MS / 1000} s`, transient: true }
export const failed = (error: Reason): Outcome => ({ error, steps: [], address: null })

/** Calls `step` every 20 ms until it gives an outcome or 20 s are over. */
export const poll = (step: () => Outcome | null, onTimeout: () => Outcome): Promise<Outcome> =>
  new Promise((done) => {
    const startedMs = performance.now()
    const timer = setInterval(() => {
      const outcome = step() ?? (performance.now() - startedMs > WITHIN_MS ? onTimeout() : null)
      if (outcome === null) return
      clearInterval(timer)
      done(outcome)
    }, POLL_MS)
  })
