/** Times of SCTE 35: 90 kHz ticks of 33 bits, GPS and TAI seconds. */

export const TICKS_PER_SECOND = 90_000
/** PTS counts modulo 2^33 (ISO/IEC 13818-1 2.4.3.7). */
export const PTS_MODULUS = 2 ** 33

/** 1980-01-06T00:00:00Z in seconds of Unix time: where utc_splice_time counts from (9.7.2.1). */
const GPS_EPOCH = 315_964_800
/** Leap seconds since then, which utc_splice_time includes: 18 since 2017, and none announced since. */
const GPS_LEAP_SECONDS = 18
/** Beyond this a Date holds no time, in seconds. */
const DATE_LIMIT = 8.64e12

/** Seconds of `ticks` at 90 kHz. */
export const seconds = (ticks: number): number => ticks / TICKS_PER_SECOND

const iso = (unixSeconds: number): string | null =>
  Math.abs(unixSeconds) <= DATE_LIMIT ? new Date(unixSeconds * 1000).toISOString().replace(".000Z", "Z") : null

/** ISO 8601 time of a utc_splice_time. */
export const isoOfUtcSpliceTime = (utc_splice_time: number): string =>
  iso(utc_splice_time + GPS_EPOCH - GPS_LEAP_SECONDS) ?? ""

/** ISO 8601 time of a time_descriptor's TAI (10.3.4), null when it lies outside what a calendar holds. */
export const isoOfTai = (tai_seconds: number, tai_ns: number, utc_offset: number): string | null =>
  iso(tai_seconds - utc_offset + Math.floor(tai_ns / 1e6) / 1000)

/** Ticks as h:mm:ss.mmm for a person: no hours when there are none, no zeros at the end. */
export const clockText = (ticks: number): string => {
  const milliseconds = Math.round(seconds(ticks) * 1000)
  const hours = Math.floor(milliseconds / 3_600_000)
  const minutes = Math.floor(milliseconds / 60_000) % 60
  const rest = ((milliseconds % 60_000) / 1000)
    .toFixed(3)
    .padStart(6, "0")
    .replace(/\.?0+$/, "")
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}`
    : `${String(minutes).padStart(2, "0")}:${rest}`
}

/** Ticks as seconds for a person, to the millisecond: 60.293 s. */
export const secondsText = (ticks: number): string => `${Math.round(seconds(ticks) * 1000) / 1000} s`
