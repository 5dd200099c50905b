/** Bodies that are wrong in one place, made from the schemas of the OpenAPI document. */

import { JSON_AT_ONCE } from "../../request/off-thread.ts"
import { isObject, type Json, type JsonObject } from "../json-schema.ts"
import { listOf, numberOf, propertiesOf, type SchemaReader, schemaReader, typesOf } from "./schema-reader.ts"

export interface BadBody {
  /** What is wrong, for the test's message. */
  readonly what: string
  /** Where, as the problem must name it. */
  readonly path: string
  /** What the place takes, as text: equal for the same field of two bodies. */
  readonly takes: string
  readonly body: Json
}

/** A place in a body that anything may be put into. */
export interface Place {
  readonly path: string
  /** As in `BadBody`. */
  readonly takes: string
  readonly put: (value: Json) => Json
}

type Put = (value: Json) => Json
const takesOf = (schema: JsonObject, path: string) =>
  `${path.slice(path.lastIndexOf(".") + 1)} ${JSON.stringify(schema)}`

/** One of each type of JSON, and the type's name; a whole number is a number as well. */
const ONE_OF_EACH: ReadonlyArray<readonly [type: string, value: Json]> = [
  ["null", null],
  ["boolean", true],
  ["integer", 7],
  ["number", 7.5],
  ["string", "x"],
  ["array", []],
  ["object", {}],
]

/** One value of each type that the schema does not take. */
const wrongTypes = (
  schema: JsonObject,
  variants: ReadonlyArray<JsonObject>,
  path: string,
  put: Put,
): ReadonlyArray<BadBody> => {
  const taken = new Set(variants.flatMap(typesOf))
  return ONE_OF_EACH.filter(([type]) => !taken.has(type) && !(type === "integer" && taken.has("number"))).map(
    ([type, value]) => ({
      what: type === "number" ? "a fraction or another type" : `${type} in its place`,
      path,
      takes: takesOf(schema, path),
      body: put(value),
    }),
  )
}

/** Short enough not to be parsed on a thread of its own, each of which takes as long to start as hundreds of answers. */
const LONG_TEXT = "X".repeat(JSON_AT_ONCE / 2)

/** Numbers, texts and lists just beyond what the schema lets them be, and no value of its choices. */
const outOfBounds = (
  schema: JsonObject,
  path: string,
  put: Put,
  sample: SchemaReader["sample"],
): ReadonlyArray<BadBody> => {
  const { items, maxItems, maxLength, maximum, minItems, minLength, minimum } = schema
  const found: BadBody[] = []
  const takes = takesOf(schema, path)
  const add = (what: string, value: Json) => found.push({ what, path, takes, body: put(value) })
  const low = numberOf(minimum)
  const high = numberOf(maximum)
  if (low !== undefined) add("below its bound", low - 1)
  if (high !== undefined) add("above its bound", high < Number.MAX_SAFE_INTEGER ? high + 1 : 1e300)
  if (low !== undefined || high !== undefined) for (const value of [1e300, -1e300]) add(`${value}`, value)
  const shortest = numberOf(minLength)
  const longest = numberOf(maxLength)
  if (shortest !== undefined && shortest > 0) add("too short", "x".repeat(shortest - 1))
  if (longest !== undefined) add("too long", "x".repeat(longest + 1))
  const fewest = numberOf(minItems)
  const most = numberOf(maxItems)
  const item = isObject(items) ? sample(items) : null
  if (fewest !== undefined && fewest > 0) add("too few", [])
  if (most !== undefined)
    add(
      "too many",
      Array.from({ length: most + 1 }, () => item),
    )
  if (Array.isArray(schema["enum"]))
    for (const value of ["", "no such value", LONG_TEXT]) add("not one of its values", value)
  return found
}

/** An object with a field that nobody knows, and without each that it needs; `base` is one that is right. */
const oddFields = (schema: JsonObject, base: JsonObject, path: string, put: Put): ReadonlyArray<BadBody> => {
  const at = (name: string) => (path === "" ? name : `${path}.${name}`)
  return [
    {
      what: "a field too many",
      path: at("no_such_field"),
      takes: takesOf(schema, "no_such_field"),
      body: put({ ...base, no_such_field: 1 }),
    },
    ...listOf(schema["required"]).map((required) => {
      const name = String(required)
      const { [name]: _, ...rest } = base
      return { what: "left out", path: at(name), takes: takesOf(schema, name), body: put(rest) }
    }),
  ]
}

/** Makes bodies of the document whose named schemas are `schemas`. */
export const makeBadBodies = (schemas: JsonObject) => {
  const { sample, variants } = schemaReader(schemas)

  const within = (
    schema: JsonObject,
    path: string,
    put: Put,
  ): ReadonlyArray<readonly [schema: JsonObject, path: string, put: Put]> =>
    variants(schema).flatMap((one): ReadonlyArray<readonly [JsonObject, string, Put]> => {
      const { items } = one
      const base = typesOf(one).includes("object") ? sample(one) : null
      return [
        ...Object.entries(propertiesOf(one)).map(([name, property]): readonly [JsonObject, string, Put] => [
          isObject(property) ? property : {},
          path === "" ? name : `${path}.${name}`,
          (value) => put({ ...(isObject(base ?? undefined) ? (base as JsonObject) : {}), [name]: value }),
        ]),
        ...(isObject(items) ? [[items, `${path}[0]`, (value: Json) => put([value])] as const] : []),
      ]
    })

  /** Every place of a body, the body itself first. */
  const places = (schema: JsonObject, path = "", put: Put = (value) => value): ReadonlyArray<Place> => [
    { path: path === "" ? "body" : path, takes: takesOf(schema, path), put },
    ...within(schema, path, put).flatMap(([inner, at, place]) => places(inner, at, place)),
  ]

  const badBodies = (schema: JsonObject, path = "", put: Put = (value) => value): ReadonlyArray<BadBody> => {
    const here = path === "" ? "body" : path
    const choices = variants(schema)
    const odd = choices.flatMap((one) => {
      const base = typesOf(one).includes("object") ? sample(one) : null
      return isObject(base) ? oddFields(one, base, path, put) : []
    })
    return [
      ...wrongTypes(schema, choices, here, put),
      ...choices.flatMap((one) => outOfBounds(one, here, put, sample)),
      ...odd,
      ...within(schema, path, put).flatMap(([inner, at, place]) => badBodies(inner, at, place)),
    ]
  }
  return { badBodies, places, sample }
}
