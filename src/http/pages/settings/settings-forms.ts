/** What the pages of the settings share. */
import type { Context } from "hono"
import type { Problem } from "../../request/problem.ts"

/**
 * Sentences about what was done. `?done=` of a redirect names one of them, so that nobody can put their own words on a
 * page.
 */
const DONE: Readonly<Record<string, string>> = {
  password: "The password was changed.",
  saved: "Saved.",
  removed: "Removed.",
  acknowledged: "Acknowledged: not told again.",
  muted: "Muted.",
  unmuted: "The mute was ended.",
  applied: "The configuration was applied.",
  "rolled-back": "The configuration was rolled back.",
}
export const doneOf = (c: Context): string | undefined => {
  const done = c.req.query("done") ?? ""
  return Object.hasOwn(DONE, done) ? DONE[done] : undefined
}

/** A problem in one sentence, for requests without fields. */
export const sentenceOf = ({ detail, errors }: Problem): string =>
  errors.length === 0
    ? detail
    : errors.map(({ message, path }) => (path === "" ? message : `${path}: ${message}`)).join("; ")

/** A problem rewritten to belong to no field: what was tried, and why it was not done. */
export const told = (problem: Problem, tried: string): Problem => ({
  ...problem,
  detail: `${tried}: ${problem.errors.map(({ message }) => message).join("; ") || problem.detail}`,
  errors: [],
})
