/** Keys of a role, from the security token service (STS, Query API of 2011-06-15, answers in JSON). */
import { Effect } from "effect"
import { AwsFailed } from "../../model/Errors.ts"
import type { Credentials } from "./credentials.ts"
import type { Endpoint } from "./endpoints.ts"
import { ask, type Fetch } from "./http.ts"
import { ANSWER_MS, askSigned } from "./signed.ts"

const SESSION = "stream-distributor"
const FORM = { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" }
const VERSION = "2011-06-15"

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}

/** STS writes `Expiration` in seconds where it answers in JSON. */
const expiry = (value: unknown): number | null => {
  const ms = typeof value === "number" ? value * 1000 : Date.parse(String(value))
  return Number.isFinite(ms) ? ms : null
}

const read = (text: string, action: string, from: string): Effect.Effect<Credentials, AwsFailed> =>
  Effect.try({
    try: () => {
      const response = record(record(JSON.parse(text))[`${action}Response`])
      const keys = record(record(response[`${action}Result`])["Credentials"])
      const [accessKeyId, secretAccessKey] = [keys["AccessKeyId"], keys["SecretAccessKey"]].map((one) =>
        String(one ?? ""),
      )
      if (!accessKeyId || !secretAccessKey) throw new Error("no keys")
      const sessionToken = typeof keys["SessionToken"] === "string" ? keys["SessionToken"] : null
      return { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiry(keys["Expiration"]), from }
    },
    catch: () =>
      new AwsFailed({ action: `sts:${action}`, status: 200, code: "unreadable", reason: "its answer holds no keys" }),
  })

/** The keys of `roleArn` for whoever has `keys`. */
export const assumeRole = (
  fetch: Fetch,
  endpoint: Endpoint,
  keys: Credentials,
  roleArn: string,
): Effect.Effect<Credentials, AwsFailed> => {
  const body = new URLSearchParams({
    Action: "AssumeRole",
    Version: VERSION,
    RoleArn: roleArn,
    RoleSessionName: SESSION,
  }).toString()
  const request = { action: "sts:AssumeRole", method: "POST", url: `${endpoint.url}/`, headers: FORM, body } as const
  return Effect.flatMap(askSigned(fetch, request, endpoint, keys), (text) =>
    read(text, "AssumeRole", `the role ${roleArn}, by ${keys.from}`),
  )
}

/** The keys of a role for the identity that a token proves; nothing is signed. */
export const assumeRoleWithWebIdentity = (
  fetch: Fetch,
  endpoint: Endpoint,
  roleArn: string,
  token: string,
): Effect.Effect<Credentials, AwsFailed> => {
  const body = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: VERSION,
    RoleArn: roleArn,
    RoleSessionName: SESSION,
    WebIdentityToken: token,
  }).toString()
  const action = "sts:AssumeRoleWithWebIdentity"
  return Effect.flatMap(
    ask(fetch, action, { method: "POST", url: `${endpoint.url}/`, headers: FORM, body }, ANSWER_MS),
    ({ status, text }) =>
      status === 200
        ? read(text, "AssumeRoleWithWebIdentity", `the web identity's role ${roleArn}`)
        : new AwsFailed({ action, status, code: `HTTP ${status}`, reason: `it answered ${status}` }),
  )
}
