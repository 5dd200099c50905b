/** What other nodes change in the store and this one keeps in memory is read again. */
import { Effect, Exit, Layer, Queue, Stream } from "effect"
import { Accounts } from "../accounts/Accounts.ts"
import type { StoreError } from "../model/Errors.ts"
import { Nodes, type NodesService } from "../nodes/Nodes.ts"

/** Between two times at which it is read. */
const GAP = "1 second"

/**
 * Reads again what others have changed, at most once a second, and until it could be read; never ends. On a single
 * machine nobody else changes anything.
 */
export const followOthers = (
  nodes: Pick<NodesService, "followed" | "self">,
  what: "channels" | "accounts",
  reread: Effect.Effect<Exit.Exit<void, StoreError>>,
): Effect.Effect<void> =>
  nodes.self === null
    ? Effect.void
    : Effect.scoped(
        Effect.gen(function* () {
          const due = yield* Queue.sliding<void>(1)
          yield* Effect.forkScoped(
            Stream.runForEach(nodes.followed, (name) => (name === what ? Queue.offer(due, undefined) : Effect.void)),
          )
          const once = Effect.gen(function* () {
            yield* Queue.take(due)
            yield* Effect.repeat(Effect.zipLeft(reread, Effect.sleep(GAP)), { until: Exit.isSuccess })
          })
          return yield* Effect.forever(once)
        }),
      )

/** Follows the users and keys of other nodes. */
export const FollowedAccounts: Layer.Layer<never, never, Accounts | Nodes> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const accounts = yield* Accounts
    yield* Effect.forkScoped(followOthers(yield* Nodes, "accounts", Effect.exit(accounts.reread)))
  }),
)
