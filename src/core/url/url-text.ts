/**
 * Takes a URL apart by hand. A WHATWG parser would lose a stream id at its `#` (`streamid=#!::r=live/x`) and silently
 * rewrite hosts like `0x7f.1`. The query goes from the first `?` to the end, and only `&` divides it.
 */

export interface QueryPart {
  /** Lower case, percent-decoded. */
  readonly key: string
  /** Percent-decoded; null when the escapes are not UTF-8. */
  readonly value: string | null
  /** As written. */
  readonly raw: string
  /** False for a part without `=`. */
  readonly hasValue: boolean
  /** `&amp;` of a copied web page stood before it. */
  readonly entity: boolean
}

export interface UrlParts {
  /** Lower case, without `:`. */
  readonly scheme: string
  /** Before the last `@`, as written; null without `@`. */
  readonly userinfo: string | null
  /** As written, an IPv6 address in its brackets. */
  readonly host: string
  /** As written; null without `:`. */
  readonly port: string | null
  readonly path: string
  /** After `#`, where it stands before any `?`; null otherwise. */
  readonly fragment: string | null
  readonly query: ReadonlyArray<QueryPart>
}

/**
 * Undoes percent-encoding; an escape that is none stays as it is, and a plus is a plus. Null when the result is not
 * UTF-8.
 */
export const percentDecode = (text: string): string | null => {
  if (!text.includes("%")) return text
  try {
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => decodeURIComponent(escapes))
  } catch {
    return null
  }
}

const readPart = (raw: string): QueryPart => {
  const entity = /^amp;/i.test(raw)
  const text = entity ? raw.slice(4) : raw
  const equals = text.indexOf("=")
  const key = equals < 0 ? text : text.slice(0, equals)
  return {
    key: (percentDecode(key) ?? key).trim().toLowerCase(),
    value: equals < 0 ? "" : percentDecode(text.slice(equals + 1)),
    raw,
    hasValue: equals >= 0,
    entity,
  }
}

/** Divides a query (without its `?`) at `&`; empty parts are left out. */
export const splitQuery = (query: string): QueryPart[] =>
  query
    .split("&")
    .filter((part) => part !== "")
    .map(readPart)

/** Scheme of a URL in lower case, or null. */
export const schemeOf = (url: string): string | null =>
  /^\s*([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? null

/** The parts of `scheme://[userinfo@]host[:port][/path][?query]`; null when there is no `scheme://`. */
export const splitUrl = (url: string): UrlParts | null => {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:#([^?]*))?(?:\?([\s\S]*))?$/i.exec(url)
  if (match === null) return null
  const [, scheme = "", authority = "", path = "", fragment, query = ""] = match
  const at = authority.lastIndexOf("@")
  const endpoint = authority.slice(at + 1)
  // In brackets an IPv6 address, else everything up to the last colon.
  const bracket = /^(\[[^\]]*\])(?::([\s\S]*))?$/.exec(endpoint)
  const colon = endpoint.lastIndexOf(":")
  return {
    scheme: scheme.toLowerCase(),
    userinfo: at < 0 ? null : authority.slice(0, at),
    host: bracket?.[1] ?? (colon < 0 ? endpoint : endpoint.slice(0, colon)),
    port: bracket === null ? (colon < 0 ? null : endpoint.slice(colon + 1)) : (bracket[2] ?? null),
    path,
    fragment: fragment ?? null,
    query: splitQuery(query),
  }
}
