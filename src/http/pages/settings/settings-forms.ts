/** What the pages of the settings share. */
import type { Context } from "hono"
import type { Problem } from "../../request/problem.ts"

/** What a redirect may say was done: `?done=` names one of these, so nobody can put words of their own on a page. */
const DONE: Readonly<Record<string, string>> = {
  password: "The password was changed.",
  saved: "Saved.",
  removed: "Removed.",
  acknowledged: "Acknowledged: it is not told again.",
  muted: "Muted.",
  unmuted: "The mute was ended.",
  applied: "The configuration was applied.",
  "rolled-back": "The configuration was rolled back.",
}
export const doneOf = (c: Context): string | undefined => {
  const done = c.req.query("done") ?? ""
  return Object.hasOwn(DONE, done) ? DONE[done] : undefined
}

/** The problem in one sentence, for pages that show it beside no field. */
export const sentenceOf = ({ detail, errors }: Problem): string =>
  errors.length === 0 ? detail : errors.map(({ message, path }) => (path === "" ? message : `${path}: ${message}`)).join("; ")

/** A problem as one that belongs to no field: what was tried, and why it was not done. */
export const told = (problem: Problem, tried: string): Problem => ({
  ...problem,
  detail: `${tried}: ${problem.errors.map(({ message }) => message).join("; ") || problem.detail}`,
  errors: [],
})
