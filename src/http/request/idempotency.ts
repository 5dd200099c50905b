/**
 * `Idempotency-Key`: a request that creates something may be repeated without creating it twice. The answer is kept in
 * memory for 24 h, as long as there is room; a restart of the service forgets it.
 */
import { createHash } from "node:crypto"
import type { Context } from "hono"
import { makeProblem, problemResponse } from "./problem.ts"

/** Most requests remembered at a time; the oldest are forgotten first. */
export const MAX_ENTRIES = 1000
/** Most bytes of remembered answers; one with 500 outputs takes half a megabyte. */
export const MAX_KEPT_BYTES = 32 * 1024 * 1024
export const KEPT_MS = 24 * 3600 * 1000

/** Keys that are accepted: visible characters, as in UUIDs and order numbers. */
const KEY = /^[\x21-\x7e]{1,255}$/
export const KEY_WANTED = "1 to 255 visible ASCII characters, such as a UUID"

interface Kept {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body: string
}

interface Entry {
  readonly fingerprint: string
  readonly at: number
  /** The answer; null when nothing was done, so that the request may be tried again. */
  readonly answer: Promise<Kept | null>
  bytes: number
}

export interface Idempotency {
  /**
   * Runs `act`, or returns the answer that an equal request with this key got.
   * @param body what the request asks for, decoded
   */
  readonly once: (c: Context, body: unknown, act: () => Promise<Response>) => Promise<Response>
}

/**
 * True when the answer says that nothing was done. A failure that leaves this open is kept: trying again could do it
 * twice.
 */
const didNothing = (status: number, body: string): boolean =>
  (status >= 400 && status < 500) || (status === 503 && body.includes(":problem:store-unavailable"))

const keep = async (response: Response): Promise<Kept> => ({
  status: response.status,
  headers: [...response.headers],
  body: await response.text(),
})

/**
 * Makes the memory of answers.
 * @param now milliseconds since 1970
 */
export const makeIdempotency = (now: () => number = Date.now): Idempotency => {
  const entries = new Map<string, Entry>()
  let bytes = 0

  const forget = (key: string) => {
    bytes -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }
  /** Forgets the oldest entries, which stand in order of age. */
  const makeRoom = () => {
    for (const [key, { at }] of entries) {
      if (entries.size <= MAX_ENTRIES && bytes <= MAX_KEPT_BYTES && now() - at < KEPT_MS) return
      forget(key)
    }
  }

  const first = (key: string, fingerprint: string, act: () => Promise<Response>): Promise<Kept> => {
    const kept = act().then(keep)
    const entry: Entry = {
      fingerprint,
      at: now(),
      bytes: 0,
      answer: kept.then((answer) => (didNothing(answer.status, answer.body) ? null : answer)).catch(() => null),
    }
    entries.set(key, entry)
    makeRoom()
    void entry.answer.then((answer) => {
      if (entries.get(key) !== entry) return
      if (answer === null) return forget(key)
      entry.bytes = answer.body.length
      bytes += entry.bytes
      makeRoom()
    })
    return kept
  }

  const once: Idempotency["once"] = async (c, body, act) => {
    const key = c.req.header("idempotency-key")
    if (key === undefined) return act()
    const problem = (kind: "bad-request" | "idempotency-key-reused", message: string) =>
      problemResponse(
        makeProblem(kind, `Idempotency-Key: ${message}`, { errors: [{ path: "Idempotency-Key", message }] }),
        c.req.path,
      )
    if (!KEY.test(key)) return problem("bad-request", `must be ${KEY_WANTED}`)

    const request = JSON.stringify([c.req.method, c.req.path, body])
    const fingerprint = createHash("sha256").update(request).digest("base64url")
    // Requests that waited for one that did nothing try it one after the other.
    for (;;) {
      makeRoom()
      const entry = entries.get(key)
      if (entry === undefined) {
        const { body, headers, status } = await first(key, fingerprint, act)
        return new Response(body, {
          status,
          headers: [...headers].map(([name, value]): [string, string] => [name, value]),
        })
      }
      if (entry.fingerprint !== fingerprint) {
        return problem(
          "idempotency-key-reused",
          "was used for another request before: take a new one for each thing to create",
        )
      }
      const answer = await entry.answer
      if (answer === null) continue
      const headers = new Headers(answer.headers.map(([name, value]): [string, string] => [name, value]))
      headers.set("Idempotency-Replayed", "true")
      return new Response(answer.body, { status: answer.status, headers })
    }
  }
  return { once }
}
