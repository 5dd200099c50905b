/** One request over HTTP, bounded in time and size, as an Effect. Redirects are not followed. */
import { Effect } from "effect"
import { AwsFailed } from "../../model/Errors.ts"

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT"
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Longest answer that is read, in bytes: 100 channels with all their settings are a tenth of it. */
const MAX_BYTES = 16 * 1024 * 1024

const readAll = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = response.body?.getReader()
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > MAX_BYTES) {
      await reader.cancel().catch(() => undefined)
      throw new Error(`the answer is larger than ${MAX_BYTES} bytes`)
    }
    chunks.push(value)
  }
  return Buffer.concat(chunks).toString("utf8")
}

/**
 * @param action what is done, for the sentence of a failure
 * @param withinMs from the beginning to the last byte of the answer
 */
export const ask = (
  fetch: Fetch,
  action: string,
  { body, headers = {}, method, url }: HttpRequest,
  withinMs: number,
): Effect.Effect<HttpResponse, AwsFailed> =>
  Effect.tryPromise({
    try: async (signal): Promise<HttpResponse> => {
      const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
      const init = { method, headers: { ...headers }, redirect: "manual" as const, signal: within }
      const response = await fetch(url, body === undefined ? init : { ...init, body })
      return { status: response.status, headers: response.headers, text: await readAll(response) }
    },
    catch: (cause) => {
      const late = cause instanceof Error && cause.name === "TimeoutError"
      const host = URL.canParse(url) ? new URL(url).host : "the endpoint"
      const why = cause instanceof Error ? cause.message : String(cause)
      const reason = late ? `${host} did not answer within ${withinMs / 1000} s` : `${host} cannot be reached: ${why}`
      return new AwsFailed({ action, status: 0, code: late ? "timeout" : "unreachable", reason })
    },
  })
