/** The failures an operator or a client would act on differently. Messages name the thing, the cause and what to do. */
import { Schema } from "effect"

const FieldError = Schema.Struct({ path: Schema.String, message: Schema.String })
export type FieldError = typeof FieldError.Type

/** The errors in one line, each behind its place; what is about no field alone has none (`path` is empty). */
const sentencesOf = (errors: ReadonlyArray<FieldError>): string =>
  errors.map(({ message, path }) => (path === "" ? message : `${path}: ${message}`)).join("; ")

/** The request's content is wrong; HTTP 400. */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", {
  errors: Schema.Array(FieldError),
}) {
  override get message() {
    return sentencesOf(this.errors)
  }
}

/** No such channel, output, user, key, template, or thing of the notifications; HTTP 404. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  kind: Schema.Literal(
    "channel",
    "output",
    "user",
    "key",
    "template",
    "destination",
    "notice",
    "mute",
    "change",
    "node",
    "crash",
    "engine",
    "schedule of channel",
    "MediaLive channel",
    "partner link",
  ),
  ref: Schema.String,
}) {
  override get message() {
    return `there is no ${this.kind} "${this.ref}"`
  }
}

/** The request contradicts what exists (a port in use by another channel, a name taken); HTTP 409. */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", {
  errors: Schema.Array(FieldError),
}) {
  override get message() {
    return sentencesOf(this.errors)
  }
}

/** The store refused a read or a write; nothing was changed, unless the outcome is unknown. HTTP 503. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  operation: Schema.String,
  cause: Schema.Defect,
  /** Given when the change may have been stored all the same: the store was lost while it committed. */
  outcome: Schema.optional(Schema.Literal("unknown")),
}) {
  override get message() {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return this.outcome === "unknown"
      ? `the configuration store was to ${this.operation} and did not say whether it has: ${why}. It may have been stored: read it again, and repeat what is missing`
      : `the configuration store failed to ${this.operation}: ${why}`
  }
}

/** The engine process could not be reached or refused a command; HTTP 503. */
export class EngineUnavailable extends Schema.TaggedError<EngineUnavailable>()("EngineUnavailable", {
  reason: Schema.String,
}) {
  override get message() {
    return `the engine is not available: ${this.reason}`
  }
}

/**
 * AWS refused a request, or did not answer it; HTTP 502. `status` is the one of its answer, 0 without one; `code` is
 * AWS's name of the error, or ours: `timeout`, `unreachable`, `no_credentials`, `not_connected`.
 */
export class AwsFailed extends Schema.TaggedError<AwsFailed>()("AwsFailed", {
  action: Schema.String,
  status: Schema.Number,
  code: Schema.String,
  reason: Schema.String,
}) {
  override get message() {
    return `AWS: ${this.action}: ${this.reason}`
  }
}

/** A writer's session ended. `transient` is false when only a change of configuration or installation can help. */
export class OutputEnded extends Schema.TaggedError<OutputEnded>()("OutputEnded", {
  code: Schema.String,
  reason: Schema.String,
  transient: Schema.Boolean,
}) {
  override get message() {
    return this.reason
  }
}

/** The engine answered a command with a refusal; `code` is the engine's, e.g. `exists`. */
export class EngineRefused extends Schema.TaggedError<EngineRefused>()("EngineRefused", {
  code: Schema.String,
  reason: Schema.String,
  transient: Schema.Boolean,
}) {
  override get message() {
    return this.reason
  }
}

/** The service cannot start as it is set up; the message is the one line an operator reads before exit code 1. */
export class StartRefused extends Schema.TaggedError<StartRefused>()("StartRefused", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}
