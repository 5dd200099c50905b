/**
 * YAML 1.2 as configuration files have it, and JSON, which is a part of it. Read as strictly as JSON is: no key twice,
 * no tags, nothing that is not JSON. Anchors, aliases and merge keys (`<<`) are read, so that outputs can share
 * a template.
 */
import { LineCounter, parseDocument, stringify } from "yaml"

/**
 * What is wrong, and where: `path` like `channels[0].name`, or `document` for the text as such. Never repeats the text:
 * it may be a secret.
 */
export class YamlError extends Error {
  readonly path: string
  constructor(path: string, message: string) {
    super(message)
    this.path = path === "" ? "document" : path
  }
}

const MAX_DEPTH = 64
/**
 * Values in a document with its aliases written out: what a few lines of aliases to aliases can become is
 * without limit.
 */
const MAX_VALUES = 500_000
const RESERVED = new Set(["__proto__", "constructor", "prototype"])
const LONE_SURROGATE = /\p{Surrogate}/u

/** Sentences for the mistakes people make; the parser's own quote the text. */
const MISTAKES: Readonly<Record<string, string>> = {
  BAD_INDENT: "the indentation does not fit, or a bracket before it is not closed",
  DUPLICATE_KEY: "a key is given twice",
  MULTIPLE_DOCS: "a second document begins; there may be one",
  TAB_AS_INDENT: "a tab is used for indentation: use spaces",
  TAG_RESOLVE_FAILED: "a tag is used that has no meaning here",
  MISSING_CHAR: "a closing quote, bracket or colon is missing",
  NON_STRING_KEY: "a key is no text",
}

/** The value if all of it is JSON, each alias written out. */
const checked = (root: unknown): unknown => {
  let values = 0
  const check = (value: unknown, path: string, depth: number): unknown => {
    if (++values > MAX_VALUES) throw new YamlError("", `has more than ${MAX_VALUES} values, with aliases written out`)
    if (depth > MAX_DEPTH) throw new YamlError("", `is nested deeper than ${MAX_DEPTH} levels`)
    if (value === null || typeof value === "boolean") return value
    if (typeof value === "number") {
      if (!Number.isFinite(value)) throw new YamlError(path, "must be a number that is not infinite")
      return value
    }
    if (typeof value === "string") {
      if (LONE_SURROGATE.test(value)) throw new YamlError(path, "holds text that is not valid Unicode")
      return value
    }
    if (Array.isArray(value)) return value.map((item, index) => check(item, `${path}[${index}]`, depth + 1))
    if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
      throw new YamlError(path, "is of a kind that JSON does not have")
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const at = path === "" ? key : `${path}.${key}`
        if (RESERVED.has(key)) throw new YamlError(at, `"${key}" is not allowed as a key`)
        return [key, check(inner, at, depth + 1)]
      }),
    )
  }
  return check(root, "", 0)
}

/** Reads one document. Throws `YamlError`. */
export const parseYaml = (text: string): unknown => {
  const lineCounter = new LineCounter()
  try {
    const document = parseDocument(text, {
      lineCounter,
      // Silence would leave out the error of a second document.
      logLevel: "error",
      merge: true,
      prettyErrors: false,
      resolveKnownTags: false,
      schema: "core",
      stringKeys: true,
      version: "1.2",
    })
    const [problem] = [...document.errors, ...document.warnings]
    if (problem !== undefined) {
      const { col, line } = lineCounter.linePos(problem.pos[0])
      throw new YamlError(
        "",
        `is not valid YAML at line ${line}, column ${col}: ${MISTAKES[problem.code] ?? problem.code}`,
      )
    }
    return checked(document.toJS({ maxAliasCount: 10_000 }))
  } catch (error) {
    if (error instanceof YamlError) throw error
    if (error instanceof RangeError) throw new YamlError("", `is nested deeper than ${MAX_DEPTH} levels`)
    throw new YamlError("", "is not valid YAML: an alias names no anchor, or aliases become too many")
  }
}

/**
 * Writes a value as YAML, always as the same text; lines are never folded, and words that YAML 1.1 takes for booleans
 * are quoted.
 */
export const toYaml = (value: unknown): string =>
  stringify(value, { aliasDuplicateObjects: false, compat: "yaml-1.1", lineWidth: 0, version: "1.2" })
