/** Reads the query of `GET /api/channels/{id}/events`. */
import { Effect } from "effect"
import { type FieldError, InvalidInput } from "../effects/Errors.ts"
import { EVENT_KINDS, type EventKind, type EventQuery } from "../effects/model.ts"

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1000

const PARAMETERS = ["limit", "before", "since", "kind"] as const
type Parameter = (typeof PARAMETERS)[number]
const isParameter = (name: string): name is Parameter => PARAMETERS.some((known) => known === name)

// RFC 3339 with an offset: a time without one would mean something else on every machine.
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/

const quote = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)

const wholeNumber = (text: string, highest: number): number | null => {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0
  return value >= 1 && value <= highest ? value : null
}

const timeOf = (text: string): number | null => {
  // An offset's plus sign arrives as a space when it is not encoded.
  const restored = text.replace(/ (?=\d\d:\d\d$)/, "+")
  const ms = TIME.test(restored) ? Date.parse(restored) : Number.NaN
  return Number.isFinite(ms) ? ms : null
}

const kindsOf = (text: string): ReadonlyArray<EventKind> | string => {
  const found: EventKind[] = []
  for (const name of text.split(",")) {
    const kind = EVENT_KINDS.find((known) => known === name.trim())
    if (kind === undefined) return name
    found.push(kind)
  }
  return found
}

/** All parameters with their mistakes; one that is not known or given twice is a mistake too. */
export const readEventQuery = (parameters: URLSearchParams): Effect.Effect<EventQuery, InvalidInput> =>
  Effect.suspend(() => {
    const errors: FieldError[] = []
    const given = new Map<Parameter, string>()
    for (const [name, value] of parameters) {
      if (!isParameter(name)) {
        errors.push({ path: name.slice(0, 40), message: `is not a known parameter; there are ${PARAMETERS.join(", ")}` })
      } else if (given.has(name)) errors.push({ path: name, message: "is given twice" })
      else given.set(name, value)
    }
    const read = <A>(name: Parameter, parse: (text: string) => A | null, wanted: string): A | undefined => {
      const text = given.get(name)
      if (text === undefined) return undefined
      const value = parse(text)
      if (value === null) errors.push({ path: name, message: `must be ${wanted}, got ${quote(text)}` })
      return value ?? undefined
    }
    const limit = read("limit", (text) => wholeNumber(text, MAX_LIMIT), `a whole number from 1 to ${MAX_LIMIT}`)
    const before = read("before", (text) => wholeNumber(text, Number.MAX_SAFE_INTEGER), "the id of an event")
    const sinceMs = read("since", timeOf, "a time with its offset, such as 2026-01-02T03:04:05Z")
    const kinds = read("kind", kindsOf, "")
    if (typeof kinds === "string") {
      errors.push({ path: "kind", message: `must be one or more, separated by commas, of ${EVENT_KINDS.join(", ")}, got ${quote(kinds)}` })
    }
    if (errors.length > 0) return new InvalidInput({ errors })
    return Effect.succeed({ limit: limit ?? DEFAULT_LIMIT, before, sinceMs, kinds: typeof kinds === "string" ? undefined : kinds })
  })
