/** From the opening of an output session to its end. */
import type { Reason, SessionState } from "../protocol/messages.ts"
import { newFigures } from "./output-session.ts"

/**
 * State, reason and figures of one session. It ends once: by itself with a reason, of which the first stays, or closed
 * without one. What it holds is let go then, and only then.
 */
export class SessionLife {
  readonly figures = newFigures()
  readonly #letGo: (reason: Reason | null) => void
  #state: SessionState = "connecting"
  #reason: Reason | null = null

  /** `letGo` is called once, when the session has ended; with null when it was closed. */
  constructor(letGo: (reason: Reason | null) => void) {
    this.#letGo = letGo
  }

  get state(): SessionState {
    return this.#state
  }

  /** Why it ended by itself; null before, and when it was closed. */
  get reason(): Reason | null {
    return this.#reason
  }

  get ended(): boolean {
    return this.#state === "ended"
  }

  get connected(): boolean {
    return this.#state === "connected"
  }

  /** Somebody is there, since `at` (Unix time in ms); nothing once it has ended. */
  connect(at: number = Date.now()): void {
    if (this.ended) return
    this.figures.connectedAt = at
    this.#state = "connected"
  }

  /** It waits for receivers, and has none; nothing once it has ended. */
  listen(): void {
    if (this.ended) return
    this.figures.connectedAt = null
    this.#state = "listening"
  }

  /** It ends by itself; nothing once it has ended. */
  end(reason: Reason): void {
    if (this.ended) return
    this.#reason = reason
    this.close()
  }

  /** It is ended from outside; nothing once it has ended. */
  close(): void {
    if (this.ended) return
    this.#state = "ended"
    this.#letGo(this.#reason)
  }

  /** Something was thrown in it, and closing it was tried: it has ended for this reason, whatever it had before. */
  fault(reason: Reason): void {
    this.#state = "ended"
    this.#reason = reason
  }

  /** An error that is shown in its figures. */
  noteError(reason: Reason): void {
    this.figures.sendErrors += 1
    this.figures.lastSendError = reason.message
  }
}
