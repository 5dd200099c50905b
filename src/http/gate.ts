/** What every request passes before a route sees it: security headers, origin, secrets in URLs, the key. */
import type { Context, MiddlewareHandler } from "hono"
import type { Access, AccessSettings } from "./auth.ts"
import { originProblem } from "./origin.ts"
import { makeProblem, problemResponse } from "./problem.ts"

const SECURITY_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  // Not no-referrer: with that browsers send `Origin: null` with the forms of our own pages.
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const

/** Adds the security headers; nothing is cached unless the route says so. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value)
  if (!c.res.headers.has("cache-control")) c.header("Cache-Control", "no-store")
}

const FREE_PATHS = new Set(["/livez", "/readyz", "/login"])
const isFree = (path: string) => FREE_PATHS.has(path) || path.startsWith("/static/")
const isPage = (path: string) => !/^\/(?:api|ws|metrics)(?:\/|$)/.test(path)

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

export const gate =
  (settings: AccessSettings, access: Access): MiddlewareHandler =>
  async (c, next) => {
    if (c.req.method === "TRACE" || c.req.method === "CONNECT") {
      const allow = { headers: { Allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS" } }
      return problemResponse(makeProblem("method-not-allowed", `${c.req.method} is never allowed`, allow), c.req.path)
    }
    const foreign = originProblem(c, settings, !access.required)
    if (foreign !== undefined) return problemResponse(foreign, c.req.path)
    if (c.req.query("api_key") !== undefined) {
      const detail =
        "the API key must not be in the URL, where logs and histories keep it; send it as X-API-Key (WebSocket: see docs/api.md)"
      return problemResponse(
        makeProblem("bad-request", detail, { errors: [{ path: "api_key", message: "not allowed in the URL" }] }),
        c.req.path,
      )
    }
    if (!isFree(c.req.path) && !access.allows(c)) return unauthorized(c)
    return next()
  }
