/** Tags: short words by which channels are grouped, and to which roles may be bound. */
import { Schema } from "effect"
import { matches } from "./pattern.ts"

/** Longest tag, in characters. */
export const MAX_TAG = 32
/** Most tags of a channel, and of an account. */
export const MAX_TAGS = 16

export const Tag = Schema.String.pipe(
  Schema.minLength(1),
  Schema.maxLength(MAX_TAG),
  matches(/^[a-z0-9][a-z0-9._-]*$/, "must be lower case letters, digits and . _ -, as in sport or east-2"),
)
export const Tags = Schema.Array(Tag).pipe(Schema.maxItems(MAX_TAGS))

/** Each tag once, in the order of the alphabet, so that the same tags are the same text. */
export const tidyTags = (tags: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(tags)].sort()
