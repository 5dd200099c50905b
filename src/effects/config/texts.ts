/** Texts in the bodies of requests. */
import { Schema } from "effect"
import { matches } from "./pattern.ts"

/** Text of so many characters, which shows as it is: without control characters and such that turn its direction. */
export const text = (max: number, min = 1) =>
  Schema.String.pipe(
    Schema.minLength(min),
    Schema.maxLength(max),
    matches(
      /^[^\u0000-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/,
      "must not hold control or text-direction characters",
    ),
  )

/** Text that is taken as it is, to the last space. */
export const verbatim = (max: number) =>
  Schema.String.pipe(
    Schema.minLength(1),
    Schema.maxLength(max),
    matches(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, "must not hold control characters or line breaks"),
  )
