/** The API as an OpenAPI 3.1 document, from the schemas that validate and the tables of `operations/`. */
import manifest from "../../../package.json" with { type: "json" }
import { KEY_WANTED } from "../request/idempotency.ts"
import { KINDS, type ProblemKind } from "../request/problem.ts"
import { components } from "./components.ts"
import { type Json, type JsonObject, refTo } from "./json-schema.ts"
import { accountOperations } from "./operations/accounts.ts"
import { allChannelsOperations } from "./operations/all-channels.ts"
import { channelOperations } from "./operations/channels.ts"
import { configOperations } from "./operations/config.ts"
import { historyOperations } from "./operations/history.ts"
import { inputOperations } from "./operations/inputs.ts"
import { notificationOperations } from "./operations/notifications.ts"
import type { Answer, AnswerHeader, Operation, Parameter } from "./operations/operation.ts"
import { outputOperations } from "./operations/outputs.ts"
import { scte35Operations } from "./operations/scte35.ts"
import { serviceOperations } from "./operations/service.ts"
import { templateOperations } from "./operations/templates.ts"

/** Every request that there is; `document.test.ts` compares them with the routes. */
export const OPERATIONS: ReadonlyArray<Operation> = [
  ...channelOperations,
  ...allChannelsOperations,
  ...historyOperations,
  ...outputOperations,
  ...templateOperations,
  ...scte35Operations,
  ...configOperations,
  ...inputOperations,
  ...notificationOperations,
  ...accountOperations,
  ...serviceOperations,
]

const TAGS: ReadonlyArray<readonly [string, string]> = [
  ["Channels", "Each takes one MPEG-TS programme over RTP or UDP, from a primary and an optional backup source"],
  ["Outputs", "Where a channel goes: SRT, RTMP, UDP, RTP, RTSP, HLS, files"],
  ["Templates", "Outputs with places for what differs from channel to channel"],
  ["HLS", "Playlists and segments for players"],
  ["SCTE-35", "Ad markers: decoded, followed, proven and inserted"],
  ["Configuration", "All channels as one document: shown, compared, applied, rolled back"],
  ["Inputs", "The same channels by number, for systems that count inputs"],
  ["Notifications", "Mails, chat messages and webhooks about what is wrong"],
  ["Access", "Users and API keys with their roles, and who asked for which change"],
  ["Service", "Health, metrics, the live feed, this document"],
]

const ANY_REQUEST: ReadonlyArray<ProblemKind> = [
  "bad-request",
  "forbidden",
  "too-many-requests",
  "internal-error",
  "timeout",
]
const ANY_BODY: ReadonlyArray<ProblemKind> = ["invalid-input", "content-too-large", "unsupported-media-type"]

/** What is in the path, by its name. */
const PATH_PARAMETERS: Readonly<Record<string, Parameter>> = {
  id: {
    name: "id",
    description: "UUID, slug or number of the channel",
    schema: { type: "string" },
    example: "main-event",
  },
  output_id: {
    name: "output_id",
    description: "UUID or slug of the output",
    schema: { type: "string" },
    example: "cdn",
  },
  input_id: {
    name: "id",
    description: "Number of the input; UUID and slug of the channel as well",
    schema: { type: "string" },
    example: "1",
  },
  input_output_id: {
    name: "output_id",
    description: "Number of the output within the input; its UUID and slug as well",
    schema: { type: "string" },
    example: "1",
  },
  name: { name: "name", description: "Name of the user", schema: { type: "string" }, example: "ada" },
  template: { name: "template", description: "Name of the template", schema: { type: "string" }, example: "cdn-main" },
  key_id: {
    name: "id",
    description: "UUID of the key",
    schema: { type: "string" },
    example: "0d1f5a9e-5a0b-4a57-9a3e-6f0f3c1b2a4d",
  },
  destination_id: {
    name: "id",
    description: "UUID of the destination",
    schema: { type: "string" },
    example: "0d1f5a9e-5a0b-4a57-9a3e-6f0f3c1b2a4e",
  },
  mute_id: {
    name: "id",
    description: "UUID of the mute",
    schema: { type: "string" },
    example: "0d1f5a9e-5a0b-4a57-9a3e-6f0f3c1b2a4f",
  },
  key: {
    name: "key",
    description: "Key of the notice",
    schema: { type: "string" },
    example: "output_down:main-event:cdn",
  },
  version: {
    name: "version",
    description: "Number of the version",
    schema: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    example: 3,
  },
  file: {
    name: "file",
    description: "Name of a playlist or segment",
    schema: { type: "string", maxLength: 128, pattern: "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.(m3u8|ts)$" },
    example: "index.m3u8",
  },
}

