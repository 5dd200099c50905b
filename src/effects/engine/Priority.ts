/** The control plane's share of a busy machine: less than the engine's, more than that of other work. */
import { Effect, Layer } from "effect"
import { CONTROL_PLANE_NICE, raisePriority, raiseThreads } from "../../engine/system/priority.ts"

/**
 * Raises the priority once. A refusal is not reported here: the engine, which asks for more, says so in its log.
 * Children that are other programs are started without it (`withGivenPriority`).
 */
export const PriorityLive: Layer.Layer<never> = Layer.effectDiscard(
  Effect.suspend(() => {
    const problem = raisePriority(CONTROL_PLANE_NICE)
    if (problem !== null) return Effect.logDebug(`${problem}: the API may be slow on a busy machine`)
    return Effect.sync(() => raiseThreads(CONTROL_PLANE_NICE))
  }),
)
