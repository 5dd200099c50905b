/** What the OpenAPI document says of answers: an operation's own, and the problems that it may be refused with. */
import { KINDS, type ProblemKind } from "../request/problem.ts"
import { type Json, type JsonObject, reference, refTo } from "./json-schema.ts"
import type { Answer, AnswerHeader, Operation } from "./operations/operation.ts"

const ANY_REQUEST: ReadonlyArray<ProblemKind> = [
  "bad-request",
  "forbidden",
  "too-many-requests",
  "internal-error",
  "timeout",
]
const ANY_BODY: ReadonlyArray<ProblemKind> = ["invalid-input", "content-too-large", "unsupported-media-type"]

/** The headers of answers that operations refer to, by name. */
export const HEADERS: Readonly<Record<AnswerHeader, JsonObject>> = {
  ETag: {
    description: "State of the configuration, for `If-Match`; of files and this document, of the bytes",
    schema: { type: "string" },
  },
  Location: { description: "Where it is", schema: { type: "string", format: "uri-reference" } },
  "Idempotency-Replayed": {
    description: "`true` when the answer is that of an earlier request with the same key",
    schema: { type: "string", enum: ["true"] },
  },
}
const answerOf = ({ content = {}, description, headers = [], schema }: Answer): JsonObject => {
  const types: ReadonlyArray<readonly [string, Json]> = [
    ...(schema === undefined ? [] : [["application/json", { schema: refTo(schema) }] as const]),
    ...Object.entries(content).map(([type, one]) => [type, { schema: one }] as const),
  ]
  return {
    description,
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map((name) => [name, reference("headers", name)])) }),
    ...(types.length === 0 ? {} : { content: Object.fromEntries(types) }),
  }
}

const problemsOf = ({
  body,
  conditional,
  free,
  idempotent,
  method,
  problems = [],
}: Operation): ReadonlyArray<ProblemKind> => [
  ...new Set<ProblemKind>([
    ...ANY_REQUEST,
    ...(free === true ? [] : (["unauthorized"] as const)),
    ...(body === undefined ? [] : ANY_BODY),
    ...(conditional === true ? (["precondition-failed"] as const) : []),
    ...(idempotent === true ? (["idempotency-key-reused"] as const) : []),
    ...problems,
    ...(method !== "get" && problems.includes("store-unavailable") ? (["outcome-unknown"] as const) : []),
  ]),
]

/** One answer for each status, with an example of each kind. */
const refusals = (kinds: ReadonlyArray<ProblemKind>): ReadonlyArray<readonly [string, JsonObject]> =>
  [...new Set(kinds.map((kind) => KINDS[kind][0]))].map((status) => {
    const same = kinds.filter((kind) => KINDS[kind][0] === status)
    const examples = Object.fromEntries(same.map((kind) => [kind, reference("examples", kind)]))
    const description = same.map((kind) => KINDS[kind][1]).join("; or: ")
    return [
      String(status),
      { description, content: { "application/problem+json": { schema: refTo("Problem"), examples } } },
    ]
  })

/** The answers of an operation by status. A status that is an answer and a refusal has both contents. */
export const responsesOf = (operation: Operation): JsonObject => {
  const found = new Map<string, JsonObject>(refusals(problemsOf(operation)))
  for (const [status, answer] of Object.entries(operation.answers)) {
    const one = answerOf(answer)
    const other = found.get(status)
    found.set(
      status,
      other === undefined
        ? one
        : {
            ...one,
            description: `${one["description"]}; or: ${other["description"]}`,
            content: { ...(one["content"] as JsonObject), ...(other["content"] as JsonObject) },
          },
    )
  }
  return Object.fromEntries([...found].sort(([a], [b]) => Number(a) - Number(b)))
}

const problemExample = (kind: ProblemKind): JsonObject => {
  const [status, title] = KINDS[kind]
  const detail =
    kind === "invalid-input"
      ? "rtp_port: must be a whole number from 1 to 65535 or null, got 70000"
      : `${title.charAt(0).toLowerCase()}${title.slice(1)}`
  const errors =
    kind === "invalid-input"
      ? { errors: [{ path: "rtp_port", message: "must be a whole number from 1 to 65535 or null, got 70000" }] }
      : {}
  const value = {
    type: `urn:stream-distributor:problem:${kind}`,
    title,
    status,
    detail,
    instance: "/api/channels",
    ...errors,
  }
  return { summary: title, value }
}

/** An example of each problem, by its kind. */
export const problemExamples = (): JsonObject =>
  Object.fromEntries((Object.keys(KINDS) as ReadonlyArray<ProblemKind>).map((kind) => [kind, problemExample(kind)]))
