/** Answers that say what is wrong, as RFC 9457 problem details. */
import { Data } from "effect"
import type {
  AwsFailed,
  Conflict,
  EngineUnavailable,
  FieldError,
  InvalidInput,
  NotFound,
  StoreError,
} from "../../effects/model/Errors.ts"

/** Every kind of problem: its `type` is `urn:stream-distributor:problem:<kind>`. */
export const KINDS = {
  "bad-request": [400, "The request cannot be understood"],
  "invalid-input": [400, "Some of the input is not valid"],
  unauthorized: [401, "A valid API key is needed"],
  forbidden: [403, "The request is not allowed"],
  "not-found": [404, "Not found"],
  "method-not-allowed": [405, "The method is not allowed here"],
  conflict: [409, "The request contradicts what exists"],
  "precondition-failed": [412, "What the request rests on has changed"],
  "content-too-large": [413, "The body is too large"],
  "unsupported-media-type": [415, "The content type is not supported"],
  "idempotency-key-reused": [422, "The idempotency key was used for another request"],
  "upgrade-required": [426, "This is a WebSocket"],
  "too-many-requests": [429, "There were too many requests"],
  "internal-error": [500, "The service failed"],
  "aws-failed": [502, "AWS refused the request or did not answer"],
  "store-unavailable": [503, "The configuration store is not available"],
  "outcome-unknown": [503, "It is not known whether the change was stored"],
  "node-unreachable": [503, "The node that runs the channel does not answer"],
  "engine-unavailable": [503, "The engine is not available"],
  timeout: [503, "The service did not answer in time"],
} as const
export type ProblemKind = keyof typeof KINDS

export interface Problem {
  readonly kind: ProblemKind
  readonly status: number
  readonly detail: string
  readonly errors: ReadonlyArray<FieldError>
  readonly headers: Readonly<Record<string, string>>
}

/** Refusals by the HTTP side itself; the control plane's errors are in `effects/model/Errors.ts`. */
export class Refused extends Data.TaggedError("Refused")<{ readonly problem: Problem }> {}

/** Everything a handler's Effect may fail with. */
export type ApiError = InvalidInput | NotFound | Conflict | AwsFailed | StoreError | EngineUnavailable | Refused

export const makeProblem = (
  kind: ProblemKind,
  detail: string,
  more: { readonly errors?: ReadonlyArray<FieldError>; readonly headers?: Readonly<Record<string, string>> } = {},
): Problem => ({ kind, status: KINDS[kind][0], detail, errors: more.errors ?? [], headers: more.headers ?? {} })

/** Longest detail, in characters: short enough for a person to read to the end, and for a log line. */
const MAX_DETAIL = 500
const shorten = (text: string) => (text.length > MAX_DETAIL ? `${text.slice(0, MAX_DETAIL)}…` : text)

/** True for what may work a little later. */
const isAwsBusy = ({ status }: AwsFailed): boolean => status === 0 || status === 429 || status >= 500

export const problemOf = (error: ApiError): Problem => {
  switch (error._tag) {
    case "Refused":
      return error.problem
    case "InvalidInput":
      return makeProblem("invalid-input", error.message, { errors: error.errors })
    case "Conflict":
      return makeProblem("conflict", error.message, { errors: error.errors })
    case "NotFound":
      return makeProblem("not-found", error.message)
    case "AwsFailed":
      return makeProblem("aws-failed", error.message, isAwsBusy(error) ? { headers: { "Retry-After": "5" } } : {})
    case "StoreError":
      return makeProblem(error.outcome === "unknown" ? "outcome-unknown" : "store-unavailable", error.message, {
        headers: { "Retry-After": "2" },
      })
    case "EngineUnavailable":
      return makeProblem("engine-unavailable", error.message, { headers: { "Retry-After": "2" } })
  }
}

/** Most errors named; more help nobody, and each of a thousand query parameters could be one. */
const MAX_ERRORS = 50

/**
 * A problem as an answer.
 * @param instance path of the request, without its query (which could hold what should not be repeated)
 */
export const problemResponse = (problem: Problem, instance: string): Response =>
  new Response(
    JSON.stringify({
      type: `urn:stream-distributor:problem:${problem.kind}`,
      title: KINDS[problem.kind][1],
      status: problem.status,
      detail: shorten(problem.detail),
      instance: shorten(instance),
      ...(problem.errors.length > 0 ? { errors: problem.errors.slice(0, MAX_ERRORS) } : {}),
    }),
    { status: problem.status, headers: { "Content-Type": "application/problem+json", ...problem.headers } },
  )
