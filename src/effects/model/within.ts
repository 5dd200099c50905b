/** Deadlines that hold in finalizers too: there a plain `Effect.timeout` waits for what it should give up on. */
import { type Duration, Effect, type Option } from "effect"

/** The result, or None after `deadline`; what is given up goes on in the background. */
export const within =
  (deadline: Duration.DurationInput) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Option.Option<A>, E, R> =>
    Effect.timeoutOption(Effect.interruptible(Effect.disconnect(effect)), deadline)
