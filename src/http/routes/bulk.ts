/** REST routes that do one thing to many channels, or make a channel from another. */
import { Duration, Effect, Either, Schema } from "effect"
import type { Hono } from "hono"
import { CloneInput } from "../../effects/declarative/document.ts"
import type { DistributorService } from "../../effects/supervisor/Distributor.ts"
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

/** Only outputs that are not so already are touched. */
const setOutputs = (
  { get, startOutput, stopOutput }: DistributorService,
  ref: string,
  enabled: boolean,
): Effect.Effect<unknown, ApiError> =>
  Effect.flatMap(get(ref), ({ id, outputs }) =>
    Effect.forEach(
      outputs.filter((output) => output.enabled !== enabled),
      (output) => (enabled ? startOutput : stopOutput)(id, output.id),
      { discard: true },
    ),
  )

const actOn = (distributor: DistributorService, action: BulkInput["action"], ref: string): Effect.Effect<unknown, ApiError> => {
  switch (action) {
    case "start":
      return distributor.start(ref)
    case "stop":
      return distributor.stop(ref)
    case "delete":
      return distributor.remove(ref)
    case "enable_outputs":
      return setOutputs(distributor, ref, true)
    case "disable_outputs":
      return setOutputs(distributor, ref, false)
  }
}

const resultOf = (channel: string, outcome: Either.Either<unknown, ApiError>): BulkResult => {
  if (Either.isRight(outcome)) return { channel, ok: true, error: null }
  const { detail, status } = problemOf(outcome.left)
  return { channel, ok: false, error: { status, message: detail } }
}

/** Does one thing to many channels, one after the other. */
export const actOnMany = (distributor: DistributorService, { action, channels }: BulkInput): Effect.Effect<ReadonlyArray<BulkResult>> =>
  Effect.forEach(channels, (ref) => Effect.map(Effect.either(actOn(distributor, action, ref)), (outcome) => resultOf(ref, outcome)))

export const bulkRoutes = (app: Hono, { conditionally, distributor, idempotency, runner }: AppServices): void => {
  // Alone, without 405 for other methods: for those `bulk` is the slug of a channel.
  app.post("/api/channels/bulk", (c) =>
    runner.run(
      c,
      Effect.flatMap(readJson(c, BulkInput, MANY_THINGS), (input) => actOnMany(distributor, input)),
      (results) => c.json({ results }),
      DONE_WITHIN,
    ),
  )

  methods(app, "/api/channels/:id/clone", {
    POST: (c) => {
      const ref = c.req.param("id")
      return runner.run(c, Effect.zipRight(distributor.get(ref), readJson(c, CloneInput)), (input) =>
        idempotency.once(c, { ref, ...input }, () =>
          runner.run(
            c,
            conditionally(Effect.void, (verbs) => verbs.clone(ref, input)),
            ({ channel, left_out }) => c.json({ ...channel, left_out }, 201, { Location: `/api/channels/${channel.id}` }),
          ),
        ),
      )
    },
  })
}
