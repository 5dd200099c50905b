/**
 * From the URL of an output, in whatever dialect it was pasted, to what the engine does with it (docs/urls.md).
 * Everything that is understood is told back in plain options; what is not is reported, never dropped in silence.
 */

import { parseRtmpUrl } from "../rtmp/rtmp-url.ts"
import { maskNamed } from "../url/secret-names.ts"
import { schemeOf, splitUrl } from "../url/url-text.ts"
import { parseDatagramUrl } from "./url/datagram-url.ts"
import { parseFileUrl } from "./url/file-url.ts"
import { parseHlsUrl } from "./url/hls-url.ts"
import { parseRtspUrl } from "./url/rtsp-url.ts"
import { parseSrtUrl } from "./url/srt-url.ts"
import { type ParsedOutput, refuse } from "./url/target.ts"

export { maskSecrets } from "./url/mask.ts"
export type {
  DatagramTarget,
  FileTarget,
  HlsTarget,
  OutputTarget,
  ParsedOutput,
  RtmpTarget,
  RtspTarget,
  SrtSetting,
  SrtTarget,
} from "./url/target.ts"
export { fillMask, type Mask, masksIn, placeOf, secretsInUrl, unmaskSecrets } from "./url/unmask.ts"

/** Long enough for a stream id of 512 bytes, percent-encoded, and everything else. */
export const URL_MAX_LENGTH = 4096

export type UrlProtocol = "srt" | "rtmp" | "udp" | "rtp" | "rtsp" | "hls" | "file"

const SCHEMES: Readonly<Record<string, UrlProtocol>> = {
  srt: "srt",
  rtmp: "rtmp",
  rtmps: "rtmp",
  udp: "udp",
  rtp: "rtp",
  rtsp: "rtsp",
  rtsps: "rtsp",
  hls: "hls",
  http: "hls",
  https: "hls",
  s3: "hls",
  file: "file",
}

/** The protocol an output URL is for, by its scheme alone (`rtmps` is rtmp); null when it is none of ours. */
export const protocolOfUrl = (url: string): UrlProtocol | null => {
  const scheme = schemeOf(url)
  return scheme !== null && Object.hasOwn(SCHEMES, scheme) ? (SCHEMES[scheme] ?? null) : null
}

/**
 * What no URL may hold as written: it would mean something to a shell, a log or a C string. Inside a value it is
 * percent-encoded.
 */
export const forbiddenInUrl = (url: string): string | null => {
  if (/[\u0000-\u001f\u007f]/.test(url)) return "the URL must not hold control characters or line breaks"
  if (/\s/u.test(url)) return "the URL must not hold spaces: inside a value write %20"
  if (url.includes("|")) return "the URL must not hold | : inside a value write %7C"
  if (url.length > URL_MAX_LENGTH) return `the URL must be at most ${URL_MAX_LENGTH} characters long`
  return null
}

/**
 * Reads the URL of an output; `streamKey` is that of RTMP where it is given apart. Never throws; what is wrong comes as
 * sentences with the path `url` or `stream_key`, none of which repeats a secret.
 */
export const parseOutputUrl = (url: string, streamKey?: string): ParsedOutput => {
  if (url === "") return refuse("the URL is empty")
  const problem = forbiddenInUrl(url)
  if (problem !== null) return refuse(problem)
  const scheme = schemeOf(url)
  if (scheme === null) return refuse("the URL must start with its protocol, as in srt://HOST:PORT")
  const protocol = protocolOfUrl(url)
  if (protocol === null)
    return refuse(
      `${scheme.slice(0, 20)}:// is not a protocol for outputs: use srt, rtmp, rtmps, udp, rtp, rtsp, hls, https, s3 or file`,
    )
  if (streamKey !== undefined && protocol !== "rtmp")
    return { ok: false, errors: [{ path: "stream_key", message: `belongs to RTMP, but the URL is for ${protocol}` }] }
  if (protocol === "rtmp") return readRtmp(url, streamKey)
  if (protocol === "rtsp") return parseRtspUrl(url)
  if (protocol === "hls") return parseHlsUrl(url)
  if (protocol === "file") return parseFileUrl(url)
  const parts = splitUrl(url)
  if (parts === null) return refuse(`the URL must have the form ${protocol}://HOST:PORT`)
  return protocol === "srt" ? parseSrtUrl(parts) : parseDatagramUrl(parts, protocol)
}

/**
 * An application is shown without what could be a key, as in the masked URL: its first part and a query without
 * secrets. A URL with a key in it, and another key given apart, has the first one behind the application.
 */
const maskedApp = (app: string): string => {
  const question = app.indexOf("?")
  const path = question < 0 ? app : app.slice(0, question)
  const [first = ""] = path.split("/")
  if (first !== path) return `${first}/***`
  if (question < 0) return app
  const [query = "", ...rest] = app.slice(question + 1).split("/")
  return `${path}?${maskNamed(query)}${rest.length === 0 ? "" : "/***"}`
}

const readRtmp = (url: string, streamKey: string | undefined): ParsedOutput => {
  const parsed = parseRtmpUrl(url, streamKey)
  if (!parsed.ok) return refuse(parsed.error)
  const { app, host, port, scheme } = parsed.url
  return {
    ok: true,
    target: { protocol: "rtmp", url: parsed.url },
    options: { host, port, app: maskedApp(app), tls: scheme === "rtmps" },
    ignored: [],
    warnings: parsed.warnings,
  }
}
