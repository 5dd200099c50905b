/** The document as a page shows it: operations by tag, and a table of fields for each schema. */
import type {
  ApiDocsPageProps,
  ApiField,
  ApiOperation,
  ApiSchema,
  ApiType,
} from "../../../views/layout/ApiDocsPage.tsx"
import { isObject, type Json, type JsonObject, nameOfRef } from "./json-schema.ts"

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const listOf = (value: Json | undefined): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])
const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "")

const range = (low: Json | undefined, high: Json | undefined, unit: string): string => {
  if (low === undefined && high === undefined) return ""
  if (high === undefined) return low === 0 ? "" : `, ${low}${unit} or more`
  return low === undefined ? `, ${high}${unit} at most` : `, ${low} to ${high}${unit}`
}

const bounds = (schema: JsonObject): string =>
  [
    range(schema["minimum"], schema["maximum"], ""),
    range(schema["minLength"], schema["maxLength"], " characters"),
    range(schema["minItems"], schema["maxItems"], " items"),
  ].join("")

const join = (parts: ReadonlyArray<ApiType>, word: string): ApiType =>
  parts.flatMap((part, i) => (i === 0 ? part : [word, ...part]))

/** The type of a schema in words, the names of other schemas as links. */
const typeOf = (schema: JsonObject): ApiType => {
  const name = nameOfRef(schema)
  if (name !== undefined) return [{ schema: name }]
  const choices = listOf(schema["anyOf"])
  if (choices.length > 0)
    return join(
      choices.map((one) => typeOf(objectOf(one))),
      " or ",
    )
  const values = listOf(schema["enum"])
  if (values.length > 0) return [values.map((value) => JSON.stringify(value)).join(", ")]
  const types = Array.isArray(schema["type"]) ? schema["type"].map(String) : [textOf(schema["type"])]
  const limits = bounds(schema)
  const parts = types.map((type): ApiType => {
    if (type === "null") return ["null"]
    if (type === "array") return ["list of ", ...typeOf(objectOf(schema["items"])), limits]
    if (type === "object" && isObject(schema["additionalProperties"]))
      return ["object of ", ...typeOf(schema["additionalProperties"])]
    const format = schema["format"] === undefined ? "" : ` (${schema["format"]})`
    return [`${type === "" ? "anything" : type}${format}${limits}`]
  })
  return join(parts, " or ")
}

/** Fields of an object, those of objects within it that have no name of their own included. */
const fieldsOf = (schema: JsonObject, prefix = ""): ReadonlyArray<ApiField> =>
  Object.entries(objectOf(schema["properties"])).flatMap(([name, value]) => {
    const property = objectOf(value)
    const path = `${prefix}${name}`
    const field: ApiField = {
      name: path,
      type: typeOf(property),
      required: listOf(schema["required"]).includes(name),
      description: textOf(property["description"]),
    }
    const within = [property, ...listOf(property["anyOf"]).map(objectOf)]
    return [
      field,
      ...within.flatMap((one) => [...fieldsOf(one, `${path}.`), ...fieldsOf(objectOf(one["items"]), `${path}[].`)]),
    ]
  })

const schemaOf = (name: string, schema: JsonObject): ApiSchema => ({
  name,
  description: textOf(schema["description"]),
  variants:
    listOf(schema["anyOf"]).length > 0
      ? listOf(schema["anyOf"]).map((one) => fieldsOf(objectOf(one)))
      : [fieldsOf(schema)],
  examples: listOf(schema["examples"]).map((example) => JSON.stringify(example, null, 2)),
})

export const readingOf = (document: JsonObject): ApiDocsPageProps => {
  const components = objectOf(document["components"])
  const resolve = (value: Json): JsonObject => {
    const [kind, name] = textOf(objectOf(value)["$ref"]).split("/").slice(-2)
    return kind === undefined || name === undefined ? objectOf(value) : objectOf(objectOf(components[kind])[name])
  }
  const contentOf = (value: JsonObject) =>
    Object.entries(objectOf(value["content"])).map(([type, one]) => ({
      type,
      schema: typeOf(objectOf(objectOf(one)["schema"])),
    }))

  const operationOf = (path: string, method: string, operation: JsonObject): ApiOperation => ({
    id: textOf(operation["operationId"]),
    method: method.toUpperCase(),
    path,
    summary: textOf(operation["summary"]),
    description: textOf(operation["description"]),
    free: Array.isArray(operation["security"]),
    parameters: listOf(operation["parameters"]).map((one) => {
      const found = resolve(one)
      const schema = objectOf(found["schema"])
      return {
        name: textOf(found["name"]),
        place: textOf(found["in"]),
        required: found["required"] === true,
        type: typeOf(schema),
        description: textOf(found["description"]),
        standard: schema["default"] === undefined ? "" : JSON.stringify(schema["default"]),
      }
    }),
    body: contentOf(objectOf(operation["requestBody"])),
    answers: Object.entries(objectOf(operation["responses"])).map(([status, one]) => ({
      status,
      description: textOf(objectOf(one)["description"]),
      content: contentOf(objectOf(one)),
    })),
  })

  const all = Object.entries(objectOf(document["paths"])).flatMap(([path, methods]) =>
    Object.entries(objectOf(methods)).map(([method, one]) => ({
      tags: listOf(objectOf(one)["tags"]),
      one: operationOf(path, method, objectOf(one)),
    })),
  )
  const info = objectOf(document["info"])
  return {
    title: textOf(info["title"]),
    version: textOf(info["version"]),
    description: textOf(info["description"]),
    tags: listOf(document["tags"]).map((value) => {
      const tag = objectOf(value)
      const operations = all.filter(({ tags }) => tags.includes(tag["name"] ?? null)).map(({ one }) => one)
      return { name: textOf(tag["name"]), description: textOf(tag["description"]), operations }
    }),
    schemas: Object.entries(objectOf(components["schemas"])).map(([name, one]) => schemaOf(name, objectOf(one))),
  }
}
