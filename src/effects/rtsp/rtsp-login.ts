/** Logins for RTSP requests (RFC 2617): Digest with MD5, else Basic. */
import { createHash } from "node:crypto"

export interface Login {
  readonly user: string
  readonly password: string
}

/** The request that an authorization is made for. */
export interface AuthorizedRequest {
  readonly method: string
  readonly uri: string
  /** Client nonce, and how often it has been used with the server's nonce, counted from 1. */
  readonly cnonce: string
  readonly count: number
}

const md5 = (text: string) => createHash("md5").update(text).digest("hex")

const parameter = (challenge: string, name: string): string | null => {
  const match = new RegExp(`\\b${name}=(?:"([^"]*)"|([^\\s,]+))`, "i").exec(challenge)
  return match?.[1] ?? match?.[2] ?? null
}

/** The Authorization header that a challenge asks for; null for schemes of other kinds. */
export const authorize = (
  challenges: ReadonlyArray<string>,
  { password, user }: Login,
  { cnonce, count, method, uri }: AuthorizedRequest,
): string | null => {
  const digest = challenges.find((c) => /^digest\b/i.test(c) && /^(?:md5)?$/i.test(parameter(c, "algorithm") ?? ""))
  if (digest !== undefined) {
    const realm = parameter(digest, "realm") ?? ""
    const nonce = parameter(digest, "nonce") ?? ""
    const [ha1, ha2] = [md5(`${user}:${realm}:${password}`), md5(`${method}:${uri}`)]
    const qop = /\bauth\b/.test(parameter(digest, "qop") ?? "")
    const nc = count.toString(16).padStart(8, "0")
    const response = qop ? md5(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`) : md5(`${ha1}:${nonce}:${ha2}`)
    const opaque = parameter(digest, "opaque")
    return [
      `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`,
      ...(opaque === null ? [] : [`opaque="${opaque}"`]),
      ...(qop ? [`qop=auth, nc=${nc}, cnonce="${cnonce}"`] : []),
    ].join(", ")
  }
  const basic = challenges.some((c) => /^basic\b/i.test(c))
  return basic ? `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` : null
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Splits a URL into the URL without its login, as requests carry it, and the login. */
export const splitLogin = (url: string): { readonly uri: string; readonly login: Login | null } => {
  const match = /^([a-z]+:\/\/)(?:([^/?#]*)@)?(.*)$/is.exec(url)
  const [, scheme = "", userinfo, rest = ""] = match ?? []
  if (userinfo === undefined) return { uri: url, login: null }
  const colon = userinfo.indexOf(":")
  const [user, password] = colon < 0 ? [userinfo, ""] : [userinfo.slice(0, colon), userinfo.slice(colon + 1)]
  return { uri: scheme + rest, login: { user: decoded(user), password: decoded(password) } }
}
