/** Reads the query of `GET /api/audit`. */
import { Effect } from "effect"
import { AUDIT_OUTCOMES, type AuditQuery } from "../../effects/accounts/audit-rows.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { DEFAULT_LIMIT, MAX_LIMIT } from "./event-query.ts"
import { makeQueryReader, TIME_WANTED, timeOf, wholeNumber } from "./read-query.ts"

const MAX_TEXT = 100
const TEXT_WANTED = `text of 1 to ${MAX_TEXT} characters`
const textOf = (text: string): string | null => (text.length >= 1 && text.length <= MAX_TEXT ? text : null)

/** Reads all parameters, and fails with all their mistakes. */
export const readAuditQuery = (parameters: URLSearchParams): Effect.Effect<AuditQuery, InvalidInput> =>
  Effect.suspend(() => {
    const { errors, read } = makeQueryReader(parameters, [
      "limit",
      "before",
      "since",
      "until",
      "actor",
      "text",
      "outcome",
    ])
    const limit = read("limit", (text) => wholeNumber(text, MAX_LIMIT), `a whole number from 1 to ${MAX_LIMIT}`)
    const before = read("before", (text) => wholeNumber(text, Number.MAX_SAFE_INTEGER), "the id of an entry")
    const sinceMs = read("since", timeOf, TIME_WANTED)
    const untilMs = read("until", timeOf, TIME_WANTED)
    const actor = read("actor", textOf, TEXT_WANTED)
    const text = read("text", textOf, TEXT_WANTED)
    const outcome = read(
      "outcome",
      (name) => AUDIT_OUTCOMES.find((one) => one === name) ?? null,
      AUDIT_OUTCOMES.join(" or "),
    )
    if (errors.length > 0) return new InvalidInput({ errors })
    return Effect.succeed({ limit: limit ?? DEFAULT_LIMIT, before, sinceMs, untilMs, actor, text, outcome })
  })
