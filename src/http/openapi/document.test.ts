import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { KINDS } from "../request/problem.ts"
import { makeTestApp, withKey } from "../testing/test-app.ts"
import { NAMED, OF_THE_SPECIFICATION } from "./components.ts"
import { OPERATIONS, openApiDocument } from "./document.ts"
import { isObject, type Json, type JsonObject } from "./json-schema.ts"

const document = openApiDocument()
const object = (value: Json | undefined): JsonObject => {
  if (!isObject(value)) throw new Error(`not an object: ${JSON.stringify(value)}`)
  return value
}
const list = (value: Json | undefined): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])
const at = (pointer: string): Json | undefined =>
  pointer
    .slice(2)
    .split("/")
    .reduce<Json | undefined>(
      (value, key) => (isObject(value) ? value[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
      document,
    )
const components = object(document["components"])
const operations = Object.entries(object(document["paths"])).flatMap(([path, methods]) =>
  Object.entries(object(methods)).map(([method, operation]) => ({ path, method, operation: object(operation) })),
)

/** The rest are pages and their files, for people. */
const API = /^\/(?:api\/|hls\/:|metrics$|livez$|readyz$)/

describe("the document's requests", () => {
  const { app } = makeTestApp()
  /** The WebSocket is mounted on the server, and is only described here. */
  const served = [
    "GET /ws",
    ...app.routes
      .filter(({ method, path }) => /^(GET|POST|PUT|DELETE|PATCH)$/.test(method) && API.test(path))
      .map(({ method, path }) => `${method} ${path.replace(/:output\b/, "{output_id}").replace(/:(\w+)/g, "{$1}")}`),
  ]
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)

  it("are the app's", () => {
    expect(described.filter((one) => !served.includes(one)).sort()).toEqual([])
    expect(served.filter((one) => !described.includes(one)).sort()).toEqual([])
  })

  it("are each described once", () => {
    expect(OPERATIONS.length).toBe(described.length)
    const ids = operations.map(({ operation }) => operation["operationId"])
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]+$/)
  })

  it("answer 401 to whom shows no key exactly where the document asks for one", async () => {
    const { app } = makeTestApp({ settings: withKey("secret") })
    for (const { method, operation, path } of operations) {
      if (path === "/ws") continue
      const response = await app.request(path.replaceAll(/\{\w+\}/g, "1"), {
        method: method.toUpperCase(),
        redirect: "manual",
      })
      const free = operation["security"] !== undefined
      expect([path, response.status === 401 || response.status === 303]).toEqual([path, !free])
      expect(object(operation["responses"])["401"] === undefined).toBe(free)
    }
  })
})

