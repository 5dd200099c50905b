/** REST routes that do one thing to many channels, or make a channel from another. */
import { Duration, Effect, Either, Schema } from "effect"
import type { Hono } from "hono"
import { CloneInput } from "../../effects/declarative/document.ts"
import { readJson } from "../request/body.ts"
import { MANY_THINGS } from "../request/json-bounds.ts"
import { methods } from "../request/methods.ts"
import { type ApiError, problemOf } from "../request/problem.ts"
import type { AppServices } from "../services/services.ts"

export const MAX_BULK = 1000
export const DONE_WITHIN = Duration.seconds(60)

/** Body of `POST /api/channels/bulk`: channels by UUID, slug or number. */
export const BulkInput = Schema.Struct({
  action: Schema.Literal("start", "stop", "delete", "enable_outputs", "disable_outputs"),
  channels: Schema.Array(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(128))).pipe(
    Schema.minItems(1),
    Schema.maxItems(MAX_BULK),
  ),
})
export type BulkInput = typeof BulkInput.Type

/** What came of it for one channel. */
export interface BulkResult {
  /** As the request names it. */
  readonly channel: string
  readonly ok: boolean
  /** Null when it worked; else what a request of its own would have been answered. */
  readonly error: { readonly status: number; readonly message: string } | null
}

/** What a request for many channels works with. */
type Acted = Pick<AppServices, "channels" | "outputs">

/** Only outputs that are not so already are touched. */
const setOutputs = ({ channels, outputs }: Acted, ref: string, enabled: boolean): Effect.Effect<unknown, ApiError> =>
  Effect.flatMap(channels.get(ref), ({ id, outputs: known }) =>
    Effect.forEach(
      known.filter((output) => output.enabled !== enabled),
      (output) => (enabled ? outputs.start : outputs.stop)(id, output.id),
      { discard: true },
    ),
  )

const actOn = (
  { channels, outputs }: Acted,
  action: BulkInput["action"],
  ref: string,
): Effect.Effect<unknown, ApiError> => {
  switch (action) {
    case "start":
      return channels.start(ref)
    case "stop":
      return channels.stop(ref)
    case "delete":
      return channels.remove(ref)
    case "enable_outputs":
      return setOutputs({ channels, outputs }, ref, true)
    case "disable_outputs":
      return setOutputs({ channels, outputs }, ref, false)
  }
}

const resultOf = (channel: string, outcome: Either.Either<unknown, ApiError>): BulkResult => {
  if (Either.isRight(outcome)) return { channel, ok: true, error: null }
  const { detail, status } = problemOf(outcome.left)
  return { channel, ok: false, error: { status, message: detail } }
}

/** Does one thing to many channels, one after the other. */
export const actOnMany = (services: Acted, { action, channels }: BulkInput): Effect.Effect<ReadonlyArray<BulkResult>> =>
  Effect.forEach(channels, (ref) =>
    Effect.map(Effect.either(actOn(services, action, ref)), (outcome) => resultOf(ref, outcome)),
  )

export const bulkRoutes = (
  app: Hono,
  { channels, idempotency, outputs, runner }: Pick<AppServices, "channels" | "idempotency" | "outputs" | "runner">,
): void => {
  // Alone, without 405 for other methods: for those `bulk` is the slug of a channel.
  app.post("/api/channels/bulk", (c) =>
    runner.run(
      c,
      Effect.flatMap(readJson(c, BulkInput, MANY_THINGS), (input) => actOnMany({ channels, outputs }, input)),
      (results) => c.json({ results }),
      DONE_WITHIN,
    ),
  )

  methods(app, "/api/channels/:id/clone", {
    POST: (c) => {
      const ref = c.req.param("id")
      return runner.run(c, Effect.zipRight(channels.get(ref), readJson(c, CloneInput)), (input) =>
        idempotency.once(c, { ref, ...input }, () =>
          runner.run(c, channels.clone(ref, input), ({ channel, left_out }) =>
            c.json({ ...channel, left_out }, 201, { Location: `/api/channels/${channel.id}` }),
          ),
        ),
      )
    },
  })
}
