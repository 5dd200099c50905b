/**
 * JSON Schema of the Effect schemas that validate, as OpenAPI 3.1 has it: by name, with what is named elsewhere as
 * a reference.
 */
import { JSONSchema, type Schema } from "effect"
import type { Json, JsonObject } from "./operations/json.ts"

export type { Json, JsonObject }

/** A schema that the document names. */
export interface Named {
  readonly schema: Schema.Schema.AnyNoContext
  readonly description: string
  /** Bodies of requests: unknown fields are refused. */
  readonly strict?: true
  readonly examples?: ReadonlyArray<Json>
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isEmpty = (value: Json | undefined) =>
  value !== undefined && typeof value === "object" && Object.keys(value ?? {}).length === 0

const REF = "#/components/schemas/"
export const refTo = (name: string): JsonObject => ({ $ref: `${REF}${name}` })
/** A reference to a component of the document that is no schema. */
export const reference = (kind: "parameters" | "headers" | "examples", name: string): JsonObject => ({
  $ref: `#/components/${kind}/${name}`,
})
export const nameOfRef = (schema: JsonObject): string | undefined =>
  typeof schema["$ref"] === "string" ? schema["$ref"].slice(REF.length) : undefined

/** What Effect writes of itself about a refinement, and what says nothing. */
const isNoise = (key: string, value: Json | undefined) =>
  key === "title" ||
  key === "description" ||
  key === "$schema" ||
  key === "$id" ||
  ((key === "required" || key === "properties") && isEmpty(value)) ||
  (key === "additionalProperties" && value === true)

const SCALARS = new Set<Json | undefined>(["string", "number", "integer", "boolean", "array"])

/** `anyOf` of one plain type and null, as one type that may be null. */
const withNull = (schema: JsonObject): JsonObject => {
  const choices = schema["anyOf"]
  if (!Array.isArray(choices) || choices.length !== 2) return schema
  const [one, none] = choices as ReadonlyArray<Json>
  if (!isObject(one) || !isObject(none) || none["type"] !== "null" || !SCALARS.has(one["type"])) return schema
  const { enum: values, type, ...rest } = one
  return { ...rest, type: [type ?? null, "null"], ...(Array.isArray(values) ? { enum: [...values, null] } : {}) }
}

/** @param shared definitions that Effect made of identifiers, such as `Int` */
const tidy = (value: Json, shared: JsonObject, inProperties = false): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => tidy(item, shared))
  if (!isObject(value)) return value
  const whole =
    isObject(shared["Int"]) && nameOfRef(value) === "Int" ? { ...shared["Int"], ...value, $ref: null } : value
  const entries = Object.entries(whole).filter(
    ([key, item]) => inProperties || (!isNoise(key, item) && !(key === "$ref" && item === null)),
  )
  const cleaned = Object.fromEntries(
    entries.map(([key, item]) => [key, tidy(item, shared, !inProperties && key === "properties")]),
  )
  return inProperties ? cleaned : withNull(cleaned)
}

const own = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject

const plainOf = ({ schema, strict }: Named, shared: Record<string, JSONSchema.JsonSchema7>): JsonObject =>
  own(
    JSONSchema.fromAST(schema.ast, {
      definitions: shared,
      definitionPath: REF,
      target: "openApi3.1",
      topLevelReferenceStrategy: "skip",
      additionalPropertiesStrategy: strict === true ? "strict" : "allow",
    }),
  )

export type DescribeField = (component: string, field: string) => string | undefined

/** The schemas by name. Whatever has the shape of one of them refers to it. */
export const componentsOf = (
  named: Readonly<Record<string, Named>>,
  describe: DescribeField,
): Readonly<Record<string, JsonObject>> => {
  const shared: Record<string, JSONSchema.JsonSchema7> = {}
  const drafts = Object.entries(named).map(([name, one]) => [name, one, plainOf(one, shared)] as const)
  const definitions = own(shared)
  const tidied = drafts.map(([name, one, draft]) => [name, one, tidy(draft, definitions) as JsonObject] as const)
  const names = new Map(tidied.map(([name, , schema]) => [JSON.stringify(schema), name]))

  /** @param component whose fields these are */
  const refer = (value: Json, component: string, top: boolean, inProperties = false): Json => {
    if (Array.isArray(value)) return value.map((item: Json) => refer(item, component, false))
    if (!isObject(value)) return value
    const known = top || inProperties ? undefined : names.get(JSON.stringify(value))
    if (known !== undefined) return refTo(known)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const inner = refer(item, component, false, !inProperties && key === "properties")
        const description = inProperties ? describe(component, key) : undefined
        return [key, description === undefined || !isObject(inner) ? inner : { ...inner, description }]
      }),
    )
  }
  return Object.fromEntries(
    tidied.map(([name, { description, examples }, schema]) => [
      name,
      { description, ...(refer(schema, name, true) as JsonObject), ...(examples === undefined ? {} : { examples }) },
    ]),
  )
}
