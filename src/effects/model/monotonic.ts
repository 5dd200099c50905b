/** Time that no clock adjustment moves; follows TestClock in tests. */
import { Clock, Effect } from "effect"

/** Monotonic milliseconds. */
export const monotonicMs: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (ns) => Number(ns / 1_000_000n))
