/** How requests are put to the services of AWS: signed, paced, and their answers read as JSON, page by page. */
import { Effect } from "effect"
import { AwsFailed } from "../../model/Errors.ts"
import { type AwsService, type Environment, endpointFor } from "./endpoints.ts"
import type { Fetch } from "./http.ts"
import type { Keys } from "./keys.ts"
import type { Pacer } from "./pacer.ts"
import { isDenied } from "./refusals.ts"
import { askSigned, type SignedRequest } from "./signed.ts"

export interface AwsDeps {
  readonly environment: Environment
  readonly fetch: Fetch
  readonly pacer: Pacer
}

type Answer = Effect.Effect<unknown, AwsFailed>

export interface Requests {
  /** MediaLive's own API: REST, JSON. `action` is the permission without `medialive:`. */
  readonly get: (action: string, path: string) => Answer
  readonly post: (action: string, path: string) => Answer
  /** An operation by `X-Amz-Target`, as CloudWatch (JSON 1.0) and the price list (1.1) take them. */
  readonly target: (service: AwsService, action: string, name: string, version: "1.0" | "1.1", body: object) => Answer
}

const JSON_HEADERS = { Accept: "application/json" }

const read = (action: string, text: string): Answer =>
  Effect.try({
    try: () => JSON.parse(text) as unknown,
    catch: () => new AwsFailed({ action, status: 200, code: "unreadable", reason: "its answer is no JSON" }),
  })

export const makeRequests = (region: string, keys: Keys, { environment, fetch, pacer }: AwsDeps): Requests => {
  const send = (
    service: AwsService,
    { path, ...rest }: Omit<SignedRequest, "url"> & { readonly path: string },
  ): Answer => {
    const endpoint = endpointFor(service, region, environment)
    const answer = Effect.gen(function* () {
      const found = yield* keys.get
      return yield* read(
        rest.action,
        yield* askSigned(fetch, { ...rest, url: `${endpoint.url}${path}` }, endpoint, found),
      )
    })
    // Keys that were taken back or have ended are looked for anew at the next request.
    return Effect.tapError(pacer.paced(answer), (error) => Effect.sync(() => isDenied(error) && keys.forget()))
  }
  return {
    get: (action, path) =>
      send("medialive", { action: `medialive:${action}`, method: "GET", path, headers: JSON_HEADERS }),
    post: (action, path) =>
      send("medialive", {
        action: `medialive:${action}`,
        method: "POST",
        path,
        headers: { ...JSON_HEADERS, "Content-Type": "application/json" },
        body: "{}",
      }),
    target: (service, action, name, version, body) =>
      send(service, {
        action,
        method: "POST",
        path: "/",
        headers: { "Content-Type": `application/x-amz-json-${version}`, "X-Amz-Target": name },
        body: JSON.stringify(body),
      }),
  }
}

/** Most pages of a list: a list that never ends must not hold up everything else. */
const MAX_PAGES = 50

interface Page<A> {
  readonly items: ReadonlyArray<A>
  /** Null on the last page. */
  readonly next: string | null
}

/** All pages of a list, each a request of its own; the first one is asked for without a token. */
export const allPages = <A>(
  page: (token: string | null) => Effect.Effect<Page<A>, AwsFailed>,
): Effect.Effect<ReadonlyArray<A>, AwsFailed> =>
  Effect.gen(function* () {
    const found: A[] = []
    let token: string | null = null
    for (let n = 0; n < MAX_PAGES; n++) {
      const { items, next }: Page<A> = yield* page(token)
      found.push(...items)
      if (next === null) break
      token = next
    }
    return found
  })
