/** Reads the schemas of the OpenAPI document, for bodies that are made from them. */
import { isObject, type Json, type JsonObject, nameOfRef } from "../json-schema.ts"

export const listOf = (value: Json | undefined): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])
export const numberOf = (value: Json | undefined): number | undefined => (typeof value === "number" ? value : undefined)

/** Names of the JSON types that a schema takes. */
export const typesOf = (schema: JsonObject): ReadonlyArray<Json> => {
  const { const: value, enum: values, type } = schema
  if (type === undefined)
    return [...listOf(values), ...(value === undefined ? [] : [value])].map((one) =>
      one === null ? "null" : typeof one,
    )
  return Array.isArray(type) ? type : [type]
}

export const propertiesOf = (schema: JsonObject): JsonObject =>
  isObject(schema["properties"]) ? schema["properties"] : {}

export interface SchemaReader {
  /** The choices of a schema, with what they refer to put in their place; itself where it has none. */
  readonly variants: (schema: JsonObject) => ReadonlyArray<JsonObject>
  /** A value that the schema takes. */
  readonly sample: (schema: JsonObject) => Json
}

/** `schemas` is what references name. */
export const schemaReader = (schemas: JsonObject): SchemaReader => {
  const resolve = (schema: JsonObject): JsonObject => {
    const name = nameOfRef(schema)
    const found = name === undefined ? schema : schemas[name]
    return isObject(found) ? found : {}
  }
  const variants = (schema: JsonObject): ReadonlyArray<JsonObject> => {
    const choices = listOf(resolve(schema)["anyOf"])
    return choices.length === 0 ? [resolve(schema)] : choices.filter(isObject).flatMap(variants)
  }

  const sample = (schema: JsonObject): Json => {
    const [one = {}] = variants(schema)
    const [example] = listOf(one["examples"])
    if (example !== undefined) return example
    const [literal] = listOf(one["enum"])
    if (literal !== undefined) return literal
    switch (typesOf(one)[0]) {
      case "object":
        return Object.fromEntries(
          listOf(one["required"]).map((name) => {
            const property = propertiesOf(one)[String(name)]
            return [String(name), sample(isObject(property) ? property : {})]
          }),
        )
      case "array": {
        const { items, minItems } = one
        return Array.from({ length: numberOf(minItems) ?? 0 }, () => sample(isObject(items) ? items : {}))
      }
      case "boolean":
        return true
      case "integer":
      case "number":
        return numberOf(one["minimum"]) ?? 0
      default:
        return "x".repeat(Math.max(1, numberOf(one["minLength"]) ?? 1))
    }
  }
  return { variants, sample }
}
