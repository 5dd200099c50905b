/** Bodies that are wrong in one place, made from the schemas of the OpenAPI document. */
import { isObject, type Json, type JsonObject, nameOfRef } from "../json-schema.ts"

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
const listOf = (value: Json | undefined): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])
const numberOf = (value: Json | undefined): number | undefined => (typeof value === "number" ? value : undefined)

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

export const makeBadBodies = (schemas: JsonObject) => {
  const resolve = (schema: JsonObject): JsonObject => {
    const name = nameOfRef(schema)
    const found = name === undefined ? schema : schemas[name]
    return isObject(found) ? found : {}
  }
  const variants = (schema: JsonObject): ReadonlyArray<JsonObject> => {
    const choices = listOf(resolve(schema)["anyOf"])
    return choices.length === 0 ? [resolve(schema)] : choices.filter(isObject).flatMap(variants)
  }
  const typesOf = (schema: JsonObject): ReadonlyArray<Json> => {
    const { const: value, enum: values, type } = schema
    if (type === undefined)
      return [...listOf(values), ...(value === undefined ? [] : [value])].map((one) =>
        one === null ? "null" : typeof one,
      )
    return Array.isArray(type) ? type : [type]
  }
  const propertiesOf = (schema: JsonObject): JsonObject => (isObject(schema["properties"]) ? schema["properties"] : {})

  /** A value that the schema takes. */
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

  const wrongTypes = (schema: JsonObject, path: string, put: Put): ReadonlyArray<BadBody> => {
    const taken = new Set(variants(schema).flatMap(typesOf))
    return ONE_OF_EACH.filter(([type]) => !taken.has(type) && !(type === "integer" && taken.has("number"))).map(
      ([type, value]) => ({
        what: type === "number" ? "a fraction or another type" : `${type} in its place`,
        path,
        takes: takesOf(schema, path),
        body: put(value),
      }),
    )
  }

  const outOfBounds = (schema: JsonObject, path: string, put: Put): ReadonlyArray<BadBody> => {
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
      for (const value of ["", "no such value", "X".repeat(100_000)]) add("not one of its values", value)
    return found
  }

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
    const objects = variants(schema).filter((one) => typesOf(one).includes("object"))
    const odd = objects.flatMap((one): ReadonlyArray<BadBody> => {
      const base = sample(one)
      if (!isObject(base)) return []
      const at = (name: string) => (path === "" ? name : `${path}.${name}`)
      return [
        {
          what: "a field too many",
          path: at("no_such_field"),
          takes: takesOf(one, "no_such_field"),
          body: put({ ...base, no_such_field: 1 }),
        },
        ...listOf(one["required"]).map((required) => {
          const name = String(required)
          const { [name]: _, ...rest } = base
          return { what: "left out", path: at(name), takes: takesOf(one, name), body: put(rest) }
        }),
      ]
    })
    return [
      ...wrongTypes(schema, here, put),
      ...variants(schema).flatMap((one) => outOfBounds(one, here, put)),
      ...odd,
      ...within(schema, path, put).flatMap(([inner, at, place]) => badBodies(inner, at, place)),
    ]
  }
  return { badBodies, places, sample }
}
