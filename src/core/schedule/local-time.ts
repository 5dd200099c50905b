/**
 * Local times of a zone and the instants they stand for. A local time that the clocks skip in spring is taken at the
 * offset of before (02:30 is then shown as 03:30); one that comes twice in autumn is taken the first time, as in
 * RFC 5545, 3.3.5.
 */

export interface LocalDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

/** Name of a zone in the IANA time zone database, as in `Europe/Berlin`. */
export type Zone = string

const formats = new Map<Zone, Intl.DateTimeFormat>()
const formatOf = (zone: Zone): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  })
  formats.set(zone, made)
  return made
}

export const isZone = (zone: string): boolean => {
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

const partsOf = (ms: number, zone: Zone): Readonly<Record<string, number>> =>
  Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  )

/** The zone's clock at an instant, as if it were UTC, in ms. */
const wallMs = (ms: number, zone: Zone): number => {
  const { day = 1, hour = 0, minute = 0, month = 1, second = 0, year = 1970 } = partsOf(ms, zone)
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

const HOUR_MS = 3_600_000
const MOST_KNOWN = 5000
const known = new Map<string, number>()

/** The offset at the beginning of an hour of UTC, from memory where it was asked for before: to ask `Intl` takes 30 µs. */
const offsetAtHour = (hour: number, zone: Zone): number => {
  const key = `${hour} ${zone}`
  let offset = known.get(key)
  if (offset === undefined) {
    offset = wallMs(hour * HOUR_MS, zone) - hour * HOUR_MS
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(key, offset)
  }
  return offset
}

/** The zone's offset from UTC at an instant, in ms; positive east of Greenwich. */
export const offsetMs = (ms: number, zone: Zone): number => {
  const hour = Math.floor(ms / HOUR_MS)
  const offset = offsetAtHour(hour, zone)
  if (offset === offsetAtHour(hour + 1, zone)) return offset
  // The clocks change within the hour: mostly at its end, in some zones in the middle.
  const whole = Math.floor(ms / 1000) * 1000
  return wallMs(whole, zone) - whole
}

const DAY_MS = 86_400_000

/** The instant of a local time. `minutes` counts from midnight. */
export const instantOf = ({ day, month, year }: LocalDate, minutes: number, zone: Zone): number => {
  const wall = Date.UTC(year, month - 1, day) + minutes * 60_000
  const before = offsetMs(wall - DAY_MS, zone)
  const after = offsetMs(wall + DAY_MS, zone)
  // The offset of before is right until the change; it also is what a skipped time is taken at.
  const first = wall - before
  if (before === after || wallMs(first, zone) === wall) return first
  const second = wall - after
  return wallMs(second, zone) === wall ? second : first
}

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?$/

/** The instant of a local time such as `2026-11-24 08:30` or `2026-11-24T08:30:05.5`; null for what is none. */
export const instantOfText = (text: string, zone: Zone): number | null => {
  const [, year, month, day, hour, minute, second = "0"] = LOCAL.exec(text) ?? []
  if (year === undefined || Number.isNaN(Date.parse(`${text.replace(" ", "T")}Z`))) return null
  const date = { year: Number(year), month: Number(month), day: Number(day) }
  if (addDays(date, 0).day !== date.day) return null
  return instantOf(date, Number(hour) * 60 + Number(minute), zone) + Math.round(Number(second) * 1000)
}

export const localDate = (ms: number, zone: Zone): LocalDate => {
  const { day = 1, month = 1, year = 1970 } = partsOf(ms, zone)
  return { year, month, day }
}

/** 1 for Monday to 7 for Sunday (ISO 8601). */
export const weekdayOf = ({ day, month, year }: LocalDate): number =>
  ((new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7) + 1

export const addDays = ({ day, month, year }: LocalDate, days: number): LocalDate => {
  const date = new Date(Date.UTC(year, month - 1, day + days))
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

const two = (n: number) => String(n).padStart(2, "0")

/** `UTC+1`, `UTC-3:30` or `UTC`: the zone's offset at an instant. */
export const offsetText = (ms: number, zone: Zone): string => {
  const offset = Math.round(offsetMs(ms, zone) / 60_000)
  const size = Math.abs(offset)
  const sign = offset < 0 ? "-" : "+"
  return offset === 0 ? "UTC" : `UTC${sign}${Math.floor(size / 60)}${size % 60 === 0 ? "" : `:${two(size % 60)}`}`
}

/** `2026-11-24 08:30:05.123`, the zone's clock at an instant. */
export const clockText = (ms: number, zone: Zone): string =>
  new Date(ms + offsetMs(ms, zone)).toISOString().replace("T", " ").slice(0, 23)

/** `2026-11-24 08:30:05 UTC+1`, as texts for people tell a time. */
export const stampText = (ms: number, zone: Zone): string =>
  `${clockText(ms, zone).slice(0, 19)} ${offsetText(ms, zone)}`

/** `2026-11-24 08:30 UTC+1`, the zone's clock and offset at an instant. */
export const showLocal = (ms: number, zone: Zone): string =>
  `${clockText(ms, zone).slice(0, 16)} ${offsetText(ms, zone)}`
