/** Hides the secrets of a URL for showing and logging. Works on any text, also on URLs that cannot be parsed. */
import { parseStreamId } from "../../srt/stream-id.ts"
import { isSecretName } from "../../url/secret-names.ts"
import { type QueryPart, schemeOf, splitQuery } from "../../url/url-text.ts"

const MASK = "***"

/** What keeps the masked stream id one value of a query. */
const escapeValue = (text: string): string => text.replace(/[%&\s]/g, (c) => encodeURIComponent(c))

const maskStreamId = (part: QueryPart): string => {
  const name = part.raw.slice(0, part.raw.indexOf("=") + 1)
  if (part.value === null) return name + MASK
  const { masked } = parseStreamId(part.value)
  return masked === part.value ? part.raw : name + escapeValue(masked)
}

const maskQuery = (query: string): string => {
  let afterSecret = false
  return splitQuery(query)
    .map((part) => {
      if (!part.hasValue) return afterSecret ? MASK : part.raw
      afterSecret = isSecretName(part.key)
      if (afterSecret) return part.raw.slice(0, part.raw.indexOf("=") + 1) + MASK
      return part.key === "streamid" ? maskStreamId(part) : part.raw
    })
    .join("&")
}

/**
 * `user:password@` becomes `user:***@`. A password with a raw `/` or `#` makes the URL's borders unsure: the last
 * `@` counts.
 */
const maskUserinfo = (text: string): string => {
  const at = text.lastIndexOf("@")
  const colon = text.indexOf(":")
  return at < 0 || colon < 0 || colon > at ? text : `${text.slice(0, colon)}:${MASK}${text.slice(at)}`
}

/** RTMP has the stream key at the end of the path: the application (the first segment) is shown, the rest is not. */
const maskStreamKey = (text: string): string => {
  const [, before = "", rest = ""] = /^([^/]*(?:\/+[^/]*)?)([\s\S]*)$/.exec(text) ?? []
  return /^\/*$/.test(rest) ? text : `${before}/${MASK}`
}

/**
 * The URL with `***` for passphrases, passwords, tokens, the password parts of stream ids, and RTMP stream keys. The
 * result is for people: parsing it as an output is refused, so that a masked URL is never taken for a real one.
 */
export const maskSecrets = (url: string): string => {
  const scheme = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0] ?? ""
  const rest = url.slice(scheme.length)
  // A port that is no number before an @ further on: a password with a raw ? or & in it, so everything up to the
  // @ goes.
  const torn = /^[^/?#@:[]*:(?!\d*[/?#])[^@]*\?[\s\S]*@/.test(rest)
  const question = torn ? -1 : rest.indexOf("?")
  const place = maskUserinfo(question < 0 ? rest : rest.slice(0, question))
  if (/^rtmp/.test(schemeOf(url) ?? "")) {
    const masked = maskStreamKey(place)
    // A query behind a stream key belongs to the key (`key?auth=...`).
    if (masked !== place) return scheme + masked
    return scheme + place + (question < 0 ? "" : `?${MASK}`)
  }
  return scheme + place + (question < 0 ? "" : `?${maskQuery(rest.slice(question + 1))}`)
}
