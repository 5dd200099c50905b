/** The gate that every request passes before a route sees it: security headers, origin, secrets in URLs, the key. */
import type { Context, Hono, MiddlewareHandler } from "hono"
import { mayAct } from "../../effects/accounts/account-bodies.ts"
import { makeProblem, problemResponse } from "../request/problem.ts"
import type { Audit } from "./audit.ts"
import type { Access, AccessSettings } from "./auth.ts"
import { type BoundTo, isBound, isOpenToBound } from "./bound.ts"
import { LIMITS, type Limits } from "./limits.ts"
import { originProblem } from "./origin.ts"
import { isPeer, type PeerSecret } from "./peer.ts"
import { addressOf } from "./requester.ts"
import { ruleFor } from "./roles.ts"

// `media-src blob:` is for the live preview: only our own scripts can make such a URL, from data they have received.
const SECURITY_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  // `no-referrer` would make browsers send `Origin: null` with our own pages' forms.
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const

/** True for HLS, whose players cannot send a key. */
const isStream = (path: string) => path.startsWith("/hls/")

/** Adds the security headers; nothing is cached unless the route says so. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value)
  // These are meant for players on other people's pages.
  if (isStream(c.req.path)) c.header("Cross-Origin-Resource-Policy", "cross-origin")
  if (!c.res.headers.has("cache-control")) c.header("Cache-Control", "no-store")
}

const FREE_PATHS = new Set(["/livez", "/readyz", "/login"])
/** Among nodes; each route asks for their secret. */
const INTERNAL = "/internal/"
/** What a partner link opens; its route looks at the token. */
const PARTNER = "/partner/"
const isFree = (path: string) =>
  path.startsWith(PARTNER) ||
  FREE_PATHS.has(path) ||
  path.startsWith("/static/") ||
  isStream(path) ||
  path.startsWith(INTERNAL)
/** True for a path that browsers show to people. */
export const isPage = (path: string) =>
  path === "/api/docs" || !/^\/(?:api|ws|preview|metrics|hls|internal)(?:\/|$)/.test(path)

const unauthorized = (c: Context): Response => {
  if (isPage(c.req.path)) {
    if (c.req.header("hx-request") === "true") return c.body(null, 401, { "HX-Redirect": "/login" })
    if (c.req.method === "GET") return c.redirect(`/login?next=${encodeURIComponent(c.req.path)}`, 303)
  }
  const detail = "send the API key as X-API-Key or as Authorization: Bearer"
  return problemResponse(
    makeProblem("unauthorized", detail, { headers: { "WWW-Authenticate": 'Bearer realm="stream-distributor"' } }),
    c.req.path,
  )
}

const tooMany = (c: Context, seconds: number, detail: string): Response =>
  problemResponse(makeProblem("too-many-requests", detail, { headers: { "Retry-After": String(seconds) } }), c.req.path)

declare module "hono" {
  interface ContextVariableMap {
    /** Set for connections that stay open behind the gate; see `Access.lasting`. */
    lasting: (() => boolean) | undefined
    /** Tags that the caller is bound to; undefined for requests that need no caller. */
    tags: BoundTo | undefined
  }
}

const TRY_KEY = "use an API key"

export const gate =
  (settings: AccessSettings, access: Access, limits: Limits, audit: Audit, peer: PeerSecret): MiddlewareHandler =>
  async (c, next) => {
    if (c.req.method === "TRACE" || c.req.method === "CONNECT") {
      const allow = { headers: { Allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" } }
      return problemResponse(makeProblem("method-not-allowed", `${c.req.method} is never allowed`, allow), c.req.path)
    }
    // The node that has passed it on has looked, and knows the name that the browser used for it.
    const foreign = isPeer(c, peer) ? undefined : originProblem(c, settings, !access.required())
    if (foreign !== undefined) return problemResponse(foreign, c.req.path)
    if (c.req.query("api_key") !== undefined) {
      const detail =
        "the API key must not be in the URL, where logs and histories keep it; send it as X-API-Key (WebSocket: see docs/api.md)"
      return problemResponse(
        makeProblem("bad-request", detail, { errors: [{ path: "api_key", message: "not allowed in the URL" }] }),
        c.req.path,
      )
    }
    if (isFree(c.req.path)) return next()
    // Stored keys are random and cannot be guessed, so whoever has one is let in whatever others at the same address
    // try.
    if (access.guesses(c)) {
      const address = addressOf(c)
      const wait = limits.keys.waitFor(address)
      if (wait > 0) {
        await audit.refused(c, "an API key", TRY_KEY, 429)
        return tooMany(c, wait, `too many wrong API keys came from ${address}; try again in ${wait} s`)
      }
      if (!access.allows(c)) {
        limits.keys.count(address)
        await audit.refused(c, "an API key", TRY_KEY, 401)
      }
    }
    if (!access.allows(c)) return unauthorized(c)
    c.set("lasting", access.lasting(c))
    c.set("tags", access.callerOf(c)?.tags)
    return next()
  }

/** Limits how many changes a caller may ask for. Where nobody has to log in, all callers count as one. */
export const limitWrites =
  (access: Access, limits: Limits, audit: Audit): MiddlewareHandler =>
  async (c, next) => {
    const { what } = ruleFor(c.req.method, c.req.path)
    const caller = what === null ? null : access.callerOf(c)
    const subject = caller?.subject
    if (what !== null && caller !== null && subject != null) {
      const wait = limits.writes.waitFor(subject)
      if (wait > 0) await audit.refused(c, caller.name, what, 429)
      if (wait > 0)
        return tooMany(c, wait, `more than ${LIMITS.writes} changes in a minute were asked for; try again in ${wait} s`)
      limits.writes.count(subject)
    }
    return next()
  }

/**
 * Sends what bound callers ask for to the app that has the services as their tags let them have them. What needs no
 * caller stays, and so do WebSockets, which belong to the listening server and look at the tags themselves.
 */
export const divertBound =
  (access: Access, appFor: (tags: BoundTo) => { readonly fetch: Hono["fetch"] }): MiddlewareHandler =>
  async (c, next) => {
    const { path } = c.req
    const caller = isFree(path) || /^\/(?:ws|preview)(?:\/|$)/.test(path) ? null : access.callerOf(c)
    if (caller === null || !isBound(caller.tags)) return next()
    return appFor(caller.tags).fetch(c.req.raw, c.env)
  }

/** Refuses what the caller's role does not allow, by the table of `roles.ts`, and what its tags do not. */
export const checkRole =
  (access: Access): MiddlewareHandler =>
  async (c, next) => {
    const { role } = ruleFor(c.req.method, c.req.path)
    const caller = access.callerOf(c)
    if (role === "free" || isFree(c.req.path)) return next()
    if (caller !== null && mayAct(caller.role, role)) {
      if (!isBound(caller.tags) || isOpenToBound(c.req.method, c.req.path)) return next()
      const detail = `this is of the whole service; ${caller.name} is bound to the tags ${caller.tags.join(", ")}`
      return problemResponse(makeProblem("forbidden", detail), c.req.path)
    }
    const has = caller === null ? "there is none" : `${caller.name} has the role ${caller.role}`
    return problemResponse(makeProblem("forbidden", `this needs the role ${role}; ${has}`), c.req.path)
  }
