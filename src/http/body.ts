/** Reads and checks the body of a request. */
import { Effect, type ParseResult, Schema } from "effect"
import type { Context } from "hono"
import { InvalidInput } from "../effects/Errors.ts"
import { describeIssue } from "../effects/show/describe-issue.ts"
import { makeProblem, Refused } from "./problem.ts"
import { JsonError, type JsonValue, parseStrictJson } from "./strict-json.ts"

/** 500 outputs with the longest URLs would not fit, a real channel fits a hundred times over. */
export const MAX_BODY_BYTES = 1024 * 1024

const tooLarge = new Refused({
  problem: makeProblem("content-too-large", `the body may be ${MAX_BODY_BYTES} bytes at most`, {
    errors: [{ path: "body", message: `may be ${MAX_BODY_BYTES} bytes at most` }],
    headers: { Connection: "close" },
  }),
})
const badBody = (message: string, path = "body") =>
  new Refused({ problem: makeProblem("bad-request", `${path}: ${message}`, { errors: [{ path, message }] }) })

const readBytes = (body: ReadableStream<Uint8Array> | null): Effect.Effect<Uint8Array, Refused> =>
  Effect.tryPromise({
    try: async () => {
      const chunks: Array<Uint8Array> = []
      let size = 0
      const reader = body?.getReader()
      while (reader !== undefined) {
        const { done, value } = await reader.read()
        if (done) break
        size += value.byteLength
        if (size > MAX_BODY_BYTES) {
          await reader.cancel().catch(() => undefined)
          return null
        }
        chunks.push(value)
      }
      return new Uint8Array(Buffer.concat(chunks))
    },
    catch: () => badBody("could not be read to its end"),
  }).pipe(Effect.flatMap((bytes) => (bytes === null ? Effect.fail(tooLarge) : Effect.succeed(bytes))))

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The body as text, after its type and size are checked. */
export const readText = (c: Context, type: RegExp, hint: string): Effect.Effect<string, Refused> =>
  Effect.suspend(() => {
    const given = c.req.header("content-type") ?? ""
    const encoding = c.req.header("content-encoding") ?? "identity"
    if (!type.test(given) || encoding !== "identity") {
      const sent = encoding !== "identity" ? `content encoding ${encoding}` : given === "" ? "no content type" : given
      return new Refused({
        problem: makeProblem("unsupported-media-type", `${hint}, got ${sent}`, {
          errors: [{ path: encoding !== "identity" ? "Content-Encoding" : "Content-Type", message: `${hint}, got ${sent}` }],
          headers: { Accept: "application/json" },
        }),
      })
    }
    if (Number(c.req.header("content-length") ?? 0) > MAX_BODY_BYTES) return tooLarge
    return Effect.flatMap(readBytes(c.req.raw.body), (bytes) =>
      Effect.try({ try: () => utf8.decode(bytes), catch: () => badBody("is not valid UTF-8") }),
    )
  })

/** Checks a value against a schema; unknown fields are errors, and all errors are named. */
export const decode = <A, I>(schema: Schema.Schema<A, I>, value: unknown): Effect.Effect<A, InvalidInput> =>
  Schema.decodeUnknown(schema, { errors: "all", onExcessProperty: "error" })(value).pipe(
    Effect.mapError((error: ParseResult.ParseError) => new InvalidInput({ errors: describeIssue(error.issue) })),
  )

const JSON_TYPE = /^application\/(?:json|[\w.-]+\+json)\s*(?:;\s*charset="?utf-?8"?\s*)?$/i
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;.*)?$/i

/** Reads a JSON body. */
export const readJson = <A, I>(c: Context, schema: Schema.Schema<A, I>): Effect.Effect<A, Refused | InvalidInput> =>
  readText(c, JSON_TYPE, "send JSON with Content-Type: application/json").pipe(
    Effect.flatMap((text) =>
      text.trim() === ""
        ? Effect.fail(badBody("is empty; send a JSON object"))
        : Effect.try({
            try: (): JsonValue => parseStrictJson(text),
            catch: (error) => (error instanceof JsonError ? badBody(error.message, error.path) : badBody("is not valid JSON")),
          }),
    ),
    Effect.flatMap((value) => decode(schema, value)),
  )

/** Reads the fields of an HTML form, those given more than once as well. */
export const readFields = (c: Context): Effect.Effect<URLSearchParams, Refused> =>
  Effect.map(readText(c, FORM_TYPE, "send the form as application/x-www-form-urlencoded"), (text) => new URLSearchParams(text))

/** The same as a record; of a field given twice the last one counts. */
export const readForm = (c: Context): Effect.Effect<Readonly<Record<string, string>>, Refused> =>
  Effect.map(readFields(c), (fields) => Object.fromEntries(fields))
