/** What a page with a filter says about a refused query. */
import type { FieldError } from "../../effects/model/Errors.ts"
import type { Problem } from "../request/problem.ts"

/** Errors to show beside the fields; null when no field is to blame. */
export const filterErrors = (problem: Problem): ReadonlyArray<FieldError> | null => {
  if (problem.kind === "invalid-input") return problem.errors
  // The channel is gone, or never existed.
  return problem.kind === "not-found" ? [{ path: "channel", message: problem.detail }] : null
}
