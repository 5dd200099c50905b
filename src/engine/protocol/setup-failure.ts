/** Something an operator can act on went wrong while a socket was set up; carries what to tell. */
import type { Reason } from "./messages.ts"

export class SetupFailure extends Error {
  readonly reason: Reason
  constructor(reason: Reason) {
    super(reason.message)
    this.reason = reason
  }
}

/** The reason inside whatever was thrown; anything unforeseen is told as it is and tried again. */
export const reasonOf = (cause: unknown): Reason =>
  cause instanceof SetupFailure
    ? cause.reason
    : { code: "internal", message: cause instanceof Error ? cause.message : String(cause), transient: true }
