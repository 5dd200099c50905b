/** The API as an OpenAPI 3.1 document, from the schemas that validate and the tables of `operations/`. */
import manifest from "../../../package.json" with { type: "json" }
import { components } from "./components.ts"
import { type JsonObject, refTo } from "./json-schema.ts"
import { accountOperations } from "./operations/accounts.ts"
import { allChannelsOperations } from "./operations/all-channels.ts"
import { captureOperations } from "./operations/captures.ts"
import { channelOperations } from "./operations/channels.ts"
import { configOperations } from "./operations/config.ts"
import { historyOperations } from "./operations/history.ts"
import { inputOperations } from "./operations/inputs.ts"
import { medialiveOperations, scheduleOperations } from "./operations/medialive.ts"
import { nodeOperations } from "./operations/nodes.ts"
import { notificationOperations } from "./operations/notifications.ts"
import type { Operation } from "./operations/operation.ts"
import { outputOperations } from "./operations/outputs.ts"
import { partnerLinkOperations } from "./operations/partner-links.ts"
import { scte35Operations } from "./operations/scte35.ts"
import { serviceOperations } from "./operations/service.ts"
import { templateOperations } from "./operations/templates.ts"
import { parametersOf, sharedParameters } from "./parameters.ts"
import { HEADERS, problemExamples, responsesOf } from "./responses.ts"

/** Every request that there is; `document.test.ts` compares them with the routes. */
export const OPERATIONS: ReadonlyArray<Operation> = [
  ...channelOperations,
  ...allChannelsOperations,
  ...historyOperations,
  ...scheduleOperations,
  ...outputOperations,
  ...captureOperations,
  ...partnerLinkOperations,
  ...templateOperations,
  ...scte35Operations,
  ...configOperations,
  ...inputOperations,
  ...nodeOperations,
  ...notificationOperations,
  ...medialiveOperations,
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
  ["Nodes", "Several machines that share a database, and which of them runs which channel"],
  ["Notifications", "Mails, chat messages and webhooks about what is wrong"],
  ["MediaLive", "AWS Elemental MediaLive beside the channels: seen, checked, started, stopped, and what it costs"],
  ["Access", "Users and API keys with their roles, and who asked for which change"],
  ["Service", "Health, metrics, the live feed, this document"],
]

const bodyOf = (name: string, yaml: true | undefined): JsonObject => {
  const types = ["application/json", ...(yaml === true ? ["application/yaml"] : [])]
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema: refTo(name) }])) }
}

const operationOf = (operation: Operation): JsonObject => {
  const { body, description, free, id, summary, tag, yaml } = operation
  const parameters = parametersOf(operation)
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(free === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyOf(body, yaml) }),
    responses: responsesOf(operation),
  }
}

/** Schemas that are referred to, by paths or by schemas that are. */
const referredTo = (
  paths: JsonObject,
  schemas: Readonly<Record<string, JsonObject>>,
): Readonly<Record<string, JsonObject>> => {
  const found = new Set<string>()
  const follow = (value: unknown): void => {
    for (const [, name = ""] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name)) continue
      found.add(name)
      follow(schemas[name] ?? {})
    }
  }
  follow(paths)
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => found.has(name)))
}

const pathsOf = (operations: ReadonlyArray<Operation>): JsonObject => {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const operation of operations) {
    const path = paths[operation.path] ?? {}
    path[operation.method] = operationOf(operation)
    paths[operation.path] = path
  }
  return paths
}

/** @param medialive false where MediaLive is switched off: nothing is said of it */
export const openApiDocument = (medialive = true): JsonObject => {
  const operations = OPERATIONS.filter(({ tag }) => medialive || tag !== "MediaLive")
  const paths = pathsOf(operations)
  const schemas = components()
  return documentOf(paths, medialive ? schemas : { ...referredTo(paths, schemas) }, medialive)
}

const documentOf = (
  paths: JsonObject,
  schemas: Readonly<Record<string, JsonObject>>,
  medialive: boolean,
): JsonObject => ({
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
  tags: TAGS.filter(([name]) => medialive || name !== "MediaLive").map(([name, description]) => ({
    name,
    description,
  })),
  security: [{ apiKey: [] }, { bearer: [] }, { session: [] }],
  paths,
  components: {
    schemas,
    parameters: sharedParameters(medialive),
    headers: HEADERS,
    examples: problemExamples(),
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
