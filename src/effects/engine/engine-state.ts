/**
 * The engine's state: all of it in `state`, which changes every second, and the connection alone for those who wait for
 * it.
 */
import { Effect, SubscriptionRef } from "effect"
import type { EngineInfo, EngineStats } from "../../engine/protocol/messages.ts"

export interface EngineState {
  readonly connected: boolean
  readonly info: EngineInfo | null
  /** Number of the connection: commands sent in an earlier one may have to be sent again. */
  readonly generation: number
  /** How often the engine was lost since the control plane started. */
  readonly restarts: number
  /** Why the engine is not connected; null when it is. */
  readonly problem: string | null
  /** The last two messages of figures, one second apart. */
  readonly stats: EngineStats | null
  readonly previous: EngineStats | null
}

/**
 * The connection alone. It changes only when the engine comes or goes, so that a waiting fiber costs nothing in
 * between.
 */
export type EngineLink = Pick<EngineState, "connected" | "generation">

export const initialState: EngineState = {
  connected: false,
  info: null,
  generation: 0,
  restarts: 0,
  problem: "the engine is starting",
  stats: null,
  previous: null,
}

export interface EngineStateRef {
  readonly state: SubscriptionRef.SubscriptionRef<EngineState>
  readonly link: SubscriptionRef.SubscriptionRef<EngineLink>
  readonly update: (change: (s: EngineState) => Partial<EngineState>) => Effect.Effect<void>
}

export const makeEngineState: Effect.Effect<EngineStateRef> = Effect.gen(function* () {
  const state = yield* SubscriptionRef.make(initialState)
  const link = yield* SubscriptionRef.make<EngineLink>(initialState)
  const publish = ({ connected, generation }: EngineState) =>
    Effect.flatMap(SubscriptionRef.get(link), (old) =>
      old.connected === connected && old.generation === generation
        ? Effect.void
        : SubscriptionRef.set(link, { connected, generation }),
    )
  return {
    state,
    link,
    update: (change) =>
      Effect.flatMap(
        SubscriptionRef.updateAndGet(state, (s) => ({ ...s, ...change(s) })),
        publish,
      ),
  }
})
