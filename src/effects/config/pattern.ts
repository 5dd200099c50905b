/**
 * Filters of texts by a regular expression, which the API's document shows too, so that clients can check before
 * they send.
 */
import { Schema } from "effect"

/** @param pattern without flags, since JSON Schema has none */
export const matches =
  (pattern: RegExp, message: string) =>
  <I>(schema: Schema.Schema<string, I>): Schema.filter<Schema.Schema<string, I>> =>
    schema.pipe(
      Schema.filter((text) => (pattern.test(text) ? undefined : message), { jsonSchema: { pattern: pattern.source } }),
    )
