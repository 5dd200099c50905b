/**
 * From the URL of an RTMP server, with or without the stream key in it, to what `connect` and `publish` are told. Keys
 * are secrets that only the server understands: they are never decoded, normalised or repeated in a sentence.
 */
import { bad, good, type Read, readHost, readPort } from "../url/endpoint.ts"
import { percentDecode } from "../url/url-text.ts"

export interface RtmpUrl {
  /** `rtmps` is RTMP inside TLS. */
  readonly scheme: "rtmp" | "rtmps"
  /** Name in lower case, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** For servers that ask for a login; percent-decoded. */
  readonly user: string | null
  readonly password: string | null
  /** Application with its instance and its own query, as written: `live2?backup=1`. */
  readonly app: string
  /** As written, with its query. */
  readonly streamKey: string
  /** What `connect` names the server: the URL without user, password and key. */
  readonly tcUrl: string
}

export type ParsedRtmpUrl =
  | { readonly ok: true; readonly url: RtmpUrl; readonly warnings: ReadonlyArray<string> }
  | { readonly ok: false; readonly error: string }

export const RTMP_PORT = 1935
export const RTMPS_PORT = 443

const FORM = "rtmp://HOST/APP/KEY"

/** An application with its query, and the stream key. */
interface Split {
  readonly app: string
  readonly key: string
  readonly warning?: string
}

/**
 * Divides what stands after the host. A query behind two path segments or more is the key's (`rtmp/KEY?s_bl=1`); behind
 * a single one, with a slash in the query, it is the application's (`live2?backup=1/KEY`), and so it is when another
 * `?` follows.
 */
const splitKey = (rest: string): Split => {
  const first = rest.indexOf("?")
  const path = first < 0 ? rest : rest.slice(0, first)
  const second = first < 0 ? -1 : rest.indexOf("?", first + 1)
  const end = second < 0 ? rest.length : second
  const slashInQuery = first < 0 ? -1 : rest.lastIndexOf("/", end - 1)
  const slashInPath = path.lastIndexOf("/")
  const queryOfApp = first >= 0 && slashInQuery > first && (second >= 0 || slashInPath < 0)
  const cut = queryOfApp ? slashInQuery : slashInPath
  if (cut < 0) return { app: rest, key: "" }
  const app = rest.slice(0, cut)
  const key = rest.slice(cut + 1)
  return !queryOfApp && slashInQuery > first && first >= 0
    ? {
        app,
        key,
        warning:
          "the query after the stream key holds a slash: if it belongs to the application, give the stream key apart",
      }
    : { app, key }
}

const withoutSlashes = (text: string): string => text.replace(/^\/+/, "").replace(/\/+$/, "")

/** An RTMP URL divided into what stands before its stream key, without a slash behind it, and the key. */
export interface KeyedUrl {
  readonly url: string
  readonly key: string
}

/** Takes the stream key off an RTMP URL, as `parseRtmpUrl` would find it there; null for a URL without one. */
export const splitStreamKey = (text: string): KeyedUrl | null => {
  const [, before, place = ""] = /^(rtmps?:\/\/[^/?]*)(\/?[\s\S]*)$/i.exec(text) ?? []
  const split = splitKey(place.replace(/^\/+/, ""))
  const app = withoutSlashes(split.app)
  if (before === undefined || app === "" || app.startsWith("?") || split.key === "") return null
  return { url: `${before}/${app}`, key: split.key }
}

const readLogin = (userinfo: string): Read<Pick<RtmpUrl, "user" | "password">> => {
  const colon = userinfo.indexOf(":")
  const user = percentDecode(colon < 0 ? userinfo : userinfo.slice(0, colon))
  const password = colon < 0 ? "" : percentDecode(userinfo.slice(colon + 1))
  if (user === null || password === null)
    return bad("the user or the password before the @ is not UTF-8 in its %XX escapes")
  if (user === "") return bad("the user name before the @ is missing")
  if (password === "***") return bad("the password is masked (***): write the password itself")
  return good({ user, password })
}

