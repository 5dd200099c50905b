/** Turns what Effect's Schema found wrong into sentences for the person who sent it. */
import { Option, type ParseResult, SchemaAST } from "effect"
import { SECRET_SETTINGS, URL_SETTINGS } from "../../core/output/output-settings.ts"
import type { FieldError } from "../model/Errors.ts"

/** Errors that are named; more help nobody. */
export const MAX_ERRORS = 50
/** What the API shows but does not take; sending it back is a common slip. */
const READ_ONLY = new Set([
  "number",
  "slug",
  "status",
  "error",
  "uptime",
  "created_at",
  "active_source",
  "alarms",
  "error_count",
  "reconnects",
  "carrying",
  "legs",
  "merge",
  "path_difference_ms",
  "merge_lost",
  "merge_mismatches",
  "switches",
  "pending_source",
  "redundancy",
])

type Limits = { readonly [key: string]: unknown }

const limitsOf = (ast: SchemaAST.AST): Limits =>
  SchemaAST.isRefinement(ast)
    ? { ...limitsOf(ast.from), ...Option.getOrElse(SchemaAST.getJSONSchemaAnnotation(ast), () => ({})) }
    : {}

const baseOf = (ast: SchemaAST.AST): SchemaAST.AST => (SchemaAST.isRefinement(ast) ? baseOf(ast.from) : ast)

const between = (low: unknown, high: unknown, unit: string): string => {
  if (low !== undefined && high !== undefined) return ` ${unit === "" ? "from" : "of"} ${low} to ${high}${unit}`
  if (high !== undefined) return ` of at most ${high}${unit}`
  return low === undefined ? "" : ` of at least ${low}${unit}`
}

/** What a schema wants, as the end of "must be ...". */
const describe = (ast: SchemaAST.AST): string => {
  const limits = limitsOf(ast)
  const base = baseOf(ast)
  if (SchemaAST.isUnion(base)) {
    const members = base.types.filter((t) => !SchemaAST.isUndefinedKeyword(t))
    if (members.length > 1 && members.every(SchemaAST.isLiteral)) {
      return `one of ${members.map((t) => (SchemaAST.isLiteral(t) ? String(t.literal) : "")).join(", ")}`
    }
    return members.map(describe).join(" or ")
  }
  if (SchemaAST.isNumberKeyword(base)) {
    return `a ${limits["type"] === "integer" ? "whole " : ""}number${between(limits["minimum"], limits["maximum"], "")}`
  }
  if (SchemaAST.isStringKeyword(base)) return `text${between(limits["minLength"], limits["maxLength"], " characters")}`
  if (SchemaAST.isBooleanKeyword(base)) return "true or false"
  if (SchemaAST.isTupleType(base)) return `a list${between(limits["minItems"], limits["maxItems"], " items")}`
  if (SchemaAST.isTypeLiteral(base)) return "an object"
  if (SchemaAST.isLiteral(base)) return String(base.literal)
  return "something else"
}

const SECRET_FIELDS = new Set(["url", "stream_key", "password", "secret", ...SECRET_SETTINGS, ...URL_SETTINGS])

/** The value as sent, when it is short and cannot be a secret: URLs and their parts can. */
const show = (value: unknown, field: string): string => {
  if (field !== "url" && SECRET_FIELDS.has(field) && typeof value === "number") return "a number"
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value !== "string") return typeof value === "object" ? "an object" : typeof value
  const secret = SECRET_FIELDS.has(field) || value.length > 40 || /[:=]/.test(value)
  return secret ? `text of ${value.length} characters` : JSON.stringify(value)
}

const listOf = <T>(one: T | ReadonlyArray<T>): ReadonlyArray<T> => (Array.isArray(one) ? one : [one as T])
const issuesOf = (issue: ParseResult.Composite) => listOf<ParseResult.ParseIssue>(issue.issues)

/** Issues of the fields within; none when the value itself is what is wrong. */
const fieldIssues = (issue: ParseResult.ParseIssue): ReadonlyArray<ParseResult.Pointer> => {
  switch (issue._tag) {
    case "Pointer":
      return [issue]
    case "Composite":
      return issuesOf(issue).flatMap(fieldIssues)
    case "Refinement":
    case "Transformation":
      return fieldIssues(issue.issue)
    default:
      return []
  }
}

/** The sentence a filter of ours gave, if one did. */
const ownMessage = (issue: ParseResult.ParseIssue): string | undefined => {
  if (issue._tag === "Type") return issue.message
  if (issue._tag === "Refinement") return ownMessage(issue.issue)
  if (issue._tag === "Composite")
    return issuesOf(issue)
      .map(ownMessage)
      .find((m) => m !== undefined)
  return undefined
}

const pathOf = (base: string, keys: ParseResult.Path): string =>
  listOf<PropertyKey>(keys).reduce<string>(
    (path, key) => (typeof key === "number" ? `${path}[${key}]` : path === "" ? String(key) : `${path}.${String(key)}`),
    base,
  )

/** What is said of a field that the schema does not know. */
export const describeUnknown = (path: string): FieldError => ({
  path,
  message: READ_ONLY.has(path.slice(path.lastIndexOf(".") + 1)) ? "is read-only; leave it out" : "is not a known field",
})

/** Adds what is wrong to `errors`, until they are as many as are named. */
const explain = (issue: ParseResult.ParseIssue, path: string, errors: FieldError[]): void => {
  if (errors.length >= MAX_ERRORS) return
  if (issue._tag === "Missing") return void errors.push({ path, message: "is required" })
  if (issue._tag === "Unexpected") return void errors.push(describeUnknown(path))
  const inner = fieldIssues(issue)
  if (inner.length > 0) {
    for (const pointer of inner) explain(pointer.issue, pathOf(path, pointer.path), errors)
    return
  }
  const place = path === "" ? "body" : path
  const own = ownMessage(issue)
  if (own !== undefined) return void errors.push({ path: place, message: own })
  const ast = issue._tag === "Pointer" ? undefined : issue.ast
  const wanted = ast === undefined ? "something else" : describe(ast)
  const field = path.slice(path.lastIndexOf(".") + 1)
  errors.push({ path: place, message: `must be ${wanted}, got ${show(issue.actual, field)}` })
}

/** What is wrong, one entry a field, the first 50 of them; paths like `outputs[0].url`. */
export const describeIssue = (issue: ParseResult.ParseIssue): ReadonlyArray<FieldError> => {
  const errors: FieldError[] = []
  explain(issue, "", errors)
  return errors
}
