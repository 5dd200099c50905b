/** Checks a value that came from outside against a schema. */
import { Effect, Schema } from "effect"
import { InvalidInput } from "../model/Errors.ts"
import { describeIssue, describeUnknown, MAX_ERRORS } from "./describe-issue.ts"
import { unknownFields } from "./unknown-fields.ts"

/** Unknown fields are errors. All errors are named, up to the first 50: more help nobody, and take their time. */
export const decodeStrictly = <A, I>(schema: Schema.Schema<A, I>, value: unknown): Effect.Effect<A, InvalidInput> =>
  Effect.suspend(() => {
    const unknown = unknownFields(schema, value, MAX_ERRORS)
    if (unknown.length === MAX_ERRORS) return new InvalidInput({ errors: unknown.map(describeUnknown) })
    return Schema.decodeUnknown(schema, { errors: "all", onExcessProperty: "error" })(value).pipe(
      Effect.mapError(({ issue }) => new InvalidInput({ errors: describeIssue(issue) })),
    )
  })
