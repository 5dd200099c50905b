/** Figures as operators read them. */

const UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"] as const

/** A bit rate in bit/s with its unit, three significant figures from kbit/s on. */
export const formatBitrate = (bitrate: number): string => {
  if (!Number.isFinite(bitrate) || bitrate <= 0) return "0"
  const step = Math.min(Math.floor(Math.log10(bitrate) / 3), UNITS.length - 1)
  const scaled = bitrate / 1000 ** Math.max(step, 0)
  const digits = step <= 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2
  return `${scaled.toFixed(digits)} ${UNITS[Math.max(step, 0)]}`
}

const two = (n: number) => String(n).padStart(2, "0")

/** A time in seconds as `3 d 04:05:06`, without the days when there are none. */
export const formatUptime = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds))
  const days = Math.floor(whole / 86400)
  const clock = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
  return days > 0 ? `${days} d ${clock}` : clock
}

/** A time in seconds as `04:05`; minutes may go beyond 99. */
export const formatCountdown = (seconds: number): string => {
  const whole = Math.max(0, Math.ceil(seconds))
  return `${two(Math.floor(whole / 60))}:${two(whole % 60)}`
}

/** Host and port, with IPv6 in brackets. */
export const formatAddress = (ip: string, port: number): string =>
  ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`

/** Seconds from `now` (ms since 1970) to an ISO 8601 time, as `in 4 s`. */
export const formatRetry = (at: string, now: number): string => {
  const seconds = Math.ceil((Date.parse(at) - now) / 1000)
  return seconds > 0 ? `in ${seconds} s` : "now"
}

const SIZES = ["B", "kB", "MB", "GB", "TB"] as const

/** Bytes in decimal units, three significant figures from kB on. */
export const formatBytes = (bytes: number): string => {
  if (!Number.isFinite(bytes) || bytes < 1) return "0 B"
  const step = Math.min(Math.floor(Math.log10(bytes) / 3), SIZES.length - 1)
  const scaled = bytes / 1000 ** step
  return `${scaled.toFixed(step === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2)} ${SIZES[step]}`
}

/** An amount of US dollars; a dash for one that is not known. */
export const formatUsd = (value: number | null): string => (value === null ? "–" : `$${value.toFixed(2)}`)

/** Days of the week, Monday first, as they are written in short. */
export const DAY_NAMES = { mon: "Mon", tue: "Tue", wed: "Wed", thu: "Thu", fri: "Fri", sat: "Sat", sun: "Sun" } as const
