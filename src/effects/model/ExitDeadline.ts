/** The time that the process takes to end once it was told to. */
import { Context, Effect } from "effect"

/**
 * Puts off the moment at which a process that was told to end is ended whatever it still does. Without a deadline, as in
 * tests, nothing is put off.
 */
export class ExitDeadline extends Context.Reference<ExitDeadline>()("distributor/ExitDeadline", {
  defaultValue: () => ({
    /** From now on it may take its usual time and `extraMs` milliseconds; 0 takes back what was allowed before. */
    allow: (_extraMs: number): Effect.Effect<void> => Effect.void,
  }),
}) {}
