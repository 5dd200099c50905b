/**
 * JSON as RFC 8259 has it, without what different readers understand differently: duplicate keys, numbers beyond a
 * double, lone surrogates, and keys that reach into JavaScript's prototypes are refused, as is nesting that no request
 * of ours needs.
 */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | ReadonlyArray<JsonValue>
  | { readonly [key: string]: JsonValue }

/** How much a text may hold. Reading stops where it holds more. */
export interface JsonBounds {
  /** The number of lists, objects, texts, numbers and words in all. */
  readonly values: number
  /** The number of keys of one object. */
  readonly keys: number
  /** How deep lists and objects are nested. */
  readonly depth: number
}

const UNBOUNDED: JsonBounds = { values: Number.POSITIVE_INFINITY, keys: Number.POSITIVE_INFINITY, depth: 64 }

/** Says what is wrong with a text, and where: `path` is like `outputs[0].url`, or `body` at the top. */
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

/** A text, and how far it is read. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Reads past what matches here and returns it; undefined when nothing does. `pattern` is sticky. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
  /** Reads past a word; false when another one stands here. */
  word(word: string): boolean {
    const isHere = this.#text.startsWith(word, this.#at)
    if (isHere) this.#at += word.length
    return isHere
  }
  /** The next character that is no space, which is not read past; undefined at the end. */
  next(): string | undefined {
    this.match(SPACE)
    return this.#text[this.#at]
  }
  /** Reads past the character that `next` has shown. */
  skip(): void {
    this.#at++
  }
  expect(char: string, path: string): void {
    if (this.next() !== char) this.unexpected(path)
    this.skip()
  }
  unexpected(path: string): never {
    if (this.#at >= this.#text.length) return fail(path, "the JSON text ends too early")
    const before = this.#text.slice(0, this.#at)
    const line = before.split("\n").length
    const column = this.#at - before.lastIndexOf("\n")
    return fail(path, `not valid JSON at line ${line}, column ${column}`)
  }
}

const fail = (path: string, message: string): never => {
  throw new JsonError(path, message)
}

const readString = (reader: Reader, path: string): string => {
  const raw = reader.match(STRING)
  if (raw === undefined) return reader.unexpected(path)
  const value: unknown = JSON.parse(raw)
  if (typeof value !== "string" || LONE_SURROGATE.test(value)) return fail(path, "holds text that is not valid Unicode")
  return value
}

const readNumber = (reader: Reader, path: string): number => {
  const raw = reader.match(NUMBER)
  if (raw === undefined) return reader.unexpected(path)
  const value = Number(raw)
  return Number.isFinite(value) ? value : fail(path, "holds a number that is too large")
}

/** Reads one JSON value. Throws `JsonError`. */
export const parseStrictJson = (text: string, { depth: maxDepth, keys, values }: JsonBounds = UNBOUNDED): JsonValue => {
  const reader = new Reader(text)
  let count = 0

  const object = (path: string, depth: number): JsonValue => {
    const members = new Map<string, JsonValue>()
    reader.skip()
    if (reader.next() === "}") {
      reader.skip()
      return {}
    }
    for (;;) {
      reader.match(SPACE)
      const key = readString(reader, path)
      const inner = path === "" ? key : `${path}.${key}`
      if (RESERVED.has(key)) fail(inner, `"${key}" is not allowed as a key`)
      if (members.has(key)) fail(inner, `"${key}" is given twice`)
      if (members.size >= keys) fail(path, `has more than ${keys} fields`)
      reader.expect(":", inner)
      members.set(key, value(inner, depth))
      if (reader.next() !== ",") break
      reader.skip()
    }
    reader.expect("}", path)
    return Object.fromEntries(members)
  }
  const list = (path: string, depth: number): JsonValue => {
    const items: Array<JsonValue> = []
    reader.skip()
    if (reader.next() === "]") {
      reader.skip()
      return items
    }
    for (;;) {
      items.push(value(`${path}[${items.length}]`, depth))
      if (reader.next() !== ",") break
      reader.skip()
    }
    reader.expect("]", path)
    return items
  }
  const value = (path: string, depth: number): JsonValue => {
    if (++count > values) return fail("", `holds more than ${values} values`)
    const char = reader.next()
    if (char === "{" || char === "[") {
      if (depth >= maxDepth) return fail("", `is nested deeper than ${maxDepth} levels`)
      return char === "{" ? object(path, depth + 1) : list(path, depth + 1)
    }
    if (char === '"') return readString(reader, path)
    for (const [word, meaning] of WORDS) if (reader.word(word)) return meaning
    return readNumber(reader, path)
  }

  const result = value("", 0)
  if (reader.next() !== undefined) reader.unexpected("")
  return result
}
