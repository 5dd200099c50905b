/**
 * All engines of a pool as one, for who looks at the service. Each engine tells its figures once a second at a moment
 * of its own; whoever looks at all of them gets one message a second with what is new of each.
 */
import { Effect } from "effect"
import type { ChannelPlaces } from "./channel-places.ts"
import { combineStates, type EngineStateRef, makeEngineState } from "./engine-state.ts"
import type { PoolEngines } from "./pool-engines.ts"

export interface PoolState extends Pick<EngineStateRef, "state" | "link"> {
  /** Shows what is known of all engines now. */
  readonly publish: Effect.Effect<void>
  /**
   * To be run before figures of an engine take the place of its last ones: where those have not been shown yet, another
   * engine is late, and is not waited for any longer.
   */
  readonly beforeFigures: (number: number) => Effect.Effect<void>
  /** To be run when figures of an engine have come: shows them when there are new ones of every connected engine. */
  readonly onFigures: (number: number) => Effect.Effect<void>
  /** To be called when an engine has been ended. */
  readonly forget: (number: number) => void
}

export const makePoolState = (
  engines: Pick<PoolEngines, "all">,
  places: Pick<ChannelPlaces, "on" | "problems">,
): Effect.Effect<PoolState> =>
  Effect.map(makeEngineState, ({ link, state, update }) => {
    /** Engines of which figures have come since figures were shown. */
    const fresh = new Set<number>()
    const combined = () => {
      const numbered = engines.all().map(({ latest, member: { name, number } }) => ({
        ...latest,
        name,
        number,
        channels: places.on(number),
      }))
      return { ...combineStates(numbered), capacity: places.problems() }
    }
    const publish = Effect.suspend(() => {
      fresh.clear()
      return update(combined)
    })
    return {
      state,
      link,
      publish,
      beforeFigures: (number) => Effect.suspend(() => (fresh.has(number) ? publish : Effect.void)),
      onFigures: (number) =>
        Effect.suspend(() => {
          fresh.add(number)
          const waits = engines.all().some(({ latest, member }) => latest.connected && !fresh.has(member.number))
          return waits ? Effect.void : publish
        }),
      forget: (number) => {
        fresh.delete(number)
      },
    }
  })
