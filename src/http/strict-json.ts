/**
 * JSON as RFC 8259 has it, without what different readers understand differently: duplicate keys, numbers beyond a
 * double, lone surrogates, and keys that reach into JavaScript's prototypes are refused, as is nesting that no request
 * of ours needs.
 */
export type JsonValue = null | boolean | number | string | ReadonlyArray<JsonValue> | { readonly [key: string]: JsonValue }

/** Bounds on the content of a text; parsing stops where they are exceeded. */
export interface JsonBounds {
  /** Most lists, objects, strings, numbers and literals in all. */
  readonly values: number
  /** Most keys in an object. */
  readonly keys: number
  /** Most lists and objects nested in each other. */
  readonly depth: number
}

const UNBOUNDED: JsonBounds = { values: Number.POSITIVE_INFINITY, keys: Number.POSITIVE_INFINITY, depth: 64 }

/** Says what is wrong, and where: `path` is like `outputs[0].url`, or `body` at the top. */
export class JsonError extends Error {
  readonly path: string
  constructor(path: string, message: string) {
    super(message)
    this.path = path === "" ? "body" : path
  }
}

const SPACE = /[\t\n\r ]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const LONE_SURROGATE = /\p{Surrogate}/u
const RESERVED = new Set(["__proto__", "constructor", "prototype"])
const WORDS: ReadonlyArray<readonly [string, JsonValue]> = [
  ["true", true],
  ["false", false],
  ["null", null],
]

/** Parses one JSON value. Throws `JsonError`. */
export const parseStrictJson = (text: string, { depth: maxDepth, keys, values }: JsonBounds = UNBOUNDED): JsonValue => {
  let at = 0
  let count = 0

  const fail = (path: string, message: string): never => {
    throw new JsonError(path, message)
  }
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  const unexpected = (path: string): never => {
    if (at >= text.length) return fail(path, "the JSON text ends too early")
    const before = text.slice(0, at)
    const line = before.split("\n").length
    const column = at - before.lastIndexOf("\n")
    return fail(path, `not valid JSON at line ${line}, column ${column}`)
  }
  const expect = (char: string, path: string): void => {
    match(SPACE)
    if (text[at] !== char) unexpected(path)
    at++
  }
  const next = (): string | undefined => {
    match(SPACE)
    return text[at]
  }
  const string = (path: string): string => {
    const raw = match(STRING)
    if (raw === undefined) return unexpected(path)
    const value: unknown = JSON.parse(raw)
    if (typeof value !== "string" || LONE_SURROGATE.test(value)) return fail(path, "holds text that is not valid Unicode")
    return value
  }
  const number = (path: string): number => {
    const raw = match(NUMBER)
    if (raw === undefined) return unexpected(path)
    const value = Number(raw)
    return Number.isFinite(value) ? value : fail(path, "holds a number that is too large")
  }
  const object = (path: string, depth: number): JsonValue => {
    const members = new Map<string, JsonValue>()
    at++
    if (next() === "}") {
      at++
      return {}
    }
    for (;;) {
      match(SPACE)
      const key = string(path)
      const inner = path === "" ? key : `${path}.${key}`
      if (RESERVED.has(key)) fail(inner, `"${key}" is not allowed as a key`)
      if (members.has(key)) fail(inner, `"${key}" is given twice`)
      if (members.size >= keys) fail(path, `has more than ${keys} fields`)
      expect(":", inner)
      members.set(key, value(inner, depth))
      if (next() !== ",") break
      at++
    }
    expect("}", path)
    return Object.fromEntries(members)
  }
  const list = (path: string, depth: number): JsonValue => {
    const items: Array<JsonValue> = []
    at++
    if (next() === "]") {
      at++
      return items
    }
    for (;;) {
      items.push(value(`${path}[${items.length}]`, depth))
      if (next() !== ",") break
      at++
    }
    expect("]", path)
    return items
  }
  const value = (path: string, depth: number): JsonValue => {
    if (++count > values) return fail("", `holds more than ${values} values`)
    const char = next()
    if (char === "{" || char === "[") {
      if (depth >= maxDepth) return fail("", `is nested deeper than ${maxDepth} levels`)
      return char === "{" ? object(path, depth + 1) : list(path, depth + 1)
    }
    if (char === '"') return string(path)
    for (const [word, meaning] of WORDS) {
      if (text.startsWith(word, at)) {
        at += word.length
        return meaning
      }
    }
    return number(path)
  }

  const result = value("", 0)
  if (next() !== undefined) unexpected("")
  return result
}
