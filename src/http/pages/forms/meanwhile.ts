/**
 * Two people at one form: it carries what it showed when it was opened, and a change is made only while that still
 * holds. Otherwise the form comes back with both values of each field, and the next Save decides.
 */
import { Effect } from "effect"
import type { FieldError } from "../../../effects/model/Errors.ts"
import { makeProblem, type Problem, Refused } from "../../request/problem.ts"
import type { Fields } from "./form-fields.ts"

/** The field that carries it. */
export const OPENED = "opened"

/** What is stored, as a form shows it. */
export interface Shown {
  /** Values by field, secrets masked. */
  readonly values: Fields
  /** Changes with the secrets, and tells nothing of them. */
  readonly secrets: string
}

export const openedOf = ({ secrets, values }: Shown): string => JSON.stringify({ values, secrets })

const isText = (value: unknown): value is string => typeof value === "string"

/** What the form showed when it was opened; null where it does not say, as when a script has sent it. */
const openedIn = (fields: Fields): Shown | null => {
  try {
    const { secrets, values } = JSON.parse(fields[OPENED] ?? "") as { secrets: unknown; values: unknown }
    if (!isText(secrets) || typeof values !== "object" || values === null) return null
    return { secrets, values: Object.fromEntries(Object.entries(values).filter(([, value]) => isText(value))) }
  } catch {
    return null
  }
}

/** A box that is not ticked sends nothing. */
const valueIn = (fields: Fields, name: string): string => {
  const text = (fields[name] ?? "").trim()
  return text === "false" ? "" : text
}

const changedNames = (before: Fields, now: Fields): ReadonlyArray<string> =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (name) => name !== "channel" && valueIn(before, name) !== valueIn(now, name),
  )

const DETAIL =
  "This was changed by somebody else while the form was open, and nothing was saved. Look at what is marked, and save again."

/** Fails when what is stored is no longer what the form showed; for the check of `ChangesService.change`. */
export const checkOpened = (fields: Fields, now: Shown): Effect.Effect<void, Refused> => {
  const opened = openedIn(fields)
  if (opened === null || (opened.secrets === now.secrets && changedNames(opened.values, now.values).length === 0))
    return Effect.void
  return new Refused({ problem: makeProblem("precondition-failed", DETAIL) })
}

const quoted = (text: string) => (text === "" ? "empty" : `"${text}"`)

/**
 * What the form shows after `checkOpened` has failed: what only others changed is taken over; where both changed a
 * field it keeps what was typed, and says what is stored.
 */
export const merged = (
  fields: Fields,
  now: Shown,
  problem: Problem,
): { readonly fields: Fields; readonly problem: Problem } => {
  const opened = openedIn(fields)
  if (opened === null) return { fields, problem }
  const next: Record<string, string> = { ...fields, [OPENED]: openedOf(now) }
  const errors: FieldError[] = [{ path: "", message: problem.detail }]
  for (const path of changedNames(opened.values, now.values)) {
    const [was, is, typed] = [valueIn(opened.values, path), valueIn(now.values, path), valueIn(fields, path)]
    if (typed === is) continue
    if (typed === was) {
      next[path] = now.values[path] ?? ""
      errors.push({
        path,
        message: `was changed by somebody else from ${quoted(was)} to ${quoted(is)}, taken over here`,
      })
    } else errors.push({ path, message: `somebody else has changed this to ${quoted(is)}; Save replaces it by yours` })
  }
  if (opened.secrets !== now.secrets)
    errors.push({ path: "", message: "Its secrets were changed, too. Those that are left empty stay as they are now." })
  return { fields: next, problem: { ...problem, errors } }
}
