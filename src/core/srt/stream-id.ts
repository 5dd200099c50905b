/**
 * SRT stream ids as their syntaxes have them: the standard one of the SRT Access Control guideline
 * (`#!::r=live/x,m=publish`) and those of media servers. The stream id itself always goes out verbatim; what is read
 * here is for showing it to the operator.
 */
import { printable } from "../bytes/printable.ts"
import { isSecretName, maskNamed } from "../url/secret-names.ts"

/** Most that SRTO_STREAMID takes, in bytes of UTF-8. */
export const STREAM_ID_MAX_BYTES = 512

export type StreamIdSyntax =
  | "standard"
  /** `#!{...}`: the guideline's nested form. */
  | "nested"
  /** `#!:m=publish,r=...`: an old form of datarhei Core. */
  | "single-colon"
  /** `publish:path[:user:pass][:query]` of MediaMTX and gosrt. */
  | "colon"
  /** `publish/name[/password]` of srtrelay. */
  | "srtrelay"
  /** `resource,mode:publish,token:t` of datarhei Core. */
  | "comma"
  /** `app/stream`, `vhost/app/stream`: SRS, SLS, OvenMediaEngine. */
  | "path"
  | "opaque"

export interface StreamId {
  /** Verbatim, as it is sent. */
  readonly text: string
  readonly syntax: StreamIdSyntax
  readonly resource: string | null
  readonly user: string | null
  readonly host: string | null
  /** Key `s`: a session id, or the password (MediaMTX). Secret, like values of `extra` may be: show `masked`. */
  readonly session: string | null
  /** Key `t`: stream, file, auth. */
  readonly type: string | null
  /** As written: request, publish, bidirectional; `read` and `play` of servers become request. */
  readonly mode: string | null
  /** Keys of the standard forms that the guideline does not know, in their order. */
  readonly extra: ReadonlyArray<readonly [key: string, value: string]>
  /** The id with passwords and tokens replaced by ***. */
  readonly masked: string
}

const MASK = "***"

const empty = { resource: null, user: null, host: null, session: null, type: null, mode: null, extra: [] } as const

/** Splits at commas outside braces. */
const splitFields = (text: string): string[] => {
  const fields: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === "{") depth += 1
    else if (c === "}") depth -= 1
    else if (c === "," && depth <= 0) {
      fields.push(text.slice(start, i))
      start = i + 1
    }
  }
  fields.push(text.slice(start))
  return fields
}

const keyValues = (text: string, syntax: StreamIdSyntax, prefix: string, body: string, suffix: string): StreamId => {
  const known: Record<string, string> = {}
  const extra: Array<readonly [string, string]> = []
  const masked: string[] = []
  for (const field of splitFields(body)) {
    const equals = field.indexOf("=")
    const key = (equals < 0 ? field : field.slice(0, equals)).trim()
    const value = equals < 0 ? "" : field.slice(equals + 1)
    if (/^[urhstm]$/.test(key)) known[key] = value
    else if (key !== "") extra.push([key, value])
    masked.push((key === "s" || isSecretName(key)) && value !== "" ? `${field.slice(0, equals + 1)}${MASK}` : field)
  }
  return {
    text,
    syntax,
    resource: known["r"] ?? null,
    user: known["u"] ?? null,
    host: known["h"] ?? null,
    session: known["s"] ?? null,
    type: known["t"] ?? null,
    mode: known["m"] ?? null,
    extra,
    masked: prefix + masked.join(",") + suffix,
  }
}

const modeOf = (word: string): string => (word === "read" || word === "play" ? "request" : word)

const parseColon = (text: string): StreamId => {
  const [word = "", resource = "", user, password, ...query] = text.split(":")
  // With three parts the third is a query, with four or more it is the user.
  const withUser = password !== undefined
  return {
    ...empty,
    text,
    syntax: "colon",
    mode: modeOf(word),
    resource,
    user: withUser && user !== undefined && user !== "" ? user : null,
    masked: withUser
      ? [word, resource, user, password === "" ? "" : MASK, ...query.map(maskNamed)].join(":")
      : [word, resource, ...(user === undefined ? [] : [maskNamed(user)])].join(":"),
  }
}