describe("the document's form", () => {
  it("is OpenAPI 3.1", () => {
    expect(document["openapi"]).toBe("3.1.0")
    expect(Object.keys(document).sort()).toEqual(
      ["components", "info", "jsonSchemaDialect", "openapi", "paths", "security", "servers", "tags"].sort(),
    )
    expect(object(document["info"])).toMatchObject({
      title: expect.any(String),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
    const schemes = object(components["securitySchemes"])
    for (const requirement of list(document["security"]))
      for (const name of Object.keys(object(requirement))) expect(schemes).toHaveProperty(name)
    const tags = list(document["tags"]).map((tag) => object(tag)["name"])
    expect(new Set(operations.flatMap(({ operation }) => list(operation["tags"])))).toEqual(new Set(tags))
  })

  it("refers only to what it has, and has nothing that is not referred to", () => {
    const references = new Set(
      [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, pointer = ""]) => pointer),
    )
    for (const pointer of references) expect(at(pointer), pointer).toBeDefined()
    for (const kind of ["schemas", "parameters", "headers"]) {
      for (const name of Object.keys(object(components[kind]))) {
        expect(references, `${kind} ${name}`).toContain(`#/components/${kind}/${name}`)
      }
    }
    for (const name of Object.keys(components)) {
      expect(["schemas", "parameters", "headers", "examples", "securitySchemes"]).toContain(name)
    }
  })

  it("has every parameter of a path, and no other, and bounds or words for those of queries", () => {
    for (const { operation, path } of operations) {
      const parameters = list(operation["parameters"]).map((one) => {
        const { $ref } = object(one)
        return typeof $ref === "string" ? object(at($ref)) : object(one)
      })
      const inPath = parameters.filter((one) => one["in"] === "path")
      expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
      for (const one of inPath) expect(one["required"]).toBe(true)
      const keys = parameters.map((one) => `${one["in"]} ${one["name"]}`)
      expect(new Set(keys).size).toBe(keys.length)
      for (const one of parameters) {
        expect(["path", "query", "header"]).toContain(one["in"])
        expect(one["description"]).toEqual(expect.stringMatching(/\S/))
        expect(object(one["schema"])["type"]).toMatch(/^(string|integer)$/)
      }
    }
  })

  it("has answers with statuses, descriptions and contents, and problems in their own type", () => {
    for (const { method, operation, path } of operations) {
      const responses = Object.entries(object(operation["responses"]))
      expect(
        responses.some(([status]) => /^[123]/.test(status)),
        `${method} ${path}`,
      ).toBe(true)
      for (const [status, value] of responses) {
        const response = object(value)
        expect(status).toMatch(/^[1-5]\d\d$/)
        expect(response["description"]).toEqual(expect.stringMatching(/\S/))
        if (/^[45]/.test(status)) expect(object(response["content"])).toHaveProperty(["application/problem+json"])
        if (status === "204" || status === "304") expect(response).not.toHaveProperty("content")
      }
    }
  })

  it("has every kind of problem as an example with its status", () => {
    const examples = object(components["examples"])
    expect(Object.keys(examples)).toEqual(Object.keys(KINDS))
    for (const [kind, [status, title]] of Object.entries(KINDS)) {
      expect(object(examples[kind])["value"]).toMatchObject({
        type: `urn:stream-distributor:problem:${kind}`,
        status,
        title,
      })
    }
  })

  it("shows the regular expressions by which texts are checked, as clients can use them", () => {
    const schemas = object(components["schemas"])
    const fieldOf = (schema: string, name: string) => object(object(object(schemas[schema])["properties"])[name])
    const takes = (schema: string, name: string, text: string) => {
      const { allOf = [], pattern } = fieldOf(schema, name)
      const patterns = [pattern, ...list(allOf).map((one) => object(one)["pattern"])].filter(
        (one) => typeof one === "string",
      )
      expect(patterns, `${schema}.${name}`).not.toEqual([])
      return patterns.every((one) => new RegExp(one, "u").test(text))
    }
    for (const [schema, name, right, wrong] of [
      ["ChannelInput", "name", "Ärger 📺", "a\u0000b"],
      ["OutputInput", "stream_key", "abc d", "a\nb"],
      ["UserInput", "name", "ada@example.com", "-ada"],
      ["UserInput", "password", "correct horse", "a\u0007b"],
      ["TemplateInput", "name", "cdn-main", "CDN"],
      ["DestinationInput", "url", "HTTPS://hooks.example.com/x", "ftp://hooks.example.com"],
      ["DestinationInput", "host", "mail.example.com", "mail example"],
    ] as const) {
      expect([name, takes(schema, name, right), takes(schema, name, wrong)]).toEqual([name, true, false])
    }
  })

  it("has schemas with keywords of JSON Schema alone", () => {
    const known = new Set(
      (
        "$ref type enum const anyOf allOf required properties additionalProperties items minItems maxItems minimum maximum minLength maxLength " +
        "pattern format description examples default contentMediaType"
      ).split(" "),
    )
    const check = (schema: JsonObject, where: string): void => {
      for (const [key, value] of Object.entries(schema)) {
        expect(known, `${where}: ${key}`).toContain(key)
        if (key === "items" || (key === "additionalProperties" && isObject(value)))
          check(object(value), `${where}.${key}`)
        if (key === "properties")
          for (const [name, one] of Object.entries(object(value))) check(object(one), `${where}.${name}`)
        if (key === "anyOf" || key === "allOf") for (const one of list(value)) check(object(one), where)
      }
      const properties = schema["properties"] === undefined ? {} : object(schema["properties"])
      for (const name of list(schema["required"])) expect(properties, where).toHaveProperty([String(name)])
    }
    for (const [name, schema] of Object.entries(object(components["schemas"]))) check(object(schema), name)
  })

  it("explains every field", () => {
    const missing = (schema: JsonObject, where: string): ReadonlyArray<string> => [
      ...Object.entries(schema["properties"] === undefined ? {} : object(schema["properties"])).flatMap(
        ([name, value]) => [
          ...(object(value)["description"] === undefined ? [`${where}.${name}`] : []),
          ...missing(object(value), `${where}.${name}`),
        ],
      ),
      ...[...list(schema["anyOf"]), ...(isObject(schema["items"]) ? [schema["items"]] : [])].flatMap((one) =>
        missing(object(one), where),
      ),
    ]
    const schemas = Object.entries(object(components["schemas"])).filter(([name]) => !OF_THE_SPECIFICATION.has(name))
    expect(schemas.flatMap(([name, schema]) => missing(object(schema), name))).toEqual([])
  })

  it("refuses unknown fields in bodies and nowhere else", () => {
    const bodies = new Set(
      OPERATIONS.flatMap(({ body }) => (body === undefined ? [] : [object(object(components["schemas"])[body])])),
    )
    for (const body of bodies) expect(body["additionalProperties"]).toBe(false)
    expect(object(object(components["schemas"])["Channel"])).not.toHaveProperty("additionalProperties")
  })
})

