/** Where a server sends its publishers (Enhanced RTMP v2, reconnect request). */
import { parseRtmpUrl, type RtmpUrl } from "./rtmp-url.ts"

const resolve = (reference: string, base: string): string => {
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference)) return reference
  const [, scheme = "", authority = "", path = ""] = /^([^:]+):\/\/([^/?]*)([^?]*)/.exec(base) ?? []
  if (reference.startsWith("//")) return `${scheme}:${reference}`
  if (reference.startsWith("/")) return `${scheme}://${authority}${reference}`
  // RFC 3986 5.3 without dot segments: applications have none.
  return `${scheme}://${authority}${path.replace(/[^/]*$/, "")}${reference}`
}

/**
 * The URL to publish to after a reconnect request with `tcUrl`, which may be relative to the one in use, or "" for the
 * same again. The stream key stays, the login only on the same host. Null for what is no RTMP URL, and for a way out of
 * TLS.
 */
export const reconnectUrl = (current: RtmpUrl, tcUrl: string): RtmpUrl | null => {
  if (tcUrl === "") return current
  const parsed = parseRtmpUrl(resolve(tcUrl, current.tcUrl), current.streamKey)
  if (!parsed.ok || (current.scheme === "rtmps" && parsed.url.scheme !== "rtmps")) return null
  const sameHost = parsed.url.host === current.host
  return { ...parsed.url, user: sameHost ? current.user : null, password: sameHost ? current.password : null }
}