/** Endpoint of `host[:port]`, an IPv6 address in brackets. */
const readEndpoint = (text: string, scheme: RtmpUrl["scheme"]): Read<Pick<RtmpUrl, "host" | "port">> => {
  const bracket = /^(\[[^\]]*\])(?::(.*))?$/.exec(text)
  const colon = text.lastIndexOf(":")
  const hostText = bracket?.[1] ?? (colon < 0 ? text : text.slice(0, colon))
  const portText = bracket === null ? (colon < 0 ? undefined : text.slice(colon + 1)) : bracket[2]
  const host = readHost(hostText)
  if (!host.ok) return host
  if (host.value === "") return bad(`the host is missing: write ${FORM}`)
  if (portText === undefined) return good({ host: host.value, port: scheme === "rtmps" ? RTMPS_PORT : RTMP_PORT })
  const port = readPort(portText)
  return port.ok ? good({ host: host.value, port: port.value }) : port
}

const keyProblem = (key: string): string | null => {
  if (/[\u0000-\u001f\u007f]/.test(key)) return "the stream key must not hold control characters or line breaks"
  if (key !== key.trim()) return "the stream key must not begin or end with a space"
  if (key === "***" || key.startsWith("***?")) return "the stream key is masked (***): give the key itself"
  return null
}

const refuse = (error: string): ParsedRtmpUrl => ({ ok: false, error })

/**
 * Reads an RTMP or RTMPS URL. With `streamKey` the whole path and query are the application, as platforms print them;
 * without it the key is the last part of the URL. Never throws, and no sentence repeats a secret.
 */
export const parseRtmpUrl = (text: string, streamKey?: string): ParsedRtmpUrl => {
  const match = /^(rtmps?):\/\/([^/?]*)(\/?[\s\S]*)$/i.exec(text)
  if (match === null) return refuse(`the URL must have the form ${FORM} or rtmps://HOST/APP/KEY`)
  if (/[\u0000-\u0020\u007f]/.test(text))
    return refuse("the URL must not hold spaces, control characters or line breaks")
  const [, schemeText = "", authority = "", place = ""] = match
  const scheme = schemeText.toLowerCase() === "rtmps" ? "rtmps" : "rtmp"
  const at = authority.lastIndexOf("@")
  const endpoint = readEndpoint(authority.slice(at + 1), scheme)
  if (!endpoint.ok) return refuse(endpoint.message)
  const login = at < 0 ? good({ user: null, password: null }) : readLogin(authority.slice(0, at))
  if (!login.ok) return refuse(login.message)

  const rest = place.replace(/^\/+/, "")
  const split: Split = streamKey === undefined ? splitKey(rest) : { app: rest, key: streamKey }
  const app = withoutSlashes(split.app)
  if (app === "" || app.startsWith("?")) return refuse(`the application is missing: write ${FORM}`)
  if (app.includes("***")) return refuse("the application holds *** in place of a secret: write what stands there")
  if (split.key === "") {
    const form = rest.endsWith("/") ? "the URL ends in a slash and" : "the URL"
    return refuse(`${form} has no stream key: write ${FORM}, or give the stream key apart`)
  }
  const problem = keyProblem(split.key)
  if (problem !== null) return refuse(problem)
  if (streamKey !== undefined && app.endsWith(`/${streamKey}`))
    return refuse("the URL already ends with the stream key: leave it out of one of the two")
  return {
    ok: true,
    url: {
      scheme,
      ...endpoint.value,
      ...login.value,
      app,
      streamKey: split.key,
      tcUrl: `${scheme}://${authority.slice(at + 1)}/${app}`,
    },
    warnings: split.warning === undefined ? [] : [split.warning],
  }
}

const withoutQuery = (text: string) => text.replace(/\?.*$/s, "")

/** True when both publish one stream: the scheme and the port are two ways to the same server. */
export const isSameStream = (a: RtmpUrl, b: RtmpUrl): boolean =>
  a.host === b.host &&
  withoutQuery(a.app) === withoutQuery(b.app) &&
  withoutQuery(a.streamKey) === withoutQuery(b.streamKey)
