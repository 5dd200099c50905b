/** Checks now and then whether the store answers, so that nobody has to wait on it to find out. */
import { Effect, type Scope } from "effect"

const EVERY = "5 seconds"

/**
 * Watches the store until the scope ends.
 * @param asked why the store does not answer; null when it does
 * @param written why what happens is not being stored; null when it is
 */
export const watchStore = (
  asked: Effect.Effect<string | null>,
  written: () => string | null,
): Effect.Effect<() => string | null, never, Scope.Scope> =>
  Effect.gen(function* () {
    let problem: string | null = null
    const ask = Effect.map(asked, (found) => {
      problem = found
    })
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(EVERY), ask)))
    return () => problem ?? written()
  })