const HEADERS: Readonly<Record<AnswerHeader, JsonObject>> = {
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
const REQUEST_HEADERS: Readonly<Record<"If-Match" | "Idempotency-Key", Parameter>> = {
  "If-Match": {
    name: "If-Match",
    description: "The `ETag` of the state that the change rests on; 412 when it is another by now",
    schema: { type: "string" },
    example: '"Zm9vYmFyYmF6cXV4MTIzNA"',
  },
  "Idempotency-Key": {
    name: "Idempotency-Key",
    description: `${KEY_WANTED}. The same request with the same key is done once, and gets the same answer for 24 h`,
    schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[!-~]+$" },
    example: "9f0c2b1e-3c55-4d0a-9e0f-2a7a6f0f7d11",
  },
}

const parameter = (
  where: "path" | "query" | "header",
  { description, example, name, schema }: Parameter,
): JsonObject => ({
  name,
  in: where,
  required: where === "path",
  description,
  schema,
  ...(example === undefined ? {} : { example }),
})

const reference = (kind: "parameters" | "headers" | "examples", name: string): JsonObject => ({
  $ref: `#/components/${kind}/${name}`,
})

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

/** A status of both kinds has both contents. */
const responses = (operation: Operation): JsonObject => {
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

const namesInPath = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name)

/** What `id` stands for, where it is no channel; inputs and their outputs are known by numbers. */
const OTHERS = [
  ["/api/inputs/", "input_"],
  ["/api/keys/", "key_"],
  ["/api/notifications/destinations/", "destination_"],
  ["/api/notifications/mutes/", "mute_"],
] as const
const pathParameter = (path: string, name: string): JsonObject =>
  reference("parameters", `${OTHERS.find(([begin]) => path.startsWith(begin))?.[1] ?? ""}${name}`)

const bodyOf = (name: string, yaml: true | undefined): JsonObject => {
  const types = ["application/json", ...(yaml === true ? ["application/yaml"] : [])]
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema: refTo(name) }])) }
}

const operationOf = (operation: Operation): JsonObject => {
  const { body, conditional, description, free, id, idempotent, path, query = [], summary, tag, yaml } = operation
  const parameters: ReadonlyArray<JsonObject> = [
    ...namesInPath(path).map((name) => pathParameter(path, name)),
    ...query.map((one) => parameter("query", one)),
    ...(conditional === true ? [reference("parameters", "If-Match")] : []),
    ...(idempotent === true ? [reference("parameters", "Idempotency-Key")] : []),
  ]
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(free === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyOf(body, yaml) }),
    responses: responses(operation),
  }
}

const problemExample = (kind: ProblemKind): JsonObject => {
  const [status, title] = KINDS[kind]
  const detail =
    kind === "invalid-input"
      ? "rtp_port: must be a whole number from 1 to 65535, got 70000"
      : `${title.charAt(0).toLowerCase()}${title.slice(1)}`
  const errors =
    kind === "invalid-input"
      ? { errors: [{ path: "rtp_port", message: "must be a whole number from 1 to 65535, got 70000" }] }
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

const pathsOf = (): JsonObject => {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const operation of OPERATIONS) {
    const path = paths[operation.path] ?? {}
    path[operation.method] = operationOf(operation)
    paths[operation.path] = path
  }
  return paths
}

const kinds = Object.keys(KINDS) as ReadonlyArray<ProblemKind>

export const openApiDocument = (): JsonObject => ({
  openapi: "3.1.0",
  jsonSchemaDialect: "https://spec.openapis.org/oas/3.1/dialect/base",
  info: {
    title: "Stream Distributor",
    version: manifest.version,
    description:
      "Takes live MPEG-TS channels and hands them, untouched, to many outputs. JSON in snake_case; a body is 1 MiB at most for a configuration, channels, templates and what is done to many, 256 KiB for anything else, nested 64 levels at most, with 200 fields an object at most, without unknown fields or keys given twice. Of mistakes the first 50 are named. Text holds no control characters. HEAD and OPTIONS are answered wherever GET, or anything, is.",
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/" }],
  tags: TAGS.map(([name, description]) => ({ name, description })),
  security: [{ apiKey: [] }, { bearer: [] }, { session: [] }],
  paths: pathsOf(),
  components: {
    schemas: components(),
    parameters: {
      ...Object.fromEntries(Object.entries(PATH_PARAMETERS).map(([name, one]) => [name, parameter("path", one)])),
      ...Object.fromEntries(Object.entries(REQUEST_HEADERS).map(([name, one]) => [name, parameter("header", one)])),
    },
    headers: HEADERS,
    examples: Object.fromEntries(kinds.map((kind) => [kind, problemExample(kind)])),
    securitySchemes: {
      apiKey: {
        type: "apiKey",
        in: "header",
        name: "X-API-Key",
        description: "The key of `API_KEY`, or one of `/api/keys`. Without any key or user none is asked for",
      },
      bearer: { type: "http", scheme: "bearer", description: "The same key" },
      session: {
        type: "apiKey",
        in: "cookie",
        name: "distributor_session",
        description: "Given by `/login` to people, for 7 days",
      },
    },
  },
})
