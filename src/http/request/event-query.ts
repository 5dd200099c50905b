/** Reads the queries of `GET /api/channels/{id}/events` and `GET /api/events`. */
import { Effect } from "effect"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { EVENT_KINDS, EVENT_SEVERITIES, type EventKind, type EventQuery } from "../../effects/model/event.ts"
import {
  CHANNEL_WANTED,
  channelOf,
  makeQueryReader,
  type QueryReader,
  quote,
  TIME_WANTED,
  timeOf,
  wholeNumber,
} from "./read-query.ts"

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

const severitiesOf = (text: string): NonNullable<EventQuery["severities"]> | null => {
  const found = text.split(",").map((name) => EVENT_SEVERITIES.find((known) => known === name.trim()))
  return found.every((one) => one !== undefined) ? found : null
}

const KNOWN = ["limit", "before", "since", "until", "kind", "severity"] as const

/** Reads all parameters, and fails with all their mistakes. */
export const readEventQuery = (parameters: URLSearchParams): Effect.Effect<EventQuery, InvalidInput> =>
  readFrom(makeQueryReader(parameters, KNOWN))

/** Reads the parameters of `GET /api/events`. */
export const readAllEventsQuery = (
  parameters: URLSearchParams,
): Effect.Effect<
  { readonly query: EventQuery & { readonly channel: string | undefined }; readonly format: "json" | "csv" },
  InvalidInput
> =>
  Effect.suspend(() => {
    const reader = makeQueryReader(parameters, [...KNOWN, "channel", "format"])
    const channel = reader.read("channel", channelOf, CHANNEL_WANTED)
    const format =
      reader.read("format", (text) => (text === "json" || text === "csv" ? text : null), "json or csv") ?? "json"
    return Effect.map(readFrom(reader), (query) => ({ format, query: { ...query, channel } }))
  })

const readFrom = ({
  errors,
  read,
}: Pick<QueryReader<(typeof KNOWN)[number]>, "errors" | "read">): Effect.Effect<EventQuery, InvalidInput> =>
  Effect.suspend(() => {
    const limit = read("limit", (text) => wholeNumber(text, MAX_LIMIT), `a whole number from 1 to ${MAX_LIMIT}`)
    const before = read("before", (text) => wholeNumber(text, Number.MAX_SAFE_INTEGER), "the id of an event")
    const sinceMs = read("since", timeOf, TIME_WANTED)
    const untilMs = read("until", timeOf, TIME_WANTED)
    const severities = read(
      "severity",
      severitiesOf,
      `one or more, separated by commas, of ${EVENT_SEVERITIES.join(", ")}`,
    )
    const kinds = read("kind", kindsOf, "")
    if (typeof kinds === "string") {
      errors.push({
        path: "kind",
        message: `must be one or more, separated by commas, of ${EVENT_KINDS.join(", ")}, got ${quote(kinds)}`,
      })
    }
    if (errors.length > 0) return new InvalidInput({ errors })
    return Effect.succeed({
      limit: limit ?? DEFAULT_LIMIT,
      before,
      sinceMs,
      untilMs,
      severities,
      kinds: typeof kinds === "string" ? undefined : kinds,
    })
  })
