/** What the OpenAPI document says of parameters: in paths, queries and headers. */
import { KEY_WANTED } from "../request/idempotency.ts"
import { type JsonObject, reference } from "./json-schema.ts"
import type { Operation, Parameter } from "./operations/operation.ts"

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
  leg: {
    name: "leg",
    description: "The source of the channel",
    schema: { type: "string", enum: ["primary", "backup"] },
    example: "primary",
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
  link: {
    name: "link",
    description: "UUID of the partner link",
    schema: { type: "string" },
    example: "0d1f5a9e-5a0b-4a57-9a3e-6f0f3c1b2a50",
  },
  name: { name: "name", description: "Name of the user", schema: { type: "string" }, example: "ada" },
  node: { name: "node", description: "Name of the node", schema: { type: "string" }, example: "node-a" },
  crash: {
    name: "crash",
    description: "Id of the crash",
    schema: { type: "string" },
    example: "2026-11-24T12-00-00.000Z-1",
  },
  engine: { name: "engine", description: "Number of the engine", schema: { type: "string" }, example: "1" },
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
  medialive_id: {
    name: "id",
    description: "Id of the MediaLive channel",
    schema: { type: "string" },
    example: "1234567",
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
  change: {
    name: "change",
    description: "Number of the change",
    schema: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    example: 7,
  },
  file: {
    name: "file",
    description: "Name of a playlist or segment",
    schema: { type: "string", maxLength: 128, pattern: "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.(m3u8|ts)$" },
    example: "index.m3u8",
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

const namesInPath = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name)

/** What `id` stands for, where it is no channel; inputs and their outputs are known by numbers. */
const OTHERS = [
  ["/api/inputs/", "input_"],
  ["/api/keys/", "key_"],
  ["/api/notifications/destinations/", "destination_"],
  ["/api/notifications/mutes/", "mute_"],
  ["/api/medialive/channels/", "medialive_"],
] as const
const pathParameter = (path: string, name: string): JsonObject =>
  reference("parameters", `${OTHERS.find(([begin]) => path.startsWith(begin))?.[1] ?? ""}${name}`)

/** The parameters of an operation: what is in its path, its query, and the headers that it heeds. */
export const parametersOf = ({ conditional, idempotent, path, query = [] }: Operation): ReadonlyArray<JsonObject> => [
  ...namesInPath(path).map((name) => pathParameter(path, name)),
  ...query.map((one) => parameter("query", one)),
  ...(conditional === true ? [reference("parameters", "If-Match")] : []),
  ...(idempotent === true ? [reference("parameters", "Idempotency-Key")] : []),
]

/** The parameters that operations refer to, by name. */
export const sharedParameters = (medialive: boolean): JsonObject => ({
  ...Object.fromEntries(
    Object.entries(PATH_PARAMETERS)
      .filter(([name]) => medialive || name !== "medialive_id")
      .map(([name, one]) => [name, parameter("path", one)]),
  ),
  ...Object.fromEntries(Object.entries(REQUEST_HEADERS).map(([name, one]) => [name, parameter("header", one)])),
})
