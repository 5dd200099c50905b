/** What goes wrong where nothing should: counted, and logged with its stack, while it ends only what it belongs to. */
import type { Reason } from "./protocol/messages.ts"

/**
 * Whose it is: an output's session; a leg, or the choice between the legs of a channel; the engine's own, which belongs
 * to no stream.
 */
export type FaultPart = "output" | "input" | "engine"

/** Stacks logged in a minute; of more only the number is told. */
const LOGGED_MAX = 10
const MINUTE_MS = 60_000

/** The log of an engine that was given no other. */
export const toStderr = (message: string): void => {
  process.stderr.write(`${message}\n`)
}

const stackOf = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))

export class Faults {
  readonly #log: (message: string) => void
  readonly #now: () => number
  #counts: Record<FaultPart, number> = { output: 0, input: 0, engine: 0 }
  #minuteMs = Number.NEGATIVE_INFINITY
  #logged = 0
  #silent = 0

  /** `now` in ms, of any clock that does not fall. */
  constructor(log: (message: string) => void, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** Since the engine's start. */
  get counts(): Readonly<Record<FaultPart, number>> {
    return this.#counts
  }

  /**
   * Takes up what was thrown at `what`, such as `output main of channel news`. Never throws; the answer is why that has
   * ended.
   */
  report(part: FaultPart, what: string, cause: unknown): Reason {
    this.#counts[part] += 1
    this.#tell(`internal error: ${what}: ${stackOf(cause)}`)
    const message = cause instanceof Error ? cause.message : String(cause)
    return {
      code: "internal",
      message: `internal error of the engine, whose log has more: ${message}`,
      transient: true,
    }
  }

  #tell(message: string): void {
    const nowMs = this.#now()
    if (nowMs - this.#minuteMs >= MINUTE_MS) {
      const left = this.#silent
      this.#minuteMs = nowMs
      this.#logged = 0
      this.#silent = 0
      if (left > 0) this.#write(`${left} more internal errors were not logged in the minute before`)
    }
    this.#logged += 1
    if (this.#logged <= LOGGED_MAX) this.#write(message)
    else this.#silent += 1
  }

  #write(message: string): void {
    try {
      this.#log(message)
    } catch {
      // A log that cannot be written is no reason to end anything.
    }
  }
}
