/** Figures for the channel list, coarse on purpose: a row is sent again only when something in it reads differently. */

/** An age in seconds as `<1 min`, `12 min`, `3 h 05 min` or `2 d 3 h`. */
export const formatAge = (seconds: number): string => {
  const minutes = Math.floor(Math.max(0, seconds) / 60)
  if (minutes < 1) return "<1 min"
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 24
    ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** A bit rate in bit/s as `8.0 Mbit/s`, with one decimal from Mbit/s on. */
export const formatRate = (bitrate: number): string => {
  if (!Number.isFinite(bitrate) || bitrate < 500) return "0"
  if (bitrate < 1e6) return `${Math.round(bitrate / 1e3)} kbit/s`
  return bitrate < 1e9 ? `${(bitrate / 1e6).toFixed(1)} Mbit/s` : `${(bitrate / 1e9).toFixed(2)} Gbit/s`
}

/** The first words of a message, which the channel's page shows in full. */
export const inShort = (message: string, longest = 90): string =>
  message.length <= longest ? message : `${message.slice(0, longest - 1).trimEnd()}…`

/** A message's cause, without the advice that follows a colon. */
export const causeOf = (message: string): string => {
  const [cause = ""] = message.split(": ", 1)
  return inShort(cause.length < 12 || cause.includes("://") ? message : cause)
}

const LEVELS = 12
const STEP = 2
/** Size of the picture that `sparkline` draws into. */
export const SPARK = { width: 58, height: LEVELS + 2 } as const

/**
 * The line of a sparkline as an SVG path, from 0 to the highest value; empty without values. In steps of a twelfth, so
 * that a bit rate that varies by a few per mille, as usual, gives an equal line.
 */
export const sparkline = (values: ReadonlyArray<number | null>): string => {
  const most = Math.max(0, ...values.map((value) => value ?? 0))
  const y = (value: number) => 1 + LEVELS - (most === 0 ? 0 : Math.round((value / most) * LEVELS))
  let path = ""
  let last: number | null = null
  for (const [i, value] of values.entries()) {
    if (value === null) {
      last = null
      continue
    }
    const at = y(value)
    // A constant level is drawn up to the next different one, or to the end.
    const holds = last === at && i < values.length - 1 && values[i + 1] !== null && y(values[i + 1] ?? 0) === at
    if (!holds) path += last === null ? `M${i * STEP} ${at}` : last === at ? `H${i * STEP}` : `L${i * STEP} ${at}`
    last = at
  }
  return path
}