const parseSrtRelay = (text: string): StreamId => {
  const [word = "", resource = "", password] = text.split("/")
  const masked = password === undefined || password === "" ? text : `${word}/${resource}/${MASK}`
  return { ...empty, text, syntax: "srtrelay", mode: modeOf(word), resource, masked }
}

const parseComma = (text: string): StreamId => {
  const [resource = "", ...rest] = text.split(",")
  const mode = rest.find((part) => part.startsWith("mode:"))?.slice(5)
  const masked = [resource, ...rest.map((part) => (part.startsWith("token:") ? `token:${MASK}` : part))].join(",")
  return { ...empty, text, syntax: "comma", resource, mode: mode ?? null, masked }
}

/** Reads a stream id. Never fails: what no syntax fits is `opaque`, unknown keys are kept in `extra`. */
export const parseStreamId = (text: string): StreamId => {
  if (text.startsWith("#!::")) return keyValues(text, "standard", "#!::", text.slice(4), "")
  if (text.startsWith("#!{") && text.endsWith("}")) return keyValues(text, "nested", "#!{", text.slice(3, -1), "}")
  if (text.startsWith("#!:")) return keyValues(text, "single-colon", "#!:", text.slice(3), "")
  if (/^(?:publish|read|play):/.test(text)) return parseColon(text)
  if (/^(?:publish|play)\/[^/]+(?:\/[^/]*)?$/.test(text)) return parseSrtRelay(text)
  if (/,(?:mode|token):/.test(text)) return parseComma(text)
  // Servers read a query behind the path: `live/x?token=...`.
  const question = text.indexOf("?") + 1
  const masked = question === 0 ? text : text.slice(0, question) + maskNamed(text.slice(question))
  if (text.includes("/"))
    return { ...empty, text, syntax: "path", resource: question === 0 ? text : text.slice(0, question - 1), masked }
  return { ...empty, text, syntax: "opaque", masked }
}

/**
 * A caller's stream id for logs, events, pages and the API: without its passwords and tokens, and with nothing that is
 * not printable.
 */
export const shownStreamId = (text: string): string => printable(parseStreamId(text).masked)

/**
 * What is wrong with a stream id that says it is of the standard syntax (`#!::`), or null: a server would refuse it, or
 * read it otherwise than it was meant. Other forms are the far end's own business. The sentence repeats nothing of the
 * id.
 */
export const streamIdProblem = (text: string): string | null => {
  if (!text.startsWith("#!::")) return null
  const fields = splitFields(text.slice(4))
  const wrong = fields.findIndex(
    (field, i) => !/^[^=]+=/.test(field) && !(field === "" && i === fields.length - 1 && i > 0),
  )
  if (wrong < 0) return null
  return `a stream id that starts with #!:: is a list of key=value separated by commas, and part ${wrong + 1} of this one is not: a value cannot hold a comma`
}

/** Fields of the standard syntax, by their meaning. */
export interface StreamIdFields {
  readonly user?: string
  readonly resource?: string
  readonly host?: string
  readonly session?: string
  readonly type?: string
  readonly mode?: string
  readonly extra?: ReadonlyArray<readonly [key: string, value: string]>
}

/**
 * Writes the standard syntax; null when a value cannot be written in it (a comma) or the whole is longer than 512
 * bytes.
 */
export const formatStreamId = (fields: StreamIdFields): string | null => {
  const pairs: Array<readonly [string, string | undefined]> = [
    ["u", fields.user],
    ["r", fields.resource],
    ["h", fields.host],
    ["s", fields.session],
    ["t", fields.type],
    ["m", fields.mode],
    ...(fields.extra ?? []),
  ]
  const written = pairs.filter(([, value]) => value !== undefined).map(([key, value]) => `${key}=${value}`)
  if (written.some((pair) => pair.includes(",") || pair.includes("{") || pair.includes("}"))) return null
  const text = `#!::${written.join(",")}`
  return new TextEncoder().encode(text).length > STREAM_ID_MAX_BYTES ? null : text
}
