/** Reads the queries of `GET /api/channels/{id}/cues` and `GET /api/cues`. */
import { Effect } from "effect"
import { CUE_COMMANDS, CUE_KINDS, CUE_OUTCOMES, type CueQuery, type StoredCueKind } from "../../effects/model/cue.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import { DEFAULT_LIMIT, MAX_LIMIT } from "./event-query.ts"
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

export type CueFormat = "json" | "csv"

/** Most cues in a CSV. It holds no decodes, so it may hold all cues of a channel. */
export const MAX_CSV_LIMIT = 10_000
const MAX_UPID = 256
const HIGHEST_ID = 2 ** 32 - 1

/** A number in decimal, or in hexadecimal after 0x. */
const numberOf = (text: string, highest: number): number | null => {
  const value = /^(?:\d{1,10}|0[xX][0-9a-fA-F]{1,8})$/.test(text) ? Number(text) : Number.NaN
  return value <= highest ? value : null
}

const typesOf = (text: string): NonNullable<CueQuery["types"]> | string => {
  const kinds: StoredCueKind[] = []
  const commands: string[] = []
  const segmentations: number[] = []
  for (const part of text.split(",")) {
    const name = part.trim()
    const kind = CUE_KINDS.find((known) => known === name)
    const command = CUE_COMMANDS.find((known) => known === name)
    const segmentation = numberOf(name, 255)
    if (kind !== undefined) kinds.push(kind)
    else if (command !== undefined) commands.push(command)
    else if (segmentation !== null) segmentations.push(segmentation)
    else return part
  }
  return { kinds, commands, segmentations }
}

const formatOf = (text: string): CueFormat | null => (text === "json" || text === "csv" ? text : null)
const upidOf = (text: string): string | null => (text.length >= 1 && text.length <= MAX_UPID ? text : null)

const KNOWN = ["limit", "before", "since", "until", "type", "event_id", "upid", "outcome", "format"] as const

/** Reads all parameters, and fails with all their mistakes. */
export const readCueQuery = (
  parameters: URLSearchParams,
): Effect.Effect<{ readonly query: CueQuery; readonly format: CueFormat }, InvalidInput> =>
  readFrom(makeQueryReader(parameters, KNOWN))

/** Reads the parameters of `GET /api/cues`. */
export const readAllCuesQuery = (
  parameters: URLSearchParams,
): Effect.Effect<
  { readonly query: CueQuery & { readonly channel: string | undefined }; readonly format: CueFormat },
  InvalidInput
> =>
  Effect.suspend(() => {
    const reader = makeQueryReader(parameters, [...KNOWN, "channel"])
    const channel = reader.read("channel", channelOf, CHANNEL_WANTED)
    return Effect.map(readFrom(reader), ({ format, query }) => ({ format, query: { ...query, channel } }))
  })

const readFrom = ({
  errors,
  read,
}: Pick<QueryReader<(typeof KNOWN)[number]>, "errors" | "read">): Effect.Effect<
  { readonly query: CueQuery; readonly format: CueFormat },
  InvalidInput
> =>
  Effect.suspend(() => {
    const format = read("format", formatOf, "json or csv") ?? "json"
    const highest = format === "csv" ? MAX_CSV_LIMIT : MAX_LIMIT
    const limit = read("limit", (text) => wholeNumber(text, highest), `a whole number from 1 to ${highest}`)
    const before = read("before", (text) => wholeNumber(text, Number.MAX_SAFE_INTEGER), "the id of a cue")
    const sinceMs = read("since", timeOf, TIME_WANTED)
    const untilMs = read("until", timeOf, TIME_WANTED)
    const types = read("type", typesOf, "")
    const eventId = read(
      "event_id",
      (text) => numberOf(text, HIGHEST_ID),
      "a number from 0 to 4294967295, or 0x and its hexadecimal digits",
    )
    const outcome = read(
      "outcome",
      (text) => CUE_OUTCOMES.find((one) => one === text) ?? null,
      CUE_OUTCOMES.join(" or "),
    )
    const upid = read("upid", upidOf, `text of 1 to ${MAX_UPID} characters`)
    if (typeof types === "string") {
      const all = [...CUE_KINDS, ...CUE_COMMANDS].join(", ")
      errors.push({
        path: "type",
        message: `must be one or more, separated by commas, of ${all}, or a segmentation_type_id such as 0x34, got ${quote(types)}`,
      })
    }
    if (errors.length > 0) return new InvalidInput({ errors })
    const query = { limit: limit ?? DEFAULT_LIMIT, before, sinceMs, untilMs, eventId, upid, outcome }
    return Effect.succeed({ format, query: { ...query, types: typeof types === "string" ? undefined : types } })
  })
