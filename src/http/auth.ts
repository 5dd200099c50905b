/**
 * Authentication: a request comes from the environment's API key, a stored key or a user, proved by a header or a
 * session cookie, or from anybody where there are neither keys nor users. Secrets are compared by their hashes in
 * constant time.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { Option, Redacted } from "effect"
import type { Context } from "hono"
import { getCookie, setCookie } from "hono/cookie"
import type { AccountsService } from "../effects/accounts/Accounts.ts"
import type { Role } from "../effects/accounts/account-bodies.ts"
import type { AppConfigService } from "../effects/config/AppConfig.ts"

/** The settings that decide who may do what. */
export type AccessSettings = Pick<AppConfigService, "host" | "apiKey" | "auth">

const COOKIE = "distributor_session"
/** How long a login on the pages lasts, in seconds. */
const SESSION_SECONDS = 7 * 24 * 3600
/**
 * WebSocket subprotocol that carries the key, since browsers cannot set headers there: `bearer.` +
 * encodeURIComponent(key).
 */
const BEARER_PROTOCOL = "bearer."

/** Subject of a session: the environment's API key, a stored key by its id, or a user by name. */
export type Subject = "env" | `key:${string}` | `user:${string}`

export interface Caller {
  readonly role: Role
  /** Name in records of changes: `user ada`, `key ci`, `the API key`, or `the operator` where nobody is asked. */
  readonly name: string
  /** How the request proves it. */
  readonly by: "key" | "session" | "nothing"
  readonly subject: Subject | null
}

export interface Access {
  /** True when requests need a key or session, which is from the first key or user on. */
  readonly required: () => boolean
  /** The caller; null when the request needs credentials and has no valid ones. */
  readonly callerOf: (c: Context) => Caller | null
  readonly allows: (c: Context) => boolean
  /**
   * For connections that stay open: a function that says whether the request would still be let in as the same caller.
   */
  readonly lasting: (c: Context) => () => boolean
  /** True when the request's headers hold a key, right or wrong, that is not a stored one. */
  readonly guesses: (c: Context) => boolean
  /** The subject that a typed-in key belongs to. */
  readonly subjectOfKey: (candidate: string) => Subject | null
  /** Gives the browser a session cookie. It ends after 7 days, or when its key, user or password goes. */
  readonly login: (c: Context, subject: Subject) => void
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

/** Keys that a request offers. Only headers count, as secrets in URLs end up in logs. */
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

/**
 * Makes the authentication.
 * @param now milliseconds since 1970
 */
export const makeAccess = (settings: AccessSettings, accounts: AccountsService, now: () => number = Date.now): Access => {
  const envKey = Option.getOrUndefined(Option.map(settings.apiKey, Redacted.value))
  const envHash = envKey === undefined ? undefined : sha256(envKey)
  const required = () => settings.auth && (envHash !== undefined || !accounts.isEmpty())

  const subjectOfKey = (candidate: string): Subject | null => {
    if (envHash !== undefined && timingSafeEqual(sha256(candidate), envHash)) return "env"
    const key = accounts.keyOf(candidate)
    return key === undefined ? null : `key:${key.id}`
  }
  /** A subject's role, and what its sessions depend on; undefined when it is gone. */
  const lookUp = (subject: string): { readonly role: Role; readonly name: string; readonly proof: string } | undefined => {
    if (subject === "env") return envHash && { role: "admin", name: "the API key", proof: envHash.toString("hex") }
    const id = subject.slice(subject.indexOf(":") + 1)
    if (subject.startsWith("key:")) {
      const key = accounts.findKey(id)
      return key && { role: key.role, name: `key ${key.name}`, proof: key.sha256 }
    }
    const user = subject.startsWith("user:") ? accounts.findUser(id) : undefined
    return user && { role: user.role, name: `user ${user.name}`, proof: user.password }
  }
  const callerFor = (subject: Subject, by: Caller["by"]): Caller | null => {
    const found = lookUp(subject)
    return found === undefined ? null : { role: found.role, name: found.name, by, subject }
  }

  const sign = (expires: string, subject: string, proof: string) =>
    createHmac("sha256", accounts.sessionKey)
      .update(JSON.stringify(["session", expires, subject, proof]))
      .digest("base64url")
  const ofSession = (cookie: string): Caller | null => {
    const [expires = "", name = "", signature] = cookie.split(".")
    if (signature === undefined) return null
    const subject = Buffer.from(name, "base64url").toString() as Subject
    const found = lookUp(subject)
    if (found === undefined) return null
    const right = timingSafeEqual(sha256(signature), sha256(sign(expires, subject, found.proof)))
    return right && Number(expires) * 1000 > now() ? { role: found.role, name: found.name, by: "session", subject } : null
  }
  const set = (c: Context, value: string, maxAge: number) =>
    setCookie(c, COOKIE, value, { httpOnly: true, sameSite: "Strict", path: "/", maxAge, secure: isSecure(c) })

  const findBy = (keys: ReadonlyArray<string>, cookie: string): Caller | null => {
    if (!required()) return { role: "admin", name: "the operator", by: "nothing", subject: null }
    for (const key of keys) {
      const subject = subjectOfKey(key)
      if (subject !== null) return callerFor(subject, "key")
    }
    return ofSession(cookie)
  }
  const find = (c: Context) => findBy(offeredKeys(c), getCookie(c, COOKIE) ?? "")
  /**
   * Callers as they were when their requests came in: a request that changes the caller's own account is still the
   * caller's.
   */
  const found = new WeakMap<Context, Caller>()
  const callerOf: Access["callerOf"] = (c) => {
    const caller = found.get(c) ?? find(c)
    if (caller !== null) found.set(c, caller)
    return caller
  }

  return {
    required,
    subjectOfKey,
    callerOf,
    allows: (c) => callerOf(c) !== null,
    lasting: (c) => {
      // Read now, since a request may be gone once it is answered.
      const [keys, cookie, before] = [offeredKeys(c), getCookie(c, COOKIE) ?? "", callerOf(c)]
      return () => {
        const now = findBy(keys, cookie)
        return now !== null && now.subject === (before?.subject ?? null)
      }
    },
    guesses: (c) => required() && offeredKeys(c).some((key) => accounts.keyOf(key) === undefined),
    login: (c, subject) => {
      const proof = lookUp(subject)?.proof
      if (proof === undefined) return
      const expires = String(Math.floor(now() / 1000) + SESSION_SECONDS)
      set(c, `${expires}.${Buffer.from(subject).toString("base64url")}.${sign(expires, subject, proof)}`, SESSION_SECONDS)
    },
    logout: (c) => set(c, "", 0),
  }
}
