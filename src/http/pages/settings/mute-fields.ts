/** The form of a mute: from local times to the body of the API. */
import { Effect } from "effect"
import { DAY_NAMES } from "../../../../views/format.ts"
import type { Choice, FieldSpec } from "../../../../views/forms/form-state.ts"
import { instantOfText, isZone, showLocal, type Zone } from "../../../core/schedule/local-time.ts"
import { InvalidInput } from "../../../effects/model/Errors.ts"
import { bodyValue, type Fields, field, numeric } from "../forms/form-fields.ts"

const MINUTE_MS = 60_000
const WEEK_MINUTES = 7 * 1440

const DAYS: FieldSpec = {
  name: "days",
  label: "Comes again on",
  kind: "checks",
  hint: "On each of these days, from the same time of day on; none: once",
  choices: Object.entries(DAY_NAMES).map(([value, text]) => ({ value, text })),
}

/** The fields of the form, which offers these channels. */
export const muteFields = (channels: ReadonlyArray<Choice>): ReadonlyArray<FieldSpec> => [
  {
    name: "channel",
    label: "Channel",
    kind: "choice",
    choices: [{ value: "", text: "All, and the service" }, ...channels],
  },
  {
    name: "output",
    label: "Output",
    kind: "text",
    hint: "Its short name, as cdn-main; empty for the whole channel",
  },
  {
    name: "minutes",
    label: "For",
    kind: "choice",
    choices: [
      { value: "15", text: "15 minutes" },
      { value: "60", text: "1 hour" },
      { value: "240", text: "4 hours" },
      { value: "1440", text: "1 day" },
      { value: "10080", text: "1 week" },
    ],
  },
  { name: "reason", label: "Why", kind: "text", hint: "For those who meet it, as: transponder test" },
  {
    name: "starts",
    label: "From",
    kind: "text",
    placeholder: "now",
    hint: "In the time zone below, as 2026-12-24 02:00; empty: from now on",
  },
  DAYS,
  {
    name: "weeks",
    label: "Comes again for",
    kind: "choice",
    choices: [
      { value: "4", text: "4 weeks" },
      { value: "13", text: "13 weeks" },
      { value: "52", text: "52 weeks" },
    ],
  },
  { name: "zone", label: "Time zone", kind: "text", hint: "By its name, as in Europe/Berlin or UTC" },
]

/** Fields of the form by the beginning of the paths that the API names. */
export const MUTE_ALIASES: Fields = {
  "repeats.zone": "zone",
  "repeats.days": "days",
  "repeats.stop": "minutes",
  until: "minutes",
}

/** What the form shows first; `zone` is the station's. */
export const emptyMute = (asked: Fields, zone: Zone): Fields => ({ minutes: "60", weeks: "13", zone, ...asked })

/** The body of the API for what was typed; `nowMs` is Unix time, `own` the zone of a form that names none. */
export const muteBody = (
  fields: Fields,
  nowMs: number,
  own: Zone,
): Effect.Effect<Record<string, unknown>, InvalidInput> => {
  const fail = (path: string, message: string) => new InvalidInput({ errors: [{ path, message }] })
  const zone = field(fields, "zone") || own
  if (!isZone(zone)) return fail("zone", `must be a time zone such as Europe/Berlin or UTC, not "${zone.slice(0, 40)}"`)
  const [typed, minutes] = [field(fields, "starts"), numeric(field(fields, "minutes"))]
  const found = instantOfText(typed, zone)
  if (typed !== "" && found === null) return fail("starts", "must be a date and a time such as 2026-12-24 02:00")
  const startMs = found ?? nowMs
  const cover = { channel: field(fields, "channel") || null, output: field(fields, "output") || null }
  const reason = field(fields, "reason") || null
  const starts = found === null ? null : new Date(startMs).toISOString()
  const days = bodyValue(fields, DAYS)
  if (days === undefined) return Effect.succeed({ ...cover, reason, starts, minutes })
  if (typeof minutes !== "number" || minutes >= 1440)
    return fail("minutes", "must be less than a day for a mute that comes again")
  const weeks = Number(field(fields, "weeks"))
  if (![4, 13, 52].includes(weeks)) return fail("weeks", "must be 4, 13 or 52 weeks")
  const clock = (ms: number) => showLocal(ms, zone).slice(11, 16)
  const repeats = { zone, days, start: clock(startMs), stop: clock(startMs + minutes * MINUTE_MS) }
  const until = new Date(startMs + weeks * WEEK_MINUTES * MINUTE_MS).toISOString()
  return Effect.succeed({ ...cover, reason, starts, until, repeats })
}
