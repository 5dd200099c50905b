/** What the page of a filter says of a query that is refused. */
import type { FieldError } from "../../effects/model/Errors.ts"
import type { Problem } from "../request/problem.ts"

/** Sentences beside the fields; null when no field is to blame. */
export const filterErrors = (problem: Problem): ReadonlyArray<FieldError> | null => {
  if (problem.kind === "invalid-input") return problem.errors
  // A channel that is gone, or was never there.
  return problem.kind === "not-found" ? [{ path: "channel", message: problem.detail }] : null
}
