/**
 * Times as the station's clock shows them, each with its offset from UTC: the one place where pages write a time. The
 * station is set once, when the app is made; until then it is at UTC.
 */

/** The clock of a zone. */
export interface Station {
  /** Name in the IANA database. */
  readonly zone: string
  /** `2026-11-24 08:30:05.123` at a Unix time in ms. */
  readonly clock: (ms: number) => string
  /** `UTC+1` at a Unix time in ms. */
  readonly offset: (ms: number) => string
}

const AT_UTC: Station = {
  zone: "UTC",
  clock: (ms) => new Date(ms).toISOString().replace("T", " ").slice(0, 23),
  offset: () => "UTC",
}
let own = AT_UTC

/** Sets the station whose clock all pages go by. */
export const setStation = (station: Station): void => {
  own = station
}
export const stationZone = (): string => own.zone

/** How exactly a time is told. */
export type Exactness = "minute" | "second" | "ms"
const END: Readonly<Record<Exactness, number>> = { minute: 16, second: 19, ms: 23 }

const msOf = (at: string | number): number => (typeof at === "number" ? at : Date.parse(at))

/** `2026-11-24 08:30:05 UTC+1`. @param at ISO 8601, or Unix time in ms */
export const stationTime = (at: string | number, to: Exactness = "second", station = own): string =>
  `${station.clock(msOf(at)).slice(0, END[to])} ${station.offset(msOf(at))}`

/** The time of day alone: `08:30:05 UTC+1`. @param at ISO 8601, or Unix time in ms */
export const stationClock = (at: string | number, to: Exactness = "second", station = own): string =>
  stationTime(at, to, station).slice(11)

/** `2026-11-24 07:30:05.123 UTC`, as it shows where the pointer rests on a time. */
export const utcTime = (at: string): string => `${at.replace("T", " ").replace(/Z$/, "")} UTC`

/** What the captions of tables say of their times. */
export const timesAre = (zone = own.zone): string => (zone === "UTC" ? "times are UTC" : `times are those of ${zone}`)

/** The value of a field for a local time, as `2026-11-24T08:30:05`; what is no time stays as it was typed. */
export const fieldTime = (at: string, station = own): string => {
  const ms = Date.parse(at)
  return Number.isNaN(ms) ? at : station.clock(ms).slice(0, 19).replace(" ", "T")
}
