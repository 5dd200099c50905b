/** When a channel is to be started and stopped: windows on days of the week, and single ones on a date. */
import { addDays, instantOf, isZone, type LocalDate, localDate, weekdayOf, type Zone } from "./local-time.ts"

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** A window in local time. One that ends at or before its start ends on the next day. */
export interface ScheduleWindow {
  /** Days on which it begins; null for a single one. */
  readonly days: ReadonlyArray<Weekday> | null
  /** `2026-12-24` for a single window; null for one on days of the week. */
  readonly date: string | null
  /** `HH:MM`. */
  readonly start: string
  readonly stop: string
}

export interface Schedule {
  readonly zone: Zone
  /** False while it is switched off. */
  readonly enabled: boolean
  readonly windows: ReadonlyArray<ScheduleWindow>
}

/** A window on a day, in Unix ms, its end excluded. */
export interface Span {
  readonly from: number
  readonly to: number
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/

const minutesOf = (time: string): number | null => {
  const [, hours, minutes] = TIME.exec(time) ?? []
  return hours === undefined ? null : Number(hours) * 60 + Number(minutes)
}

const dateOf = (text: string): LocalDate | null => {
  const [, year, month, day] = DATE.exec(text) ?? []
  if (year === undefined) return null
  const date = { year: Number(year), month: Number(month), day: Number(day) }
  const again = addDays(date, 0)
  return again.month === date.month && again.day === date.day ? date : null
}

/** What is wrong with a schedule, with the paths of its fields; empty when nothing is. */
export const scheduleErrors = ({
  windows,
  zone,
}: Schedule): ReadonlyArray<{ readonly path: string; readonly message: string }> => [
  ...(isZone(zone)
    ? []
    : [{ path: "zone", message: `must be a time zone such as Europe/Berlin or UTC, not "${zone.slice(0, 40)}"` }]),
  ...windows.flatMap((window, n) => {
    const at = (field: string, message: string) => ({ path: `windows[${n}].${field}`, message })
    return [
      ...(minutesOf(window.start) === null ? [at("start", "must be a time such as 18:30")] : []),
      ...(minutesOf(window.stop) === null ? [at("stop", "must be a time such as 23:00")] : []),
      ...((window.days === null) === (window.date === null)
        ? [at("days", "either days of the week or a date are needed, not both")]
        : []),
      ...(window.days !== null && window.days.length === 0 ? [at("days", "names no day")] : []),
      ...(window.date !== null && dateOf(window.date) === null
        ? [at("date", "must be a date such as 2026-12-24")]
        : []),
      ...(window.start === window.stop && minutesOf(window.start) !== null
        ? [at("stop", "is the start itself: a window ends at another time than it begins")]
        : []),
    ]
  }),
]

const spanOn = (date: LocalDate, { start, stop }: ScheduleWindow, zone: Zone): Span | null => {
  const [begin, end] = [minutesOf(start), minutesOf(stop)]
  if (begin === null || end === null) return null
  const from = instantOf(date, begin, zone)
  const to = instantOf(end > begin ? date : addDays(date, 1), end, zone)
  return to > from ? { from, to } : null
}

const DAY_MS = 86_400_000

/** All windows that touch the time from `fromMs` to `toMs`, in order, those that overlap or meet as one. */
export const spansOf = ({ enabled, windows, zone }: Schedule, fromMs: number, toMs: number): ReadonlyArray<Span> => {
  if (!enabled || !isZone(zone)) return []
  // A window of the day before may reach into the first one.
  const first = localDate(fromMs - DAY_MS, zone)
  const count = Math.ceil((toMs - fromMs) / DAY_MS) + 3
  const dates = Array.from({ length: count }, (_, n) => addDays(first, n))
  const found = windows.flatMap((window): ReadonlyArray<Span> => {
    if (window.date !== null) return [dateOf(window.date)].flatMap((date) => (date && spanOn(date, window, zone)) ?? [])
    const days = new Set(window.days ?? [])
    return dates
      .filter((date) => days.has(WEEKDAYS[weekdayOf(date) - 1] ?? "mon"))
      .flatMap((date) => spanOn(date, window, zone) ?? [])
  })
  const touching = found.filter(({ from, to }) => to > fromMs && from < toMs).sort((a, b) => a.from - b.from)
  const joined: Span[] = []
  for (const span of touching) {
    const last = joined.at(-1)
    if (last === undefined || span.from > last.to) joined.push(span)
    else joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
  }
  return joined
}

/** True while a window is open. */
export const isOn = (schedule: Schedule, atMs: number): boolean => spansOf(schedule, atMs, atMs + 1).length > 0

export interface Turn {
  readonly at: number
  readonly do: "start" | "stop"
}

/** Turns after `afterMs` up to and with `untilMs`, in order. */
export const turnsOf = (schedule: Schedule, afterMs: number, untilMs: number): ReadonlyArray<Turn> =>
  spansOf(schedule, afterMs, untilMs + 1)
    .flatMap(
      ({ from, to }): ReadonlyArray<Turn> => [
        { at: from, do: "start" },
        { at: to, do: "stop" },
      ],
    )
    .filter(({ at }) => at > afterMs && at <= untilMs)

/** How far ahead the next turn is looked for, in ms: a single window may be a year away. */
const AHEAD_MS = 400 * DAY_MS

/** The next turn after an instant; null when none comes within 400 days. */
export const nextTurn = (schedule: Schedule, afterMs: number): Turn | null => {
  const week = turnsOf(schedule, afterMs, afterMs + 8 * DAY_MS)[0]
  return week ?? turnsOf(schedule, afterMs, afterMs + AHEAD_MS)[0] ?? null
}
