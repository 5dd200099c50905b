/**
 * Who may use the service: whoever knows the API key (header, bearer token, or a session cookie given for it), or everybody
 * when there is none. Keys are compared by their hashes in constant time.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { Option, Redacted } from "effect"
import type { Context } from "hono"
import { getCookie, setCookie } from "hono/cookie"
import type { AppConfigService } from "../effects/AppConfig.ts"

/** The settings that decide who may do what. */
export type AccessSettings = Pick<AppConfigService, "host" | "apiKey" | "auth">

const COOKIE = "distributor_session"
/** How long a login on the pages lasts, in seconds. */
const SESSION_SECONDS = 7 * 24 * 3600
/** WebSocket subprotocol that carries the key, since browsers cannot set headers there: `bearer.` + encodeURIComponent(key). */
const BEARER_PROTOCOL = "bearer."

export interface Access {
  /** True when requests must show a key. */
  readonly required: boolean
  /** True when the request shows a valid key or session. */
  readonly allows: (c: Context) => boolean
  readonly isKey: (candidate: string) => boolean
  /** Gives the browser a session cookie. */
  readonly login: (c: Context) => void
  readonly logout: (c: Context) => void
}

const sha256 = (text: string) => createHash("sha256").update(text).digest()

const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What the request offers as a key, from headers only: secrets in URLs end in logs. */
const offeredKeys = (c: Context): ReadonlyArray<string> => {
  const bearer = /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1]
  const protocols = (c.req.header("sec-websocket-protocol") ?? "").split(",").map((p) => p.trim())
  return [
    c.req.header("x-api-key"),
    bearer,
    ...protocols
      .filter((p) => p.startsWith(BEARER_PROTOCOL))
      .flatMap((p) => {
        const key = p.slice(BEARER_PROTOCOL.length)
        return [key, percentDecoded(key)]
      }),
  ].filter((key) => key !== undefined)
}

const isSecure = (c: Context) => c.req.url.startsWith("https:") || c.req.header("x-forwarded-proto") === "https"

/** @param now milliseconds since 1970 */
export const makeAccess = (settings: AccessSettings, now: () => number = Date.now): Access => {
  const key = settings.auth ? Option.map(settings.apiKey, Redacted.value) : Option.none()
  if (Option.isNone(key)) {
    return { required: false, allows: () => true, isKey: () => false, login: () => undefined, logout: () => undefined }
  }
  const keyHash = sha256(key.value)
  const signer = sha256(`session of ${key.value}`)
  const sign = (expires: string) => createHmac("sha256", signer).update(expires).digest("base64url")
  const same = (a: string, b: string) => timingSafeEqual(sha256(a), sha256(b))
  const isKey = (candidate: string) => timingSafeEqual(sha256(candidate), keyHash)

  const isSession = (cookie: string): boolean => {
    const [expires, signature] = cookie.split(".")
    if (expires === undefined || signature === undefined) return false
    return same(signature, sign(expires)) && Number(expires) * 1000 > now()
  }
  const set = (c: Context, value: string, maxAge: number) =>
    setCookie(c, COOKIE, value, { httpOnly: true, sameSite: "Strict", path: "/", maxAge, secure: isSecure(c) })

  return {
    required: true,
    isKey,
    allows: (c) => offeredKeys(c).some(isKey) || isSession(getCookie(c, COOKIE) ?? ""),
    login: (c) => {
      const expires = String(Math.floor(now() / 1000) + SESSION_SECONDS)
      set(c, `${expires}.${sign(expires)}`, SESSION_SECONDS)
    },
    logout: (c) => set(c, "", 0),
  }
}
