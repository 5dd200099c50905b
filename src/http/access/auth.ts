/**
 * Authentication: a request comes from the environment's API key, a stored key or a user, proved by a header or a
 * session cookie, or from anybody where there are neither keys nor users. Secrets are compared by their hashes in
 * constant time.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { Option, Redacted } from "effect"
import type { Context } from "hono"
import { getCookie, setCookie } from "hono/cookie"
import type { AccountsService } from "../../effects/accounts/Accounts.ts"
import type { Role } from "../../effects/accounts/account-bodies.ts"
import type { AppConfigService } from "../../effects/config/AppConfig.ts"

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
  /** The role holds for the channels that have one of these tags, and for nothing else; empty: for everything. */
  readonly tags: ReadonlyArray<string>
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
   * For connections that stay open: a function that says whether the request would still be let in as the same caller,
   * with the same tags: what is sent over them is chosen by the tags when they are opened.
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

/** A subject as it is at this moment. `proof` is the secret, or its hash, that the subject's sessions rest on. */
interface Holder {
  readonly role: Role
  readonly tags: ReadonlyArray<string>
  readonly name: string
  readonly proof: string
}

interface Subjects {
  /** Whom a key belongs to; null when it is nobody's. */
  readonly ofKey: (candidate: string) => Subject | null
  /** Undefined when the subject is gone. */
  readonly find: (subject: string) => Holder | undefined
}

const makeSubjects = (envHash: Buffer | undefined, accounts: AccountsService): Subjects => ({
  ofKey: (candidate) => {
    if (envHash !== undefined && timingSafeEqual(sha256(candidate), envHash)) return "env"
    const key = accounts.keyOf(candidate)
    return key === undefined ? null : `key:${key.id}`
  },
  find: (subject) => {
    if (subject === "env")
      return envHash && { role: "admin", tags: [], name: "the API key", proof: envHash.toString("hex") }
    const id = subject.slice(subject.indexOf(":") + 1)
    if (subject.startsWith("key:")) {
      const key = accounts.findKey(id)
      return key && { role: key.role, tags: key.tags, name: `key ${key.name}`, proof: key.sha256 }
    }
    const user = subject.startsWith("user:") ? accounts.findUser(id) : undefined
    return user && { role: user.role, tags: user.tags, name: `user ${user.name}`, proof: user.password }
  },
})

interface Sessions {
  /** A cookie's value that lasts `SESSION_SECONDS`; undefined when the subject is gone. */
  readonly issue: (subject: Subject) => string | undefined
  /** Whom a cookie's value is for; null when it is not valid, or no longer. */
  readonly callerOf: (cookie: string) => Caller | null
}

/**
 * Sessions that live in their cookies: when they end, whom they are for, and a signature over both and the subject's
 * proof.
 */
const makeSessions = (sessionKey: Uint8Array, subjects: Subjects, now: () => number): Sessions => {
  const sign = (expires: string, subject: string, proof: string) =>
    createHmac("sha256", sessionKey)
      .update(JSON.stringify(["session", expires, subject, proof]))
      .digest("base64url")
  return {
    issue: (subject) => {
      const proof = subjects.find(subject)?.proof
      if (proof === undefined) return undefined
      const expires = String(Math.floor(now() / 1000) + SESSION_SECONDS)
      return `${expires}.${Buffer.from(subject).toString("base64url")}.${sign(expires, subject, proof)}`
    },
    callerOf: (cookie) => {
      const [expires = "", name = "", signature] = cookie.split(".")
      if (signature === undefined) return null
      const subject = Buffer.from(name, "base64url").toString() as Subject
      const holder = subjects.find(subject)
      if (holder === undefined) return null
      const right = timingSafeEqual(sha256(signature), sha256(sign(expires, subject, holder.proof)))
      const { name: called, role, tags } = holder
      return right && Number(expires) * 1000 > now() ? { role, tags, name: called, by: "session", subject } : null
    },
  }
}

/** Tags are stored sorted, each once. */
const isSame = (a: ReadonlyArray<string>, b: ReadonlyArray<string>) => a.join() === b.join()

/** @param now milliseconds since 1970 */
export const makeAccess = (
  settings: AccessSettings,
  accounts: AccountsService,
  now: () => number = Date.now,
): Access => {
  const envKey = Option.getOrUndefined(Option.map(settings.apiKey, Redacted.value))
  const envHash = envKey === undefined ? undefined : sha256(envKey)
  const required = () => settings.auth && (envHash !== undefined || !accounts.isEmpty())
  const subjects = makeSubjects(envHash, accounts)
  const sessions = makeSessions(accounts.sessionKey, subjects, now)

  const callerByKey = (subject: Subject): Caller | null => {
    const holder = subjects.find(subject)
    if (holder === undefined) return null
    const { name, role, tags } = holder
    return { role, tags, name, by: "key", subject }
  }
  const findBy = (keys: ReadonlyArray<string>, cookie: string): Caller | null => {
    if (!required()) return { role: "admin", tags: [], name: "the operator", by: "nothing", subject: null }
    for (const key of keys) {
      const subject = subjects.ofKey(key)
      if (subject !== null) return callerByKey(subject)
    }
    return sessions.callerOf(cookie)
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
  const setSession = (c: Context, value: string, maxAge: number) =>
    setCookie(c, COOKIE, value, { httpOnly: true, sameSite: "Strict", path: "/", maxAge, secure: isSecure(c) })

  return {
    required,
    subjectOfKey: subjects.ofKey,
    callerOf,
    allows: (c) => callerOf(c) !== null,
    lasting: (c) => {
      // Read now: a request that is answered may be gone.
      const keys = offeredKeys(c)
      const cookie = getCookie(c, COOKIE) ?? ""
      const before = callerOf(c)
      return () => {
        const now = findBy(keys, cookie)
        return now !== null && now.subject === (before?.subject ?? null) && isSame(now.tags, before?.tags ?? [])
      }
    },
    guesses: (c) => required() && offeredKeys(c).some((key) => accounts.keyOf(key) === undefined),
    login: (c, subject) => {
      const session = sessions.issue(subject)
      if (session !== undefined) setSession(c, session, SESSION_SECONDS)
    },
    logout: (c) => setSession(c, "", 0),
  }
}
