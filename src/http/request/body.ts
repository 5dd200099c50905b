/** Reads and checks the body of a request. */
import { Effect, type Schema } from "effect"
import type { Context } from "hono"
import { decodeStrictly } from "../../effects/config/decode-strictly.ts"
import type { InvalidInput } from "../../effects/model/Errors.ts"
import { type BodyBounds, MAX_BODY_BYTES, MAX_FORM_FIELDS, ONE_THING } from "./json-bounds.ts"
import { parseText } from "./off-thread.ts"
import { makeProblem, Refused } from "./problem.ts"

const tooLarge = (bytes: number) =>
  new Refused({
    problem: makeProblem("content-too-large", `the body may be ${bytes} bytes at most here`, {
      errors: [{ path: "body", message: `may be ${bytes} bytes at most here` }],
      headers: { Connection: "close" },
    }),
  })
const badBody = (message: string, path = "body") =>
  new Refused({ problem: makeProblem("bad-request", `${path}: ${message}`, { errors: [{ path, message }] }) })

const readBytes = (body: ReadableStream<Uint8Array> | null, most: number): Effect.Effect<Uint8Array, Refused> =>
  Effect.tryPromise({
    try: async () => {
      const chunks: Array<Uint8Array> = []
      let size = 0
      const reader = body?.getReader()
      while (reader !== undefined) {
        const { done, value } = await reader.read()
        if (done) break
        size += value.byteLength
        if (size > most) {
          await reader.cancel().catch(() => undefined)
          return null
        }
        chunks.push(value)
      }
      return new Uint8Array(Buffer.concat(chunks))
    },
    catch: () => badBody("could not be read to its end"),
  }).pipe(Effect.flatMap((bytes) => (bytes === null ? Effect.fail(tooLarge(most)) : Effect.succeed(bytes))))

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Reads the body as text, after checking its type and size. */
export const readText = (
  c: Context,
  type: RegExp,
  hint: string,
  bytes = MAX_BODY_BYTES,
): Effect.Effect<string, Refused> =>
  Effect.suspend(() => {
    const given = c.req.header("content-type") ?? ""
    const encoding = c.req.header("content-encoding") ?? "identity"
    if (!type.test(given) || encoding !== "identity") {
      const sent = encoding !== "identity" ? `content encoding ${encoding}` : given === "" ? "no content type" : given
      return new Refused({
        problem: makeProblem("unsupported-media-type", `${hint}, got ${sent}`, {
          errors: [
            { path: encoding !== "identity" ? "Content-Encoding" : "Content-Type", message: `${hint}, got ${sent}` },
          ],
          headers: { Accept: "application/json" },
        }),
      })
    }
    if (Number(c.req.header("content-length") ?? 0) > bytes) return tooLarge(bytes)
    return Effect.flatMap(readBytes(c.req.raw.body, bytes), (read) =>
      Effect.try({ try: () => utf8.decode(read), catch: () => badBody("is not valid UTF-8") }),
    )
  })

/** Checks a value against a schema. Unknown fields are errors; all errors are named, up to the first 50. */
export const decode = decodeStrictly

const JSON_TYPE = /^application\/(?:json|[\w.-]+\+json)\s*(?:;\s*charset="?utf-?8"?\s*)?$/i
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;.*)?$/i

/** Reads a JSON body without checking it against a schema. */
export const readJsonValue = (c: Context, bounds: BodyBounds): Effect.Effect<unknown, Refused> =>
  readText(c, JSON_TYPE, "send JSON with Content-Type: application/json", bounds.bytes).pipe(
    Effect.flatMap((text) =>
      text.trim() === ""
        ? Effect.fail(badBody("is empty; send a JSON object"))
        : Effect.mapError(parseText({ kind: "json", text, bounds }), ({ message, path }) => badBody(message, path)),
    ),
  )

/** Reads a JSON body and checks it against a schema; `bounds` depend on the route. */
export const readJson = <A, I>(
  c: Context,
  schema: Schema.Schema<A, I>,
  bounds: BodyBounds = ONE_THING,
): Effect.Effect<A, Refused | InvalidInput> =>
  Effect.flatMap(readJsonValue(c, bounds), (value) => decode(schema, value))

const countOf = (text: string, char: string, most: number): number => {
  let count = 0
  for (let at = text.indexOf(char); at >= 0 && count <= most; at = text.indexOf(char, at + 1)) count++
  return count
}

/** Reads the fields of an HTML form, including fields given more than once. */
export const readFields = (c: Context): Effect.Effect<URLSearchParams, Refused> =>
  Effect.flatMap(readText(c, FORM_TYPE, "send the form as application/x-www-form-urlencoded"), (text) =>
    countOf(text, "&", MAX_FORM_FIELDS) >= MAX_FORM_FIELDS
      ? Effect.fail(badBody(`has more than ${MAX_FORM_FIELDS} fields`))
      : Effect.succeed(new URLSearchParams(text)),
  )

/** Reads the fields of an HTML form as a record; the last value of a repeated field counts. */
export const readForm = (c: Context): Effect.Effect<Readonly<Record<string, string>>, Refused> =>
  Effect.map(readFields(c), (fields) => Object.fromEntries(fields))
