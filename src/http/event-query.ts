/** Reads the query of `GET /api/channels/{id}/events`. */
import { Effect } from "effect"
import { InvalidInput } from "../effects/Errors.ts"
import { EVENT_KINDS, type EventKind, type EventQuery } from "../effects/model.ts"
import { makeQueryReader, quote, TIME_WANTED, timeOf, wholeNumber } from "./read-query.ts"

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1000

const kindsOf = (text: string): ReadonlyArray<EventKind> | string => {
  const found: EventKind[] = []
  for (const name of text.split(",")) {
    const kind = EVENT_KINDS.find((known) => known === name.trim())
    if (kind === undefined) return name
    found.push(kind)
  }
  return found
}

/** All parameters with their mistakes. */
export const readEventQuery = (parameters: URLSearchParams): Effect.Effect<EventQuery, InvalidInput> =>
  Effect.suspend(() => {
    const { errors, read } = makeQueryReader(parameters, ["limit", "before", "since", "kind"])
    const limit = read("limit", (text) => wholeNumber(text, MAX_LIMIT), `a whole number from 1 to ${MAX_LIMIT}`)
    const before = read("before", (text) => wholeNumber(text, Number.MAX_SAFE_INTEGER), "the id of an event")
    const sinceMs = read("since", timeOf, TIME_WANTED)
    const kinds = read("kind", kindsOf, "")
    if (typeof kinds === "string") {
      errors.push({ path: "kind", message: `must be one or more, separated by commas, of ${EVENT_KINDS.join(", ")}, got ${quote(kinds)}` })
    }
    if (errors.length > 0) return new InvalidInput({ errors })
    return Effect.succeed({ limit: limit ?? DEFAULT_LIMIT, before, sinceMs, kinds: typeof kinds === "string" ? undefined : kinds })
  })
