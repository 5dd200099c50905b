/**
 * Latencies of a `srt://` URL: FFmpeg writes microseconds, everybody else milliseconds, and a URL does not say whose it
 * is.
 */
import { FFMPEG_KEYS, LATENCY_KEYS, SRT_TOOL_KEYS } from "../../srt/url-keys.ts"
import { bad, good, type Read } from "../../url/endpoint.ts"
import { readInteger } from "../../url/values.ts"

export type Dialect = "ffmpeg" | "srt"

/** Names of the dialects, as `dialect=` gives them. */
export const DIALECTS: Readonly<Record<string, Dialect>> = {
  ffmpeg: "ffmpeg",
  obs: "ffmpeg",
  srt: "srt",
  "srt-live-transmit": "srt",
  gosrt: "srt",
  mediamtx: "srt",
}

/** Milliseconds from here on are taken for microseconds when nothing tells the dialect. */
export const SUSPICIOUS_LATENCY = 30000
/** The handshake carries latencies in 16 bits (SRT draft 3.2.1.1). */
const LATENCY_MAX_MS = 65535
/** Below this, microseconds are likely meant as milliseconds. */
const SMALL_LATENCY_US = 20000

/** Whose URL it is, by the keys that only one side has; null when there are none, or of both. */
export const dialectOf = (keys: Iterable<string>): Dialect | null => {
  let ffmpeg = false
  let tool = false
  for (const key of keys) {
    ffmpeg ||= FFMPEG_KEYS.has(key)
    tool ||= SRT_TOOL_KEYS.has(key)
  }
  return ffmpeg === tool ? null : ffmpeg ? "ffmpeg" : "srt"
}

export interface Latency {
  readonly ms: number
  readonly warning: string | null
}

/**
 * Reads a latency: microseconds in FFmpeg's dialect, milliseconds in libsrt's, and without a dialect milliseconds below
 * 30000 and microseconds from there on, as no one waits half a minute.
 */
export const readLatency = (key: string, value: string, dialect: Dialect | null): Read<Latency> => {
  if (!LATENCY_KEYS.has(key)) {
    const read = readInteger(key, value, 0, LATENCY_MAX_MS, "ms")
    return read.ok ? good({ ms: read.value, warning: null }) : read
  }
  const min = key === "snddropdelay" ? -1 : 0
  const read = readInteger(key, value, min, dialect === "srt" ? LATENCY_MAX_MS : LATENCY_MAX_MS * 1000)
  if (!read.ok) return read
  const number = read.value
  if (number < 0) return good({ ms: number, warning: null })
  const say = `${key}=${number}`
  if (dialect === "srt")
    return good({ ms: number, warning: number >= SUSPICIOUS_LATENCY ? `${say} is read as ${number / 1000} s` : null })
  const ms = Math.trunc(number / 1000)
  if (dialect === "ffmpeg") {
    const small = number > 0 && number < SMALL_LATENCY_US
    const hint = key === "latency" || key === "tsbpddelay" ? `latency_ms=${number}` : "dialect=srt"
    return good({
      ms,
      warning: small
        ? `${say} is read as ${ms} ms, as FFmpeg counts in microseconds; for ${number} ms write ${hint}`
        : null,
    })
  }
  if (number < SUSPICIOUS_LATENCY) return good({ ms: number, warning: null })
  if (ms > LATENCY_MAX_MS) return bad(`${key} must be at most ${LATENCY_MAX_MS} ms`)
  return good({
    ms,
    warning: `${say} looks like microseconds and is read as ${ms} ms; write latency_ms=${ms}, or dialect=srt for milliseconds`,
  })
}