describe("the document's examples", () => {
  it.each(Object.entries(NAMED).filter(([, { examples }]) => examples !== undefined))(
    "of %s are valid",
    (_name, { examples = [], schema }) => {
      for (const example of examples)
        Schema.decodeUnknownSync(schema, { onExcessProperty: "error", errors: "all" })(example)
    },
  )

  it("are there for every body", () => {
    expect(
      OPERATIONS.flatMap(({ body }) => (body === undefined || NAMED[body]?.examples !== undefined ? [] : [body])),
    ).toEqual([])
  })
})

describe("GET /api/openapi.json", () => {
  it("answers with the document, and with 304 to whom has it", async () => {
    const { call } = makeTestApp()
    const response = await call("GET", "/api/openapi.json")
    expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
      200,
      "application/json",
      "no-cache",
    ])
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)))
    const etag = response.headers.get("etag") ?? ""
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    expect((await call("GET", "/api/openapi.json", undefined, { "If-None-Match": etag })).status).toBe(304)
  })
})

describe("GET /api/docs", () => {
  it("shows every request and schema, each where its links lead", async () => {
    const { call } = makeTestApp()
    const response = await call("GET", "/api/docs")
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=UTF-8"])
    const html = await response.text()
    const anchors = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    for (const { id } of OPERATIONS) expect(anchors).toContain(id)
    for (const name of Object.keys(NAMED)) expect(anchors).toContain(`schema-${name}`)
    for (const [, target] of html.matchAll(/ href="#([^"]+)"/g)) expect(anchors, target).toContain(target)
    const etag = response.headers.get("etag") ?? ""
    expect((await call("GET", "/api/docs", undefined, { "If-None-Match": etag })).status).toBe(304)
  })

  it("sends people who show no key to the login", async () => {
    const { call } = makeTestApp({ settings: withKey("secret") })
    const response = await call("GET", "/api/docs")
    expect([response.status, response.headers.get("location")]).toEqual([303, "/login?next=%2Fapi%2Fdocs"])
    expect((await call("GET", "/api/openapi.json")).status).toBe(401)
  })

  it("needs nothing that the content security policy refuses, and nothing from elsewhere", async () => {
    const { call } = makeTestApp()
    const response = await call("GET", "/api/docs")
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'")
    const html = await response.text()
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<iframe/i)
    for (const [, source = ""] of html.matchAll(/\s(?:src|href)="([^"]*)"/g))
      expect(source).toMatch(/^(?:\/(?!\/)|#|data:,$)/)
  })
})
