/** Reads which time of a channel is asked for: by name in a zone, or from and to. */
import { Effect } from "effect"
import { addDays, instantOf, isZone, type LocalDate, localDate, type Zone } from "../../core/schedule/local-time.ts"
import { InvalidInput } from "../../effects/model/Errors.ts"
import type { Within } from "../../effects/supervisor/Records.ts"
import { makeQueryReader, type QueryReader, TIME_WANTED, timeOf } from "./read-query.ts"

const DAY_MS = 86_400_000
const EVENING = 18 * 60

/** Spans by name: the last evening's 18:00 until now, the whole day before, and so many days. */
export const SPANS = ["night", "yesterday", "24h", "7d", "30d", "90d", "400d"] as const
export type SpanName = (typeof SPANS)[number]

export interface SpanAsked extends Within {
  /** Null for a span that was given by its times. */
  readonly name: SpanName | null
  readonly zone: Zone
  /** Slug of the output. */
  readonly output: string | undefined
  /** True when only cues that were missed are asked for. */
  readonly misses: boolean
}

const DAYS: Partial<Record<SpanName, number>> = { "24h": 1, "7d": 7, "30d": 30, "90d": 90, "400d": 400 }

/** End of a time until now: what happens within this millisecond belongs to it. */
const behind = (nowMs: number): number => nowMs + 1

/** A span by name at a moment. */
export const namedSpan = (name: SpanName, zone: Zone, nowMs: number): Within => {
  const days = DAYS[name]
  if (days !== undefined) return { fromMs: nowMs - days * DAY_MS, toMs: behind(nowMs) }
  const today = localDate(nowMs, zone)
  const yesterday = addDays(today, -1)
  return name === "night"
    ? { fromMs: instantOf(yesterday, EVENING, zone), toMs: behind(nowMs) }
    : { fromMs: instantOf(yesterday, 0, zone), toMs: instantOf(today, 0, zone) }
}

/** `2026-11-24`; null for what is no date. */
export const dateOf = (text: string): LocalDate | null => {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year === undefined) return null
  const date = { year: Number(year), month: Number(month), day: Number(day) }
  const back = addDays(date, 0)
  return back.month === date.month && back.day === date.day && date.year >= 1970 ? date : null
}
const two = (n: number) => String(n).padStart(2, "0")
export const dateText = ({ day, month, year }: LocalDate): string =>
  `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`

/** A text that can be the slug of an output; null otherwise. */
export const slugOf = (text: string): string | null => (/^[a-z0-9-]{1,100}$/.test(text) ? text : null)
export const OUTPUT_WANTED = "the slug of an output"
export const ZONE_WANTED = "a zone of the IANA database, such as Europe/Berlin"
export const zoneOf = (text: string): Zone | null => (text.length <= 64 && isZone(text) ? text : null)

const KNOWN = ["span", "since", "until", "zone", "output", "show", "live"] as const

/** @param zone of the channel, where the query names none */
export const readSpanQuery = (
  parameters: URLSearchParams,
  zone: Zone,
  nowMs: number,
  fallback: SpanName,
): Effect.Effect<SpanAsked, InvalidInput> =>
  Effect.suspend(() => {
    const reader: QueryReader<(typeof KNOWN)[number]> = makeQueryReader(parameters, KNOWN)
    const { errors, read } = reader
    const sinceMs = read("since", timeOf, TIME_WANTED)
    const untilMs = read("until", timeOf, TIME_WANTED)
    const name = read("span", (text) => SPANS.find((one) => one === text) ?? null, `one of ${SPANS.join(", ")}`)
    const asked = read("zone", zoneOf, ZONE_WANTED) ?? zone
    const output = read("output", slugOf, OUTPUT_WANTED)
    const show = read("show", (text) => (text === "all" || text === "misses" ? text : null), "all or misses")
    const isGiven = sinceMs !== undefined || untilMs !== undefined
    if (isGiven && name !== undefined)
      errors.push({ path: "span", message: "is one way to say it, since and until another" })
    const named = namedSpan(name ?? fallback, asked, nowMs)
    const toMs = isGiven ? (untilMs ?? behind(nowMs)) : named.toMs
    const fromMs = isGiven ? (sinceMs ?? toMs - DAY_MS) : named.fromMs
    if (fromMs >= toMs)
      errors.push({ path: sinceMs === undefined ? "until" : "since", message: "must be before the end of the time" })
    if (errors.length > 0) return new InvalidInput({ errors })
    return Effect.succeed({
      fromMs,
      toMs,
      name: isGiven ? null : (name ?? fallback),
      zone: asked,
      output,
      misses: show === "misses",
    })
  })

const DAY_KNOWN = ["day", "month", "zone", "output", "format", "live"] as const

export interface DaysAsked extends Within {
  /** As `2026-11-24`, or `2026-11` for a month. */
  readonly name: string
  readonly zone: Zone
  readonly output: string | undefined
  readonly format: "json" | "csv"
}

const monthOf = (text: string): LocalDate | null => dateOf(`${text}-01`)

/** Reads a local day or a whole month; yesterday where the query names neither. */
export const readDaysQuery = (
  parameters: URLSearchParams,
  zone: Zone,
  nowMs: number,
): Effect.Effect<DaysAsked, InvalidInput> =>
  Effect.suspend(() => {
    const { errors, read } = makeQueryReader(parameters, DAY_KNOWN)
    const asked = read("zone", zoneOf, ZONE_WANTED) ?? zone
    const day = read("day", dateOf, "a day such as 2026-11-24")
    const month = read("month", monthOf, "a month such as 2026-11")
    const output = read("output", slugOf, OUTPUT_WANTED)
    const format = read("format", (text) => (text === "csv" || text === "json" ? text : null), "json or csv")
    if (day !== undefined && month !== undefined)
      errors.push({ path: "month", message: "is one way to say it, day another" })
    if (errors.length > 0) return new InvalidInput({ errors })
    const first = month ?? day ?? addDays(localDate(nowMs, asked), -1)
    const next =
      month === undefined
        ? addDays(first, 1)
        : month.month === 12
          ? { year: month.year + 1, month: 1, day: 1 }
          : { ...month, month: month.month + 1 }
    const name = dateText(first)
    return Effect.succeed({
      fromMs: instantOf(first, 0, asked),
      toMs: instantOf(next, 0, asked),
      name: month === undefined ? name : name.slice(0, 7),
      zone: asked,
      output,
      format: format ?? "json",
    })
  })
