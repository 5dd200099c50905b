/**
 * The whole configuration as one document: what `GET /api/config` shows, `PUT /api/config` and `DISTRIBUTOR_CONFIG`
 * take, and versions keep. Channels and outputs are those of the other requests, with the slug they are known by; what
 * is left out has its default.
 */
import { Effect, Either, Schema } from "effect"
import { decodeStrictly } from "../config/decode-strictly.ts"
import { MAX_ERRORS } from "../config/describe-issue.ts"
import { matches } from "../config/pattern.ts"
import { ChannelInput, ChannelUpdate, OutputInput } from "../config/request-bodies.ts"
import { type FieldError, InvalidInput } from "../model/Errors.ts"
import { letOthersRun } from "../model/slices.ts"

export const MAX_CHANNELS = 1000
export const MAX_OUTPUTS = 500

/** Longer than `slugOf` makes them, for the numbers behind. */
const SLUG_MAX = 64

/** What stands in paths and metric labels. A bare number would be a channel's number. */
const Slug = Schema.String.pipe(
  Schema.minLength(1),
  Schema.maxLength(SLUG_MAX),
  matches(
    /^(?!\d+$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
    "must be lower case letters, digits and single dashes, as in main-event, and no bare number",
  ),
)

export const OutputDocument = Schema.Struct({ slug: Slug, ...OutputInput.fields })
export type OutputDocument = typeof OutputDocument.Type

const { outputs: _, ...channelFields } = ChannelInput.fields
export const ChannelDocument = Schema.Struct({
  slug: Slug,
  ...channelFields,
  outputs: Schema.optional(Schema.Array(OutputDocument).pipe(Schema.maxItems(MAX_OUTPUTS))),
})
export type ChannelDocument = typeof ChannelDocument.Type

/** Body of `PUT /api/config`. */
export const ConfigDocument = Schema.Struct({
  version: Schema.Literal(1),
  channels: Schema.Array(ChannelDocument).pipe(Schema.maxItems(MAX_CHANNELS)),
})
export type ConfigDocument = typeof ConfigDocument.Type

/** Body of `POST /api/config/rollback`. */
export const RollbackInput = Schema.Struct({ version: Schema.Int.pipe(Schema.between(1, Number.MAX_SAFE_INTEGER)) })
export type RollbackInput = typeof RollbackInput.Type

/** Body of `POST /api/channels/{id}/clone`; without `rtp_port` the next free one is taken. */
export const CloneInput = Schema.Struct({ name: ChannelInput.fields.name, rtp_port: ChannelUpdate.fields.rtp_port })
export type CloneInput = typeof CloneInput.Type

/** The document without a look at its channels. */
const Outline = Schema.Struct({
  ...ConfigDocument.fields,
  channels: Schema.Array(Schema.Unknown).pipe(Schema.maxItems(MAX_CHANNELS)),
})

const below = (at: string, errors: ReadonlyArray<FieldError>): ReadonlyArray<FieldError> =>
  errors.map(({ message, path }) => ({ path: path === "body" ? at : `${at}.${path}`, message }))

/**
 * Checks what was read against the schema; unknown fields are errors, and all errors are named with their paths, up to
 * the first 50. A document may have thousands of outputs: others have their turn after each channel.
 */
export const decodeDocument = (value: unknown): Effect.Effect<ConfigDocument, InvalidInput> =>
  Effect.gen(function* () {
    const outline = yield* decodeStrictly(Outline, value)
    const channels: ChannelDocument[] = []
    const errors: FieldError[] = []
    for (const [index, wanted] of outline.channels.entries()) {
      const channel = yield* Effect.either(decodeStrictly(ChannelDocument, wanted))
      if (Either.isRight(channel)) channels.push(channel.right)
      else errors.push(...below(`channels[${index}]`, channel.left.errors))
      if (errors.length >= MAX_ERRORS) break
      yield* letOthersRun
    }
    if (errors.length > 0) return yield* new InvalidInput({ errors: errors.slice(0, MAX_ERRORS) })
    return { ...outline, channels }
  })

/**
 * Names of the fields that a document has of a channel, without its outputs, and of an output: in the order they
 * are written.
 */
export const CHANNEL_FIELDS: ReadonlyArray<string> = Object.keys(channelFields)
export const OUTPUT_FIELDS: ReadonlyArray<string> = Object.keys(OutputInput.fields)
