/**
 * Logins of publishers as librtmp and FMLE do them: the server refuses `connect` with a description that holds its
 * question, and the answer goes as a query behind the application and the tcUrl of the next attempt, on a new TCP
 * connection.
 */
import { toBase64, toHex } from "../bytes/bytes-text.ts"
import { uint32, utf8 } from "./bytes.ts"
import { md5 } from "./md5.ts"

export type AuthScheme = "adobe" | "llnw"

/** What the next connection carries. */
export interface AuthRound {
  readonly scheme: AuthScheme
  /** 1 names the user, 2 answers the challenge. */
  readonly round: 1 | 2
  /** Goes behind application and tcUrl, joined by `?` or `&`. Holds no password, but what stands for it once. */
  readonly query: string
}

export interface Credentials {
  readonly user: string | null
  readonly password: string | null
}

export type AuthAnswer =
  /** The description asks for no login. */
  | { readonly type: "none" }
  | { readonly type: "next"; readonly round: AuthRound }
  | { readonly type: "failed"; readonly code: AuthFailure; readonly error: string }

export type AuthFailure = "Auth.Missing" | "Auth.Unsupported" | "Auth.Failed" | "Auth.NoSuchUser" | "Auth.Malformed"

const textMd5 = (text: string): Uint8Array => md5(utf8(text))

/** `name=value` of a description; separators vary, so the value goes up to any of them. Base64 keeps its `=`. */
const field = (description: string, name: string): string | null =>
  new RegExp(`[?&;,\\s]${name}=([^&;,\\s\\]]*)`).exec(description)?.[1] ?? null

/** Escapes what would end the value; other characters go out as the user wrote them, as librtmp sends them. */
const queryValue = (text: string): string =>
  text.replace(/[&?#%=+\s\u0000-\u001f\u007f]/gu, (c) => encodeURIComponent(c))

const failed = (code: AuthFailure, error: string): AuthAnswer => ({ type: "failed", code, error })

/** Joins a login's query to an application or tcUrl that may have a query already. */
export const appendQuery = (text: string, query: string): string => `${text}${text.includes("?") ? "&" : "?"}${query}`

/** base64(md5(base64(md5(user salt password)) opaque-or-challenge challenge2)). */
export const adobeResponse = (
  login: { readonly user: string; readonly password: string },
  question: { readonly salt: string; readonly opaque: string; readonly challenge: string },
  challenge2: string,
): string => {
  const secret = toBase64(textMd5(login.user + question.salt + login.password))
  return toBase64(textMd5(secret + (question.opaque === "" ? question.challenge : question.opaque) + challenge2))
}

/** HTTP digest (RFC 2617 3.2.2) with realm `live`, method `publish`, qop `auth` and the application as URI. */
export const llnwResponse = (
  login: { readonly user: string; readonly password: string },
  app: string,
  nonce: string,
  cnonce: string,
): string => {
  const path = app.replace(/\?.*$/s, "")
  const uri = `/${path}${path.includes("/") ? "" : "/_definst_"}`
  const secret = toHex(textMd5(`${login.user}:live:${login.password}`))
  return toHex(textMd5(`${secret}:${nonce}:00000001:${cnonce}:auth:${toHex(textMd5(`publish:${uri}`))}`))
}

const adobeRound = (login: { user: string; password: string }, description: string, random: number): AuthAnswer => {
  const salt = field(description, "salt")
  const challenge = field(description, "challenge")
  const opaque = field(description, "opaque") ?? ""
  if (salt === null || (challenge === null && opaque === ""))
    return failed("Auth.Malformed", "the server asks for a login without saying how")
  const challenge2 = toBase64(uint32(random))
  const response = adobeResponse(login, { salt, opaque, challenge: challenge ?? "" }, challenge2)
  const named = `authmod=adobe&user=${queryValue(login.user)}`
  const query = `${named}&challenge=${challenge2}&response=${response}${opaque === "" ? "" : `&opaque=${opaque}`}`
  return { type: "next", round: { scheme: "adobe", round: 2, query } }
}

const llnwRound = (
  login: { user: string; password: string },
  app: string,
  description: string,
  random: number,
): AuthAnswer => {
  const nonce = field(description, "nonce")
  if (nonce === null) return failed("Auth.Malformed", "the server asks for a login without saying how")
  const cnonce = toHex(uint32(random))
  const response = llnwResponse(login, app, nonce, cnonce)
  const query = `authmod=llnw&user=${queryValue(login.user)}&nonce=${nonce}&cnonce=${cnonce}&nc=00000001&response=${response}`
  return { type: "next", round: { scheme: "llnw", round: 2, query } }
}

/**
 * What a refused `connect` asks for. `previous` is the round that this connection carried, `random` any 32 bits for the
 * client's own challenge. No sentence holds a secret.
 */
export const answerAuth = (
  description: string,
  credentials: Credentials,
  app: string,
  previous: AuthRound | null,
  random: number,
): AuthAnswer => {
  const named = /authmod=(adobe|llnw)\b/.exec(description)?.[1]
  const scheme: AuthScheme | null = named === "adobe" || named === "llnw" ? named : (previous?.scheme ?? null)
  const reason = field(description, "reason")
  if (reason === "nosuchuser") return failed("Auth.NoSuchUser", "the server does not know the user")
  if (reason === "authfailed") return failed("Auth.Failed", "the server refuses the password")
  const needed = description.includes("code=403") || reason === "needauth"
  if (!needed) return { type: "none" }
  if (scheme === null)
    return failed("Auth.Unsupported", "the server asks for a kind of login that is neither adobe nor llnw")
  const { user, password } = credentials
  if (user === null)
    return failed(
      "Auth.Missing",
      "the server asks for a login: write user and password into the URL, rtmp://USER:PASSWORD@HOST",
    )
  const login = { user, password: password ?? "" }
  if (reason === "needauth") {
    // A second question after an answer would go round for ever.
    if (previous?.round === 2)
      return failed(
        "Auth.Failed",
        "the server asks again after the answer to its challenge: user or password are wrong",
      )
    return scheme === "adobe" ? adobeRound(login, description, random) : llnwRound(login, app, description, random)
  }
  if (previous !== null) return failed("Auth.Failed", "the server asks for a login again after the user was named")
  return { type: "next", round: { scheme, round: 1, query: `authmod=${scheme}&user=${queryValue(user)}` } }
}
