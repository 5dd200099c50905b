/** A request to AWS, signed (Signature Version 4, by aws4fetch), and what its answer means. */
import { AwsV4Signer } from "aws4fetch"
import { Effect } from "effect"
import { AwsFailed } from "../../model/Errors.ts"
import type { Credentials } from "./credentials.ts"
import type { Endpoint } from "./endpoints.ts"
import { ask, type Fetch, type HttpRequest, type HttpResponse } from "./http.ts"

/** A request that takes longer is given up, in ms. */
export const ANSWER_MS = 10_000

const sign = (
  request: HttpRequest,
  { region, signedFor }: Endpoint,
  keys: Credentials,
): Promise<Record<string, string>> =>
  new AwsV4Signer({
    method: request.method,
    url: request.url,
    headers: { ...request.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey,
    ...(keys.sessionToken === null ? {} : { sessionToken: keys.sessionToken }),
    service: signedFor,
    region,
  })
    .sign()
    .then(({ headers }) => Object.fromEntries(headers))

const parse = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** `x-amzn-errortype: ForbiddenException:http://...`, or `__type` of the body (JSON 1.0 and 1.1). */
const errorType = (response: HttpResponse, body: Record<string, unknown>): string => {
  const given = response.headers.get("x-amzn-errortype") ?? String(body["__type"] ?? body["code"] ?? "")
  return given.replace(/^.*#/, "").replace(/:.*$/, "")
}

/** Longest sentence of AWS that is repeated, in characters. */
const MAX_REASON = 300

/** AWS may repeat what was signed: no key stands in a sentence. */
const without = (text: string, { accessKeyId, secretAccessKey, sessionToken }: Credentials): string =>
  [secretAccessKey, sessionToken, accessKeyId]
    .filter((secret): secret is string => secret !== null && secret.length >= 4)
    .reduce((shown, secret) => shown.replaceAll(secret, "***"), text)
    .replace(/[\u0000-\u001f\u007f]+/g, " ")

export interface SignedRequest extends HttpRequest {
  /** What is done, for the sentence of a failure: `medialive:ListChannels`. */
  readonly action: string
}

/** The answer as text, or why there is none. */
export const askSigned = (
  fetch: Fetch,
  request: SignedRequest,
  endpoint: Endpoint,
  keys: Credentials,
): Effect.Effect<string, AwsFailed> =>
  Effect.gen(function* () {
    const { action } = request
    const headers = yield* Effect.tryPromise({
      try: () => sign(request, endpoint, keys),
      catch: () =>
        new AwsFailed({ action, status: 0, code: "unreachable", reason: `${endpoint.url} is no address of a server` }),
    })
    const response = yield* ask(fetch, action, { ...request, headers }, ANSWER_MS)
    const { status, text } = response
    if (status >= 200 && status < 300) return text
    const body = parse(text)
    const code = errorType(response, body) || `HTTP ${status}`
    const said = String(body["message"] ?? body["Message"] ?? "") || `it answered ${status}`
    const reason = without(`${code}: ${said}`, keys).slice(0, MAX_REASON)
    return yield* new AwsFailed({ action, status, code, reason })
  })
