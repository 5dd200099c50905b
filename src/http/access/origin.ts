/**
 * Refuses requests that another site makes a browser send: foreign origins, and host names that DNS rebinding points at
 * us.
 */
import type { Context } from "hono"
import { makeProblem, type Problem } from "../request/problem.ts"
import type { AccessSettings } from "./auth.ts"

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"])
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

/** Host and port that the client believes it talks to. On a WebSocket upgrade only the header says. */
const hostOf = (c: Context): string => (c.req.header("host") ?? new URL(c.req.url).host).toLowerCase()

/** A host without its port. */
const nameOf = (host: string): string =>
  host.startsWith("[") ? host.slice(0, host.indexOf("]") + 1) : host.replace(/:\d*$/, "")

const hostOfOrigin = (origin: string): string | undefined => {
  try {
    return new URL(origin).host.toLowerCase()
  } catch {
    return undefined
  }
}

/** True when a browser says that one of our pages sent the request, or when no browser sent it. */
const isOwnOrigin = (c: Context): boolean => {
  const site = c.req.header("sec-fetch-site")
  // Browsers set this header themselves; no page can.
  if (site !== undefined) return site === "same-origin" || site === "none"
  const origin = c.req.header("origin")
  if (origin === undefined) return true
  const host = hostOfOrigin(origin)
  // Behind a proxy the browser's name for us is the forwarded one; a page cannot set that header without our consent
  // (CORS).
  return host !== undefined && (host === hostOf(c) || host === c.req.header("x-forwarded-host")?.toLowerCase())
}

/** True for names that cannot be somebody's DNS record: literal addresses, localhost, and the value of HOST. */
const isLocalName = (name: string, configured: string): boolean =>
  name.startsWith("[") ||
  IPV4.test(name) ||
  name === "localhost" ||
  name.endsWith(".localhost") ||
  name === configured.toLowerCase()

/** The problem with where a request comes from, if there is one. */
export const originProblem = (c: Context, settings: AccessSettings, open: boolean): Problem | undefined => {
  const name = nameOf(hostOf(c))
  // Where a key is required a rebound page has none; with AUTH=off the operator has decided.
  if (open && settings.auth && !isLocalName(name, settings.host)) {
    return makeProblem(
      "forbidden",
      `the host name "${name}" is not known here. Without an API key only localhost and addresses are answered; set API_KEY (or AUTH=off) to use names`,
    )
  }
  const changes = !SAFE_METHODS.has(c.req.method) || c.req.header("upgrade")?.toLowerCase() === "websocket"
  if (changes && !isOwnOrigin(c)) {
    return makeProblem("forbidden", "the request was sent by a page of another site (Origin), which is not allowed")
  }
  return undefined
}
